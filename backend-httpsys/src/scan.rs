//! All bindings of a store that other programs may be changing.

use certbind_core::{Binding, Kind, Result, StoreError};
use certbind_httpapi_abi::HttpApi;

use crate::properties::{Passes, Properties};
use crate::records::Records;
use crate::session::{Session, unreadable};

/// The maximum number of passes.
const PASSES: u32 = 16;

/// The result of a scan.
pub(crate) struct Found {
    pub(crate) bindings: Vec<Binding>,
    /// One for each part that could not be read.
    pub(crate) errors: Vec<StoreError>,
}

/// The bindings of these kinds, as found by two consecutive passes.
///
/// An index is not a cursor: the removal of a record shifts those after it, and a pass may then miss
/// one or see one twice. Two equal passes mean that every record was the same in both, so all
/// existed together between the passes, unless one changed away and back. Their order does not
/// matter.
///
/// Fewer calls are not enough. Take an index `i` that is queried once: another program may delete
/// its record just after that, so that the next one moves to `i`, and bind a key whose record comes
/// to `i + 1`. Every other index then answers the same as before, and the record at `i` is missed.
pub(crate) fn scan<A: HttpApi>(session: &Session<A>, kinds: &[Kind]) -> Result<Found> {
    let mut last = pass(session, kinds);
    for _ in 1..PASSES {
        let again = pass(session, kinds);
        let is_same = again
            .iter()
            .zip(&last)
            .all(|(again, last)| again.is_same(last));
        last = again;
        if is_same {
            return found(last);
        }
    }
    Err(StoreError::Unstable { attempts: PASSES })
}

struct OfKind {
    kind: Kind,
    records: Records,
    properties: Properties,
}

impl OfKind {
    fn is_same(&self, other: &Self) -> bool {
        self.records.is_same_set(&other.records) && self.properties == other.properties
    }
}

fn pass<A: HttpApi>(session: &Session<A>, kinds: &[Kind]) -> Vec<OfKind> {
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        let records = session.records(kind);
        let has_properties = session.has_properties() && !records.records.is_empty();
        let properties = match has_properties {
            true => session.properties(kind, Passes::One),
            false => Properties::default(),
        };
        OfKind {
            kind,
            records,
            properties,
        }
    };
    kinds.iter().map(of_kind).collect()
}

fn found(pass: Vec<OfKind>) -> Result<Found> {
    let mut found = Found {
        bindings: Vec::new(),
        errors: Vec::new(),
    };
    for of in pass {
        for (_, _, binding) in of.records.records {
            found.bindings.push(of.properties.attach(binding)?);
        }
        for issue in of.records.issues {
            let what = format!("{} of the {} bindings", issue.subject, of.kind);
            found.errors.push(unreadable(what, issue.cause));
        }
        for (property, issue) in of.properties.issues {
            let what = format!("{property} of the {} bindings ({})", of.kind, issue.subject);
            found.errors.push(unreadable(what, issue.cause));
        }
    }
    found.bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    Ok(found)
}
