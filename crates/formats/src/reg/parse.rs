//! The grammar of a registry export.

use super::lines::{Line, Lines};
use super::text::{closing, cut, hex_byte, is_end, number, unescaped};
use super::{ANSI, UNICODE};
use crate::encoding::Encoding;
use crate::registry::{Data, REG_SZ};

/// A part of an export, and where it begins.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) line: u64,
    pub(super) is_whole: bool,
    pub(super) item: Result<Item, PartError>,
}

#[derive(Debug)]
pub(super) enum Item {
    /// A key: the values after it are its values.
    Key { path: String, is_deleted: bool },
    /// A value; the key's default value has an empty name.
    Value { name: String, content: Content },
    /// A line that is not part of the format.
    Other,
}

#[derive(Debug)]
pub(super) enum Content {
    Data(Data<'static>),
    Deleted,
}

/// An error of a part.
#[derive(Debug)]
pub(super) enum PartError {
    /// The end of the part is known: only the part is affected.
    Local(String),
    /// The end of the part is unclear, so that later parts may be misread.
    Unbounded(String),
}

/// The parts of an export.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    lines: Lines<'a>,
    is_ansi: bool,
    /// Whether values are needed; else they are skipped.
    pub(super) wants_values: bool,
    /// Whether the last line that was read has an end.
    pub(super) is_ended: bool,
}

impl<'a> Parser<'a> {
    /// The parts after the first line. The error is that line, if it is not the format's.
    pub(super) fn new(mut lines: Lines<'a>) -> Result<Self, String> {
        let first = lines.by_ref().find(|line| !line.text.trim().is_empty());
        let first = first.map(|line| line.text).unwrap_or_default();
        let Some(is_ansi) = dialect(&first) else {
            return Err(first.trim().chars().take(80).collect());
        };
        Ok(Self {
            lines,
            is_ansi,
            wants_values: false,
            is_ended: true,
        })
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.lines.encoding()
    }

