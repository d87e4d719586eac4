//! Changes that wait for `certbind confirm`. An entry in the user's data directory outlives the process
//! that made the changes, so that the next certbind can roll them back. Of HTTP.sys on Windows it is in the
//! folder of the system, for administrators alone.
//!
//! An entry `NAME.json` waits, and `NAME.due` is being rolled back. Removing the first, or renaming
//! it to the second, decides between the two. The process that made the changes, or rolls them
//! back, holds a lock on `NAME.lock`. `NAME` is derived from the store, so each store has at most
//! one entry.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use certbind_backends::Access;
use certbind_core::StoreError;
use certbind_migrate::Plan;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::data_directory::{data_directory, system_folder};
use crate::error::Error;
use crate::stores::{Opened, StoreUrl};
use crate::undo;

const VERSION: u32 = 1;
/// How often a waiting process checks its entry.
const INTERVAL: Duration = Duration::from_millis(100);
/// How long a roll-back waits for another process that has the store open.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The contents of an entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    version: u32,
    /// The URL of the store, with an absolute path.
    pub(crate) target: String,
    /// The plan file that was applied, with an absolute path.
    pub(crate) plan: PathBuf,
    /// When the changes are rolled back.
    pub(crate) deadline: Timestamp,
    /// The plan that undoes them, as JSON.
    undo: String,
}

/// An entry on disk.
#[derive(Debug)]
pub(crate) struct Unconfirmed {
    pub(crate) entry: Entry,
    path: PathBuf,
}

/// The entry of this process, which holds its lock.
pub(crate) struct Waiting {
    unconfirmed: Unconfirmed,
    _lock: File,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Confirmed,
    RolledBack,
}

impl Waiting {
    /// Writes an entry, durably, before the changes of a plan are made.
    ///
    /// # Errors
    /// [`Error::AwaitsConfirmation`] if other changes of the store wait.
    pub(crate) fn new(
        url: &StoreUrl,
        path: &Path,
        plan: &Plan,
        time: Duration,
    ) -> Result<Self, Error> {
        let target = url.absolute();
        let folder = make_folder(&target)?;
        let digest = Sha1::digest(target.as_bytes());
        let name: String = digest
            .iter()
            .take(8)
            .map(|it| format!("{it:02x}"))
            .collect();
        let waits = |path: &Path| Error::AwaitsConfirmation {
            plan: read(path).map_or_else(|_| path.to_owned(), |it| it.entry.plan),
        };
        let entry_path = folder.join(format!("{name}.json"));
        let due = entry_path.with_extension("due");
        let lock = lock(&entry_path)?.ok_or_else(|| waits(&entry_path))?;
        if due.exists() {
            return Err(waits(&due));
        }
        let invalid = |_| Error::Unconfirmed {
            path: entry_path.clone(),
            problem: "its deadline is too far in the future".to_owned(),
        };
        let entry = Entry {
            version: VERSION,
            target,
            plan: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            deadline: Timestamp::now().checked_add(time).map_err(invalid)?,
            undo: plan.inverse().to_json(),
        };
        let json = serde_json::to_string_pretty(&entry)?;
        match undo::write_new(&entry_path, json.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(waits(&entry_path));
            }
            done => done.map_err(|error| StoreError::io("write", &entry_path, error))?,
        }
        undo::sync(&entry_path).map_err(|error| StoreError::io("write", &entry_path, error))?;
        let path = entry_path;
        Ok(Self {
            unconfirmed: Unconfirmed { entry, path },
            _lock: lock,
        })
    }

    pub(crate) fn deadline(&self) -> Timestamp {
        self.unconfirmed.entry.deadline
    }

    /// Sets the plan to roll back by, which expects the current contents of the store. The entry on
    /// disk keeps the first plan: another process refuses to roll back bindings that differ from
    /// the written ones.
    pub(crate) fn update(&mut self, undo: &Plan) {
        self.unconfirmed.entry.undo = undo.to_json();
    }

    /// Removes the entry: nothing was changed.
    pub(crate) fn discard(self) {
        // One that stays undoes nothing: its roll-back finds the state before.
        let _ = fs::remove_file(&self.unconfirmed.path);
    }

    /// Waits until the changes are confirmed, or rolls them back at the deadline.
    pub(crate) fn wait(self, url: &StoreUrl) -> Result<Outcome, Error> {
        while Timestamp::now() < self.deadline() {
            if !self.unconfirmed.path.exists() {
                return Ok(Outcome::Confirmed);
            }
            std::thread::sleep(INTERVAL);
        }
        self.roll_back(url)
    }

    /// Rolls the changes back, unless they were confirmed.
    pub(crate) fn roll_back(self, url: &StoreUrl) -> Result<Outcome, Error> {
        match self.unconfirmed.claim()? {
            Some(due) => due.roll_back(url).map(|_| Outcome::RolledBack),
            None => Ok(Outcome::Confirmed),
        }
    }
}

