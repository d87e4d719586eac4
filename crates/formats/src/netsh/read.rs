//! Reading a complete listing.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufRead};

use super::layout::Layout;
use super::listing::{Keep, Listing, ListingError, MOST_TRIED, scan_in_memory};
use super::named_language::NamedLanguage;
use super::stream::{ListedRecord, Reader};
use crate::clean;
use crate::encoding::{Encoding, of_start};
use crate::error::ReadError;
use crate::error_list::ErrorList;
use crate::export::Export;
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// Reads the output of `netsh http show sslcert`.
///
/// # Errors
/// [`ReadError`]: the bytes are not a listing, or, without `keep_going`, a record in it is broken.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let start = options
        .encoding
        .map_or_else(|| of_start(bytes).0, |named| named.marked_as(bytes));
    match start.decode(bytes) {
        Ok(text) => without_noise(&text, start, options),
        Err(place) if options.encoding.is_some() || start.unit() == 2 => Err(ReadError::Encoding {
            encoding: start,
            place,
        }),
        Err(_) => in_some_code_page(bytes, options),
    }
}

/// Reads a listing whose bindings fit into memory, and whose text is not kept there. `open` opens it
/// from its start, as for [`Listing::prescan`].
///
/// Returns `None` where [`read`] has to see all of its text: its encoding is not known, or it has noise.
///
/// # Errors
/// [`ListingError`].
///
/// ```
/// use certbind_formats::{ReadOptions, netsh};
///
/// let printed = include_bytes!("../../tests/fixtures/06-extended-properties.txt");
/// let options = ReadOptions::default();
/// let reading = netsh::read_from(|| Ok(&printed[..]), &options)?;
/// assert_eq!(reading, Some(netsh::read(printed, &options)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_from<R: BufRead>(
    mut open: impl FnMut() -> io::Result<R>,
    options: &ReadOptions,
) -> Result<Option<ReadOutcome>, ListingError> {
    let Some(mut listing) = Listing::scanned(&mut open, options, Keep::InMemory)? else {
        return Ok(None);
    };
    let mut records = match listing.take_records() {
        Some(records) => records,
        None => listing.bindings(open()?)?.collect::<io::Result<_>>()?,
    };
    let mut warnings = listing.warnings().to_vec();
    for record in &mut records {
        warnings.append(&mut record.warnings);
    }
    warnings.sort_by_key(ConversionWarning::place);
    let layout = listing.layout().cloned();
    let errors = listing.errors().to_vec();
    Ok(Some(outcome(records, layout, warnings, errors)))
}

fn outcome(
    records: Vec<ListedRecord>,
    layout: Option<Layout>,
    warnings: Vec<ConversionWarning>,
    errors: Vec<ParseError>,
) -> ReadOutcome {
    let lines = records.iter().map(|record| record.line).collect();
    let bindings = records.into_iter().map(|record| record.binding);
    ReadOutcome {
        export: Export {
            bindings: bindings.collect(),
            layout,
            ..Export::default()
        },
        lines,
        warnings,
        errors,
        registry: BTreeMap::new(),
        parameters: None,
        reservations: None,
        recovery: None,
        managed: None,
    }
}

/// Reads a text unchanged. If that causes errors or warnings, and the text contains removable
/// noise, reads it without the noise.
fn without_noise(
    text: &str,
    encoding: Encoding,
    options: &ReadOptions,
) -> Result<ReadOutcome, ReadError> {
    let plain = Draft::of(text, encoding, options);
    if !plain.is_odd() || text.len() as u64 > MOST_TRIED {
        return plain.reading();
    }
    let Some(cleaned) = clean::clean(text) else {
        return plain.reading();
    };
    let mut draft = Draft::of(&cleaned.text, encoding, options);
    if draft.merit() <= plain.merit() {
        return plain.reading();
    }
    draft.renumber(&cleaned);
    draft.reading()
}

/// Text that is not Unicode. The relevant values are ASCII as a rule, so the code page need not be
/// known; where it must be, the words for on and off determine it, and code pages that are equally
/// likely must agree.
fn in_some_code_page(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let text_of = |encoding: Encoding| encoding.decode(bytes).ok();
    let unknown = Encoding::BYTES;
    let text = text_of(unknown).unwrap_or_default();
    let plain = Draft::of(&text, unknown, options);
    if !plain.has_errors() || bytes.len() as u64 > MOST_TRIED {
        return without_noise(&text, unknown, options);
    }
    let mut best = plain;
    let mut disputed = HashSet::new();
    for encoding in Encoding::code_pages() {
        let Some(text) = text_of(encoding) else {
            continue;
        };
        let draft = Draft::of(&text, encoding, options);
        if draft.errors.count() < best.errors.count() {
            best = draft;
            disputed.clear();
        } else if draft.errors.count() == best.errors.count() {
            for (ours, theirs) in best.records.iter().zip(&draft.records) {
                if ours.binding != theirs.binding {
                    disputed.insert(ours.line);
                }
            }
        }
    }
    if best.has_errors() && best.records.is_empty() {
        return without_noise(&text, unknown, options);
    }
    best.dispute(&disputed, options);
    best.reading()
}

