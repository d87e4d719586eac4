//! Reading a listing record by record.

use std::io::{self, BufRead};
use std::sync::Arc;

use certbind_core::Binding;

use super::label_dictionary::LabelDictionary;
use super::layout::Layout;
use super::line_reader::RawLine;
use super::named_language::NamedLanguage;
use super::record::{Broken, Parsed, parse};
use super::record_splitter::{Piece, RecordSplitter};
use super::shown_fields::ShownFields;
use super::template::Template;
use crate::encoding::Encoding;
use crate::report::{ConversionWarning, ParseError};

/// The records of a listing, one at a time: with as much memory as the longest record takes, for
/// any length of the listing.
///
/// The text is UTF-8, without a byte order mark. The caller has to check for duplicate keys.
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
    /// The binding of the record.
    pub binding: Binding,
    /// The parts of the record that the binding cannot represent.
    pub warnings: Vec<ConversionWarning>,
}

/// The reason why there is no next record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is broken; later ones can be read.
    #[error("{0}")]
    Broken(ParseError),
    /// The listing cannot be read on.
    #[error("the rest of the listing cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl<R: BufRead> Records<R> {
    /// The records that `reader` has.
    pub fn new(reader: R) -> Self {
        Self {
            reader: Reader::new(reader, Encoding::UTF_8, NamedLanguage::default()),
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
                Ok(Some(Found::Repeated(record))) => {
                    return Some(Ok(ListedRecord {
                        line: record.first,
                        warnings: record.warnings(),
                        binding: record.binding,
                    }));
                }
                Ok(Some(Found::Broken(_, broken))) => {
                    return Some(Err(RecordError::Broken(broken.error)));
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
    /// A record that is printed as an earlier one of the listing.
    Repeated(Repeated),
    Broken(Vec<RawLine>, Broken),
}

/// A record that was read by a template.
#[derive(Debug)]
pub(super) struct Repeated {
    /// Its first line.
    pub(super) first: u64,
    pub(super) binding: Binding,
    pub(super) template: Arc<Template>,
}

impl Repeated {
    pub(super) fn warnings(&self) -> Vec<ConversionWarning> {
        self.template.warnings(self.first, self.binding.key())
    }
}

/// Reads a listing from its start on: labels that one record teaches are known in the next.
pub(super) struct Reader<R> {
    splitter: RecordSplitter<R>,
    /// Characters beyond ASCII are in a code page that is not known.
    ascii_only: bool,
    templates: Vec<Arc<Template>>,
    /// How many templates may still be made: records of a strange listing have one each.
    left: usize,
    /// The layout that records have to be printed by, where templates are to read them.
    layout: Option<Layout>,
    /// The lines of other records, which those of a template have to have.
    shown: ShownFields,
}

/// The most templates that are kept.
const MOST_TEMPLATES: usize = 8;

/// The most blank lines after a record that are skipped.
const MOST_BLANK: usize = 8;

impl<'a> Reader<&'a [u8]> {
    /// Of text that was in this encoding.
    pub(super) fn of_text(text: &'a str, encoding: Encoding, named: NamedLanguage) -> Self {
        Self {
            ascii_only: encoding.is_unknown(),
            ..Self::new(text.as_bytes(), Encoding::UTF_8, named)
        }
    }
}

impl<R: BufRead> Reader<R> {
    pub(super) fn new(reader: R, encoding: Encoding, named: NamedLanguage) -> Self {
        Self {
            splitter: RecordSplitter::new(reader, encoding, LabelDictionary::new(named)),
            ascii_only: encoding.is_unknown(),
            templates: Vec::new(),
            left: 1_000,
            layout: None,
            shown: ShownFields::default(),
        }
    }

    /// Passes the records that this layout would print differently, and those without a line that
    /// others have, to the line reader, which keeps their lines.
    pub(super) fn printed_by(mut self, layout: Option<&Layout>, shown: ShownFields) -> Self {
        self.layout = layout.cloned();
        self.shown = shown;
        self
    }

    /// How many bytes were read.
    pub(super) fn length(&self) -> u64 {
        self.splitter.length()
    }

    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        if let Some(repeated) = self.repeated()? {
            return Ok(Some(Found::Repeated(repeated)));
        }
        let lines = match self.splitter.next()? {
            Some(Piece::Record(lines)) => lines,
            Some(Piece::Text(line)) => return Ok(Some(Found::Text(line))),
            None => return Ok(None),
        };
        let known = &mut self.splitter.known;
        Ok(Some(match parse(&lines, known, self.ascii_only) {
            Ok(parsed) => {
                let labels = parsed.labels.iter();
                let labels: Vec<_> = labels
                    .map(|(label, recognition)| (label.as_str(), *recognition))
                    .collect();
                known.learn(parsed.binding.key().kind(), &labels);
                self.add_template(&lines, &parsed);
                Found::Record(lines, parsed)
            }
            Err(broken) => Found::Broken(lines, broken),
        }))
    }

    /// The next record, if it is printed as an earlier one.
    fn repeated(&mut self) -> io::Result<Option<Repeated>> {
        let Some(longest) = self.templates.iter().map(|template| template.length).max() else {
            return Ok(None);
        };
        let number = self.splitter.next_number();
        let (rest, is_whole) = self.splitter.rest(2 * longest + 1024)?;
        let found = self.templates.iter().find_map(|template| {
            let found = template.read(rest)?;
            ends_record(&rest[found.length..], is_whole, &self.templates)
                .then_some((template, found))
        });
        let Some((template, found)) = found else {
            return Ok(None);
        };
        let template = Arc::clone(template);
        self.splitter.advance(found.length, template.count);
        Ok(Some(Repeated {
            first: number,
            binding: found.binding,
            template,
        }))
    }

    fn add_template(&mut self, lines: &[RawLine], parsed: &Parsed) {
        let key_label = lines
            .first()
            .and_then(RawLine::parts)
            .map(|parts| parts.label);
        if self.left == 0 || key_label.is_none_or(|label| self.splitter.known.key(label).is_none())
        {
            return;
        }
        self.left -= 1;
        let Some(mut template) = Template::of(lines, parsed) else {
            return;
        };
        if let Some(at) = self
            .templates
            .iter()
            .position(|known| template.merge(known))
        {
            self.templates.remove(at);
        }
        if self
            .layout
            .as_ref()
            .is_some_and(|layout| !template.is_printed_by(layout))
            || template.lacks(&self.shown)
        {
            return;
        }
        self.templates.truncate(MOST_TEMPLATES - 1);
        self.templates.insert(0, Arc::new(template));
    }
}

/// Whether a record ends before this text: the next line that is not blank is a key, or there is none.
fn ends_record(rest: &str, is_whole: bool, templates: &[Arc<Template>]) -> bool {
    let mut rest = rest;
    for _ in 0..MOST_BLANK {
        if templates
            .iter()
            .any(|template| rest.starts_with(template.start()))
        {
            return true;
        }
        let Some(others) = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
        else {
            return is_whole && rest.is_empty();
        };
        rest = others;
    }
    false
}
