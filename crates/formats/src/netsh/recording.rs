//! The records of a listing as the prescan has read them, kept so that they need not be read again.
//!
//! How the host prints its records is known only at the end of the listing. Nearly all records are read
//! by a template and follow the usual lines: the layout prints them unchanged if it prints the template
//! unchanged. The few others are kept with their lines, and compared with the layout at the end.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use certbind_core::Binding;
use certbind_core::codec::{append_entry, decode_key, decode_with_key_bytes};

use super::at_end::{AtEnd, Own, before};
use super::compare::Comparison;
use super::gap::Gap;
use super::line_reader::{RawLine, first_line};
use super::record::Parsed;
use super::shown_fields::FieldSet;
use super::stream::{ListedRecord, Repeated};
use super::template::Template;
use crate::report::ConversionWarning;
use crate::sort::Sorter;
use crate::spill::{Entries, Spill};

/// The records so far. Where one cannot be kept, the listing is read again.
#[derive(Debug)]
pub(super) struct Recording {
    kept: Kept,
    count: u64,
    /// Those that have read a record.
    templates: Vec<Arc<Template>>,
    odd: Vec<Odd>,
    most_odd: usize,
}

#[derive(Debug)]
enum Kept {
    Memory(Vec<ListedRecord>),
    /// Encoded, in canonical order. Each value begins with a [`Place`].
    File(Spill),
    /// The same in any order.
    Unsorted(Sorter),
    /// The same, sorted, of a listing in another order.
    Sorted(Spill),
}

/// A record that a layout may print differently.
#[derive(Debug)]
struct Odd {
    index: u64,
    first: u64,
    binding: Binding,
    warnings: Vec<ConversionWarning>,
    gap: Gap,
    own: Option<OwnLines>,
}

/// The lines of a record that was read line by line.
#[derive(Debug)]
struct OwnLines {
    lines: Vec<RawLine>,
    fields: FieldSet,
    missing: FieldSet,
}

/// A record that cannot be kept.
#[derive(Debug)]
pub(super) struct NotKept;

impl From<io::Error> for NotKept {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl Recording {
    /// Of a listing that is in memory.
    pub(super) fn in_memory() -> Self {
        Self::of(Kept::Memory(Vec::new()), 1_000)
    }

    /// Of a listing of any length, in a temporary file.
    pub(super) fn in_file() -> Self {
        Self::of(Kept::File(Spill::default()), 100)
    }

    fn of(kept: Kept, most_odd: usize) -> Self {
        Self {
            kept,
            count: 0,
            templates: Vec::new(),
            odd: Vec::new(),
            most_odd,
        }
    }

    /// Keeps a record that was read by a template. `gap`: the lines before it, if they are unusual.
    pub(super) fn repeated(&mut self, record: Repeated, gap: Option<Gap>) -> Result<(), NotKept> {
        let Repeated {
            first,
            binding,
            template,
        } = record;
        let known = self
            .templates
            .iter()
            .rposition(|known| Arc::ptr_eq(known, &template));
        let number = known.unwrap_or_else(|| {
            self.templates.push(Arc::clone(&template));
            self.templates.len() - 1
        });
        if let Some(gap) = gap {
            self.add_odd(Odd {
                index: self.count,
                first,
                binding: binding.clone(),
                warnings: template.warnings(first, binding.key()),
                gap,
                own: None,
            })?;
        }
        self.keep(first, binding, Some((number, &template)))
    }

    /// Keeps a record that was read line by line.
    pub(super) fn record(
        &mut self,
        lines: Vec<RawLine>,
        parsed: Parsed,
        gap: Gap,
    ) -> Result<(), NotKept> {
        let first = first_line(&lines);
        self.add_odd(Odd {
            index: self.count,
            first,
            binding: parsed.binding.clone(),
            warnings: parsed.warnings,
            gap,
            own: Some(OwnLines {
                lines,
                fields: parsed.fields,
                missing: parsed.missing,
            }),
        })?;
        self.keep(first, parsed.binding, None)
    }

