//! A rule's id, texts and severity.

use crate::severity::Severity;

/// A rule for exports. Its id is stable: it means the same in every release, and is never reused.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// `CB001`. From `CB001` on: records; `CB101`: certificates; `CB201`: the baseline; `CB301`:
    /// the configuration; `CB401`: the sites of IIS.
    pub id: &'static str,
    /// The problem that it finds, in a few words.
    pub title: &'static str,
    /// The severity, unless the configuration sets another one.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
    /// The remedy.
    pub remedy: &'static str,
}

impl Rule {
    /// The path of the page about it, in the project.
    #[must_use]
    pub fn page(&self) -> String {
        format!("docs/rules/{}.md", self.id)
    }
}
