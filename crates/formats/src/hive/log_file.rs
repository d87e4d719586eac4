//! Transaction log files next to a hive.

use std::io;
use std::path::Path;

/// A transaction log of a hive: `SYSTEM.LOG1`, `SYSTEM.LOG2`, or `SYSTEM.LOG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// The name for messages and reports.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl LogFile {
    /// A log with this name.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    /// Whether a file is named as a log of a hive, in any case.
    #[must_use]
    pub fn is_of(file: &str, hive: &str) -> bool {
        is_log_of(hive, file)
    }

    /// Reads the logs in the folder of a hive, in any case: those that are named as the hive is, with
    /// `.LOG`, `.LOG1` or `.LOG2` added. Empty ones are left out.
    ///
    /// # Errors
    /// The folder or a log cannot be read.
    pub fn of_hive(hive: &Path) -> io::Result<Vec<Self>> {
        let Some(name) = hive.file_name().map(|name| name.to_string_lossy()) else {
            return Ok(Vec::new());
        };
        let folder = match hive.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut logs = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let file = entry.file_name();
            let file = file.to_string_lossy();
            if is_log_of(&name, &file) && entry.path().is_file() {
                let bytes = std::fs::read(entry.path())?;
                if !bytes.is_empty() {
                    logs.push(Self::new(file, bytes));
                }
            }
        }
        logs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(logs)
    }
}

/// Whether a file is named as a log of a hive.
fn is_log_of(hive: &str, file: &str) -> bool {
    let Some((start, end)) = file.split_at_checked(hive.len()) else {
        return false;
    };
    let is_extension = |extension: &&str| end.eq_ignore_ascii_case(extension);
    start.eq_ignore_ascii_case(hive) && [".LOG", ".LOG1", ".LOG2"].iter().any(is_extension)
}

#[cfg(test)]
mod tests {
    use super::is_log_of;

    #[test]
    fn logs_are_named_as_their_hive() {
        for log in ["SYSTEM.LOG", "system.log1", "System.Log2"] {
            assert!(is_log_of("SYSTEM", log), "{log}");
        }
        for other in [
            "SYSTEM",
            "SYSTEM.LOG3",
            "SYSTEM.LOG1.bak",
            "SAM.LOG1",
            "SYSTEM.SAV",
            "",
        ] {
            assert!(!is_log_of("SYSTEM", other), "{other}");
        }
    }
}
