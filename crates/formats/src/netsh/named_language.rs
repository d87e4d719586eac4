//! The words and the language that the caller names for a listing.

use super::language::Language;
use super::locale::Locale;
use crate::options::ReadOptions;

/// The words and the language that were named for a listing.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedLanguage {
    pub(super) words: Option<Locale>,
    pub(super) language: Option<Language>,
}

impl NamedLanguage {
    pub(super) fn of(options: &ReadOptions) -> Self {
        Self {
            words: options.locale.clone(),
            language: options.language,
        }
    }
}
