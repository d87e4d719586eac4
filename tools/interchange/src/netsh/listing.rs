//! Reading a listing without holding it: once for what it says as a whole, and once for its
//! bindings.

use std::io::{self, BufRead};

use super::compare::{Comparison, Span};
use super::layout::Layout;
use super::line::RawLine;
use super::look::{Keys, Look};
use super::record::Parsed;
use super::stream::{Found, ListedRecord, Reader};
use super::words::Words;
use crate::encoding::{Encoding, of_start};
use crate::report::{Loss, Problem};
use crate::{ReadError, ReadOptions};

/// What a listing says as a whole. It grows with what is odd in the listing, and not with its
/// bindings, where those are in canonical order, as certbind lists them; in any other order, which
/// is part of the layout, their keys are held.
///
/// ```
/// use interchange::ReadOptions;
/// use interchange::netsh::Listing;
///
/// let printed = include_bytes!("../../tests/fixtures/06-extended-properties.txt");
/// let open = || Ok(&printed[..]);
/// let listing = Listing::look_through(open, &ReadOptions::default())?.expect("UTF-8");
/// assert!(listing.is_sorted() && listing.layout().is_some());
/// for record in listing.bindings(&printed[..]) {
///     println!("{:?}", record?.binding);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Listing {
    words: Option<Words>,
    layout: Option<Layout>,
    is_sorted: bool,
    records: u64,
    losses: Vec<Loss>,
    odd_line: Option<u64>,
    /// In the order of their lines.
    problems: Vec<Problem>,
}

impl Listing {
    /// Looks through the listing that `open` gives from its start, with a buffer of at least 4 KiB:
    /// again, where its keys are in no order. None if it is not in UTF-8 without a mark, or cannot
    /// be read: then [`read`](super::read) it as a whole, which says why.
    ///
    /// # Errors
    /// As [`read`](super::read).
    pub fn look_through<R: BufRead>(
        mut open: impl FnMut() -> io::Result<R>,
        options: &ReadOptions,
    ) -> Result<Option<Self>, ReadError> {
        for keys in [Keys::InOrder(None), Keys::default()] {
            let mut look = Look::new(options, keys);
            let taken = open().and_then(|reader| match plain(reader, options)? {
                Some(reader) => look.take_all(reader, |_, _| {}).map(Some),
                None => Ok(None),
            });
            match taken {
                Ok(Some(Ok(()))) => return Self::of(look, options).map(Some),
                Ok(Some(Err(_))) => {}
                Ok(None) | Err(_) => break,
            }
        }
        Ok(None)
    }

    fn of(mut look: Look, options: &ReadOptions) -> Result<Self, ReadError> {
        look.check(options)?;
        let (layout, odd_line) = look.layout(Encoding::UTF_8);
        Ok(Self {
            words: options.words.clone(),
            layout,
            is_sorted: look.is_sorted,
            records: look.records,
            losses: look.losses,
            odd_line,
            problems: look.problems,
        })
    }

    /// Whether its bindings are in canonical order.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// How the host lays out its listings, if this one tells.
    #[must_use]
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// What it says outside of its records. [`Loss::place`] tells where that stands among theirs.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The records that are broken, where the reader was to keep going.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Its bindings, of the same listing from its start, in its order.
    pub fn bindings<R: BufRead>(&self, reader: R) -> Bindings<'_, R> {
        Bindings {
            listing: self,
            reader: Reader::new(reader, self.words.clone(), false),
            comparison: self.layout.as_ref().map(Comparison::with),
            gap: Vec::new(),
            left: Some(self.records),
        }
    }
}

/// A reader of text that is UTF-8, as far as its start and the options say.
fn plain<R: BufRead>(mut reader: R, options: &ReadOptions) -> io::Result<Option<Reader<R>>> {
    let utf_8 = Encoding::UTF_8;
    let is_named = options.encoding.is_none_or(|named| named == utf_8);
    let is_plain = is_named && of_start(reader.fill_buf()?) == (utf_8, 0);
    Ok(is_plain.then(|| Reader::new(reader, options.words.clone(), false)))
}

/// The bindings of a [`Listing`], one at a time. An error ends them: the listing cannot be read on,
/// or is another one than was looked through.
pub struct Bindings<'a, R> {
    listing: &'a Listing,
    reader: Reader<R>,
    comparison: Option<Comparison<'a>>,
    /// The lines behind the record before.
    gap: Vec<RawLine>,
    /// How many have to come; none after the end.
    left: Option<u64>,
}

impl<R: BufRead> Bindings<'_, R> {
    fn found(&mut self) -> io::Result<Option<ListedRecord>> {
        while let Some(found) = self.reader.next()? {
            match found {
                Found::Record(lines, parsed) => {
                    let first = lines.first().map(|line| line.number);
                    let problems = &self.listing.problems;
                    let repeats = problems.binary_search_by_key(&first, |problem| problem.line);
                    if repeats.is_err() {
                        return Ok(Some(self.record(&lines, parsed)));
                    }
                    // Its key has come before.
                    self.gap.extend(lines);
                }
                Found::Broken(lines, _) => self.gap.extend(lines),
                Found::Text(line) => self.gap.push(line),
            }
        }
        Ok(None)
    }

    fn record(&mut self, lines: &[RawLine], parsed: Parsed) -> ListedRecord {
        let span = Span::of(lines, &parsed);
        let Parsed {
            binding,
            mut losses,
            ..
        } = parsed;
        let gap = std::mem::take(&mut self.gap);
        if let Some(comparison) = &mut self.comparison {
            let told = losses.iter().filter_map(|loss| loss.line);
            let told = told.chain(self.listing.odd_line);
            let told = told.filter(|line| *line >= span.first).min();
            let gap = gap.iter().map(|line| (line.shown(), line.number));
            let record = lines.iter().map(|line| (line.shown(), line.number));
            let more = comparison.record(&binding, span, gap, record, told);
            losses.extend(more.into_iter().flatten());
        }
        losses.sort_by_key(Loss::place);
        ListedRecord {
            line: span.first,
            binding,
            losses,
        }
    }
}

impl<R: BufRead> Iterator for Bindings<'_, R> {
    type Item = io::Result<ListedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        // None behind the end, whatever that was.
        let left = self.left.take()?;
        match (self.found(), left.checked_sub(1)) {
            (Ok(Some(record)), Some(left)) => {
                self.left = Some(left);
                Some(Ok(record))
            }
            (Ok(None), None) => None,
            (Ok(_), _) => {
                let what = "the listing has changed since it was looked through";
                Some(Err(io::Error::other(what)))
            }
            (Err(error), _) => Some(Err(error)),
        }
    }
}
