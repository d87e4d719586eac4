//! A hive file: the registry's `SYSTEM` as a host has it on its disk
//! (`Windows\System32\config\SYSTEM`), or as `reg save HKLM\SYSTEM` makes it.
//!
//! Read are the bindings of the control set that `Select\Current` names. The file is taken as it
//! is: changes that the host had logged beside it and not written into it yet are reported to be
//! missing ([`WarningKind::Pending`](crate::WarningKind::Pending)). Nothing in a file makes the reader do
//! more work, or take more memory, than the file's size accounts for.
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
mod bytes;
mod cell_error;
mod cells;
mod key;
mod read;
mod value;

pub use read::read;

/// Whether bytes begin as a hive file does.
pub(crate) fn is_hive(bytes: &[u8]) -> bool {
    bytes.starts_with(base::SIGNATURE)
}