    fn add_odd(&mut self, odd: Odd) -> Result<(), NotKept> {
        if self.odd.len() >= self.most_odd {
            return Err(NotKept);
        }
        self.odd.push(odd);
        Ok(())
    }

    fn keep(
        &mut self,
        first: u64,
        binding: Binding,
        by: Option<(usize, &Template)>,
    ) -> Result<(), NotKept> {
        self.count += 1;
        let place = Place {
            first,
            template: match by {
                Some((number, _)) => u8::try_from(number).map_err(|_| NotKept)?,
                None => NO_TEMPLATE,
            },
        };
        match &mut self.kept {
            Kept::Memory(records) => records.push(ListedRecord {
                line: first,
                warnings: by.map_or_else(Vec::new, |(_, by)| by.warnings(first, binding.key())),
                binding,
            }),
            Kept::File(spill) => spill.push(|bytes| place.append(&binding, bytes))?,
            Kept::Unsorted(sorter) => {
                let mut bytes = Vec::new();
                let key_end = place.append(&binding, &mut bytes);
                let (key, value) = bytes.split_at(key_end);
                sorter.push(key, value)?;
            }
            Kept::Sorted(_) => return Err(NotKept),
        }
        Ok(())
    }

    /// From now on keys may be in any order. Calls `take` with each key so far, until it returns false.
    pub(super) fn begin_sorting(
        &mut self,
        mut take: impl FnMut(certbind_core::BindingKey) -> bool,
    ) -> Result<(), NotKept> {
        let Kept::File(spill) = &mut self.kept else {
            return Err(NotKept);
        };
        spill.keys(|key| decode_key(key).is_ok_and(&mut take))?;
        self.kept = Kept::Unsorted(Sorter::after(std::mem::take(spill))?);
        Ok(())
    }

    /// Sorts the records, at the end of the listing. They are not kept if a key occurs twice.
    pub(super) fn sorted(self) -> Result<Self, NotKept> {
        Ok(Self {
            kept: match self.kept {
                Kept::Unsorted(sorter) => Kept::Sorted(each_once(sorter)?),
                kept => kept,
            },
            ..self
        })
    }

    /// The records with all their warnings, at the end of the listing.
    pub(super) fn finish(self, end: &AtEnd<'_>) -> Result<Recorded, NotKept> {
        let is_printed = |template: &Arc<Template>| end.prints(template);
        if !self.templates.iter().all(is_printed) {
            return Err(NotKept);
        }
        let has_warnings = self.templates.iter().any(|by| by.has_warnings());
        let odd = self.odd.into_iter();
        let mut warnings = odd.map(|odd| (odd.index, odd.warnings(end)));
        Ok(match self.kept {
            Kept::Memory(mut records) => {
                for (index, warnings) in warnings {
                    let index = usize::try_from(index).map_err(|_| NotKept)?;
                    records.get_mut(index).ok_or(NotKept)?.warnings = warnings;
                }
                Recorded::Memory(records)
            }
            Kept::File(spill) => Recorded::File(RecordedBindings {
                first_warnings: Vec::new(),
                warnings: warnings.collect(),
                templates: self.templates,
                entries: spill.into_entries()?,
                index: 0,
            }),
            Kept::Unsorted(_) => return Err(NotKept),
            // Their warnings come in the order of the listing, which is not kept.
            Kept::Sorted(_) if has_warnings => return Err(NotKept),
            Kept::Sorted(spill) => Recorded::File(RecordedBindings {
                first_warnings: warnings.by_ref().flat_map(|(_, own)| own).collect(),
                warnings: BTreeMap::new(),
                templates: Vec::new(),
                entries: spill.into_entries()?,
                index: 0,
            }),
        })
    }
}

/// All entries in order, if no key occurs twice.
fn each_once(sorter: Sorter) -> Result<Spill, NotKept> {
    let mut spill = Spill::default();
    let mut last = Vec::new();
    for entry in sorter.sorted()? {
        let (key, value) = entry?;
        if key == last {
            return Err(NotKept);
        }
        spill.push(|bytes| {
            bytes.extend(&key);
            let key_end = bytes.len();
            bytes.extend(&value);
            key_end
        })?;
        last = key;
    }
    Ok(spill)
}

impl Odd {
    fn warnings(self, end: &AtEnd<'_>) -> Vec<ConversionWarning> {
        let layout = end.layout;
        let mut comparison = layout.map(|layout| Comparison::after(layout, self.gap.last_kind));
        let comparison = comparison.as_mut();
        let first_of_gap = self.first.saturating_sub(self.gap.lines.len() as u64);
        let gap = self
            .gap
            .lines
            .iter()
            .map(String::as_str)
            .zip(first_of_gap..);
        match &self.own {
            Some(own) => {
                let own = Own {
                    binding: &self.binding,
                    lines: &own.lines,
                    fields: own.fields,
                    missing: own.missing,
                };
                end.warnings_of(&own, self.warnings, gap, comparison)
            }
            None => before(&self.binding, self.first, self.warnings, gap, comparison),
        }
    }
}

/// What is kept of a record besides its binding, in the bytes before its value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    first: u64,
    /// The number of the template that has read the record.
    template: u8,
}