impl Unconfirmed {
    fn is_due(&self) -> bool {
        self.path.extension().is_some_and(|it| it == "due")
    }

    /// Marks the entry as being rolled back. `None` if it was confirmed.
    fn claim(self) -> Result<Option<Self>, Error> {
        let due = self.path.with_extension("due");
        if self.is_due() {
            return Ok(self.path.exists().then_some(self));
        }
        match fs::rename(&self.path, &due) {
            Ok(()) => Ok(Some(Self { path: due, ..self })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("rename", &self.path, error).into()),
        }
    }

    /// Undoes the changes of a claimed entry, and removes it. False if they had not been made.
    fn roll_back(&self, url: &StoreUrl) -> Result<bool, Error> {
        let undo = Plan::from_json(self.entry.undo.as_bytes());
        let undo = undo.map_err(|error| Error::Unconfirmed {
            path: self.path.clone(),
            problem: error.to_string(),
        })?;
        let since = Instant::now();
        let done = loop {
            let store = match Opened::open(url, Access::Change) {
                Err(Error::Store(StoreError::InUse { .. })) if since.elapsed() < TIME_LIMIT => {
                    std::thread::sleep(INTERVAL);
                    continue;
                }
                // The process ended before it created the store.
                Err(Error::NoStore { .. }) => break false,
                store => store?,
            };
            match certbind_migrate::apply(store.bindings(), &undo) {
                Ok(_) => break true,
                Err(certbind_migrate::Error::Stale { already: true, .. }) => break false,
                Err(error) => return Err(error.into()),
            }
        };
        self.remove()?;
        Ok(done)
    }

    fn remove(&self) -> Result<bool, Error> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StoreError::io("remove", &self.path, error).into()),
        }
    }

    /// Keeps the changes. False if they are being rolled back, or were.
    pub(crate) fn confirm(&self) -> Result<bool, Error> {
        if !self.is_due() {
            return self.remove();
        }
        // A failed roll-back: the state is kept.
        match lock(&self.path)? {
            Some(_lock) => self.remove(),
            None => Ok(false),
        }
    }
}

/// An entry whose time is over, and the result of its roll-back: whether there was something to undo.
pub(crate) struct Recovered {
    pub(crate) entry: Entry,
    pub(crate) result: Result<bool, Error>,
}

/// Rolls back the changes whose time is over and whose process has ended. An entry opens a store only as
/// a plan file may, or if the command names the same store.
pub(crate) fn recover(named: Option<&StoreUrl>) -> Result<Vec<Recovered>, Error> {
    let mut recovered = Vec::new();
    for unconfirmed in all()? {
        let is_over = unconfirmed.is_due() || Timestamp::now() >= unconfirmed.entry.deadline;
        let url = unconfirmed.entry.target.parse::<StoreUrl>().ok();
        let is_named = |url: &StoreUrl| {
            named.is_some_and(|named| named.absolute() == unconfirmed.entry.target)
                || url.may_be_named_by_plans()
        };
        let (true, Some(url)) = (is_over, url.filter(is_named)) else {
            continue;
        };
        let Some(_lock) = lock(&unconfirmed.path)? else {
            continue;
        };
        let Some(due) = unconfirmed.claim()? else {
            continue;
        };
        recovered.push(Recovered {
            result: due.roll_back(&url),
            entry: due.entry,
        });
    }
    Ok(recovered)
}

