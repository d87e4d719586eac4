//! Reading a listing in limited memory: one pass for the whole, and one for the bindings.

use std::collections::HashMap;
use std::io::{self, BufRead};

use certbind_core::Binding;
use certbind_core::codec::{append_entry, decode_key, decode_with_key_bytes, encode_key};

use super::at_end::{AtEnd, Own, before};
use super::compare::Comparison;
use super::layout::Layout;
use super::line_reader::{RawLine, first_line};
use super::named_language::NamedLanguage;
use super::prescan::{Disorder, KeyIndex, Prescan};
use super::record::Parsed;
use super::recording::{Recorded, RecordedBindings, Recording};
use super::shown_fields::ShownFields;
use super::stream::{Found, ListedRecord, Reader, Repeated};
use crate::encoding::{Encoding, of_start};
use crate::error::ReadError;
use crate::options::ReadOptions;
use crate::report::{ConversionWarning, ParseError};
use crate::sort::{Sorted, Sorter};

/// The properties of a listing as a whole. Its size depends on the irregularities of the listing,
/// and not on the number of its bindings; but the order of up to 100,000 of them, where that is not
/// the canonical one, is a part of the layout.
///
/// ```
/// use certbind_formats::ReadOptions;
/// use certbind_formats::netsh::Listing;
///
/// let printed = include_bytes!("../../tests/fixtures/06-extended-properties.txt");
/// let open = || Ok(&printed[..]);
/// let listing = Listing::prescan(open, &ReadOptions::default())?.expect("UTF-8");
/// assert!(listing.is_sorted() && listing.layout().is_some());
/// for record in listing.bindings(&printed[..])? {
///     println!("{:?}", record?.binding);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Listing {
    encoding: Encoding,
    named: NamedLanguage,
    layout: Option<Layout>,
    shown: ShownFields,
    is_sorted: bool,
    records: u64,
    warnings: Vec<ConversionWarning>,
    odd_line: Option<u64>,
    /// In the order of their lines.
    errors: Vec<ParseError>,
    /// The first lines of the records whose keys occurred before, in their order.
    repeated_lines: Vec<u64>,
    /// The records, unless they have to be read again.
    recorded: Option<Recorded>,
}

impl Listing {
    /// Reads a listing without keeping its bindings. `open` opens it from its start, with a buffer
    /// of at least 4 KiB. It is called more than once if the keys are not in canonical order, or the
    /// start of the listing does not determine its encoding.
    ///
    /// Returns `None` if the encoding cannot be determined in parts. Then [`read`](super::read) the
    /// listing as a whole, which tries the code pages of Windows or reports the error.
    ///
    /// # Errors
    /// [`ListingError`].
    pub fn prescan<R: BufRead>(
        mut open: impl FnMut() -> io::Result<R>,
        options: &ReadOptions,
    ) -> Result<Option<Self>, ListingError> {
        Self::scanned(&mut open, options, Keep::InFile)
    }

    /// The same, with the records kept there.
    pub(super) fn scanned<R: BufRead>(
        open: &mut impl FnMut() -> io::Result<R>,
        options: &ReadOptions,
        keep: Keep,
    ) -> Result<Option<Self>, ListingError> {
        let mut start = open()?;
        let bytes = start.fill_buf()?;
        let named = options.encoding.map(|named| named.marked_as(bytes));
        let encoding = named.unwrap_or_else(|| of_start(bytes).0);
        if let Some(prescan) = scanned_in(open, encoding, options, keep)? {
            if prescan.is_odd() && prescan.length <= MOST_TRIED && has_noise(open, encoding)? {
                return Ok(None);
            }
            prescan.check(options)?;
            return Ok(Some(Self::of(prescan, encoding, options)));
        }
        let in_code_page = Encoding::BYTES;
        if options.encoding.is_none()
            && encoding.unit() == 1
            && let Some(prescan) = scanned_in(open, in_code_page, options, keep)?
            && (prescan.errors.is_empty() || prescan.length > MOST_TRIED)
        {
            prescan.check(options)?;
            return Ok(Some(Self::of(prescan, in_code_page, options)));
        }
        Ok(None)
    }

