//! Failures: the violated guarantee, the expected value and the value found.

use std::fmt;

use std::collections::BTreeSet;

use certbind_core::{Binding, BindingKey, Change, FieldDifference, Outcome};

use crate::operation::Response;
use crate::order::Rank;

/// The guarantees of a store, as `docs/guarantees.md` numbers them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guarantee {
    Unique,
    Atomic,
    Durable,
    Linearizable,
    Scans,
    RoundTrip,
    Errors,
    Capabilities,
}

impl Guarantee {
    /// The guarantee of a check, for failures that do not name one: a call that does not return, or
    /// an unexpected error.
    pub(crate) fn of_check(check: &str) -> Self {
        match check {
            "keys_are_unique" => Self::Unique,
            "batches_are_atomic"
            | "large_batches_follow_the_model"
            | "bulk_load_sources_may_read_and_panic" => Self::Atomic,
            "acknowledged_changes_survive_reopening"
            | "acknowledged_changes_survive_a_kill"
            | "acknowledged_changes_are_synced" => Self::Durable,
            "scans_are_ordered" | "scans_are_stable" | "scans_show_the_instant_of_their_start" => {
                Self::Scans
            }
            "every_field_round_trips" => Self::RoundTrip,
            "errors_change_nothing" => Self::Errors,
            "capabilities_are_accurate" => Self::Capabilities,
            // The other checks compare a store with the model.
            _ => Self::Linearizable,
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unique => "guarantee 1 (unique keys)",
            Self::Atomic => "guarantee 2 (atomic batches)",
            Self::Durable => "guarantee 3 (durability)",
            Self::Linearizable => "guarantee 4 (linearizability)",
            Self::Scans => "guarantee 5 (ordered, stable scans)",
            Self::RoundTrip => "guarantee 6 (round trip)",
            Self::Errors => "guarantee 7 (errors change nothing)",
            Self::Capabilities => "what the capabilities declare",
        })
    }
}

/// Fails unless two values are equal, and shows where they differ.
macro_rules! require_eq {
    ($guarantee:ident, $found:expr, $expected:expr, $($context:tt)+) => {
        $crate::guarantee::require_equal(
            $crate::guarantee::Guarantee::$guarantee,
            &$found,
            &$expected,
            format_args!($($context)+),
        )
    };
}

/// Fails if a condition is false.
macro_rules! require {
    ($guarantee:ident, $condition:expr, $($context:tt)+) => {
        if !$condition {
            $crate::guarantee::violated(
                $crate::guarantee::Guarantee::$guarantee,
                format_args!($($context)+),
            );
        }
    };
}

pub(crate) use {require, require_eq};

pub(crate) fn violated(guarantee: Guarantee, context: fmt::Arguments<'_>) -> ! {
    panic!("{guarantee} violated: {context}")
}

pub(crate) fn require_equal<T: Compare + ?Sized>(
    guarantee: Guarantee,
    found: &T,
    expected: &T,
    context: fmt::Arguments<'_>,
) {
    let differences = T::differences(expected, found);
    if !differences.is_empty() {
        let shown = differences.iter().take(SHOWN);
        let lines: String = shown.map(|line| format!("\n    {line}")).collect();
        let more = match differences.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n    and {more} more"),
        };
        panic!("{guarantee} violated: {context}{lines}{more}");
    }
}

/// How many differences a failure shows.
const SHOWN: usize = 5;

/// Values whose differences can be listed.
pub(crate) trait Compare {
    /// Lines with the expected value and the value found; none if the values are equal.
    fn differences(expected: &Self, found: &Self) -> Vec<String>;
}

macro_rules! compare_by_debug {
    ($($type:ty),+) => {$(
        impl Compare for $type {
            fn differences(expected: &Self, found: &Self) -> Vec<String> {
                match expected == found {
                    true => Vec::new(),
                    false => vec![format!("expected {expected:?}, found {found:?}")],
                }
            }
        }
    )+};
}

compare_by_debug!(
    usize,
    u64,
    bool,
    Vec<BindingKey>,
    BTreeSet<u128>,
    Option<u128>
);

/// A binding or a reference to one.
pub(crate) trait AsBinding {
    fn as_binding(&self) -> &Binding;
}

impl AsBinding for Binding {
    fn as_binding(&self) -> &Binding {
        self
    }
}

