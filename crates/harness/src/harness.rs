//! The harness itself.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use certbind_backends::Access;
use certbind_core::{Batch, Binding, BindingStore, CertHash, Change, Scan, StoreName};
use certbind_formats::ReadOptions;
use certbind_simulator::{CertificateState, Privilege, Profile};
use tempfile::TempDir;

use crate::config::{CERTIFICATES, Config};
use crate::differences::Differences;
use crate::error::HarnessError;
use crate::fault::Fault;
use crate::host_command::HostCommand;
use crate::kit::{Kit, library_name, names_of_library};
use crate::watch::{TRACE, Watch};

/// An isolated host: a store, and an environment in which programs use it as HTTP.sys.
///
/// It uses a temporary folder, which is removed when it is dropped. The changes of a program stay
/// in the store for the next program, and are read with [`bindings`](Self::bindings).
#[derive(Debug)]
pub struct Harness {
    folder: TempDir,
    pub(crate) config: Config,
    seeded: Vec<Binding>,
    pub(crate) watch: Watch,
}

impl Harness {
    /// A host without bindings, with the kit that [`Kit::find`] finds.
    ///
    /// # Errors
    /// [`HarnessError::NoKit`], or the folder cannot be made.
    pub fn new() -> Result<Self, HarnessError> {
        Self::with(&Kit::find()?)
    }