    /// The result of a prescan.
    pub(super) fn of(mut look: Prescan, encoding: Encoding, options: &ReadOptions) -> Self {
        let (layout, odd_line) = look.layout(encoding);
        let recording = look.recording.take();
        let mut listing = Self {
            encoding,
            named: NamedLanguage::of(options),
            layout,
            shown: look.shown,
            is_sorted: look.is_sorted(),
            records: look.records,
            warnings: look.warnings,
            odd_line,
            errors: look.errors.into_errors(),
            repeated_lines: look.repeated_lines,
            recorded: None,
        };
        listing.recorded = recording.and_then(|recording| recording.finish(&listing.at_end()).ok());
        listing
    }

    /// Whether its bindings are in canonical order.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.is_sorted
    }

    /// How the host lays out its listings, if this one shows it.
    #[must_use]
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The warnings about the text outside of its records. [`ConversionWarning::place`] gives their
    /// position among those of the records.
    #[must_use]
    pub fn warnings(&self) -> &[ConversionWarning] {
        &self.warnings
    }

    /// The broken records, with `keep_going`: the first thousand, and an error that counts the
    /// others.
    #[must_use]
    pub fn errors(&self) -> &[ParseError] {
        &self.errors
    }

    /// Whether the key of the record that begins on this line occurred before.
    fn is_repeated(&self, first_line: u64) -> bool {
        self.repeated_lines.binary_search(&first_line).is_ok()
    }

    /// Returns the bindings in canonical order as the prescan has read them, so that the listing need not
    /// be read again. `lost` is called with the warnings of a listing in another order, in its order. Can
    /// be called once.
    ///
    /// Returns `None` if they were not kept: if records are broken, if many are printed differently from
    /// most, or if there is no room for temporary files. Then use [`bindings`](Self::bindings) or
    /// [`sorted_bindings`](Self::sorted_bindings).
    pub fn take_recorded(
        &mut self,
        lost: impl FnMut(ConversionWarning),
    ) -> Option<RecordedBindings> {
        let Some(Recorded::File(mut recorded)) = self.recorded.take() else {
            return None;
        };
        recorded.first_warnings.drain(..).for_each(lost);
        Some(recorded)
    }

    /// The records of a listing in memory, as they were read, if they were kept.
    pub(super) fn take_records(&mut self) -> Option<Vec<ListedRecord>> {
        match self.recorded.take() {
            Some(Recorded::Memory(records)) => Some(records),
            _ => None,
        }
    }

    /// What the end of the listing says about its records.
    fn at_end(&self) -> AtEnd<'_> {
        AtEnd {
            layout: self.layout.as_ref(),
            shown: self.shown,
            odd_line: self.odd_line,
        }
    }

    /// Reads the bindings in the order of the listing. `from` is the prescanned listing, from its
    /// start.
    ///
    /// # Errors
    /// The I/O error, if the listing cannot be read.
    pub fn bindings<R: BufRead>(&self, from: R) -> io::Result<Bindings<'_, R>> {
        let reader = reader(from, self.encoding, self.named.clone())?;
        Ok(self.records(reader))
    }

    /// The bindings of a reader that is at the start of this listing.
    pub(super) fn records<R: BufRead>(&self, reader: Reader<R>) -> Bindings<'_, R> {
        Bindings {
            listing: self,
            reader: reader.printed_by(self.layout.as_ref(), self.shown),
            comparison: self.layout.as_ref().map(Comparison::with),
            gap: Vec::new(),
            longest_gap: self
                .layout
                .as_ref()
                .map_or(0, |found| found.longest_gap() + 1),
            left: Some(self.records),
        }
    }

    /// Reads the bindings in canonical order. A large listing in another order is sorted in
    /// temporary files. The warnings come first, in the order of the listing.
    ///
    /// # Errors
    /// [`ListingError::Io`], also if it differs from the prescanned listing;
    /// [`ListingError::Sort`].
    pub fn sorted_bindings<R: BufRead>(
        &self,
        from: R,
        mut lost: impl FnMut(ConversionWarning),
    ) -> Result<SortedBindings, ListingError> {
        let mut sorter = Sorter::default();
        let mut bytes = Vec::new();
        for record in self.bindings(from)? {
            let record = record?;
            record.warnings.into_iter().for_each(&mut lost);
            bytes.clear();
            let key = append_entry(&record.binding, &mut bytes);
            let (key, value) = bytes.split_at(key);
            sorter.push(key, value).map_err(ListingError::Sort)?;
        }
        let sorted = sorter.sorted().map_err(ListingError::Sort)?;
        Ok(SortedBindings(sorted))
    }
}