impl AsBinding for &Binding {
    fn as_binding(&self) -> &Binding {
        self
    }
}

impl<B: AsBinding> Compare for B {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        let (expected, found) = (expected.as_binding(), found.as_binding());
        let fields = expected.differences(found);
        let line = |field: &FieldDifference| format!("{}: {field}", expected.key());
        fields.iter().map(line).collect()
    }
}

impl<B: AsBinding> Compare for Option<B> {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        match (expected, found) {
            (Some(expected), Some(found)) => B::differences(expected, found),
            (None, None) => Vec::new(),
            (Some(expected), None) => {
                vec![format!(
                    "{}: expected, not found",
                    expected.as_binding().key()
                )]
            }
            (None, Some(found)) => {
                vec![format!("{}: found, not expected", found.as_binding().key())]
            }
        }
    }
}

impl Compare for [Binding] {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        if expected == found {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let sorted = |bindings: &[Binding]| {
            let mut sorted: Vec<_> = bindings
                .iter()
                .map(|b| (Rank::of(b.key()), b.clone()))
                .collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            sorted
        };
        let (expected_sorted, found_sorted) = (sorted(expected), sorted(found));
        let (mut wanted, mut seen) = (
            expected_sorted.iter().peekable(),
            found_sorted.iter().peekable(),
        );
        loop {
            let (a, b) = match (wanted.peek(), seen.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.0 == b.0 => (wanted.next(), seen.next()),
                (Some(a), Some(b)) if a.0 < b.0 => (wanted.next(), None),
                (Some(_), None) => (wanted.next(), None),
                _ => (None, seen.next()),
            };
            let binding = |side: Option<&(Rank, Binding)>| side.map(|(_, binding)| binding.clone());
            lines.extend(Option::differences(&binding(a), &binding(b)));
        }
        if lines.is_empty() {
            let position = expected.iter().zip(found).position(|(a, b)| a != b);
            let at = position.unwrap_or_default();
            lines.push(format!(
                "the order at position {at}: expected {}, found {}",
                expected[at].key(),
                found[at].key()
            ));
        }
        if expected.len() != found.len() {
            lines.insert(
                0,
                format!(
                    "expected {} bindings, found {}",
                    expected.len(),
                    found.len()
                ),
            );
        }
        lines
    }
}

impl Compare for Vec<Binding> {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        <[Binding]>::differences(expected, found)
    }
}

impl Compare for Response {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        if expected == found {
            return Vec::new();
        }
        let lines = match (expected, found) {
            (Self::Got(a), Self::Got(b)) | (Self::Held(a), Self::Held(b)) => {
                Option::differences(a, b)
            }
            (Self::Scanned(a), Self::Scanned(b)) => Vec::differences(a, b),
            (Self::Applied(a), Self::Applied(b)) => each(a, b, outcome_differences),
            (Self::Planned(a), Self::Planned(b)) => each(a, b, change_differences),
            (
                Self::AlreadyExists { key: a, found: b },
                Self::AlreadyExists { key: c, found: d },
            ) if a == c => prefixed("the binding in the error: ", Option::differences(b, d)),
            (
                Self::Conflict {
                    key: a,
                    expected: b,
                    found: c,
                },
                Self::Conflict {
                    key: d,
                    expected: e,
                    found: f,
                },
            ) if a == d => {
                let (b, e) = (Some(b.clone()), Some(e.clone()));
                let mut lines = prefixed(
                    "the expected binding in the error: ",
                    Option::differences(&b, &e),
                );
                lines.extend(prefixed(
                    "the found binding in the error: ",
                    Option::differences(c, f),
                ));
                lines
            }
            _ => Vec::new(),
        };
        match lines.is_empty() {
            true => vec![
                format!("expected the response: {}", short(expected)),
                format!("found the response:    {}", short(found)),
            ],
            false => lines,
        }
    }
}

impl Compare for Option<Response> {
    fn differences(expected: &Self, found: &Self) -> Vec<String> {
        match (expected, found) {
            (Some(expected), Some(found)) => Response::differences(expected, found),
            (None, None) => Vec::new(),
            _ => vec![format!("expected {expected:?}, found {found:?}")],
        }
    }
}

