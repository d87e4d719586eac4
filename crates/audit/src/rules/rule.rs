//! What a rule is.

use std::borrow::Cow;

use certbind_core::Binding;

use crate::finding::Severity;
use crate::fleet::{Fleet, Host};
use crate::rules::{Findings, Waivers};

/// A rule that exports are judged by. Its id is stable: it stands for the same from release to
/// release, and none is given out twice.
#[derive(Debug)]
pub struct Rule {
    /// `CB001`. From `CB001` on: records; `CB101`: certificates; `CB201`: the baseline; `CB301`:
    /// the configuration.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub title: &'static str,
    /// How grave that is, where the configuration does not say otherwise.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    pub(crate) check: Check,
}

impl Rule {
    /// The path of the page about it, in the project.
    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/rules/{}.md", self.id)
    }
}

/// What is wrong in one place.
pub(crate) type Sentence = Cow<'static, str>;

/// How much a rule has to see at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// A record by itself, and what is known besides.
    Record(fn(&Binding, &Fleet<'_>) -> Option<Sentence>),
    /// All of a host.
    Host(fn(&Host<'_>, &Fleet<'_>, &mut Findings)),
    /// Every host.
    Fleet(fn(&Fleet<'_>, &mut Findings)),
    /// What became of the waivers. Rules of this kind are the last.
    Waivers(fn(&Waivers<'_>, &mut Findings)),
}
