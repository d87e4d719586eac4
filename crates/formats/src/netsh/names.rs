//! Texts of a record: absent ones, and names that seem to contain added text.

use super::field::NULL;
use crate::rule::{Rule, holds};

/// How a text of a record reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// `(null)`, in any case.
    Absent,
    /// `(null)` with something after it.
    AbsentAndMore,
    Name,
    /// A name with something in it that names rarely have.
    Unusual(&'static str),
}

impl Text {
    pub(super) fn of(value: &str) -> Self {
        match value.get(..NULL.len()) {
            Some(NULL) if value == NULL => Self::Absent,
            Some(start) if start.eq_ignore_ascii_case(NULL) => match value.len() == NULL.len() {
                true if holds(Rule::NullIsNoName) => Self::Absent,
                false if holds(Rule::NullAlone) => Self::AbsentAndMore,
                _ => Self::Name,
            },
            _ if !holds(Rule::UnusualName) => Self::Name,
            _ => unusual(value).map_or(Self::Name, Self::Unusual),
        }
    }
}

/// The part of a name that looks like a remark, markup or damage.
fn unusual(name: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    if name.bytes().all(is_plain) {
        return None;
    }
    let mut is_space = false;
    for c in name.chars() {
        if c == ' ' && is_space {
            return Some("several spaces in a row");
        }
        is_space = c == ' ';
        match c {
            '\u{a0}' | '\u{202f}' | '\u{2007}' => return Some("a no-break space"),
            ' ' => {}
            c if c.is_whitespace() || c.is_control() => return Some("a control character"),
            '<' | '>' => return Some("a pointed bracket"),
            '*' | '`' | '|' | '#' | '"' | '\\' | '(' | ')' | ';' | '\u{fffd}' => {
                return Some("a character that is used in comments or markup");
            }
            c if c.is_ascii() || c.is_alphanumeric() => {}
            '\u{2018}'..='\u{201b}' => {}
            _ => return Some("a symbol"),
        }
    }
    let is_marked = [
        "--", "//", "&#", "&amp", "&lt", "&gt", "&quot", "&nbsp", "\\n", "\\r",
    ]
    .iter()
    .any(|mark| name.contains(mark));
    is_marked.then_some("text that looks like a comment or markup")
}
