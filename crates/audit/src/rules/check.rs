//! The function that checks a rule.

use certbind_core::Binding;

use crate::fleet::{Fleet, Host};
use crate::rules::{Findings, Sentence, Waivers};

/// The data that a rule needs at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// A single record, and the other data of the audit.
    Record(fn(&Binding, &Fleet<'_>) -> Option<Sentence>),
    /// All of a host.
    Host(fn(&Host<'_>, &Fleet<'_>, &mut Findings)),
    /// Every host.
    Fleet(fn(&Fleet<'_>, &mut Findings)),
    /// The results of the waivers. Rules of this kind run last.
    Waivers(fn(&Waivers<'_>, &mut Findings)),
}
