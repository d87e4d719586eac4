//! Reading records that are printed exactly like an earlier one: only their values are parsed.
//!
//! A host prints its records alike. A template is the text between the values of a record that was
//! read line by line. A record with this text, and values in their usual spelling, is read without
//! parsing its lines. Any other is passed to the line reader.

use certbind_core::{Binding, BindingKey, CertCheckMode, CertHash, Kind, Record, Uuid};

use super::address::key_text;
use super::field::{Bit, Field, NULL, Shape};
use super::layout::{Case, Layout, Line};
use super::line_reader::key_shape;
use super::line_reader::{LineEnd, RawLine};
use super::names::Text;
use super::property_fields;
use super::record::Parsed;
use super::shown_fields::ShownFields;
use crate::report::ConversionWarning;

/// The text of a record around its values.
#[derive(Debug)]
pub(super) struct Template {
    kind: Kind,
    parts: Vec<Part>,
    /// The text after the last value, with the line end.
    tail: String,
    /// How many lines it has.
    pub(super) count: u64,
    /// The length of the record from which it was made.
    pub(super) length: usize,
    /// The lines, as the layout of a listing has them.
    lines: Vec<Line>,
    /// The warnings about such a record, and the line of each within the record.
    warnings: Vec<(u64, ConversionWarning)>,
    hash_case: Option<Case>,
    app_id_case: Option<Case>,
}

/// Text, and the value after it.
#[derive(Debug)]
struct Part {
    text: String,
    value: Value,
    /// The length of the text from the value to the end of its line, with the line end.
    after: usize,
}

#[derive(Debug)]
enum Value {
    Key,
    Hash,
    AppId,
    /// A text, and the spelling of its absence.
    Text(Field, String),
    Number(Field),
    Bit(Bit, Option<String>, Option<String>),
}

/// A record that a template has read.
pub(super) struct Match {
    pub(super) binding: Binding,
    /// The length of its text.
    pub(super) length: usize,
}

impl Template {
    /// The template of a record that was read line by line, if it can have one.
    pub(super) fn of(lines: &[RawLine], parsed: &Parsed) -> Option<Self> {
        let end = lines.first()?.end?;
        if !parsed.is_alike || lines.iter().any(|line| line.end != Some(end)) {
            return None;
        }
        let newline = match end {
            LineEnd::Crlf => "\r\n",
            LineEnd::Lf => "\n",
        };
        let first = lines.first()?.number;
        let kind = parsed.binding.key().kind();
        let case_of = |field: Field| {
            let at = parsed
                .lines
                .iter()
                .position(|line| line.field == Some(field))?;
            Case::of(lines.get(at)?.parts()?.value)
        };
        let mut template = Self {
            kind,
            parts: Vec::new(),
            tail: String::new(),
            count: lines.len() as u64,
            length: lines.iter().map(|line| line.length).sum(),
            lines: parsed.lines.clone(),
            warnings: Vec::new(),
            hash_case: case_of(Field::Hash),
            app_id_case: case_of(Field::AppId),
        };
        for warning in &parsed.warnings {
            template
                .warnings
                .push((warning.line?.checked_sub(first)?, warning.clone()));
        }
        let mut text = String::new();
        for line in &parsed.lines {
            text.push_str(&line.before);
            let value = match line.field {
                Some(Field::Hash | Field::StoreName) if !kind.names_certificate() => {
                    text.push_str(NULL);
                    None
                }
                Some(field) => Some(value_of(field, line)?),
                None => None,
            };
            if let Some(value) = value {
                let text = std::mem::take(&mut text);
                let after = line.after.len() + newline.len();
                template.parts.push(Part { text, value, after });
            }
            text.push_str(&line.after);
            text.push_str(newline);
        }
        template.tail = text;
        // The record from which it was made has to give the same result as line by line.
        let mut text = String::with_capacity(template.length);
        for line in lines {
            text.push_str(&line.text);
            text.push_str(newline);
        }
        let found = template.read(&text)?;
        (found.length == text.len() && found.binding == parsed.binding).then_some(template)
    }

