//! Texts of netsh in a language, as far as hosts were seen to print them.

use certbind_core::Kind;

use super::evidence::{Known, Source, TEXTS, Text};
use super::field::Shape;
use super::language::Language;
use super::locale::Locale;

impl Language {
    /// The answer to `add sslcert` after success, without line ends.
    ///
    /// # Errors
    /// [`NoEvidence`] if no published output has it.
    pub fn added(self) -> Result<&'static str, NoEvidence> {
        text(self, Text::Added)
    }

    /// The answer to `add sslcert` after a refusal with a Win32 code: the sentence and the system's
    /// text, each without a line end.
    ///
    /// # Errors
    /// [`NoEvidence`] if no published output has one of them.
    pub fn add_failed(self, code: u32) -> Result<(String, &'static str), NoEvidence> {
        let (sentence, reason) = (text(self, Text::AddFailed), text(self, Text::System(code)));
        match (sentence, reason) {
            (Ok(sentence), Ok(reason)) => {
                Ok((sentence.replace("{code}", &code.to_string()), reason))
            }
            (sentence, reason) => Err(NoEvidence::all(self, [sentence.err(), reason.err()])),
        }
    }
}

fn text(language: Language, text: Text) -> Result<&'static str, NoEvidence> {
    match known(language, text) {
        Some(known) => Ok(known.spelling),
        None => Err(NoEvidence::of(language, text)),
    }
}

/// A text as a host was seen to print it.
pub(super) fn known(language: Language, text: Text) -> Option<&'static Known> {
    TEXTS.iter().find(|known| {
        known.language == language && known.text == text && matches!(known.source, Source::Host(_))
    })
}

/// Whether the word for on or off of a shape is known.
pub(super) fn has_word(language: Language, shape: Shape, on: bool) -> bool {
    language == Language::English || known(language, Text::Word(shape, on)).is_some()
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

/// The words of a language, English where none is known.
pub(super) fn words(language: Language) -> Locale {
    let mut words = Locale::default();
    for (shape, on, word) in [
        (Shape::Enabled, true, &mut words.enabled),
        (Shape::Enabled, false, &mut words.disabled),
        (Shape::Set, true, &mut words.set),
        (Shape::Set, false, &mut words.not_set),
    ] {
        if let Some(known) = known(language, Text::Word(shape, on)) {
            known.spelling.clone_into(word);
        }
    }
    words
}

/// The kinds of keys whose label is known in a language.
pub(super) fn kinds(language: Language) -> impl Iterator<Item = Kind> {
    let is_known = move |kind: &Kind| {
        language == Language::English || known(language, Text::Key(*kind)).is_some()
    };
    Kind::ALL.into_iter().filter(is_known)
}
