//! All bindings of a store that other programs may be changing.

use certbind_core::{Binding, Kind, Result, StoreError};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::win32;

use crate::properties::{Passes, Properties};
use crate::records::Records;
use crate::session::{Answer, Session, unreadable};

/// How many passes are made at most.
const PASSES: u32 = 16;

/// How many records are read twice, whatever the certainty.
const SMALL: usize = 256;

/// Of more records, every fifth is read again.
const SAMPLE: usize = 5;

/// How a pass is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// By a second pass that finds the same.
    Full,
    /// Of many records, by reading the end and every fifth again. It misses a record only if another
    /// program deletes one of the three records before it, just after they were read.
    Sampled,
}

/// What a scan found.
pub(crate) struct Found {
    pub(crate) bindings: Vec<Binding>,
    /// One for each part that could not be read.
    pub(crate) errors: Vec<StoreError>,
}

/// The bindings of these kinds, as two passes in a row have found them.
///
/// An index is no cursor: a record that goes shifts those after it, and a pass may then miss one
/// or see one twice. Two equal passes mean that every record was the same both times it was asked
/// for, so all were there together between the passes, unless one changed away and back. Their
/// order does not matter.
pub(crate) fn scan<A: HttpApi>(
    session: &Session<A>,
    kinds: &[Kind],
    certainty: Certainty,
) -> Result<Found> {
    let passes = match certainty {
        Certainty::Full => Passes::One,
        Certainty::Sampled => Passes::UntilStable,
    };
    let mut last = pass(session, kinds, passes);
    let count: usize = last.iter().map(|of| of.records.records.len()).sum();
    if certainty == Certainty::Sampled && count > SMALL && is_still_so(session, &last) {
        return found(last);
    }
    for _ in 1..PASSES {
        let again = pass(session, kinds, Passes::One);
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

fn pass<A: HttpApi>(session: &Session<A>, kinds: &[Kind], passes: Passes) -> Vec<OfKind> {
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        let records = session.records(kind);
        let has_properties = session.has_properties() && !records.records.is_empty();
        let properties = match has_properties {
            true => session.properties(kind, passes),
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

/// Whether a sample of the records, and the end, are as they were.
fn is_still_so<A: HttpApi>(session: &Session<A>, pass: &[OfKind]) -> bool {
    pass.iter().all(|of| {
        let Some(end) = of.records.plain_end else {
            return false;
        };
        let is_end = matches!(
            session.nth(of.kind, end),
            Answer::Code(win32::NO_MORE_ITEMS)
        );
        let mut sample = of.records.records.iter().step_by(SAMPLE);
        is_end
            && sample.all(|(index, _, record)| {
                matches!(session.nth(of.kind, *index), Answer::Found(found) if found == *record)
            })
    })
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
