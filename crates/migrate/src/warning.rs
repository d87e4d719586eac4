//! Warnings to review before a plan is applied.

use std::fmt;

use certbind_core::{BindingKey, CertHash, Kind, Uuid};
use serde::{Deserialize, Serialize};

/// A warning to review before a plan is applied. Its `Display` output is a sentence, which may
/// contain texts of the source: escape it for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Warning {
    /// The target has no keys of this kind, and will refuse the plan.
    UnsupportedKind {
        /// The kind.
        kind: Kind,
        /// The keys of this kind.
        keys: Vec<BindingKey>,
    },
    /// The target takes no options on `ccs` keys, and will refuse the plan.
    UnsupportedOptions {
        /// The keys with options.
        keys: Vec<BindingKey>,
    },
    /// The target has no extended properties, and will refuse the plan.
    UnsupportedProperties {
        /// The keys with extended properties.
        keys: Vec<BindingKey>,
    },
    /// The target takes fewer changes at once, and will refuse the plan.
    TooManyChanges {
        /// How many it takes.
        most: u64,
        /// How many there are.
        changes: u64,
    },
    /// The target lacks a certificate that the plan binds.
    CertificateMissing {
        /// The certificate.
        hash: CertHash,
        /// The keys that the plan binds to it.
        keys: Vec<BindingKey>,
    },
    /// Whether the target has the certificates was not checked.
    CertificatesNotChecked,
    /// None of the new certificates has the subject and names of one that the source binds.
    NoSuccessor {
        /// The certificate, which stays bound.
        hash: CertHash,
        /// The keys of the target that it is bound to.
        keys: Vec<BindingKey>,
    },
    /// The names of a certificate are not known, since the folder lacks it.
    UnknownCertificate {
        /// The certificate.
        hash: CertHash,
        /// The keys that are bound to it.
        keys: Vec<BindingKey>,
    },
    /// Some keys are not considered on connections to certain addresses.
    Shadowed {
        /// The keys of these addresses.
        by: Vec<BindingKey>,
        /// The keys that are not considered there.
        keys: Vec<BindingKey>,
    },
    /// A binding of another application is replaced.
    TakenOver {
        /// The key.
        key: BindingKey,
        /// Whose it is.
        from: Uuid,
        /// Whose it becomes.
        to: Uuid,
    },
    /// An application keeps the certificate in its own configuration as well.
    Owner {
        /// Its name.
        application: String,
        /// Whether it was recognized by its key alone, and may be another one.
        likely: bool,
        /// The keys of its bindings.
        keys: Vec<BindingKey>,
        /// The command that renews the certificate there.
        command: String,
    },
    /// The source has information that its bindings cannot carry: they may behave differently on the
    /// target.
    #[serde(rename = "loss")]
    ConversionWarning {
        /// The message, a sentence.
        what: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedKind { kind, keys } => write!(
                f,
                "the target has no {kind} keys and will refuse {}; leave them out by a filter",
                Keys(keys)
            ),
            Self::UnsupportedOptions { keys } => write!(
                f,
                "the target accepts no options on ccs keys and will refuse {}",
                Keys(keys)
            ),
            Self::UnsupportedProperties { keys } => write!(
                f,
                "the target has no extended properties and will refuse {}",
                Keys(keys)
            ),
            Self::TooManyChanges { most, changes } => write!(
                f,
                "the target accepts at most {most} changes at once and will refuse {changes}; \
                 divide them by a filter"
            ),
            Self::CertificateMissing { hash, keys } => write!(
                f,
                "the target lacks the certificate {hash}, needed by {}; import \
                 it there with its private key first",
                Keys(keys)
            ),
            Self::CertificatesNotChecked => f.write_str(
                "the certificates of the target were not checked; name a folder that has them to \
                 check them",
            ),
            Self::NoSuccessor { hash, keys } => write!(
                f,
                "no new certificate has the subject and names of {hash}; no change to {}",
                Keys(keys)
            ),
            Self::UnknownCertificate { hash, keys } => write!(
                f,
                "the names of the certificate {hash} are unknown, since the folder lacks it; no \
                 change to {}",
                Keys(keys)
            ),
            Self::Shadowed { by, keys } => write!(
                f,
                "connections to the address of {} get its certificate for every host name; no \
                 effect there: {}",
                Keys(by),
                Keys(keys)
            ),
            Self::TakenOver { key, from, to } => {
                write!(
                    f,
                    "{key} is bound by {{{from}}}, and {{{to}}} takes it over"
                )
            }
            Self::Owner {
                application,
                likely,
                keys,
                command,
            } => {
                let verb = if *likely { "may belong" } else { "belongs" };
                write!(
                    f,
                    "{} {verb} to {application}, which keeps the certificate in its own \
                     configuration as well; renew it there too: {command}",
                    Keys(keys)
                )
            }
            Self::ConversionWarning { what } => write!(f, "the source: {what}"),
        }
    }
}

/// The first keys, and how many more there are.
struct Keys<'a>(&'a [BindingKey]);

impl fmt::Display for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("nothing"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}