    fn line(&mut self) -> Option<Line<'a>> {
        let line = self.lines.next()?;
        self.is_ended = !line.end.is_empty();
        Some(line)
    }

    fn value(&mut self, line: &Line<'a>, text: &str) -> Part {
        let mut part = Part {
            line: line.number,
            is_whole: line.is_whole,
            item: Ok(Item::Other),
        };
        let (name, rest) = if let Some(rest) = text.strip_prefix('@') {
            (Ok(String::new()), rest)
        } else {
            let inner = &text[1..];
            let Some(end) = closing(inner) else {
                part.item = Err(PartError::Local(
                    "the quotation mark after the name is missing".into(),
                ));
                return part;
            };
            (unescaped(&inner[..end]), &inner[end + 1..])
        };
        let Some(rest) = rest.trim_start().strip_prefix('=') else {
            part.item = Err(PartError::Local(
                "expected \"=\" after the name of a value".into(),
            ));
            return part;
        };
        let content = self.content(line, rest.trim_start(), &mut part.is_whole);
        part.item = content.and_then(|content| {
            let name = name.map_err(PartError::Local)?;
            Ok(Item::Value { name, content })
        });
        part
    }

    fn content(
        &mut self,
        line: &Line<'a>,
        text: &str,
        is_whole: &mut bool,
    ) -> Result<Content, PartError> {
        if let Some(rest) = text.strip_prefix('"') {
            return self.string(line, rest, is_whole).map(Content::Data);
        }
        if let Some((kind, rest)) = typed_text(text) {
            let data = self.string(line, rest, is_whole)?;
            return Ok(Content::Data(Data { kind, ..data }));
        }
        if let Some(rest) = text.strip_prefix('-') {
            return if is_end(rest) {
                Ok(Content::Deleted)
            } else {
                Err(PartError::Local(format!(
                    "expected nothing after \"-\", found {:?}",
                    cut(rest)
                )))
            };
        }
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let word = word.trim().to_ascii_lowercase();
        if word == "dword" {
            let data = number(rest).ok_or_else(|| {
                PartError::Local(format!(
                    "expected a hexadecimal number of 32 bits, found {:?}",
                    cut(rest)
                ))
            })?;
            return Ok(Content::Data(Data::dword(data)));
        }
        let kind = match word.strip_prefix("hex") {
            Some("") => Some(3),
            Some(kind) => kind
                .strip_prefix('(')
                .and_then(|kind| kind.strip_suffix(')'))
                .and_then(|kind| u32::from_str_radix(kind, 16).ok()),
            None => None,
        };
        let kind = kind.ok_or_else(|| {
            let expected = "expected text in quotation marks, dword:, hex: or hex(TYPE):";
            PartError::Local(format!("{expected}, found {:?}", cut(text)))
        })?;
        self.bytes(kind, rest, is_whole).map(Content::Data)
    }

    /// A text after its opening quotation mark. It may contain line ends.
    fn string(
        &mut self,
        first: &Line<'a>,
        text: &str,
        is_whole: &mut bool,
    ) -> Result<Data<'static>, PartError> {
        let mut raw = String::new();
        let mut text = std::borrow::Cow::Borrowed(text);
        let mut end = first.end;
        let behind_first = self.lines.clone();
        let mut is_on_first = true;
        let tail = loop {
            match closing(&text) {
                Some(at) => {
                    raw.push_str(&text[..at]);
                    break text[at + 1..].to_owned();
                }
                None => {
                    raw.push_str(&text);
                    raw.push_str(end);
                }
            }
            let Some(next) = self.line() else {
                self.lines = behind_first;
                return Err(PartError::Unbounded(
                    "the quotation mark after the text is missing".into(),
                ));
            };
            is_on_first = false;
            *is_whole &= next.is_whole;
            end = next.end;
            text = std::borrow::Cow::Owned(next.text.into_owned());
        };
        if !is_end(&tail) {
            let tail = cut(&tail);
            if is_on_first {
                let what = format!("expected nothing after the text, found {tail:?}");
                return Err(PartError::Local(what));
            }
            // The quotation mark that closes the text opens another: one is missing between. The
            // skipped text is read again.
            self.lines = behind_first;
            return Err(PartError::Unbounded(
                "the quotation mark after the text is missing".into(),
            ));
        }
        unescaped(&raw)
            .map(|text| Data::text(&text))
            .map_err(PartError::Local)
    }

    /// Bytes, which continue in the next line after a backslash at the end.
    fn bytes(
        &mut self,
        kind: u32,
        text: &str,
        is_whole: &mut bool,
    ) -> Result<Data<'static>, PartError> {
        let mut bytes = Vec::new();
        let mut fault = None;
        let mut text = text.to_owned();
        loop {
            let trimmed = text.trim();
            let (digits, goes_on) = match trimmed.strip_suffix('\\') {
                Some(digits) => (digits.trim_end(), true),
                None => (trimmed, false),
            };
            let digits = match digits.strip_suffix(',') {
                Some(digits) if goes_on => digits,
                _ => digits,
            };
            for byte in digits.split(',').filter(|_| !digits.is_empty()) {
                match hex_byte(byte.trim()) {
                    Some(byte) => bytes.push(byte),
                    None => {
                        let what = format!("expected a byte in hexadecimal, found {:?}", cut(byte));
                        fault.get_or_insert(what);
                    }
                }
            }
            if !goes_on {
                break;
            }
            let here = self.lines.clone();
            match self.line() {
                Some(next) if !begins_a_part(&next.text) => {
                    *is_whole &= next.is_whole;
                    text = next.text.into_owned();
                }
                _ => {
                    self.lines = here;
                    fault.get_or_insert("expected more bytes on the next line".to_owned());
                    break;
                }
            }
        }
        if let Some(fault) = fault {
            return Err(PartError::Local(fault));
        }
        if self.is_ansi && kind == REG_SZ {
            while bytes.last() == Some(&0) {
                bytes.pop();
            }
            let text = self.lines.decode(&bytes).ok_or_else(|| {
                PartError::Local("expected text in the export's encoding; name the encoding".into())
            })?;
            return Ok(Data::text(&text));
        }
        Ok(Data {
            kind,
            bytes: bytes.into(),
        })
    }

    /// Skips a value that is not needed. Only an unterminated text is an error.
    fn pass_over(&mut self, line: &Line<'a>, text: &str) -> Option<Part> {
        let inner = text.strip_prefix('"');
        let rest = match inner {
            Some(inner) => closing(inner).map(|end| &inner[end + 1..]),
            None => Some(&text[1..]),
        };
        let rest = rest.and_then(|rest| rest.trim_start().strip_prefix('='));
        let Some(rest) = rest.map(str::trim_start) else {
            return Some(Part {
                line: line.number,
                is_whole: line.is_whole,
                item: Ok(Item::Other),
            });
        };
        let text = rest.strip_prefix('"');
        if let Some(text) = text.or_else(|| Some(typed_text(rest)?.1)) {
            if let Err(fault @ PartError::Unbounded(_)) = self.string(line, text, &mut true) {
                return Some(Part {
                    line: line.number,
                    is_whole: line.is_whole,
                    item: Err(fault),
                });
            }
        } else if rest.trim_end().ends_with('\\') {
            self.pass_over_bytes();
        }
        None
    }

    fn pass_over_bytes(&mut self) {
        loop {
            let here = self.lines.clone();
            match self.line() {
                Some(next) if begins_a_part(&next.text) => {
                    self.lines = here;
                    return;
                }
                Some(next) if next.text.trim_end().ends_with('\\') => {}
                _ => return,
            }
        }
    }
}