    /// A host without bindings, with this kit.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn with(kit: &Kit) -> Result<Self, HarnessError> {
        let folder = TempDir::with_prefix("certbind-harness-")
            .map_err(|error| HarnessError::file(std::env::temp_dir(), error))?;
        let harness = Self {
            folder,
            config: Config::new(),
            seeded: Vec::new(),
            watch: Watch::default(),
        };
        for name in ["lib", "bin", "journal", "fired"] {
            let path = harness.path(name);
            std::fs::create_dir(&path).map_err(|error| HarnessError::file(&path, error))?;
        }
        for name in names_of_library() {
            place(&kit.library, &harness.path("lib").join(name))?;
        }
        for name in ["certbind", "netsh"] {
            let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            place(&kit.program, &harness.path("bin").join(name))?;
        }
        if cfg!(unix) {
            // Programs that were written for Windows start it under its name there.
            place(&kit.program, &harness.path("bin").join("netsh.exe"))?;
        }
        drop(harness.open_store(Access::Create)?);
        Ok(harness)
    }

    /// Sets the version of Windows, for the API and for `netsh`.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.config.set_profile(profile);
        self
    }

    /// Sets the rights of the caller. Default: an administrator.
    #[must_use]
    pub fn privilege(mut self, privilege: Privilege) -> Self {
        self.config.set_user(privilege);
        self
    }

    /// Sets the state of one certificate. Every other certificate is present and usable.
    #[must_use]
    pub fn certificate(mut self, hash: CertHash, state: CertificateState) -> Self {
        self.config.set_certificate(hash, state);
        self
    }

    /// Removes the certificate store of this name from the host.
    #[must_use]
    pub fn without_store(mut self, name: StoreName) -> Self {
        self.config.missing_stores.push(name);
        self
    }

    /// Adds a fault to each program that is run from now on. If the fault took effect in no
    /// program, dropping the harness fails the test, unless the fault is
    /// [optional](Fault::optional).
    ///
    /// # Panics
    /// If the fault has no effect.
    #[must_use]
    #[track_caller]
    pub fn fault(mut self, mut fault: Fault) -> Self {
        if fault.is_none() {
            // The harness is dropped by the panic, which is the message.
            panic!("the fault does nothing: {fault:?}");
        }
        self.watch.add(&mut fault);
        self.config.fault.push(fault);
        self
    }

    /// Removes all faults. Those that took effect in no program still fail the test at its end.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.config.fault.clear();
        self
    }

    /// Replaces the bindings by those of an export, in any format that certbind reads.
    ///
    /// # Errors
    /// [`HarnessError::Export`] if one record of it is broken; the store is then left alone.
    pub fn seed(self, export: &[u8]) -> Result<Self, HarnessError> {
        match certbind_formats::read(export, &ReadOptions::default()) {
            Ok(reading) => self.seed_bindings(reading.export.bindings),
            Err(error) => self.or_error(Err(error.into())),
        }
    }

    /// Replaces the bindings.
    ///
    /// # Errors
    /// [`HarnessError::Store`] for a duplicate key; the store is then left unchanged.
    pub fn seed_bindings(
        mut self,
        bindings: impl IntoIterator<Item = Binding>,
    ) -> Result<Self, HarnessError> {
        let seeded = self.put_seed(bindings);
        let seeded = seeded.map(|seeded| self.seeded = seeded);
        self.or_error(seeded)
    }

    /// The harness, or the error alone: a test that has failed already does not report unused
    /// faults.
    pub(crate) fn or_error(mut self, done: Result<(), HarnessError>) -> Result<Self, HarnessError> {
        if done.is_err() {
            self.watch = Watch::default();
        }
        done.map(|()| self)
    }

    fn put_seed(
        &self,
        bindings: impl IntoIterator<Item = Binding>,
    ) -> Result<Vec<Binding>, HarnessError> {
        let opened = self.open_store(Access::Change)?;
        let store = opened.bindings();
        let seeded: Vec<_> = bindings.into_iter().collect();
        let stays: HashSet<_> = seeded.iter().map(Binding::key).cloned().collect();
        let mut changes = Vec::new();
        for binding in store.scan(&Scan::all())? {
            let binding = binding?;
            if !stays.contains(binding.key()) {
                changes.push(Change::remove(binding.key().clone()));
            }
        }
        changes.extend(seeded.into_iter().map(Change::put));
        let batch = Batch::new(changes)?;
        store.apply(&batch)?;
        Ok(store.scan(&Scan::all())?.collect::<Result<_, _>>()?)
    }

    /// A command that runs `program` on this host: the library and `netsh` come before the
    /// system's, by `PATH` and `LD_LIBRARY_PATH`.
    ///
    /// # Errors
    /// [`HarnessError::Refused`] if the simulator refuses its configuration; the configuration
    /// cannot be written.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<HostCommand, HarnessError> {
        let mut command = HostCommand::new(program);
        self.environment(command.command(), PathBuf::into_os_string)?;
        command
            .env("PATH", self.before("bin", "PATH"))
            .env("LD_LIBRARY_PATH", self.before("lib", "LD_LIBRARY_PATH"));
        Ok(command)
    }

    /// A command that runs a Windows program under Wine on this host, with the `httpapi.dll` and
    /// the `netsh.exe` (its `certbind.exe`) of a kit for Windows before Wine's.
    ///
    /// Windows searches both in the folder of the program, and then in its own folders. So the
    /// program runs in a folder of the harness, with links to the kit and to all files of the
    /// program's folder. `WINEDLLOVERRIDES` makes Wine load the library, and `WINEPATH` makes
    /// shells find `netsh`.
    ///
    /// # Errors
    /// A file of the kit or the program does not exist, or the configuration cannot be written.
    pub fn wine(&self, kit: &Path, program: impl AsRef<Path>) -> Result<HostCommand, HarnessError> {
        let program = std::path::absolute(program.as_ref())
            .map_err(|error| HarnessError::file(program.as_ref(), error))?;
        let windows = self.path("windows");
        std::fs::create_dir_all(&windows).map_err(|error| HarnessError::file(&windows, error))?;
        for (from, to) in [
            ("httpapi.dll", "httpapi.dll"),
            ("certbind.exe", "certbind.exe"),
            ("certbind.exe", "netsh.exe"),
        ] {
            place(&kit.join(from), &windows.join(to))?;
        }
        let beside = program.parent().unwrap_or(&program);
        let entries = std::fs::read_dir(beside);
        for entry in entries.map_err(|error| HarnessError::file(beside, error))? {
            let entry = entry.map_err(|error| HarnessError::file(beside, error))?;
            place(&entry.path(), &windows.join(entry.file_name()))?;
        }
        let mut command = HostCommand::wine();
        command.arg(windows.join(program.file_name().unwrap_or_default()));
        self.environment(command.command(), |path| {
            let mut drive = OsString::from("Z:");
            drive.push(path);
            drive
        })?;
        let mut store = OsString::from("httpsys:Z:");
        store.push(windows.join("httpapi.dll"));
        command
            .env("CERTBIND_STORE", store)
            .env("WINEPATH", wine_path(&windows))
            .env("WINEDLLOVERRIDES", overrides());
        Ok(command)
    }

    /// The bindings, in canonical order.
    ///
    /// # Errors
    /// [`HarnessError::Store`] if a program keeps the store to itself, or has left it broken.
    pub fn bindings(&self) -> Result<Vec<Binding>, HarnessError> {
        let store = self.open_store(Access::Read)?;
        let bindings = store.bindings().scan(&Scan::all())?;
        Ok(bindings.collect::<Result<_, _>>()?)
    }

    /// Where the bindings are not these.
    ///
    /// # Errors
    /// As [`bindings`](Self::bindings); [`HarnessError::Store`] for a key that is expected twice.
    pub fn differences(
        &self,
        expected: impl IntoIterator<Item = Binding>,
    ) -> Result<Differences, HarnessError> {
        Ok(Differences::new(expected, self.bindings()?)?)
    }

    /// Fails the test, with the differences, unless the bindings are these.
    ///
    /// # Panics
    /// If they are not, or cannot be read.
    #[track_caller]
    pub fn assert_bindings(&self, expected: impl IntoIterator<Item = Binding>) {
        match self.differences(expected) {
            Ok(differences) => assert!(differences.is_empty(), "{differences}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// Fails the test, with the differences, unless the bindings are those of an export in any
    /// format that certbind reads.
    ///
    /// # Panics
    /// If they are not, or cannot be read.
    #[track_caller]
    pub fn assert_export(&self, expected: &[u8]) {
        match certbind_formats::read(expected, &ReadOptions::default()) {
            Ok(reading) => self.assert_bindings(reading.export.bindings),
            Err(error) => panic!("{error}"),
        }
    }

    /// Fails the test, with the differences, if the bindings differ from the seeded ones (none,
    /// without a seed), or if no program has called the API, since nothing was tested then. Other
    /// service configuration is not compared.
    ///
    /// # Panics
    /// If they are not, or cannot be read, or if there was no call.
    #[track_caller]
    pub fn assert_unchanged(&self) {
        match self.is_called() {
            Ok(is_called) => assert!(
                is_called,
                "no program has called the HTTP Server API on this host, so its bindings say nothing \
                 about one; assert_bindings compares them regardless"
            ),
            Err(error) => panic!("{error}"),
        }
        self.assert_bindings(self.seeded.iter().cloned());
    }

    /// The folder, for additional files of a test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn environment(
        &self,
        command: &mut Command,
        name: impl Fn(PathBuf) -> OsString,
    ) -> Result<(), HarnessError> {
        let mut config = self.config.clone();
        config.certificates = self.path(CERTIFICATES).exists().then_some(CERTIFICATES);
        let file = self.path("simulator.toml");
        std::fs::write(&file, config.to_toml())
            .map_err(|error| HarnessError::file(&file, error))?;
        self.try_configuration(&config)?;
        let store = self.library_url();
        command
            .env("CERTBIND_HTTPAPI", name(file))
            .env("CERTBIND_STORE", store)
            .env("CERTBIND_JOURNAL", name(self.path("journal")))
            .env("CERTBIND_TRACE", name(self.path(TRACE)))
            .env_remove("CERTBIND_NETSH")
            // It would make the library forward calls, and the programs would change the real host.
            .env_remove("CERTBIND_PASS");
        Ok(())
    }

    /// The library, as the URL of a store.
    pub(crate) fn library_url(&self) -> OsString {
        let mut store = OsString::from("httpsys:");
        store.push(self.path("lib").join(library_name()));
        store
    }

    fn before(&self, folder: &str, variable: &str) -> OsString {
        let separator = if cfg!(windows) { ";" } else { ":" };
        list(&self.path(folder), variable, separator)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A list of folders with one before those that the environment has already.
fn list(first: &Path, variable: &str, separator: &str) -> OsString {
    let mut list = first.as_os_str().to_owned();
    if let Some(rest) = std::env::var_os(variable).filter(|rest| !rest.is_empty()) {
        list.push(separator);
        list.push(rest);
    }
    list
}

/// The folders where Wine searches libraries and programs: Windows paths separated by `;`, with
/// ours before the existing ones.
fn wine_path(first: &Path) -> OsString {
    let mut path = OsString::from("Z:");
    path.push(first);
    if let Some(rest) = std::env::var_os("WINEPATH").filter(|rest| !rest.is_empty()) {
        // One folder may be named by its path on this system.
        let is_unix = rest.as_encoded_bytes().starts_with(b"/");
        path.push(if is_unix { ";Z:" } else { ";" });
        path.push(rest);
    }
    path
}

/// Wine's overrides, with ours before the existing ones.
fn overrides() -> OsString {
    let mut overrides = OsString::from("httpapi=n");
    if let Some(rest) = std::env::var_os("WINEDLLOVERRIDES").filter(|rest| !rest.is_empty()) {
        overrides.push(";");
        overrides.push(rest);
    }
    overrides
}

/// Has a file of the kit under another name.
fn place(from: &Path, to: &Path) -> Result<(), HarnessError> {
    if to.exists() {
        return Ok(());
    }
    std::fs::metadata(from).map_err(|error| HarnessError::file(from, error))?;
    #[cfg(unix)]
    let placed = std::os::unix::fs::symlink(from, to);
    #[cfg(not(unix))]
    let placed = std::fs::copy(from, to).map(drop);
    placed.map_err(|error| HarnessError::file(to, error))
}
