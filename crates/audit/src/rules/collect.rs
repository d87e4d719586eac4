//! Collecting the findings of a rule.

use std::borrow::Cow;

use crate::finding::{Finding, FindingLocation, RelatedLocations};
use crate::rule::Rule;
use crate::severity::Severity;

/// The problem in one place.
pub(crate) type Sentence = Cow<'static, str>;

/// The findings of one rule so far.
pub(crate) struct Findings {
    rule: &'static Rule,
    severity: Severity,
    found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn new(rule: &'static Rule, severity: Severity) -> Self {
        Self {
            rule,
            severity,
            found: Vec::new(),
        }
    }

    /// Adds a problem in a place, to which details can be added.
    pub(crate) fn add(
        &mut self,
        place: FindingLocation,
        sentence: impl Into<Sentence>,
    ) -> &mut Finding {
        let at = self.found.len();
        self.found.push(Finding {
            rule: self.rule,
            severity: self.severity,
            place,
            sentence: sentence.into(),
            rests_on: None,
            related: RelatedLocations::default(),
            state: None,
        });
        &mut self.found[at]
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.found
    }
}
