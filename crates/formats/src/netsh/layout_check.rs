//! Checking a layout that arrives as data, in a JSON export, a snapshot or a file.
//!
//! A layout determines the label and spelling of every value of a listing. One that was not
//! inferred from a listing could swap `Enabled` and `Disabled`, add a record, or send escape
//! sequences to a terminal.

use std::collections::HashSet;

use certbind_core::Kind;

use super::field::{Field, Shape};
use super::labels::{self, Meaning};
use super::layout::{Layout, Line};
use super::line_reader::{Parts, is_hash, key_shape};
use super::locale::{self, Locale};
use super::names::Text;
use crate::hidden::is_hidden;
use crate::report::{ConversionWarning, WarningKind};

/// The reason why a layout is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} {reason}")]
pub struct LayoutError {
    text: String,
    reason: &'static str,
}

/// Which labels a layout may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    /// Those of the table of labels.
    Known,
    /// Those of the table, each with its meaning, and labels and words in any other language.
    Any,
}

impl Layout {
    /// Checks that a listing of this layout shows its bindings and nothing else: the words for on
    /// and off are known ones with their meaning, no known label is on the line of another field,
    /// no text around the records looks like a line of a record, and no text has control or
    /// bidirectional formatting characters.
    ///
    /// # Errors
    /// [`LayoutError`], with the first text that is refused.
    pub fn check(&self) -> Result<(), LayoutError> {
        self.check_with(Labels::Any)
    }

    pub(crate) fn check_with(&self, labels: Labels) -> Result<(), LayoutError> {
        check_words(&self.words, labels)?;
        let gaps = self.titles.values().chain(self.asides.values());
        let gaps = gaps.chain([&self.lead, &self.between, &self.tail]);
        gaps.flatten().try_for_each(|line| check_text(line))?;
        let mut records = self.records.iter();
        records.try_for_each(|(kind, lines)| check_record(*kind, lines, labels))
    }
}

/// The layout that came with an export, if it can be used.
pub(crate) fn checked(
    layout: Option<Layout>,
    warnings: &mut Vec<ConversionWarning>,
) -> Option<Layout> {
    let layout = layout?;
    match layout.check_with(Labels::Known) {
        Ok(()) => Some(layout),
        Err(error) => {
            let what = format!("the listing layout is left out: {error}");
            warnings.push(ConversionWarning::new(WarningKind::Spelling, what));
            None
        }
    }
}

fn refuse(text: &str, reason: &'static str) -> LayoutError {
    const LONGEST: usize = 60;
    LayoutError {
        text: text.chars().take(LONGEST).collect(),
        reason,
    }
}

/// Checks the words for on and off. Without labels in other languages they are known ones.
pub(super) fn check_words(words: &Locale, labels: Labels) -> Result<(), LayoutError> {
    for (shape, on, off) in [
        (Shape::Enabled, &words.enabled, &words.disabled),
        (Shape::Set, &words.set, &words.not_set),
    ] {
        check_word(shape, true, on, labels)?;
        check_word(shape, false, off, labels)?;
        if on == off {
            return Err(refuse(on, "is the word for on and for off"));
        }
    }
    Ok(())
}

fn check_word(shape: Shape, on: bool, word: &str, labels: Labels) -> Result<(), LayoutError> {
    match locale::meaning(None, shape, word) {
        Some(meaning) if meaning == on => Ok(()),
        Some(_) => Err(refuse(word, "is the word for the opposite")),
        None if labels == Labels::Any && !word.trim().is_empty() => check_characters(word),
        None => Err(refuse(word, "is not a known word for on or off")),
    }
}

/// Checks a line that belongs to no record.
fn check_text(text: &str) -> Result<(), LayoutError> {
    check_characters(text)?;
    let is_of_a_record = labels::is_hidden(text)
        || Parts::of(text).is_some_and(|parts| {
            labels::find(parts.label).is_some()
                || labels::is_hidden(parts.label)
                || is_hash(parts.value)
                || key_shape(parts.value).is_some()
        });
    match is_of_a_record {
        true => Err(refuse(text, "looks like a line of a record")),
        false => Ok(()),
    }
}

/// Refuses control characters other than the tab, and characters that change the direction or hide.
fn check_characters(text: &str) -> Result<(), LayoutError> {
    let is_deceptive = |c: char| c != '\t' && is_hidden(c);
    match text.contains(is_deceptive) {
        true => Err(refuse(text, "has a control or formatting character")),
        false => Ok(()),
    }
}

fn check_record(kind: Kind, lines: &[Line], labels: Labels) -> Result<(), LayoutError> {
    let mut fields = HashSet::new();
    for line in lines {
        let Some(field) = line.field else {
            check_plain_line(line)?;
            continue;
        };
        check_label(kind, field, line, labels)?;
        if !fields.insert(field) {
            return Err(refuse(&line.before, "shows a field a second time"));
        }
    }
    match lines.first().and_then(|line| line.field) {
        Some(Field::Key) => Ok(()),
        _ => Err(refuse(
            lines.first().map_or("", |line| &line.before),
            "is not the line of a key, with which a record begins",
        )),
    }
}

/// A line of a record that shows no value, such as `Extended Properties:`.
fn check_plain_line(line: &Line) -> Result<(), LayoutError> {
    check_characters(&line.before)?;
    let is_whole = line.after.is_empty() && line.on.is_none() && line.off.is_none();
    let is_field = labels::is_hidden(&line.before)
        || Parts::of(&line.before).is_some_and(|parts| labels::find(parts.label).is_some());
    match is_whole && !is_field {
        true => Ok(()),
        false => Err(refuse(&line.before, "shows a value that no binding has")),
    }
}

fn check_label(kind: Kind, field: Field, line: &Line, known: Labels) -> Result<(), LayoutError> {
    check_characters(&line.before)?;
    check_characters(&line.after)?;
    let parts = Parts::of(&line.before).filter(|parts| parts.value.is_empty());
    let Some(parts) = parts else {
        return Err(refuse(&line.before, "is not a label in front of a value"));
    };
    if !line.after.trim().is_empty() {
        return Err(refuse(&line.after, "comes after a value"));
    }
    let is_right = match labels::find(parts.label).map(|label| label.meaning) {
        Some(Meaning::Key(kinds)) => field == Field::Key && kinds.contains(&kind),
        Some(Meaning::Field(labelled)) => labelled == field,
        None if labels::is_hidden(parts.label) => false,
        None => known == Labels::Any || field.is_extended(),
    };
    if !is_right {
        return Err(refuse(parts.label, "is not a label of the value after it"));
    }
    if field.shape() == Shape::Text {
        let is_absence = |word: &String| word.is_empty() || Text::of(word) == Text::Absent;
        if line.on.is_some() || line.off.as_ref().is_some_and(|word| !is_absence(word)) {
            return Err(refuse(&line.before, "spells an absent value as a name"));
        }
    } else if field.bit().is_some() {
        for (word, on) in [(&line.on, true), (&line.off, false)] {
            if let Some(word) = word {
                check_word(field.shape(), on, word, known)?;
            }
        }
    } else if line.on.is_some() || line.off.is_some() {
        return Err(refuse(&line.before, "has words for a value that has none"));
    }
    Ok(())
}
