//! Characters of texts that are invisible, or change the display of others.
//!
//! Texts of exports, stores and certificates may have any of them. Each place that shows a text
//! (terminal, HTML, Markdown, CSV) escapes them, so that the displayed text is unambiguous.

use std::borrow::Cow;
use std::fmt::Write as _;

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether a character is invisible, or acts on the text around it: control and format characters,
/// line and paragraph separators, and characters with the property `Default_Ignorable_Code_Point`
/// of the Unicode Character Database (UAX #44).
///
/// ```
/// use certbind_formats::hidden::is_hidden;
///
/// for hidden in ['\n', '\u{202e}', '\u{200b}', '\u{3164}', '\u{e0041}', '\u{fe0f}'] {
///     assert!(is_hidden(hidden));
/// }
/// assert!("Hôte\u{a0}: 証明書 🔒".chars().all(|shown| !is_hidden(shown)));
/// ```
#[must_use]
pub fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    let acts = matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    acts || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
        // It has the category of a symbol, and no dot of it is raised.
        || character == '\u{2800}'
}

/// The text with each hidden character as `\u{…}`.
///
/// ```
/// assert_eq!(certbind_formats::hidden::visible("a\u{202e}b"), r"a\u{202e}b");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_hidden(character) {
            true => shown.extend(character.escape_unicode()),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// The characters in which two texts differ, if these may look the same: one of them is not ASCII,
/// or they differ in whitespace alone. None if the texts are equal or differ visibly.
///
/// ```
/// use certbind_formats::hidden::unseen_difference;
///
/// // A Cyrillic and a Latin letter.
/// assert_eq!(unseen_difference("\u{41c}Y", "MY").as_deref(), Some("U+041C, not U+004D"));
/// assert_eq!(unseen_difference("MY ", "MY").as_deref(), Some("U+0020, not nothing"));
/// assert_eq!(unseen_difference("MY", "Root"), None);
/// ```
#[must_use]
pub fn unseen_difference(before: &str, after: &str) -> Option<String> {
    let (before, after): (Vec<_>, Vec<_>) = (before.chars().collect(), after.chars().collect());
    let pairs = before.iter().zip(&after);
    let start = pairs.take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[start..], &after[start..]);
    let pairs = before.iter().rev().zip(after.iter().rev());
    let end = pairs.take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[..before.len() - end], &after[..after.len() - end]);
    let is_seen = |of: &[char]| of.iter().any(char::is_ascii_graphic);
    let is_foreign = |of: &[char]| of.iter().any(|c| !c.is_ascii());
    if before == after
        || !(is_foreign(before) || is_foreign(after) || !(is_seen(before) || is_seen(after)))
    {
        return None;
    }
    Some(format!(
        "{}, not {}",
        code_points(before),
        code_points(after)
    ))
}

/// `U+0041 U+0042`, no more than eight of them.
fn code_points(characters: &[char]) -> String {
    const MOST: usize = 8;

    let mut text = String::new();
    for character in characters.iter().take(MOST) {
        let blank = if text.is_empty() { "" } else { " " };
        // Writing to a String does not fail.
        let _ = write!(text, "{blank}U+{:04X}", u32::from(*character));
    }
    match characters.len() {
        0 => text.push_str("nothing"),
        1..=MOST => {}
        _ => text.push_str(" …"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each range that the Unicode Character Database has, beyond the list that was here by hand.
    #[test]
    fn default_ignorable_and_format_characters_are_hidden() {
        let hidden = [
            0xad, 0x34f, 0x600, 0x61c, 0x6dd, 0x70f, 0x8e2, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e,
            0x200b, 0x200f, 0x2028, 0x2029, 0x202a, 0x2060, 0x2065, 0x206f, 0x2800, 0x3164, 0xfe00,
            0xfeff, 0xffa0, 0xfff0, 0xfff9, 0x110bd, 0x13430, 0x1bca0, 0x1d173, 0xe0001, 0xe0020,
            0xe0100, 0xe0fff, 0x7f, 0x85, 0x9b, 0,
        ];
        for code_point in hidden {
            let character = char::from_u32(code_point).unwrap();
            assert!(is_hidden(character), "U+{code_point:04X}");
            let shown = visible(&format!("a{character}b")).into_owned();
            assert_eq!(shown, format!("a\\u{{{code_point:x}}}b"));
        }
    }

    #[test]
    fn difference_that_cannot_be_seen_is_spelled_out() {
        let told = |a: &str, b: &str| unseen_difference(a, b);
        assert_eq!(
            told("e\u{301}", "\u{e9}").unwrap(),
            "U+0065 U+0301, not U+00E9"
        );
        assert_eq!(told("a  b", "a b").unwrap(), "U+0020, not nothing");
        assert_eq!(told("a\u{a0}b", "a b").unwrap(), "U+00A0, not U+0020");
        assert_eq!(told("MY", "my"), None);
        assert_eq!(told("\u{e9}", "\u{e9}"), None);
        let long = told(&"\u{430}".repeat(20), "").unwrap();
        assert!(long.ends_with("U+0430 …, not nothing"), "{long}");
    }
}
