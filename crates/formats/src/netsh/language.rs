//! The display languages of which texts of netsh were published.

use std::fmt;
use std::str::FromStr;

/// A display language of Windows.
///
/// A text is printed in a language only if it was published as the output of a host in that language
/// ([`NoEvidence`]); the page on [listings] has every text with its source.
///
/// [listings]: https://github.com/certbind/certbind/blob/main/docs/formats/netsh.md#languages
///
/// ```
/// use certbind_formats::netsh::{Language, Release};
///
/// let french: Language = "fr-FR".parse()?;
/// assert!(Release::Server2022.layout_in(french).is_ok());
/// let missing = Release::Server2025.layout_in(french).unwrap_err();
/// assert!(missing.to_string().contains("Disable Session ID"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English: all texts are known.
    #[default]
    English,
    /// German.
    German,
    /// French.
    French,
    /// Simplified Chinese.
    SimplifiedChinese,
}

impl Language {
    /// All of them, English first.
    pub const ALL: [Self; 4] = [
        Self::English,
        Self::German,
        Self::French,
        Self::SimplifiedChinese,
    ];

    /// Its tag (BCP 47): `en`, `de`, `fr` or `zh-Hans`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::SimplifiedChinese => "zh-Hans",
        }
    }

    /// Its English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "German",
            Self::French => "French",
            Self::SimplifiedChinese => "simplified Chinese",
        }
    }
}

/// The name is not one of a language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a language with published output of netsh; expected en, de, fr or zh-Hans")]
pub struct UnknownLanguage(String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// A tag, with or without a region: `fr`, `fr-FR`, `zh-CN`.
    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let lower = name.to_ascii_lowercase();
        let (primary, rest) = lower.split_once('-').unwrap_or((&lower, ""));
        let found = match (primary, rest) {
            ("zh", "hans" | "cn" | "sg" | "hans-cn" | "hans-sg") => Some(Self::SimplifiedChinese),
            ("zh", _) => None,
            _ => Self::ALL
                .into_iter()
                .find(|language| language.tag() == primary),
        };
        found.ok_or_else(|| UnknownLanguage(name.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tag())
    }
}
