//! Errors of making, reading and applying plans.

use certbind_core::{BindingError, BindingKey, CertHash, StoreError};

use crate::mismatch::Mismatch;

/// The reason why a plan was not made, read or applied. Its texts come from files and stores:
/// escape it for a terminal. Nothing was changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A store refused, or could not be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The mapped values are not a valid binding.
    #[error("{0}")]
    Binding(#[from] BindingError),
    /// Two rules map one value to different values.
    #[error("{from:?} cannot become both {:?} and {:?}; leave one of the rules out", to[0], to[1])]
    Contradiction {
        /// The value that the rules map.
        from: String,
        /// The values that they map it to.
        to: [String; 2],
    },
    /// The mapping file cannot be read.
    #[error("{}{problem}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    MappingFile {
        /// The line, counted from 1.
        line: Option<usize>,
        /// The problem.
        problem: String,
    },
    /// Several new certificates could take the place of an old one.
    #[error(
        "{} new certificates have the subject and names of {old} ({subject}): {}; keep one of \
         them in the folder, or name it by a rule {old}=NEW",
        new.len(),
        listed(new)
    )]
    Ambiguous {
        /// The old certificate.
        old: CertHash,
        /// Its subject.
        subject: String,
        /// The new ones.
        new: Vec<CertHash>,
    },
    /// The mapping makes one key of several.
    #[error("{}", listed_duplicates(.0))]
    Duplicates(Vec<Duplicate>),
    /// The bytes are not a plan.
    #[error("it is not a plan: {0}")]
    NoPlan(String),
    /// The version of the plan is not supported by this release.
    #[error(
        "the plan has version {found}, and this release reads versions up to {supported}; use a \
         newer certbind"
    )]
    NewerVersion {
        /// Its version.
        found: u64,
        /// The newest that is known.
        supported: u64,
    },
    /// Keys changed since the plan was made, or the plan has been applied already.
    #[error("{}", stale(moved, *already))]
    Stale {
        /// All the keys that moved.
        moved: Vec<Mismatch>,
        /// Whether every key already has the new value of the plan.
        already: bool,
    },
    /// The bindings read back differ from the written ones. **The plan was applied**, and its
    /// inverse undoes it for the keys that are still in the state it left.
    #[error("the plan was applied, but other bindings were read back: {}", listed_mismatches(.0))]
    ReadBack(Vec<Mismatch>),
}

/// Two keys of the source that a mapping makes one of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The keys of the source.
    pub sources: [BindingKey; 2],
    /// The key that both are mapped to.
    pub target: BindingKey,
}

fn listed_duplicates(duplicates: &[Duplicate]) -> String {
    let each = duplicates.iter().map(|duplicate| {
        let [first, second] = &duplicate.sources;
        let rule = |key: &BindingKey| match (key, &duplicate.target) {
            (BindingKey::IpPort(from), BindingKey::IpPort(to)) if from != to => {
                format!("by the address rule {}={}", from.ip(), to.ip())
            }
            _ => "as it is".to_owned(),
        };
        format!(
            "{first} ({}) and {second} ({}) both become {}",
            rule(first),
            rule(second),
            duplicate.target
        )
    });
    each.collect::<Vec<_>>().join("; ") + "; change the rules, or leave one out by a filter"
}

fn stale(moved: &[Mismatch], already: bool) -> String {
    if already {
        return "the plan is already applied: every key has its planned binding".into();
    }
    let noun = if moved.len() == 1 { "key" } else { "keys" };
    format!(
        "{} {noun} changed since the plan was made; nothing was changed: {}; make the \
         plan again",
        moved.len(),
        listed_mismatches(moved)
    )
}

fn listed_mismatches(moved: &[Mismatch]) -> String {
    let each = moved.iter().map(ToString::to_string);
    each.collect::<Vec<_>>().join("; ")
}

fn listed(hashes: &[CertHash]) -> String {
    let each = hashes.iter().map(ToString::to_string);
    each.collect::<Vec<_>>().join(", ")
}
