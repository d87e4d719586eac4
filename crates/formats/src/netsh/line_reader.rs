//! The parts of a line of a listing: label, separator, value.

use std::ops::Range;

use certbind_core::{CertHash, IpPort, Kind, Uuid};

use super::labels;
use crate::rule::{Rule, holds};

/// A line of a listing, without its line end.
#[derive(Debug)]
pub(super) struct RawLine {
    /// Counted from 1.
    pub(super) number: u64,
    pub(super) text: String,
    /// Its line end; none for the last line.
    pub(super) end: Option<LineEnd>,
    /// Its length with its end, in bytes of decoded text.
    pub(super) length: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    Crlf,
    Lf,
}

/// The form of a line. It is computed often.
#[derive(Debug)]
enum Form {
    /// Only whitespace.
    Empty,
    Parts {
        label: Range<usize>,
        value: Range<usize>,
    },
    Other,
}

impl RawLine {
    pub(super) fn new(number: u64, text: String, end: Option<LineEnd>, length: usize) -> Self {
        let form = match Parts::of(&text) {
            Some(Parts {
                before,
                label,
                value,
                ..
            }) => {
                let label_at = indent(&text);
                Form::Parts {
                    label: label_at..label_at + label.len(),
                    value: before.len()..before.len() + value.len(),
                }
            }
            None if is_empty(&text) => Form::Empty,
            None => Form::Other,
        };
        Self {
            number,
            text,
            end,
            length,
            form,
        }
    }

    /// Its parts, if it has the form `label : value`.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let Form::Parts { label, value } = &self.form else {
            return None;
        };
        Some(Parts {
            before: &self.text[..value.start],
            label: &self.text[label.clone()],
            value: &self.text[value.clone()],
            after: &self.text[value.end..],
        })
    }

    /// Its text without a possible half of a line end, at the end of the listing.
    pub(super) fn shown(&self) -> &str {
        match self.end {
            None => self.text.strip_suffix('\r').unwrap_or(&self.text),
            Some(_) => &self.text,
        }
    }

    /// Whether it has nothing to read on it.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.form, Form::Empty)
    }
}

/// The number of the first of these lines.
pub(super) fn first_line(lines: &[RawLine]) -> u64 {
    lines.first().map_or(0, |line| line.number)
}

/// A line of the form `label : value`, its parts adding up to it: `before`, `value`, `after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// Indentation, label, separator and the spaces before the value.
    pub(super) before: &'a str,
    /// The label without the spaces around it.
    pub(super) label: &'a str,
    /// The value without the spaces around it; empty where there is none.
    pub(super) value: &'a str,
    /// The spaces after the value.
    pub(super) after: &'a str,
}

impl<'a> Parts<'a> {
    /// The parts of a line, if it has the form.
    ///
    /// A label may have a colon in it (`IP:port`), and translations were seen to lose the space
    /// after the separator (`Désactiver HTTP2 :Not Set`) or to double it (`Nom du magasin de
    /// certificats :       : MY`).
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let (start, end) = separator(line)?;
        let label = line[..start].trim();
        if label.is_empty() {
            return None;
        }
        let mut value_at = end + blanks(&line[end..]);
        if let Some(doubled) = line[value_at..].strip_prefix(':')
            && (doubled.is_empty() || blanks(doubled) > 0)
            && labels::find(label).is_none_or(|label| label.has_second_colon)
        {
            value_at += 1 + blanks(doubled);
        }
        let rest = &line[value_at..];
        let value = rest.trim_end_matches(is_blank);
        Some(Self {
            before: &line[..value_at],
            label,
            value,
            after: &rest[value.len()..],
        })
    }
}

/// The label and value of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) label: &'a str,
    pub(super) value: &'a str,
}

fn is_empty(line: &str) -> bool {
    line.chars().all(is_blank)
}

/// The kind of key that matches the syntax of a value.
pub(super) fn key_shape(value: &str) -> Option<Kind> {
    if value.parse::<IpPort>().is_ok() {
        return Some(Kind::IpPort);
    }
    if value.parse::<certbind_core::Port>().is_ok() {
        return Some(Kind::Ccs);
    }
    value
        .parse::<certbind_core::HostPort>()
        .is_ok()
        .then_some(Kind::Sni)
}

/// Whether a value is a certificate hash: exactly 40 hexadecimal digits.
pub(super) fn is_hash(value: &str) -> bool {
    value.len() == 2 * CertHash::LENGTH && value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The GUID in braces that a value is.
pub(super) fn guid(value: &str) -> Option<Uuid> {
    let inner = value.strip_prefix('{')?.strip_suffix('}')?;
    // Its other forms, without dashes or with `urn:uuid:`, are not netsh's.
    (inner.len() == 36).then(|| inner.parse().ok())?
}

/// How far a line is indented, in bytes.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether a value is a number.
pub(super) fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit())
}

/// Where the separator is: the first colon with a space before it; else the first with a space after
/// it, or at the end; else, in an indented line, the only one.
fn separator(line: &str) -> Option<(usize, usize)> {
    let mut before = None;
    let (mut spaced, mut last) = (None, None);
    let mut count = 0;
    for (at, c) in line.char_indices() {
        let end = at + c.len_utf8();
        if c == ':' || c == '：' {
            if before.is_some_and(is_blank) && !is_empty(&line[..at]) {
                return Some((at, end));
            }
            if spaced.is_none() && line[end..].chars().next().is_none_or(is_blank) {
                spaced = Some((at, end));
            }
            last = Some((at, end));
            count += 1;
        }
        before = Some(c);
    }
    let is_only = count == 1 || !holds(Rule::Separator);
    spaced.or(last.filter(|_| is_only && line.starts_with(is_blank)))
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches(is_blank).len()
}

/// Text pasted from a page has no-break spaces in place of spaces.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{a0}')
}