    /// Adds the words and cases of another template, if it has the same text.
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        let same = |(a, b): (&Part, &Part)| a.text == b.text && a.after == b.after;
        if self.kind != other.kind
            || self.parts.len() != other.parts.len()
            || self.tail != other.tail
            || self.count != other.count
            || !self.parts.iter().zip(&other.parts).all(same)
        {
            return false;
        }
        for (part, other) in self.parts.iter_mut().zip(&other.parts) {
            match (&mut part.value, &other.value) {
                (Value::Bit(_, on, off), Value::Bit(_, other_on, other_off)) => {
                    *on = on.take().or_else(|| other_on.clone());
                    *off = off.take().or_else(|| other_off.clone());
                }
                (Value::Text(_, absent), Value::Text(_, other)) if absent != other => return false,
                _ => {}
            }
        }
        for (line, other) in self.lines.iter_mut().zip(&other.lines) {
            line.on = line.on.take().or_else(|| other.on.clone());
            line.off = line.off.take().or_else(|| other.off.clone());
        }
        self.hash_case = self.hash_case.or(other.hash_case);
        self.app_id_case = self.app_id_case.or(other.app_id_case);
        true
    }

    /// The text before the key.
    pub(super) fn start(&self) -> &str {
        self.parts.first().map_or("", |part| &part.text)
    }

    /// Whether a layout prints such records unchanged.
    pub(super) fn is_printed_by(&self, layout: &Layout) -> bool {
        layout.prints(self.kind, &self.lines, self.hash_case, self.app_id_case)
    }

    /// Whether such records lack a line that others show.
    pub(super) fn lacks(&self, shown: &ShownFields) -> bool {
        let fields = self.lines.iter().filter_map(|line| line.field);
        shown.missing(self.kind, fields.collect()).next().is_some()
    }

    /// Whether there are warnings about such records.
    pub(super) fn has_warnings(&self) -> bool {
        !self.warnings.is_empty()
    }

    /// The warnings about a record of this template that begins on this line.
    pub(super) fn warnings(&self, first: u64, key: &BindingKey) -> Vec<ConversionWarning> {
        let at = |(line, warning): &(u64, ConversionWarning)| warning.clone().at(first + line);
        self.warnings
            .iter()
            .map(at)
            .map(|warning| warning.of(key))
            .collect()
    }

    /// Reads the record at the start of this text, if it has the text of this template and every
    /// value is spelled as it would be printed.
    pub(super) fn read(&self, text: &str) -> Option<Match> {
        let mut rest = text;
        let mut key = "";
        let mut record = Record::central(Uuid::nil());
        let (mut hash, mut store_name) = (None, None);
        let mut has_freshness_line = false;
        for part in &self.parts {
            rest = rest.strip_prefix(part.text.as_str())?;
            let length = match &part.value {
                Value::Key => {
                    key = text_value(rest, part.after)?;
                    key.len()
                }
                Value::Hash => {
                    let digits = rest.as_bytes().first_chunk::<{ 2 * CertHash::LENGTH }>()?;
                    hash = Some(CertHash::new(hexadecimal(digits, self.hash_case)?));
                    digits.len()
                }
                Value::AppId => {
                    record.app_id = guid(rest.as_bytes().first_chunk()?, self.app_id_case)?;
                    GUID
                }
                Value::Text(field, absent) => {
                    let value = text_value(rest, part.after)?;
                    if value != absent {
                        if !value.is_ascii() || Text::of(value) != Text::Name {
                            return None;
                        }
                        match field {
                            Field::StoreName => store_name = Some(value.parse().ok()?),
                            Field::CtlIdentifier => {
                                record.ctl_identifier = Some(value.parse().ok()?);
                            }
                            _ => record.ctl_store_name = Some(value.parse().ok()?),
                        }
                    }
                    value.len()
                }
                Value::Number(field) => {
                    let (number, length) = number(rest)?;
                    match field {
                        Field::Freshness => record.revocation_freshness_time = number,
                        Field::Timeout => record.url_retrieval_timeout = number,
                        field => property_fields::set(&mut record.extended, *field, number),
                    }
                    length
                }
                Value::Bit(bit, on, off) => {
                    let starts = |word: &&String| {
                        let rest = rest.as_bytes().strip_prefix(word.as_bytes());
                        let next = rest.and_then(<[u8]>::first);
                        next.is_some_and(|next| matches!(next, b'\r' | b'\n' | b' '))
                    };
                    let (is_on, word) = match (off.as_ref().filter(starts), on) {
                        (Some(off), _) => (false, off),
                        (None, on) => (true, on.as_ref().filter(starts)?),
                    };
                    bit.take(is_on, &mut record.check_mode, &mut record.flags);
                    has_freshness_line |=
                        *bit == Bit::Check(CertCheckMode::USE_REVOCATION_FRESHNESS);
                    word.len()
                }
            };
            rest = &rest[length..];
        }
        rest = rest.strip_prefix(self.tail.as_str())?;
        if !has_freshness_line {
            let is_in_force = record.revocation_freshness_time != 0;
            record
                .check_mode
                .set(CertCheckMode::USE_REVOCATION_FRESHNESS, is_in_force);
        }
        if self.kind.names_certificate() {
            let record_of = Record::new(hash?, store_name, record.app_id);
            record.certificate = record_of.certificate;
        }
        Some(Match {
            binding: self.binding(key, record)?,
            length: text.len() - rest.len(),
        })
    }

    fn binding(&self, text: &str, record: Record) -> Option<Binding> {
        let is_host = matches!(self.kind, Kind::Sni | Kind::ScopedCcs);
        if !text.is_ascii() || is_host && key_shape(text) != Some(Kind::Sni) {
            return None;
        }
        let key = BindingKey::parse_as(self.kind, text).ok()?;
        let mut binding = Binding::new(key, record).ok()?;
        if is_host {
            binding = binding.with_host_spelling(text.rsplit_once(':')?.0).ok()?;
        }
        (is_plain_address(text) || key_text(&binding) == text).then_some(binding)
    }
}