impl Iterator for Parser<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        loop {
            let line = self.line()?;
            let text = trimmed(&line.text);
            if is_end(text) {
                continue;
            }
            if let Some(is_ansi) = dialect(text) {
                // Exports may be appended to one another.
                self.is_ansi = is_ansi;
                continue;
            }
            let part = |item| Part {
                line: line.number,
                is_whole: line.is_whole,
                item,
            };
            if text.starts_with('[') {
                return Some(part(key(text)));
            }
            if !text.starts_with(['"', '@']) {
                return Some(part(Ok(Item::Other)));
            }
            if self.wants_values {
                return Some(self.value(&line, text));
            }
            if let Some(part) = self.pass_over(&line, text) {
                return Some(part);
            }
        }
    }
}

/// Whether the line is the first of an export, and then whether of an ANSI one.
pub(super) fn dialect(line: &str) -> Option<bool> {
    match trimmed(line).trim_end() {
        UNICODE => Some(false),
        ANSI => Some(true),
        _ => None,
    }
}

/// A line without leading spaces, and without the byte order mark of an appended export.
fn trimmed(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim_start()
}

/// The type of a text, and the text after its opening quotation mark: `str(1):"MY"`, as
/// hivexregedit writes texts.
fn typed_text(text: &str) -> Option<(u32, &str)> {
    let (kind, rest) = text.strip_prefix("str(")?.split_once("):")?;
    let kind = u32::from_str_radix(kind, 16).ok()?;
    Some((kind, rest.trim_start().strip_prefix('"')?))
}

fn begins_a_part(line: &str) -> bool {
    line.trim_start().starts_with(['[', '"', '@'])
}

fn key(text: &str) -> Result<Item, PartError> {
    let inner = text[1..].rsplit_once(']');
    let Some((inner, _)) = inner.filter(|(_, tail)| is_end(tail)) else {
        let what = "expected a key's path in brackets, and nothing after it";
        return Err(PartError::Unbounded(format!(
            "{what}, found {:?}",
            cut(text)
        )));
    };
    let (path, is_deleted) = match inner.strip_prefix('-') {
        Some(path) => (path, true),
        None => (inner, false),
    };
    Ok(Item::Key {
        path: path.to_owned(),
        is_deleted,
    })
}
