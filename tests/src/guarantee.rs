//! Failures: the guarantee that is violated, what was expected and what was found.

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

/// Fails unless a condition holds.
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
    /// Lines that say what was expected and what was found; none if the values are equal.
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
