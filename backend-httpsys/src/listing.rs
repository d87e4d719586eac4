//! Enumeration by index, of an API that may answer in more than one way.
//!
//! `QueryNext` takes an index and is documented to answer 259 after the last record. The
//! documentation does not guarantee that indices have no gaps, that the order stays the same, or
//! that no index is answered twice. So an enumeration ends at 259, or where it is shown that no
//! record follows; its length is bounded for any answers; and each answer that was not understood
//! is listed as an [`Issue`].

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use certbind_httpapi_abi::win32;

use crate::code::{is_absent, is_unsupported};
use crate::read_failure::ReadFailure;

/// How many indices after a gap are queried before it is considered the end.
const LOOKAHEAD: u32 = 16;

/// How many unreadable records in a row end an enumeration.
const MAX_FAILURES: u32 = 8;

/// An index that no host has a record at.
pub(crate) const FAR_INDEX: u32 = 0x00FF_FFFF;

/// The most records of one enumeration.
const MAX_RECORDS: u32 = 1 << 20;

/// The API's answer for an index.
pub(crate) enum Reply<K, T> {
    Record(K, T),
    /// A record that makes no sense.
    Malformed(ReadFailure),
    Code(u32),
}

/// A part of an enumeration that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issue {
    /// The part.
    pub(crate) subject: String,
    /// The reason why it could not be read.
    pub(crate) cause: ReadFailure,
}

/// The result of one pass over an enumeration.
#[derive(Debug)]
pub(crate) struct Listing<K, T> {
    /// In the host's order, each with its index.
    pub(crate) records: Vec<(u32, K, T)>,
    pub(crate) issues: Vec<Issue>,
    /// The index at which the API answered 259, if it ended there and returned no key twice.
    pub(crate) plain_end: Option<u32>,
}

impl<K, T> Listing<K, T> {
    pub(crate) fn empty() -> Self {
        Self {
            records: Vec::new(),
            issues: Vec::new(),
            plain_end: Some(0),
        }
    }
}

impl<K: Clone + Eq + Hash, T: PartialEq> Listing<K, T> {
    /// Whether two passes found the same records, in any order.
    pub(crate) fn is_same_set(&self, other: &Self) -> bool {
        let (mut issues, mut others) = (self.issues.clone(), other.issues.clone());
        for issues in [&mut issues, &mut others] {
            issues.sort_by_cached_key(|issue| (issue.subject.clone(), issue.cause.to_string()));
        }
        let found: HashMap<_, _> = other.records.iter().map(|(_, k, t)| (k, t)).collect();
        issues == others
            && self.records.len() == other.records.len()
            && self
                .records
                .iter()
                .all(|(_, k, t)| found.get(k) == Some(&t))
    }
}

/// One pass over the records that `ask` answers for.
pub(crate) fn list<K, T>(mut ask: impl FnMut(u32) -> Reply<K, T>) -> Listing<K, T>
where
    K: Clone + Eq + Hash + Display,
    T: PartialEq,
{
    let mut pass = Pass {
        listing: Listing {
            records: Vec::new(),
            issues: Vec::new(),
            plain_end: None,
        },
        places: HashMap::new(),
        repeats: 0,
        repeats_in_a_row: 0,
        failures_in_a_row: 0,
    };
    let mut index = 0;
    while index < MAX_RECORDS {
        let code = match ask(index) {
            Reply::Record(key, value) => {
                if pass.record(index, key, value) {
                    return pass.listing;
                }
                index += 1;
                continue;
            }
            Reply::Malformed(detail) => {
                if pass.failure(index, detail) {
                    return pass.listing;
                }
                index += 1;
                continue;
            }
            Reply::Code(code) => code,
        };
        let first = index == 0;
        match code {
            // A host might count from 1.
            win32::NO_MORE_ITEMS if first => match ask(1) {
                Reply::Code(code) if code == win32::NO_MORE_ITEMS || is_absent(code) => {
                    pass.listing.plain_end = Some(0);
                    return pass.listing;
                }
                Reply::Code(_) => return pass.listing,
                _ => index = 1,
            },
            win32::NO_MORE_ITEMS => {
                pass.listing.plain_end = (pass.repeats == 0).then_some(index);
                return pass.listing;
            }
            code if is_absent(code) || is_unsupported(code) => {
                match after_gap(&mut ask, index, code) {
                    Gap::End => return pass.listing,
                    Gap::EndUnknown => {
                        pass.issue(
                            format!("the entry after index {index}"),
                            ReadFailure::Code(code),
                        );
                        return pass.listing;
                    }
                    Gap::Until(next) => {
                        // Counting from 1 is no gap.
                        let is_gap = !(first && next == 1);
                        if is_gap && pass.failure(index, ReadFailure::Code(code)) {
                            return pass.listing;
                        }
                        index = next;
                    }
                }
            }
            code => {
                if pass.failure(index, ReadFailure::Code(code)) {
                    return pass.listing;
                }
                index += 1;
            }
        }
    }
    let cause = "the enumeration did not end";
    pass.contradiction(format!("the entry after index {MAX_RECORDS}"), cause);
    pass.listing
}

