//! The undo journal's bytes.
//!
//! ```text
//! "CERTUNDO"  format (1)  number of steps (4)
//! each step:  gap (1)  key  before  after
//! CRC-32 of all that (4)
//! ```
//!
//! `key`, `before` and `after` are a length (4) and so many bytes, those of [`certbind_core::codec`];
//! no bytes stand for an unbound key. Numbers are little-endian.

use std::path::Path;

use certbind_core::codec::{decode_binding, decode_key, encode_binding, encode_key};
use certbind_core::{Binding, BindingKey, Outcome, Result, StoreError};

use crate::undo::Step;

const MAGIC: &[u8; 8] = b"CERTUNDO";
/// The newest format. It differs from the first in what its values may be, and is written where one
/// has extended properties.
const FORMAT: u8 = 2;
const PLAIN: u8 = 1;
const CHECK_SUM: usize = 4;

pub(crate) fn encode(steps: &[Step]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let bindings = steps.iter().flat_map(|step| {
        let Outcome { before, after, .. } = &step.outcome;
        [before, after]
    });
    let is_plain = |binding: &Binding| binding.record().extended.is_empty();
    bytes.push(match bindings.flatten().all(is_plain) {
        true => PLAIN,
        false => FORMAT,
    });
    bytes.extend(length(steps.len()));
    for Step { outcome, gap } in steps {
        bytes.push(u8::from(*gap));
        let binding = |binding: &Option<Binding>| binding.as_ref().map(encode_binding);
        let before = binding(&outcome.before).unwrap_or_default();
        let after = binding(&outcome.after).unwrap_or_default();
        for field in [encode_key(&outcome.key), before, after] {
            bytes.extend(length(field.len()));
            bytes.extend(field);
        }
    }
    let sum = crc32fast::hash(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn length(length: usize) -> [u8; 4] {
    let length = u32::try_from(length).expect("no batch in memory comes near to 4 GiB of journal");
    length.to_le_bytes()
}

pub(crate) fn decode(bytes: &[u8], path: &Path) -> Result<Vec<Step>> {
    let corrupt = |detail: String| {
        StoreError::corrupt(
            format!("the undo journal {}", path.display()),
            format!(
                "{detail}; a batch was cut off and cannot be undone: see to the bindings, then \
                 delete it"
            ),
        )
    };
    let Some((&format, _)) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first) else {
        return Err(corrupt("it is none".into()));
    };
    if format > FORMAT {
        return Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: format.into(),
            supported: FORMAT.into(),
        });
    }
    let whole = bytes.split_last_chunk::<CHECK_SUM>();
    let body = whole.filter(|(body, sum)| crc32fast::hash(body).to_le_bytes() == **sum);
    let Some((body, _)) = body else {
        return Err(corrupt("its check sum is wrong".into()));
    };
    let mut rest = Reader(body.get(MAGIC.len() + 1..).unwrap_or_default());
    let count = rest.number().map_err(corrupt)?;
    let mut steps = Vec::new();
    for _ in 0..count {
        steps.push(rest.step().map_err(corrupt)?);
    }
    if !rest.0.is_empty() {
        return Err(corrupt("there are bytes behind its end".into()));
    }
    Ok(steps)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn step(&mut self) -> Result<Step, String> {
        let gap = match self.take(1)? {
            [0] => false,
            [1] => true,
            _ => return Err("a step of it is of an unknown sort".into()),
        };
        let key = self.field()?;
        let key = decode_key(key).map_err(|error| error.to_string())?;
        let before = self.binding(&key)?;
        let after = self.binding(&key)?;
        let outcome = Outcome { key, before, after };
        Ok(Step { outcome, gap })
    }

    fn binding(&mut self, key: &BindingKey) -> Result<Option<Binding>, String> {
        match self.field()? {
            [] => Ok(None),
            bytes => decode_binding(key.clone(), bytes)
                .map(Some)
                .map_err(|error| format!("{key}: {error}")),
        }
    }

    fn field(&mut self) -> Result<&'a [u8], String> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn number(&mut self) -> Result<u32, String> {
        let bytes = self.take(4)?.first_chunk().expect("four bytes were taken");
        Ok(u32::from_le_bytes(*bytes))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or_else(|| String::from("it is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }
}