/// Every entry.
///
/// # Errors
/// If the folder or an entry is not private, or an entry cannot be read.
pub(crate) fn all() -> Result<Vec<Unconfirmed>, Error> {
    let folders = [system_folder(), data_directory()];
    let mut folders: Vec<_> = folders.into_iter().flatten().map(unconfirmed_in).collect();
    folders.dedup();
    let mut all = Vec::new();
    for folder in folders {
        all.extend(all_in(&folder)?);
    }
    all.sort_by(|a: &Unconfirmed, b| a.path.cmp(&b.path));
    Ok(all)
}

fn all_in(folder: &Path) -> Result<Vec<Unconfirmed>, Error> {
    let unreadable = |error| StoreError::io("read", folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        // Changes that only administrators confirm.
        Err(error) if cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(unreadable)?,
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_none_or(|it| it != "json" && it != "due")
        {
            continue;
        }
        check_private(folder, &path)?;
        match read(&path) {
            // It was confirmed or rolled back in the meantime.
            Err(Error::Input { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            unconfirmed => all.push(unconfirmed?),
        }
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Unconfirmed, Error> {
    let json = crate::read_file::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let invalid = |problem: String| Error::Unconfirmed {
        path: path.to_owned(),
        problem,
    };
    let entry: Entry = serde_json::from_slice(&json).map_err(|error| invalid(error.to_string()))?;
    if entry.version != VERSION {
        return Err(invalid(format!("version {} is not known", entry.version)));
    }
    Ok(Unconfirmed {
        entry,
        path: path.to_owned(),
    })
}

/// The lock of an entry. `None` if another process holds it. The file is not removed, since two
/// processes could then lock different files of one name.
fn lock(entry: &Path) -> Result<Option<File>, Error> {
    let path = entry.with_extension("lock");
    let io = |error| StoreError::io("lock", &path, error);
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io(error).into()),
    }
}

fn unconfirmed_in(folder: PathBuf) -> PathBuf {
    folder.join("unconfirmed")
}

/// The folder for the entry of a store, which only this user can write to, or only administrators.
fn make_folder(target: &str) -> Result<PathBuf, Error> {
    let folder = match target.starts_with("httpsys:") {
        true => system_folder()?,
        false => data_directory()?,
    };
    let folder = unconfirmed_in(folder);
    #[cfg(windows)]
    if target.starts_with("httpsys:") {
        let made = certbind_httpsys::create_private_folder(&folder);
        made.map_err(|error| StoreError::io("create", &folder, error))?;
        return Ok(folder);
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    let made = builder.create(&folder);
    made.map_err(|error| StoreError::io("create", &folder, error))?;
    check_private(&folder, &folder)?;
    Ok(folder)
}

/// Refuses a folder or file of another user, or one that others may write to: its content is applied to
/// a store. On Windows the access control list of the folder decides.
#[cfg(unix)]
fn check_private(folder: &Path, path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;

    let io = |error| StoreError::io("read", path, error);
    // A new file belongs to the user of this process.
    let own = tempfile::tempfile_in(folder).and_then(|file| file.metadata());
    let own = own.map_err(io)?.uid();
    for path in [folder, path] {
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            found => found.map_err(io)?,
        };
        if found.is_symlink() || found.uid() != own || found.mode() & 0o022 != 0 {
            return Err(Error::Unconfirmed {
                path: path.to_owned(),
                problem: "it is a link, belongs to another user, or can be written by others"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

/// As on Unix, by the access control list of the system's folder, which its files inherit. The data
/// directory is in the user's profile.
#[cfg(windows)]
fn check_private(folder: &Path, _: &Path) -> Result<(), Error> {
    if system_folder().is_ok_and(|of_system| folder.starts_with(of_system)) {
        let checked = certbind_httpsys::create_private_folder(folder);
        checked.map_err(|error| StoreError::io("read", folder, error))?;
    }
    Ok(())
}
