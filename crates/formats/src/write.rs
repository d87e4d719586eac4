//! Errors of writing exports.

use std::fmt;
use std::io;

use certbind_core::BindingKey;

use crate::export::Export;

/// The reason why an export was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Bindings have values that the format cannot express. Nothing was written.
    #[error("{}", Listed(.0))]
    Inexpressible(Vec<InexpressibleValue>),
    /// A binding is out of the order of the format, or a duplicate. It was not written.
    #[error("{key} came after {last}; a snapshot takes each key once, in ascending order")]
    Unordered {
        /// The binding's key.
        key: BindingKey,
        /// The key before it.
        last: BindingKey,
    },
    /// Parts of the store could not be read, and the format cannot represent that: a reader would
    /// take the missing bindings for deleted ones.
    #[error(
        "the store cannot be read completely, and only JSON can record missing bindings; export \
         it as json: {}",
        Listed(.unreadable)
    )]
    NotWhole {
        /// The parts that could not be read, and why.
        unreadable: Vec<String>,
    },
    /// A number exceeds the limit of the format. Nothing was written.
    #[error("{what} take {found} bytes, and the format holds at most {limit}")]
    TooLong {
        /// The name of the value.
        what: &'static str,
        /// How many bytes it takes.
        found: usize,
        /// The most bytes.
        limit: usize,
    },
    /// A record of a listing would be read as another one than it was printed from, or there would be
    /// more or fewer records. Nothing was written.
    #[error(
        "the listing would not be read as it was printed; print it with the layout of a Windows \
         release (`--layout`)"
    )]
    Misread,
    /// The printed listing cannot be read. Nothing was written.
    #[error(
        "the printed listing cannot be read back: {0}; print it with the layout of a Windows release \
         (`--layout`)"
    )]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Writing to the output failed.
    #[error("the export could not be written: {0}")]
    Io(#[from] io::Error),
}

/// Refuses an incomplete export, for a format that cannot represent that.
///
/// # Errors
/// [`WriteError::NotWhole`].
pub(crate) fn check_whole(export: &Export) -> Result<(), WriteError> {
    match export.unreadable.as_slice() {
        [] => Ok(()),
        unreadable => Err(WriteError::NotWhole {
            unreadable: unreadable.to_vec(),
        }),
    }
}

/// A value that a format cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InexpressibleValue {
    /// The binding that has it.
    pub key: BindingKey,
    /// The field.
    pub field: String,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for InexpressibleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} cannot be written: {}",
            self.key, self.field, self.reason
        )
    }
}

/// The first of several, and how many more there are.
pub(crate) struct Listed<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}
