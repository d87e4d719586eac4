//! All records, by index, of a store that other programs may be changing.

use std::collections::HashSet;

use certbind_core::{Binding, Kind, Result, StoreError};

use crate::properties::with;
use crate::session::Session;
use certbind_httpapi_abi::HttpApi;

/// How many passes are made at most.
const PASSES: u32 = 16;

/// The records of these kinds, as two passes in a row have found them.
///
/// An index is no cursor: a record that goes shifts those behind it, and a pass may then miss one
/// or see one twice. Two equal passes mean that every record was the same both times it was asked
/// for, so all were there together between the passes, unless one changed away and back.
pub(crate) fn enumerate<A: HttpApi>(session: &Session<A>, kinds: &[Kind]) -> Result<Vec<Binding>> {
    let mut last = None;
    for _ in 0..PASSES {
        let found = pass(session, kinds)?;
        match found {
            Some(found) if last.as_ref() == Some(&found) => return Ok(found),
            found => last = found,
        }
    }
    Err(StoreError::Unstable { attempts: PASSES })
}

/// One pass; none if it met a key twice.
fn pass<A: HttpApi>(session: &Session<A>, kinds: &[Kind]) -> Result<Option<Vec<Binding>>> {
    let mut found = Vec::new();
    let mut keys = HashSet::new();
    for &kind in kinds {
        let first = found.len();
        for token in 0.. {
            let Some(binding) = session.nth(kind, token)? else {
                break;
            };
            if !keys.insert(binding.key().clone()) {
                return Ok(None);
            }
            found.push(binding);
        }
        let mut properties = session.all_properties(kind)?;
        if properties.is_empty() {
            continue;
        }
        for binding in &mut found[first..] {
            if let Some(set) = properties.remove(binding.key()) {
                *binding = with(binding.clone(), set)?;
            }
        }
    }
    Ok(Some(found))
}
