//! A hive file: the registry's `SYSTEM` as a host has it on its disk
//! (`Windows\System32\config\SYSTEM`), or as `reg save HKLM\SYSTEM` makes it.
//!
//! The reader returns the bindings of the control set that `Select\Current` names. Since Windows
//! 8.1 the last changes are in transaction logs (`SYSTEM.LOG1`, `SYSTEM.LOG2`) and not in the hive.
//! The reader replays the logs of [`ReadOptions::logs`](crate::ReadOptions::logs) in memory.
//! Changes that are lost, because a log is missing or damaged, are a warning
//! ([`WarningKind::Pending`](crate::WarningKind::Pending)). Work and memory are bounded by the size
//! of the files.
//!
//! ```
//! use certbind_formats::{Format, ReadOptions, detect, read};
//!
//! let file = include_bytes!("../../tests/fixtures/registry/hivex.hive");
//! assert_eq!(detect(file), Format::Hive);
//! let reading = read(file, &ReadOptions::default())?;
//! assert_eq!(reading.export.header.host.as_deref(), Some("WEB-01"));
//! # Ok::<(), certbind_formats::ReadError>(())
//! ```

mod base;
mod bins;
mod bytes;
mod cell_error;
mod cells;
mod children;
mod contents;
mod dirty_vector;
mod key;
mod log_entry;
mod log_file;
mod marvin;
mod read;
mod recovery;
mod value;

pub use log_file::LogFile;
pub use read::{FileError, is_clean, read, read_from, read_owned, recovered};
pub use recovery::{AppliedLog, Recovery};

/// So many bytes are before the first bin of a hive: see [`is_clean`].
pub const START: usize = base::LENGTH;

/// Whether bytes begin like a hive file.
pub(crate) fn is_hive(bytes: &[u8]) -> bool {
    bytes.starts_with(base::SIGNATURE)
}
