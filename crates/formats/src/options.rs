//! Options of the readers.

use std::path::PathBuf;

use crate::encoding::Encoding;
use crate::format::Format;
use crate::hive::LogFile;
use crate::netsh::language::Language;
use crate::netsh::locale::Locale;

/// Options for reading an export.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Its format; detected from the bytes by default.
    pub format: Option<Format>,
    /// Whether to return the valid records even if others are broken.
    pub keep_going: bool,
    /// Its encoding; detected from the bytes by default, as far as they show it.
    pub encoding: Option<Encoding>,
    /// The words that a listing uses for on and off, for a language that is not in the table.
    pub locale: Option<Locale>,
    /// The language of a listing: all labels have to be of it. By default it is found by the labels.
    pub language: Option<Language>,
    /// The transaction logs of a hive: see [`LogFile::of_hive`].
    pub logs: Vec<LogFile>,
    /// The folder that certificate files of a desired state are relative to; the current one by
    /// default.
    pub folder: Option<PathBuf>,
}