/// A listing, as far as it was read.
struct Draft {
    listing: Listing,
    records: Vec<ListedRecord>,
    warnings: Vec<ConversionWarning>,
    errors: ErrorList,
    /// The reason why it is not read, if any.
    refusal: Option<ReadError>,
}

impl Draft {
    fn of(text: &str, encoding: Encoding, options: &ReadOptions) -> Self {
        let open = || Reader::of_text(text, encoding, NamedLanguage::of(options));
        let scanned = scan_in_memory(open(), options);
        let mut draft = Self {
            listing: Listing::default(),
            records: Vec::new(),
            warnings: Vec::new(),
            errors: ErrorList::default(),
            refusal: None,
        };
        let prescan = match scanned {
            Ok(prescan) => prescan,
            Err(error) => {
                let error = ParseError::in_file(error.to_string()).caused_by(error);
                draft.refusal = Some(ReadError::Malformed(error.clone()));
                draft.errors.push(|| error);
                return draft;
            }
        };
        draft.refusal = prescan.check(options).err();
        draft.errors = prescan.errors.clone();
        draft.listing = Listing::of(prescan, encoding, options);
        draft.records = match draft.listing.take_records() {
            Some(records) => records,
            None => {
                let records = draft.listing.records(open());
                records.filter_map(Result::ok).collect()
            }
        };
        draft.warnings = draft.listing.warnings().to_vec();
        for record in &mut draft.records {
            draft.warnings.append(&mut record.warnings);
        }
        draft.warnings.sort_by_key(ConversionWarning::place);
        draft
    }

    fn has_errors(&self) -> bool {
        !self.errors.is_empty() || self.refusal.is_some()
    }

    fn is_odd(&self) -> bool {
        let harmless = [
            WarningKind::Default,
            WarningKind::Spelling,
            WarningKind::Inferred,
        ];
        let is_odd = |warning: &ConversionWarning| !harmless.contains(&warning.kind);
        self.has_errors() || self.warnings.iter().any(is_odd)
    }

    /// How much of a listing was read: more records, fewer errors, fewer warnings.
    fn merit(&self) -> impl PartialOrd + use<> {
        let harmless = [WarningKind::Default, WarningKind::Spelling];
        let odd = self
            .warnings
            .iter()
            .filter(|warning| !harmless.contains(&warning.kind));
        let few = |count: u64| std::cmp::Reverse(count);
        (
            self.records.len(),
            few(self.errors.count()),
            few(odd.count() as u64),
        )
    }

    /// Sets the line numbers of the file, and reports the noise.
    fn renumber(&mut self, cleaned: &clean::Cleaned) {
        for record in &mut self.records {
            record.line = cleaned.line(record.line);
        }
        let lines = self.warnings.iter_mut().map(|warning| &mut warning.line);
        let lines = lines.chain(
            self.errors
                .kept_mut()
                .iter_mut()
                .map(|error| &mut error.line),
        );
        for line in lines.flatten() {
            *line = cleaned.line(*line);
        }
        self.refuse_for_errors();
        let mut warnings = cleaned.warnings.clone();
        warnings.append(&mut self.warnings);
        self.warnings = warnings;
        self.warnings.sort_by_key(ConversionWarning::place);
    }

    fn reading(self) -> Result<ReadOutcome, ReadError> {
        if let Some(error) = self.refusal {
            return Err(error);
        }
        let layout = self.listing.layout().cloned();
        let errors = self.errors.into_errors();
        Ok(outcome(self.records, layout, self.warnings, errors))
    }

    /// Withdraws the records that begin on these lines.
    fn dispute(&mut self, lines: &HashSet<u64>, options: &ReadOptions) {
        let disputed = self
            .records
            .extract_if(.., |record| lines.contains(&record.line));
        for record in disputed {
            let what = "a value has characters that code pages read differently; name the encoding";
            let error = ParseError::at(record.line, what);
            self.errors
                .push(|| error.of(record.binding.key().to_string()));
        }
        if !self.errors.is_empty() && !options.keep_going && self.refusal.is_none() {
            self.refusal = Some(ReadError::Broken(Vec::new()));
        }
        self.refuse_for_errors();
    }

    /// Sets the errors of the refusal, if broken records are its reason.
    fn refuse_for_errors(&mut self) {
        if let Some(ReadError::Broken(errors)) = &mut self.refusal {
            *errors = self.errors.clone().into_errors();
        }
    }
}
