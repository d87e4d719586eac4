//! Reading and writing exported stores of TLS certificate bindings.
//!
//! An [`Export`] is a header and bindings. The supported formats are: [`json`], which contains
//! every field; [`snapshot`], the same for any number of bindings; [`netsh`], the listing that a
//! Windows host prints; the registry of a host, exported as text ([`reg`]) or as the [`hive`] file
//! itself; and the [`desired`] state that people write. Readers return the bindings, a
//! [`ConversionWarning`] for each part of the export that the bindings cannot represent, and a
//! [`ParseError`] for each broken part; without `keep_going` they return a complete export or an
//! error. Texts in warnings and errors come from the export and may contain any character: escape
//! them before printing them to a terminal.
//!
//! Use it to read the bindings of a Windows host without access to the host, and to convert exports
//! between formats.
//!
//! ```
//! use certbind_formats::{ReadOptions, json, read};
//!
//! let transcript = include_bytes!("../tests/fixtures/06-extended-properties.txt");
//! let reading = read(transcript, &ReadOptions::default())?;
//! assert_eq!(reading.export.bindings.len(), 1);
//! for warning in &reading.warnings {
//!     eprintln!("{}", warning.to_string().escape_debug());
//! }
//! let mut text = Vec::new();
//! json::write(&mut text, &reading.export)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! `archives`: reads exports in `.zip`, `.tar`, `.gz` and `.xz` files, with the module `archive`.

/// The known-answer test is a part of the fuzz targets too, which name this crate.
#[cfg(test)]
extern crate self as certbind_formats;

pub mod applications;
#[cfg(feature = "archives")]
pub mod archive;
mod clean;
mod configuration;
pub mod desired;
mod detect;
mod encoding;
mod error;
mod error_list;
mod export;
mod format;
pub mod hidden;
pub mod hive;
pub mod json;
mod json_list;
mod key_mistakes;
pub mod netsh;
mod options;
mod read_outcome;
pub mod reg;
mod registry;
mod report;
mod rule;
pub mod snapshot;
mod sort;
mod spill;
mod toml_size;
mod write;

pub use configuration::Configuration;
pub use detect::detect;
pub use encoding::{Encoding, UnknownEncoding};
pub use error::ReadError;
pub use export::{Export, Header};
pub use format::{Format, UnknownFormat};
pub use key_mistakes::key_mistake;
pub use options::ReadOptions;
pub use read_outcome::ReadOutcome;
pub use registry::RegistryLocation;
pub use report::{ConversionWarning, ParseError, WarningKind};
pub use toml_size::check_toml_size;
pub use write::{InexpressibleValue, WriteError};

/// Reads an export.
///
/// # Errors
/// [`ReadError`]. Unless `options.keep_going` is set, one broken record is an error of the whole.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    match options.format.unwrap_or_else(|| detect(bytes)) {
        Format::Json => json::read(bytes, options),
        Format::Netsh => netsh::read(bytes, options),
        Format::Snapshot => snapshot::read(bytes),
        Format::Reg => reg::read(bytes, options),
        Format::Hive => hive::read(bytes, options),
        format @ (Format::Toml | Format::Yaml) => desired::read(bytes, format, options),
    }
}

/// As [`read`], for bytes that are not needed any more: it takes less memory for a hive whose
/// transaction logs are replayed.
///
/// # Errors
/// As [`read`].
pub fn read_owned(bytes: Vec<u8>, options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    match options.format.unwrap_or_else(|| detect(&bytes)) {
        Format::Hive => hive::read_owned(bytes, options),
        _ => read(&bytes, options),
    }
}

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