/// The most bytes that are read in every code page, or searched for noise.
pub(super) const MOST_TRIED: u64 = 1 << 24;

/// The reason why a listing was not prescanned, or its bindings not sorted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// It is not a listing, or records of it are broken.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be read.
    #[error("the listing cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Sorting failed, for example for lack of disk space.
    #[error("the listing cannot be sorted in temporary files: {0}")]
    Sort(io::Error),
}

/// Where the records of a listing are kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    InMemory,
    /// In temporary files.
    InFile,
}

/// Scans a listing, if it is in this encoding.
fn scanned_in<R: BufRead>(
    open: &mut impl FnMut() -> io::Result<R>,
    encoding: Encoding,
    options: &ReadOptions,
    keep: Keep,
) -> Result<Option<Prescan>, ListingError> {
    let mut open = || reader(open()?, encoding, NamedLanguage::of(options));
    let scanned = match keep {
        Keep::InMemory => scan_in_memory(open()?, options),
        Keep::InFile => scan(open, options),
    };
    match scanned {
        Ok(prescan) => Ok(Some(prescan)),
        Err(error) => other_encoding(error),
    }
}

/// Scans a complete listing, once if its keys are in canonical order or its records can be kept.
fn scan<R: BufRead>(
    mut open: impl FnMut() -> io::Result<Reader<R>>,
    options: &ReadOptions,
) -> Result<Prescan, ListingError> {
    let mut prescan = Prescan::new(options, KeyIndex::InOrder, Some(Recording::in_file()));
    if prescan.take_all(open()?)?.is_ok() {
        return Ok(prescan);
    }
    let mut prescan = Prescan::new(options, KeyIndex::Repeats(repeats(open()?)?), None);
    match prescan.take_all(open()?)? {
        Ok(()) => Ok(prescan),
        Err(Disorder) => unreachable!("any order will do"),
    }
}

/// Scans a listing of which all keys fit into memory, once.
pub(super) fn scan_in_memory<R: BufRead>(
    reader: Reader<R>,
    options: &ReadOptions,
) -> Result<Prescan, ListingError> {
    let recording = Some(Recording::in_memory());
    let mut prescan = Prescan::new(options, KeyIndex::in_memory(), recording);
    match prescan.take_all(reader)? {
        Ok(()) => Ok(prescan),
        Err(Disorder) => unreachable!("any order will do"),
    }
}

/// Whether there is noise around the listing: then it is read completely, without the noise.
fn has_noise<R: BufRead>(
    open: &mut impl FnMut() -> io::Result<R>,
    encoding: Encoding,
) -> io::Result<bool> {
    let mut bytes = Vec::new();
    open()?.read_to_end(&mut bytes)?;
    let text = encoding.decode(&bytes);
    Ok(text.is_ok_and(|text| crate::clean::clean(&text).is_some()))
}

/// None, if the error is that the listing is not in the encoding that it was read in.
fn other_encoding<T>(error: ListingError) -> Result<Option<T>, ListingError> {
    match error {
        ListingError::Io(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        error => Err(error),
    }
}

/// A reader of text in this encoding, after its byte order mark.
fn reader<R: BufRead>(
    mut reader: R,
    encoding: Encoding,
    named: NamedLanguage,
) -> io::Result<Reader<R>> {
    reader.read_exact(&mut vec![0; encoding.mark().len()])?;
    Ok(Reader::new(reader, encoding, named))
}

/// The lines of the records whose keys occurred before, each with the line of the first. All keys
/// are sorted for that.
fn repeats<R: BufRead>(mut reader: Reader<R>) -> Result<HashMap<u64, u64>, ListingError> {
    let mut keys = Sorter::default();
    while let Some(found) = reader.next()? {
        let found = match &found {
            Found::Record(lines, parsed) => Some((first_line(lines), &parsed.binding)),
            Found::Repeated(record) => Some((record.first, &record.binding)),
            Found::Text(_) | Found::Broken(..) => None,
        };
        if let Some((line, binding)) = found {
            let key = encode_key(binding.key());
            keys.push(&key, &line.to_le_bytes())
                .map_err(ListingError::Sort)?;
        }
    }
    let mut repeats = HashMap::new();
    let mut first: Option<(Vec<u8>, u64)> = None;
    for entry in keys.sorted().map_err(ListingError::Sort)? {
        let (key, line) = entry.map_err(ListingError::Sort)?;
        let line = line.try_into().map(u64::from_le_bytes);
        let line = line.map_err(|_| io::Error::other("a line number has eight bytes"))?;
        match &first {
            Some((last, first)) if *last == key => drop(repeats.insert(line, *first)),
            _ => first = Some((key, line)),
        }
    }
    Ok(repeats)
}

/// The bindings of a [`Listing`], one at a time. Iteration ends at an error: the listing cannot be
/// read further, or differs from the prescanned one.
pub struct Bindings<'a, R> {
    listing: &'a Listing,
    reader: Reader<R>,
    comparison: Option<Comparison<'a>>,
    /// The first lines after the previous record: as many as show that they differ from the
    /// expected ones.
    gap: Vec<RawLine>,
    longest_gap: usize,
    /// How many are expected; none after the end.
    left: Option<u64>,
}

