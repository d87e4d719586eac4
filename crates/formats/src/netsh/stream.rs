//! Reading a listing record by record.

use std::io::{self, BufRead};

use certbind_core::Binding;

use super::label_dictionary::LabelDictionary;
use super::line_reader::RawLine;
use super::locale::Locale;
use super::record::{Parsed, parse};
use super::record_splitter::{Piece, RecordSplitter};
use crate::encoding::Encoding;
use crate::report::{ConversionWarning, ParseError};

/// The records of a listing, one at a time: as much memory as the longest record takes, and none
/// for what the listing claims.
///
/// The text is UTF-8, without a byte order mark. Duplicate keys are the caller's to notice.
///
/// ```
/// let listing = "    IP:port                      : 0.0.0.0:443
///     Certificate Hash             : 5226dc6c54559761cd471b86eb51c096252c90f2
///     Application ID               : {4dc3e181-e14b-4a21-b022-59fc669b0914}
///     Certificate Store Name       : (null)
/// ";
/// let mut records = certbind_formats::netsh::Records::new(listing.as_bytes());
/// let record = records.next().expect("one")?;
/// assert_eq!(record.binding.key().to_string(), "ipport=0.0.0.0:443");
/// # Ok::<(), certbind_formats::netsh::RecordError>(())
/// ```
pub struct Records<R> {
    reader: Reader<R>,
    failed: bool,
}

/// A record of a listing.
#[derive(Clone, Debug)]
pub struct ListedRecord {
    /// The line of its key, counted from 1.
    pub line: u64,
    /// What it binds.
    pub binding: Binding,
    /// What it shows beside that.
    pub warnings: Vec<ConversionWarning>,
}

/// Why there is no next record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is broken; those behind it can be read.
    #[error("{0}")]
    Broken(ParseError),
    /// The listing cannot be read on.
    #[error("the listing cannot be read on: {0}")]
    Io(#[from] io::Error),
}

impl<R: BufRead> Records<R> {
    /// The records that `reader` has.
    pub fn new(reader: R) -> Self {
        Self {
            reader: Reader::new(reader, Encoding::UTF_8, None),
            failed: false,
        }
    }
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<ListedRecord, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.reader.next() {
                Ok(Some(Found::Text(_))) => {}
                Ok(Some(Found::Record(lines, parsed))) => {
                    return Some(Ok(ListedRecord {
                        line: lines.first().map_or(0, |line| line.number),
                        binding: parsed.binding,
                        warnings: parsed.warnings,
                    }));
                }
                Ok(Some(Found::Broken(_, error))) => {
                    return Some(Err(RecordError::Broken(error)));
                }
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error.into()));
                }
            }
        }
        None
    }
}

/// A record of a listing with its lines, or a line that belongs to none.
#[derive(Debug)]
pub(super) enum Found {
    Text(RawLine),
    Record(Vec<RawLine>, Parsed),
    Broken(Vec<RawLine>, ParseError),
}

/// Understands a listing from its start on: what a label stands for in one record is known in the
/// next.
pub(super) struct Reader<R> {
    pieces: RecordSplitter<R>,
    /// What is beyond ASCII cannot be told.
    ascii_only: bool,
}

impl<'a> Reader<&'a [u8]> {
    /// Of text that was in this encoding.
    pub(super) fn of_text(text: &'a str, encoding: Encoding, words: Option<Locale>) -> Self {
        Self {
            ascii_only: encoding.is_unknown(),
            ..Self::new(text.as_bytes(), Encoding::UTF_8, words)
        }
    }
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(reader: R, encoding: Encoding, words: Option<Locale>) -> Self {
        Self {
            pieces: RecordSplitter::new(reader, encoding, LabelDictionary::new(words)),
            ascii_only: encoding.is_unknown(),
        }
    }

    /// How many bytes were read.
    pub(super) fn length(&self) -> u64 {
        self.pieces.length()
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        let lines = match self.pieces.next()? {
            Some(Piece::Record(lines)) => lines,
            Some(Piece::Text(line)) => return Ok(Some(Found::Text(line))),
            None => return Ok(None),
        };
        let known = &mut self.pieces.known;
        Ok(Some(match parse(&lines, known, self.ascii_only) {
            Ok(parsed) => {
                let labels = parsed.labels.iter();
                let labels: Vec<_> = labels
                    .map(|(label, told)| (label.as_str(), *told))
                    .collect();
                known.learn(parsed.binding.key().kind(), &labels);
                Found::Record(lines, parsed)
            }
            Err(error) => Found::Broken(lines, error),
        }))
    }
}