/// The length of a GUID in braces.
const GUID: usize = 38;

fn value_of(field: Field, line: &Line) -> Option<Value> {
    Some(match (field, field.shape()) {
        (Field::Key, _) => Value::Key,
        (Field::Hash, _) => Value::Hash,
        (Field::AppId, _) => Value::AppId,
        (_, Shape::Text) => {
            let absent = line.off.as_deref().unwrap_or(NULL);
            if absent.is_empty() {
                return None;
            }
            Value::Text(field, absent.to_owned())
        }
        (_, Shape::Number) => Value::Number(field),
        _ => Value::Bit(field.bit()?, line.on.clone(), line.off.clone()),
    })
}

/// The value that ends this many bytes before the end of its line, without spaces around it.
fn text_value(rest: &str, after: usize) -> Option<&str> {
    let line = rest.bytes().position(|byte| byte == b'\n')? + 1;
    let value = rest.get(..line.checked_sub(after)?)?;
    let is_trimmed = !value.starts_with([' ', '\t', ':']) && !value.ends_with([' ', '\t', '\r']);
    (is_trimmed && !value.is_empty()).then_some(value)
}

/// A number without zeros before it, and its length.
fn number(rest: &str) -> Option<(u32, usize)> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let text = &rest[..digits];
    let is_plain = digits == 1 || !text.starts_with('0');
    Some((text.parse().ok().filter(|_| is_plain)?, digits))
}

/// The bytes of pairs of hexadecimal digits, whose letters have this case; with no case, letters
/// are not allowed.
fn hexadecimal<const DIGITS: usize, const BYTES: usize>(
    digits: &[u8; DIGITS],
    case: Option<Case>,
) -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    let mut seen = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| DIGIT[usize::from(digit)]);
        seen |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    let allowed = match case {
        None => 0xf,
        Some(Case::Lower) => 0xf | LOWER,
        Some(Case::Upper) => 0xf | UPPER,
    };
    (seen & !allowed == 0).then_some(bytes)
}

/// The GUID in braces that is at the start of a text.
fn guid(text: &[u8; GUID], case: Option<Case>) -> Option<Uuid> {
    let mut digits = [0; 32];
    let mut at = 0;
    for (place, byte) in text.iter().enumerate() {
        let mark = match place {
            0 => b'{',
            9 | 14 | 19 | 24 => b'-',
            37 => b'}',
            _ => {
                digits[at] = *byte;
                at += 1;
                continue;
            }
        };
        if *byte != mark {
            return None;
        }
    }
    hexadecimal(&digits, case).map(Uuid::from_bytes)
}

/// Marks of the letters of a case, and of characters other than digits.
const LOWER: u8 = 0x40;
const UPPER: u8 = 0x80;
const NONE: u8 = 0x20;

/// The value of a hexadecimal digit, with the mark of its case.
const DIGIT: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut value = 0;
    while value < 10 {
        table[b'0' as usize + value as usize] = value;
        value += 1;
    }
    while value < 16 {
        let letter = (value - 10) as usize;
        table[b'a' as usize + letter] = value | LOWER;
        table[b'A' as usize + letter] = value | UPPER;
        value += 1;
    }
    table
};

/// Whether this is an IPv4 address and a port without zeros before a number: it prints back so.
fn is_plain_address(text: &str) -> bool {
    let is_plain = |part: &str| part == "0" || !part.starts_with('0');
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b':')
        && text.contains('.')
        && text.split(['.', ':']).all(is_plain)
}