fn each<T>(expected: &[T], found: &[T], differences: fn(&T, &T) -> Vec<String>) -> Vec<String> {
    let mut lines: Vec<_> = expected
        .iter()
        .zip(found)
        .flat_map(|(expected, found)| differences(expected, found))
        .collect();
    if expected.len() != found.len() {
        lines.insert(
            0,
            format!("expected {} changes, found {}", expected.len(), found.len()),
        );
    }
    lines
}

fn outcome_differences(expected: &Outcome, found: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if expected.key != found.key {
        lines.push(format!(
            "expected the outcome of {}, found that of {}",
            expected.key, found.key
        ));
    }
    lines.extend(prefixed(
        "before, ",
        Option::differences(&expected.before, &found.before),
    ));
    lines.extend(prefixed(
        "after, ",
        Option::differences(&expected.after, &found.after),
    ));
    lines
}

fn change_differences(expected: &Change, found: &Change) -> Vec<String> {
    match expected == found {
        true => Vec::new(),
        false => {
            let (a, b) = (expected.new_value().cloned(), found.new_value().cloned());
            let lines = Option::differences(&a, &b);
            match lines.is_empty() {
                true => vec![format!("{}: the preconditions differ", expected.key())],
                false => lines,
            }
        }
    }
}

fn prefixed(prefix: &str, lines: Vec<String>) -> Vec<String> {
    lines
        .into_iter()
        .map(|line| format!("{prefix}{line}"))
        .collect()
}

/// The beginning of a response.
fn short(response: &Response) -> String {
    let text = response.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use certbind_core::SslFlags;

    use super::*;
    use crate::sample::{marked, numbered};

    /// The text of the panic.
    fn failure(check: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("a failure");
        *panic.downcast().expect("a text")
    }

    fn binding() -> Binding {
        marked(&numbered(certbind_core::Kind::IpPort, 1), 1)
    }

    fn with_flags() -> Binding {
        let record = binding().record().clone();
        let flags = record.with_flags(SslFlags::from_bits_retain(0x10000));
        binding().with_record(flags).expect("the same kind")
    }

    /// The failure that docs/backend.md shows.
    #[test]
    fn a_failure_names_guarantee_and_differing_fields() {
        let said = failure(|| require_eq!(RoundTrip, binding(), with_flags(), "get"));
        let expected = "guarantee 6 (round trip) violated: get\n    \
            ipport=10.0.0.2:2: flags: expected 0x00010000, found 0x00000000";
        assert_eq!(said, expected);
        let page = include_str!("../../docs/backend.md");
        assert!(
            page.contains(expected),
            "docs/backend.md shows:\n{expected}"
        );
    }

    #[test]
    fn a_failure_over_many_bindings_lists_those_that_differ() {
        let keys = (1..=8).map(|n| numbered(certbind_core::Kind::IpPort, n));
        let expected: Vec<_> = keys.map(|key| marked(&key, 1)).collect();
        let mut found = expected.clone();
        found.remove(2);
        found[0] = marked(found[0].key(), 9);
        let said = failure(|| require_eq!(Scans, found, expected, "a scan"));
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(
            lines,
            [
                "guarantee 5 (ordered, stable scans) violated: a scan",
                "    expected 8 bindings, found 7",
                "    ipport=10.0.0.2:2: application id: expected \
                 {00000000-0000-0000-0000-000000000001}, found \
                 {00000000-0000-0000-0000-000000000009}",
                "    ipport=10.0.0.4:4: expected, not found",
            ]
        );
        // A long list is cut.
        let said = failure(|| require_eq!(Scans, Vec::new(), expected, "a scan"));
        assert!(said.ends_with("\n    and 4 more"), "{said}");
    }

    #[test]
    fn a_wrong_answer_names_expected_and_found_values() {
        let key = binding().key().clone();
        let answer = |found: Binding| Response::AlreadyExists {
            key: key.clone(),
            found: Some(found),
        };
        let differs = failure(|| {
            require_eq!(Errors, answer(binding()), answer(with_flags()), "insert");
        });
        assert_eq!(
            differs,
            "guarantee 7 (errors change nothing) violated: insert\n    the binding in the error: \
             ipport=10.0.0.2:2: flags: expected 0x00010000, found 0x00000000"
        );
        let other = failure(|| require_eq!(Errors, Response::Done, answer(binding()), "insert"));
        assert!(
            other.contains("\n    expected the response: ")
                && other.contains("\n    found the response:    "),
            "{other}"
        );
    }
}
