//! The undo journal's bytes.
//!
//! ```text
//! "CERTUNDO"  format (1)  number of steps (4)
//! each step:  gap (1)  key  before  after
//! CRC-32 of all that (4)
//! each entry: tag (1)  step (4)  binding  CRC-32 of the entry (4)
//! ```
//!
//! `key`, `before`, `after` and `binding` are a length (4) and that many bytes in the encoding of
//! [`certbind_core::codec`]; a length of 0 means an unbound key. Numbers are little-endian.
//!
//! Entries are appended while the batch runs: 1, the record of the step is about to be deleted and
//! set again; 2, this binding was read back after the step. The last entry may be torn, and is then
//! ignored. Formats 1 and 2 have no entries.

use std::path::Path;

use certbind_core::codec::{CodecError, decode_binding, decode_key, encode_binding, encode_key};
use certbind_core::{Binding, BindingKey, Outcome, Result, StoreError};

use crate::step::Step;

const MAGIC: &[u8; 8] = b"CERTUNDO";
const FORMAT: u8 = 3;
const CHECKSUM: usize = 4;
const GAP: u8 = 1;
const SEEN: u8 = 2;

/// The encoding of the steps and of their observed states.
pub(crate) fn encode(steps: &[Step]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(FORMAT);
    bytes.extend(length(steps.len()));
    for Step { outcome, gap, .. } in steps {
        bytes.push(u8::from(*gap));
        let binding = |binding: &Option<Binding>| binding.as_ref().map(encode_binding);
        let before = binding(&outcome.before).unwrap_or_default();
        let after = binding(&outcome.after).unwrap_or_default();
        for field in [encode_key(&outcome.key), before, after] {
            bytes.extend(length(field.len()));
            bytes.extend(field);
        }
    }
    checksum(&mut bytes);
    for (index, step) in steps.iter().enumerate() {
        for found in &step.seen {
            bytes.extend(encode_seen(index, found));
        }
    }
    bytes
}

/// The entry for a step that is about to delete its record.
pub(crate) fn encode_gap(step: usize) -> Vec<u8> {
    entry(GAP, step, &[])
}

/// The entry that a step has left this.
pub(crate) fn encode_seen(step: usize, found: &Binding) -> Vec<u8> {
    entry(SEEN, step, &encode_binding(found))
}

fn entry(tag: u8, step: usize, binding: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(length(step));
    bytes.extend(length(binding.len()));
    bytes.extend(binding);
    checksum(&mut bytes);
    bytes
}

fn checksum(bytes: &mut Vec<u8>) {
    let sum = crc32fast::hash(bytes);
    bytes.extend(sum.to_le_bytes());
}

fn length(length: usize) -> [u8; 4] {
    let length = u32::try_from(length).expect("no batch in memory comes near to 4 GiB of journal");
    length.to_le_bytes()
}

pub(crate) fn decode(bytes: &[u8], path: &Path) -> Result<Vec<Step>> {
    let corrupt = |damage: JournalDamage| {
        let what = format!("the undo journal {}", path.display());
        StoreError::corrupt(what, CannotUndo(damage))
    };
    let Some((&format, _)) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first) else {
        return Err(corrupt(JournalDamage::Malformed(
            "it does not begin with CERTUNDO",
        )));
    };
    if format > FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: format.into(),
            supported: FORMAT.into(),
        });
    }
    let wrong = || corrupt(JournalDamage::Malformed("its checksum is wrong"));
    let body = match format {
        FORMAT => bytes,
        _ => {
            let whole = bytes.split_last_chunk::<CHECKSUM>();
            let whole = whole.filter(|(body, sum)| crc32fast::hash(body).to_le_bytes() == **sum);
            whole.ok_or_else(wrong)?.0
        }
    };
    let mut rest = Reader(body.get(MAGIC.len() + 1..).unwrap_or_default());
    let steps = rest.steps();
    if format < FORMAT {
        let steps = steps.map_err(corrupt)?;
        return match rest.0.is_empty() {
            true => Ok(steps),
            false => Err(corrupt(JournalDamage::Malformed(
                "there are bytes after its end",
            ))),
        };
    }
    // A damaged length may point anywhere: the checksum is verified first.
    let mut steps = steps.map_err(|_| wrong())?;
    let head = &bytes[..bytes.len() - rest.0.len()];
    let sum = rest.take(CHECKSUM).map_err(|_| wrong())?;
    if crc32fast::hash(head).to_le_bytes() != *sum {
        return Err(wrong());
    }
    while let Some((entry, after)) = rest.entry() {
        entry.apply(&mut steps).map_err(corrupt)?;
        rest = after;
    }
    Ok(steps)
}

