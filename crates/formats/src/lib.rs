//! Reading and writing exported stores of TLS certificate bindings.
//!
//! An [`Export`] is a header and bindings. It takes several forms: [`json`], which carries
//! everything; [`snapshot`], which does so at any size; [`netsh`], what a Windows host prints; and
//! what the host keeps in its registry, exported as text ([`reg`]) or as the [`hive`] file itself.
//! Readers return what they understood, what the export says beyond it ([`ConversionWarning`]), and where it is
//! broken ([`ParseError`]); unless told to keep going they return all of an export or nothing. Texts in
//! warnings and problems come from the export and may have any character in them: escape them before
//! they reach a terminal.
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

mod detect;
mod encoding;
mod export;
pub mod hive;
pub mod json;
pub mod netsh;
pub mod reg;
mod registry;
mod report;
pub mod snapshot;
mod sort;
mod write;

pub use detect::{Format, UnknownFormat, detect};
pub use encoding::{Encoding, UnknownEncoding};
pub use export::{Export, Header};
pub use report::{ConversionWarning, ParseError, WarningKind};
pub use write::{Inexpressible, WriteError};

use write::Listed;

/// How an export is to be read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Its form; told from the bytes where it is not given.
    pub format: Option<Format>,
    /// Whether records that can be read are wanted even if others are broken.
    pub keep_going: bool,
    /// Its encoding; told from the bytes, as far as they tell, where it is not given.
    pub encoding: Option<Encoding>,
    /// The words that a listing has for on and off, in a language whose words are not known.
    pub words: Option<netsh::Words>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The bindings and what goes with them.
    pub export: Export,
    /// The line on which each binding begins, counted from 1, in their order; none at all where the
    /// form has no lines.
    pub lines: Vec<u64>,
    /// What the export says beyond that, in the order of its lines where it has lines.
    pub warnings: Vec<ConversionWarning>,
    /// The records that are broken, where the reader was to keep going.
    pub errors: Vec<ParseError>,
}

/// Reads an export.
///
/// # Errors
/// [`ReadError`]. Unless `options.keep_going` is set, one broken record is an error of the whole.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Reading, ReadError> {
    match options.format.unwrap_or_else(|| detect(bytes)) {
        Format::Json => json::read(bytes, options),
        Format::Netsh => netsh::read(bytes, options),
        Format::Snapshot => snapshot::read(bytes),
        Format::Reg => reg::read(bytes, options),
        Format::Hive => hive::read(bytes, options),
    }
}

/// Why an export was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Records are broken, at least one.
    #[error("{}", Listed(.0))]
    Broken(Vec<ParseError>),
    /// It is not of the form throughout.
    #[error("{0}")]
    Malformed(ParseError),
    /// It is something else.
    #[error("{}", unrecognised(*.format, .found))]
    Unrecognised {
        /// The form that was expected.
        format: Format,
        /// What was found: the first line, or what stands where the form's name should.
        found: String,
    },
    /// It is of a version that this release does not know.
    #[error(
        "the export has version {found}, and this release reads versions up to {supported}; use a \
         newer certbind"
    )]
    NewerVersion {
        /// Its version.
        found: u64,
        /// The newest that is known.
        supported: u64,
    },
    /// Its bytes are not text in this encoding.
    #[error("the export is not text in {encoding}, at byte {place} or behind; name its encoding")]
    Encoding {
        /// The encoding.
        encoding: Encoding,
        /// Where, counted from the byte order mark's end.
        place: usize,
    },
}

fn unrecognised(format: Format, found: &str) -> String {
    match format {
        Format::Json => format!(
            "expected a JSON object with \"format\": \"{}\" and \"version\": {}, found {found}",
            json::FORMAT,
            json::VERSION
        ),
        Format::Snapshot => format!("expected a snapshot of bindings, found {found}"),
        Format::Netsh if found.is_empty() => {
            "expected what `netsh http show sslcert` prints, found nothing".to_owned()
        }
        Format::Netsh => {
            format!("expected what `netsh http show sslcert` prints, found {found:?}")
        }
        Format::Reg => format!(
            "expected a registry export, which begins with \"Windows Registry Editor Version \
             5.00\" or \"REGEDIT4\", found {found:?}"
        ),
        Format::Hive => format!("expected a hive file of the registry's SYSTEM, found {found}"),
    }
}