/// The record was read line by line.
const NO_TEMPLATE: u8 = u8::MAX;

impl Place {
    const LENGTH: usize = 9;

    /// Appends the key, and then this and the value. Returns where the key ends.
    fn append(self, binding: &Binding, bytes: &mut Vec<u8>) -> usize {
        let key_end = append_entry(binding, bytes);
        let value_end = bytes.len();
        bytes.push(self.template);
        bytes.extend(self.first.to_le_bytes());
        let place = bytes.len() - value_end;
        bytes[key_end..].rotate_right(place);
        key_end
    }

    fn split(value: &[u8]) -> Option<(Self, &[u8])> {
        let (place, value) = value.split_first_chunk::<{ Self::LENGTH }>()?;
        let [template, first @ ..] = *place;
        let first = u64::from_le_bytes(first);
        Some((Self { first, template }, value))
    }
}

/// What a recording has kept.
#[derive(Debug)]
pub(super) enum Recorded {
    Memory(Vec<ListedRecord>),
    File(RecordedBindings),
}

/// The bindings of a [`Listing`](super::Listing) in canonical order, as the prescan has read them. An error, which is
/// one of the temporary file in which they were kept, ends them.
#[derive(Debug)]
pub struct RecordedBindings {
    /// Those that come before all bindings.
    pub(super) first_warnings: Vec<ConversionWarning>,
    /// By the indexes of the records.
    warnings: BTreeMap<u64, Vec<ConversionWarning>>,
    templates: Vec<Arc<Template>>,
    entries: Entries,
    index: u64,
}

impl RecordedBindings {
    fn record(&mut self) -> io::Result<Option<ListedRecord>> {
        let Some((key_bytes, value)) = self.entries.next()? else {
            return Ok(None);
        };
        let invalid = || io::Error::other("the temporary file has changed");
        let (place, value) = Place::split(value).ok_or_else(invalid)?;
        let key = decode_key(key_bytes).map_err(io::Error::other)?;
        let binding = decode_with_key_bytes(key, key_bytes, value).map_err(io::Error::other)?;
        let index = self.index;
        self.index += 1;
        let warnings = match self.warnings.remove(&index) {
            Some(warnings) => warnings,
            None => match self.templates.get(usize::from(place.template)) {
                Some(template) => template.warnings(place.first, binding.key()),
                None => Vec::new(),
            },
        };
        Ok(Some(ListedRecord {
            line: place.first,
            binding,
            warnings,
        }))
    }
}

impl Iterator for RecordedBindings {
    type Item = io::Result<ListedRecord>;

    fn next(&mut self) -> Option<Self::Item> {
        self.record().transpose()
    }
}