struct Pass<K, T> {
    listing: Listing<K, T>,
    places: HashMap<K, usize>,
    repeats: usize,
    repeats_in_a_row: usize,
    failures_in_a_row: u32,
}

impl<K: Clone + Eq + Hash + Display, T: PartialEq> Pass<K, T> {
    /// Whether the enumeration is over, since it repeats itself.
    fn record(&mut self, index: u32, key: K, value: T) -> bool {
        self.failures_in_a_row = 0;
        let Some(place) = self.places.get(&key) else {
            self.repeats_in_a_row = 0;
            self.places.insert(key.clone(), self.listing.records.len());
            self.listing.records.push((index, key, value));
            return false;
        };
        self.repeats += 1;
        self.repeats_in_a_row += 1;
        if self.listing.records[*place].2 != value {
            let cause = "it is listed several times, with different values";
            self.contradiction(key.to_string(), cause);
        }
        if self.repeats_in_a_row <= self.places.len() + LOOKAHEAD as usize {
            return false;
        }
        let cause = format!("the enumeration repeats itself from {key} on and does not end");
        self.contradiction(format!("the entry after index {index}"), cause);
        true
    }

    /// Whether the enumeration is over, since nothing more can be read.
    fn failure(&mut self, index: u32, cause: ReadFailure) -> bool {
        self.failures_in_a_row += 1;
        if self.failures_in_a_row <= MAX_FAILURES {
            self.issue(format!("index {index}"), cause);
            return false;
        }
        self.issue(format!("the entry after index {index}"), cause);
        true
    }

    fn contradiction(&mut self, subject: String, message: impl Into<String>) {
        self.issue(subject, ReadFailure::Contradiction(message.into()));
    }

    fn issue(&mut self, subject: String, cause: ReadFailure) {
        let issue = Issue { subject, cause };
        if !self.listing.issues.contains(&issue) {
            self.listing.issues.push(issue);
        }
    }
}

enum Gap {
    /// No record follows: the host ends its enumerations with this code.
    End,
    /// No record was seen, and the host does not end its enumerations with this code.
    EndUnknown,
    /// The next index that is not answered with an absence.
    Until(u32),
}

/// The record after an index that is answered with a code other than 259.
fn after_gap<K, T>(ask: &mut impl FnMut(u32) -> Reply<K, T>, index: u32, code: u32) -> Gap {
    let end = match ask(FAR_INDEX) {
        Reply::Code(code) => Some(code),
        _ => None,
    };
    // Where 259 ends an enumeration, a gap may be of any length.
    let length = match end {
        Some(win32::NO_MORE_ITEMS) => MAX_RECORDS - index,
        _ => LOOKAHEAD,
    };
    for next in index + 1..=index.saturating_add(length) {
        match ask(next) {
            Reply::Code(win32::NO_MORE_ITEMS) => return Gap::Until(next),
            Reply::Code(found) if is_absent(found) || is_unsupported(found) => {}
            _ => return Gap::Until(next),
        }
        if next - index > 1024 {
            return Gap::EndUnknown;
        }
    }
    // An empty kind is documented to be "not found" by some.
    let is_empty = index == 0 && is_absent(code);
    if end == Some(code)
        || (is_empty && end.is_some_and(|end| is_absent(end) || is_unsupported(end)))
    {
        return Gap::End;
    }
    Gap::EndUnknown
}
