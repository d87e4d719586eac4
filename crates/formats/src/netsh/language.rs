//! The display languages in which a listing can be printed or read, as far as public evidence has
//! their texts.

use std::fmt;
use std::str::FromStr;

use certbind_core::Kind;

use super::evidence::{Known, Source, TEXTS, Text};
use super::field::Shape;
use super::locale::Locale;

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

    /// The answer to `add sslcert` after success, without line ends.
    ///
    /// # Errors
    /// [`NoEvidence`] if no published output has it.
    pub fn added(self) -> Result<&'static str, NoEvidence> {
        self.text(Text::Added)
    }

    /// The answer to `add sslcert` after a refusal with a Win32 code: the sentence and the system's
    /// text, each without a line end.
    ///
    /// # Errors
    /// [`NoEvidence`] if no published output has one of them.
    pub fn add_failed(self, code: u32) -> Result<(String, &'static str), NoEvidence> {
        let (sentence, reason) = (self.text(Text::AddFailed), self.text(Text::System(code)));
        match (sentence, reason) {
            (Ok(sentence), Ok(reason)) => {
                Ok((sentence.replace("{code}", &code.to_string()), reason))
            }
            (sentence, reason) => Err(NoEvidence::all(self, [sentence.err(), reason.err()])),
        }
    }

    pub(super) fn text(self, text: Text) -> Result<&'static str, NoEvidence> {
        match self.known(text) {
            Some(known) => Ok(known.spelling),
            None => Err(NoEvidence::of(self, text)),
        }
    }

    /// A text as a host was seen to print it.
    pub(super) fn known(self, text: Text) -> Option<&'static Known> {
        TEXTS.iter().find(|known| {
            known.language == self && known.text == text && matches!(known.source, Source::Host(_))
        })
    }

    /// Whether the words for on and off of a shape are known.
    pub(super) fn has_word(self, shape: Shape, on: bool) -> bool {
        self == Self::English || self.known(Text::Word(shape, on)).is_some()
    }
}

/// Texts that no published output of a host has in a language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no published output of netsh in {} has these texts: {}; use another release, or --language en",
    .language.name(), .texts.join(", ")
)]
pub struct NoEvidence {
    language: Language,
    texts: Vec<String>,
}

impl NoEvidence {
    /// The answer of a command, which no language but English has.
    #[must_use]
    pub fn answer(language: Language, command: &str) -> Self {
        Self {
            language,
            texts: vec![format!("the answer of `{command}`")],
        }
    }

    pub(super) fn of(language: Language, text: Text) -> Self {
        Self {
            language,
            texts: vec![text.to_string()],
        }
    }

    fn all(language: Language, missing: [Option<Self>; 2]) -> Self {
        let texts = missing.into_iter().flatten().flat_map(|one| one.texts);
        Self {
            language,
            texts: texts.collect(),
        }
    }

    /// The error with all of these texts; none if there is no text.
    pub(super) fn of_all(language: Language, texts: Vec<Text>) -> Option<Self> {
        (!texts.is_empty()).then(|| Self {
            language,
            texts: texts.iter().map(Text::to_string).collect(),
        })
    }

    /// The texts, by their English wording.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        &self.texts
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

/// The words of a language, English where none is known.
pub(super) fn words(language: Language) -> Locale {
    let mut words = Locale::default();
    for (shape, on, word) in [
        (Shape::Enabled, true, &mut words.enabled),
        (Shape::Enabled, false, &mut words.disabled),
        (Shape::Set, true, &mut words.set),
        (Shape::Set, false, &mut words.not_set),
    ] {
        if let Some(known) = language.known(Text::Word(shape, on)) {
            known.spelling.clone_into(word);
        }
    }
    words
}

/// The kinds of keys whose label is known in a language.
pub(super) fn kinds(language: Language) -> impl Iterator<Item = Kind> {
    let is_known = move |kind: &Kind| {
        language == Language::English || language.known(Text::Key(*kind)).is_some()
    };
    Kind::ALL.into_iter().filter(is_known)
}
