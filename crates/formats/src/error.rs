//! Errors of the readers.

use crate::encoding::Encoding;
use crate::format::{self, Format};
use crate::report::ParseError;

/// The reason why an export was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Records are broken, at least one.
    #[error("{}", first_and_count(.0))]
    Broken(Vec<ParseError>),
    /// It is not of the format throughout.
    #[error(transparent)]
    Malformed(ParseError),
    /// It has another format.
    #[error("{}", unrecognised(*.format, .found))]
    Unrecognised {
        /// The format that was expected.
        format: Format,
        /// The text found: the first line, or the text in the place of the format's name.
        found: String,
    },
    /// It is other output of netsh.
    #[error(
        "expected a listing of `netsh http show sslcert`, found {what}, which lists no bindings"
    )]
    OtherOutput {
        /// The output that it is.
        what: &'static str,
    },
    /// Its version is not supported by this release.
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
    #[error("the export is not text in {encoding}, at byte {place} or after it; name its encoding")]
    Encoding {
        /// The encoding.
        encoding: Encoding,
        /// Where, counted from the byte order mark's end.
        place: usize,
    },
}

impl ReadError {
    /// The errors with their places: the broken records, or the one error that ends a reading. Empty
    /// if the error is about the input as a whole.
    #[must_use]
    pub fn errors(&self) -> &[ParseError] {
        match self {
            Self::Broken(errors) => errors,
            Self::Malformed(error) => std::slice::from_ref(error),
            Self::Unrecognised { .. }
            | Self::OtherOutput { .. }
            | Self::NewerVersion { .. }
            | Self::Encoding { .. } => &[],
        }
    }
}

fn unrecognised(format: Format, found: &str) -> String {
    match format {
        Format::Json => format!(
            "expected a JSON object with \"format\": \"{}\" and \"version\": {}, found {found}",
            format::JSON_FORMAT,
            format::JSON_VERSION
        ),
        Format::Snapshot => format!("expected a snapshot of bindings, found {found}"),
        Format::Netsh if found.is_empty() => {
            "expected a listing of `netsh http show sslcert`, found nothing".to_owned()
        }
        Format::Netsh => {
            format!("expected a listing of `netsh http show sslcert`, found {found:?}")
        }
        Format::Reg => format!(
            "expected a registry export, which begins with \"Windows Registry Editor Version \
             5.00\" or \"REGEDIT4\", found {found:?}"
        ),
        Format::Toml | Format::Yaml => format!("expected a desired state, found {found}"),
        Format::Hive => format!("expected a hive file of the registry's SYSTEM, found {found}"),
    }
}

/// The first error, and the number of the others.
fn first_and_count(errors: &[ParseError]) -> String {
    let [first, rest @ ..] = errors else {
        return String::new();
    };
    match rest.iter().map(ParseError::count).sum::<u64>() {
        0 => first.to_string(),
        more => format!("{first} (and {more} more)"),
    }
}
