//! The calls of the programs that a harness runs, and the faults that took effect.

use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use certbind_trace::Entry;

use crate::config::Config;
use crate::error::HarnessError;
use crate::harness::Harness;
use crate::watch::TRACE;

impl Harness {
    /// The calls of the API that programs have made on this host, in the order in which they were
    /// answered. A call that a fault has ended with its process is not among them.
    ///
    /// # Errors
    /// [`HarnessError::File`] if the trace cannot be read.
    pub fn calls(&self) -> Result<Vec<Entry>, HarnessError> {
        let path = self.path(TRACE);
        let trace = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| HarnessError::file(&path, error))?,
        };
        let read = certbind_trace::read(&trace);
        let read = read.map_err(|error| HarnessError::file(&path, std::io::Error::other(error)))?;
        Ok(read.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Whether a program has called the API.
    pub(crate) fn is_called(&self) -> Result<bool, HarnessError> {
        let fired = self.path("fired");
        let mut entries =
            std::fs::read_dir(&fired).map_err(|error| HarnessError::file(&fired, error))?;
        Ok(entries.next().is_some() || !self.calls()?.is_empty())
    }

    /// Has the library start with a configuration, unless it has accepted the same before.
    pub(crate) fn try_configuration(&self, config: &Config) -> Result<(), HarnessError> {
        let tried = config.without_effects();
        let mut accepted = self.watch.accepted.lock();
        let accepted = accepted
            .as_mut()
            .map_err(|_| HarnessError::Refused("a panic".into()))?;
        if **accepted == tried {
            return Ok(());
        }
        let file = self.path("tried.toml");
        std::fs::write(&file, &tried).map_err(|error| HarnessError::file(&file, error))?;
        let program = self
            .path("bin")
            .join(format!("certbind{}", std::env::consts::EXE_SUFFIX));
        let output = Command::new(&program)
            .args(["list", "--store"])
            .arg(self.library_url())
            .env("CERTBIND_HTTPAPI", &file)
            .env("CERTBIND_JOURNAL", self.path("journal"))
            .env_remove("CERTBIND_PASS")
            .env_remove("CERTBIND_TRACE")
            .output();
        let output = output.map_err(|error| HarnessError::file(&program, error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(HarnessError::Refused(said.trim().to_owned()));
        }
        **accepted = tried;
        Ok(())
    }

    /// Appends the trace to the file that `CERTBIND_TRACE` names, if any.
    fn copy_trace(&self) {
        let asked = std::env::var_os("CERTBIND_TRACE").filter(|path| !path.is_empty());
        let trace = std::fs::read(self.path(TRACE));
        if let (Some(asked), Ok(trace)) = (asked.map(PathBuf::from), trace) {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(asked);
            // A trace that cannot be written is no failure of the test.
            let _ = file.and_then(|mut file| file.write_all(&trace));
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.copy_trace();
        let unfired = self.watch.unfired(self.folder());
        // A test that fails anyway keeps its own message.
        if !unfired.is_empty() && !std::thread::panicking() {
            panic!(
                "no program met these faults; make one that may not take effect optional:\n- {}",
                unfired.join("\n- ")
            );
        }
    }
}