/// The bindings of a [`Listing`] in canonical order. An error, which is one of the temporary files in
/// which they were sorted, ends them.
pub struct SortedBindings(Sorted);

impl Iterator for SortedBindings {
    type Item = io::Result<Binding>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next()?;
        Some(entry.and_then(|(key, value)| {
            let decoded =
                decode_key(&key).and_then(|found| decode_with_key_bytes(found, &key, &value));
            decoded.map_err(io::Error::other)
        }))
    }
}

impl<R: BufRead> Bindings<'_, R> {
    fn found(&mut self) -> io::Result<Option<ListedRecord>> {
        while let Some(found) = self.reader.next()? {
            match found {
                Found::Record(lines, parsed) => {
                    if !self.listing.is_repeated(first_line(&lines)) {
                        return Ok(Some(self.record(&lines, parsed)));
                    }
                    self.pass_over(lines);
                }
                Found::Repeated(record) => {
                    if !self.listing.is_repeated(record.first) {
                        return Ok(Some(self.repeated(record)));
                    }
                    // One line is enough: it shows that the gap differs.
                    let line = RawLine::new(record.first, "\u{fffd}".to_owned(), None, 0);
                    self.pass_over([line]);
                }
                Found::Broken(lines, _) => self.pass_over(lines),
                Found::Text(line) => self.pass_over([line]),
            }
        }
        Ok(None)
    }

    fn pass_over(&mut self, lines: impl IntoIterator<Item = RawLine>) {
        let left = self.longest_gap - self.gap.len();
        self.gap.extend(lines.into_iter().take(left));
    }

    fn repeated(&mut self, record: Repeated) -> ListedRecord {
        let warnings = record.warnings();
        let Repeated { first, binding, .. } = record;
        let gap = self.gap.iter().map(|line| (line.shown(), line.number));
        let comparison = self.comparison.as_mut();
        let warnings = before(&binding, first, warnings, gap, comparison);
        self.gap.clear();
        ListedRecord {
            line: first,
            binding,
            warnings,
        }
    }

    fn record(&mut self, lines: &[RawLine], parsed: Parsed) -> ListedRecord {
        let own = Own {
            binding: &parsed.binding,
            lines,
            fields: parsed.fields,
            missing: parsed.missing,
        };
        let gap = std::mem::take(&mut self.gap);
        let gap = gap.iter().map(|line| (line.shown(), line.number));
        let comparison = self.comparison.as_mut();
        let warnings = self
            .listing
            .at_end()
            .warnings_of(&own, parsed.warnings, gap, comparison);
        ListedRecord {
            line: first_line(lines),
            binding: parsed.binding,
            warnings,
        }
    }
}

impl<R: BufRead> Iterator for Bindings<'_, R> {
    type Item = io::Result<ListedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        // None after the end, for any cause of the end.
        let left = self.left.take()?;
        match (self.found(), left.checked_sub(1)) {
            (Ok(Some(record)), Some(left)) => {
                self.left = Some(left);
                Some(Ok(record))
            }
            (Ok(None), None) => None,
            (Ok(_), _) => {
                let what = "the listing changed while it was read";
                Some(Err(io::Error::other(what)))
            }
            (Err(error), _) => Some(Err(error)),
        }
    }
}
