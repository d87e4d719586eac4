//! The text of a listing, decoded a part at a time, and its lines.

use std::io::{self, BufRead, Read};
use std::string::FromUtf8Error;

use super::line_reader::{LineEnd, RawLine};
use crate::encoding::Encoding;

/// No line of netsh has nearly this many bytes.
const LONGEST_LINE: usize = 1 << 18;

const TOO_LONG: &str = "longer than any line netsh prints";

/// How many bytes are read at a time.
const PART: usize = 64 << 10;

/// A part of the text, from the next line on: complete lines, except at the end of the text.
pub(super) struct Window<R> {
    reader: R,
    encoding: Encoding,
    /// Bytes that are not decoded: the start of a line.
    bytes: Vec<u8>,
    text: String,
    /// Where the next line begins in `text`.
    at: usize,
    /// The number of the line before it.
    number: u64,
    length: u64,
    is_read: bool,
    is_done: bool,
    failure: Option<String>,
}

impl<R: BufRead> Window<R> {
    /// The reader yields text in this encoding, without a byte order mark.
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        Self {
            reader,
            encoding,
            bytes: Vec::new(),
            text: String::new(),
            at: 0,
            number: 0,
            length: 0,
            is_read: false,
            is_done: false,
            failure: None,
        }
    }

    /// How many bytes were read.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The number of the next line.
    pub(super) fn next_number(&self) -> u64 {
        self.number + 1
    }

    /// The text from the next line on, and whether it includes the end of the listing: at least
    /// `wanted` bytes, if there are that many.
    pub(super) fn rest(&mut self, wanted: usize) -> io::Result<(&str, bool)> {
        while self.text.len() - self.at < wanted && self.can_grow() {
            self.grow(self.at)?;
        }
        let is_whole = self.is_read && self.failure.is_none();
        Ok((&self.text[self.at..], is_whole))
    }

    /// Skips complete lines.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.at += bytes;
        self.number += lines;
    }

    /// Returns to a line that `next` returned earlier and was asked to keep.
    pub(super) fn go_back(&mut self, bytes: usize, lines: u64) {
        if lines > 0 {
            self.at -= bytes;
            self.number -= lines;
            self.is_done = false;
        }
    }

    /// The next line, with the `kept` bytes before it kept in memory. The text after the last line
    /// end is a line too, even if it is empty: the lines joined by their ends are the text.
    pub(super) fn next(&mut self, kept: usize) -> io::Result<Option<RawLine>> {
        if self.is_done {
            return Ok(None);
        }
        let found = loop {
            let rest = &self.text[self.at..];
            if let Some(end) = rest.find('\n') {
                break end + 1;
            }
            if !self.can_grow() {
                break rest.len();
            }
            self.grow(self.at - kept)?;
        };
        let line = &self.text[self.at..self.at + found];
        if !line.ends_with('\n')
            && let Some(failure) = &self.failure
        {
            let what = format!("line {}: {failure}", self.number + 1);
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let (text, end) = match line.as_bytes() {
            [.., b'\r', b'\n'] => (&line[..line.len() - 2], Some(LineEnd::Crlf)),
            [.., b'\n'] => (&line[..line.len() - 1], Some(LineEnd::Lf)),
            _ => (line, None),
        };
        self.number += 1;
        let line = RawLine::new(self.number, text.to_owned(), end, found);
        self.at += found;
        self.is_done = line.end.is_none();
        Ok(Some(line))
    }

    fn can_grow(&self) -> bool {
        !self.is_read && self.failure.is_none()
    }

    /// Reads on, and forgets the text before `floor`.
    fn grow(&mut self, floor: usize) -> io::Result<()> {
        if self.encoding == Encoding::UTF_8 {
            self.grow_utf8(floor)
        } else {
            self.grow_decoded(floor)
        }
    }

    /// Reads UTF-8 to where the text is: nothing is copied but the start of a line.
    fn grow_utf8(&mut self, floor: usize) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.drain(..floor);
        self.at -= floor;
        let valid = bytes.len();
        bytes.append(&mut self.bytes);
        let start = bytes.len();
        let read = self
            .reader
            .by_ref()
            .take(PART as u64)
            .read_to_end(&mut bytes);
        self.length += (bytes.len() - start) as u64;
        self.is_read = matches!(read, Ok(count) if count < PART);
        let end = match self.is_read {
            true => bytes.len(),
            false => valid + self.encoding.whole_lines(&bytes[valid..]),
        };
        self.bytes = bytes.split_off(end);
        if self.bytes.len() >= LONGEST_LINE {
            self.failure = Some(TOO_LONG.to_owned());
        }
        match String::from_utf8(bytes) {
            Ok(text) if end - valid <= LONGEST_LINE => self.text = text,
            other => {
                let mut bytes = other.map_or_else(FromUtf8Error::into_bytes, String::into_bytes);
                let lines = bytes.split_off(valid);
                self.text = String::from_utf8(bytes).unwrap_or_default();
                self.decode_lines(&lines);
            }
        }
        read.map(drop)
    }

    /// Reads and decodes other text.
    fn grow_decoded(&mut self, floor: usize) -> io::Result<()> {
        if floor >= PART {
            self.text.drain(..floor);
            self.at -= floor;
        }
        let old = self.bytes.len();
        self.bytes.resize(old + PART, 0);
        let count = loop {
            match self.reader.read(&mut self.bytes[old..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.bytes.truncate(old + *count.as_ref().unwrap_or(&0));
        let count = count?;
        self.length += count as u64;
        self.is_read = count == 0;
        let lines = match self.is_read {
            true => self.bytes.len(),
            false => self.encoding.whole_lines(&self.bytes),
        };
        if self.bytes.len() - lines >= LONGEST_LINE {
            self.failure = Some(TOO_LONG.to_owned());
        }
        match self.encoding.decode_part(&self.bytes[..lines]) {
            Some(text) if lines <= LONGEST_LINE => self.text.push_str(&text),
            _ => {
                let lines: Vec<u8> = self.bytes[..lines].to_vec();
                self.decode_lines(&lines);
            }
        }
        self.bytes.drain(..lines);
        Ok(())
    }

    /// Decodes line by line, up to the first that is not in the encoding, or too long.
    fn decode_lines(&mut self, mut lines: &[u8]) {
        while !lines.is_empty() {
            let (line, rest) = lines.split_at(self.encoding.line_length(lines));
            let text = self.encoding.decode_part(line);
            match text {
                Some(text) if text.len().max(line.len()) <= LONGEST_LINE => {
                    self.text.push_str(&text);
                }
                Some(_) => {
                    self.failure = Some(TOO_LONG.to_owned());
                    return;
                }
                None => {
                    self.failure = Some(format!("not {}", self.encoding));
                    return;
                }
            }
            lines = rest;
        }
    }
}