/// Damage of a journal, with the next step for its user.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0}; an interrupted batch cannot be rolled back: check the bindings, then delete the journal"
)]
struct CannotUndo(#[source] JournalDamage);

#[derive(Debug, thiserror::Error)]
enum JournalDamage {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("{0}")]
    Codec(#[from] CodecError),
    #[error("{key}: {source}")]
    Binding { key: BindingKey, source: CodecError },
}

/// An observation about a step after it was begun.
struct Entry<'a> {
    tag: u8,
    step: usize,
    binding: &'a [u8],
}

impl Entry<'_> {
    fn apply(&self, steps: &mut [Step]) -> Result<(), JournalDamage> {
        let step = steps
            .get_mut(self.step)
            .ok_or(JournalDamage::Malformed("an entry names no step"))?;
        match self.tag {
            GAP => step.gap = true,
            SEEN => {
                let key = step.outcome.key.clone();
                let found = decode_binding(key, self.binding)?;
                step.seen.push(found);
            }
            _ => return Err(JournalDamage::Malformed("an entry has an unknown kind")),
        }
        Ok(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn steps(&mut self) -> Result<Vec<Step>, JournalDamage> {
        let count = self.number()?;
        (0..count).map(|_| self.step()).collect()
    }

    fn step(&mut self) -> Result<Step, JournalDamage> {
        let gap = match self.take(1)? {
            [0] => false,
            [1] => true,
            _ => return Err(JournalDamage::Malformed("a step has an unknown kind")),
        };
        let key = self.field()?;
        let key = decode_key(key)?;
        let before = self.binding(&key)?;
        let after = self.binding(&key)?;
        let outcome = Outcome { key, before, after };
        Ok(Step {
            outcome,
            gap,
            seen: Vec::new(),
        })
    }

    /// The next complete entry, and the input after it.
    fn entry(&self) -> Option<(Entry<'a>, Self)> {
        let mut rest = Self(self.0);
        let tag = *rest.take(1).ok()?.first()?;
        let step = usize::try_from(rest.number().ok()?).ok()?;
        let binding = rest.field().ok()?;
        let read = &self.0[..self.0.len() - rest.0.len()];
        let sum = rest.take(CHECKSUM).ok()?;
        let entry = Entry { tag, step, binding };
        (crc32fast::hash(read).to_le_bytes() == *sum).then_some((entry, rest))
    }

    fn binding(&mut self, key: &BindingKey) -> Result<Option<Binding>, JournalDamage> {
        match self.field()? {
            [] => Ok(None),
            bytes => decode_binding(key.clone(), bytes)
                .map(Some)
                .map_err(|source| JournalDamage::Binding {
                    key: key.clone(),
                    source,
                }),
        }
    }

    fn field(&mut self) -> Result<&'a [u8], JournalDamage> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn number(&mut self) -> Result<u32, JournalDamage> {
        let bytes = self.take(4)?.first_chunk().expect("four bytes were taken");
        Ok(u32::from_le_bytes(*bytes))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], JournalDamage> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(JournalDamage::Malformed("it is truncated"))?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn codec_errors_are_sources() {
        let mut journal = MAGIC.to_vec();
        journal.push(2);
        journal.extend(length(1));
        // A step without a gap, whose key is one byte of no kind.
        journal.push(0);
        journal.extend(length(1));
        journal.push(0xFF);
        checksum(&mut journal);
        let error = decode(&journal, Path::new("undo.journal")).unwrap_err();
        let damage = error.source().and_then(Error::source).unwrap();
        assert!(damage.source().unwrap().is::<CodecError>(), "{error:?}");
        assert!(error.to_string().contains("delete the journal"), "{error}");
    }
}
