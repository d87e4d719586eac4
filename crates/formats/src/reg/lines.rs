//! The lines of a text, decoded one by one, since an export may contain a complete registry.

use std::borrow::Cow;

use crate::encoding::{Encoding, of_start};

/// The remaining lines of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    encoding: Encoding,
    number: u64,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// Without its end.
    pub(super) text: Cow<'a, str>,
    /// Its end: none where the text ends without one.
    pub(super) end: &'static str,
    /// Whether every character of it could be decoded.
    pub(super) is_whole: bool,
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`. The encoding is inferred from them unless it is named; text in an
    /// unnamed code page is read as far as it is ASCII.
    pub(super) fn of(bytes: &'a [u8], named: Option<Encoding>) -> Self {
        let (told, _) = of_start(bytes);
        let encoding = match named {
            Some(named) => named,
            None if told.unit() == 1 && std::str::from_utf8(bytes).is_err() => Encoding::BYTES,
            None => told,
        }
        .marked_as(bytes);
        Self {
            rest: &bytes[encoding.mark().len()..],
            encoding,
            number: 0,
        }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The text of bytes that a line contains as a byte list.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<String> {
        let (text, is_whole) = self.encoding.decode_lossily(bytes);
        is_whole.then(|| text.into_owned())
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let length = self.encoding.line_length(self.rest);
        let (bytes, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.number += 1;
        let (mut text, is_whole) = self.encoding.decode_lossily(bytes);
        let end = if text.ends_with("\r\n") {
            "\r\n"
        } else if text.ends_with('\n') {
            "\n"
        } else {
            ""
        };
        let kept = text.len() - end.len();
        match &mut text {
            Cow::Borrowed(text) => *text = &text[..kept],
            Cow::Owned(text) => text.truncate(kept),
        }
        Some(Line {
            number: self.number,
            text,
            end,
            is_whole,
        })
    }
}
