//! A plan: the pending changes of a store, as data.

use certbind_core::{Applied, Binding, BindingKey, Result, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::field::FieldChange;
use crate::warning::Warning;

/// The pending changes of a store: saved to a file ([`to_json`](Self::to_json)), reviewed, and then
/// [`apply`](crate::apply())ed, or refused if the store has changed since.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    header: Header,
    steps: Vec<Step>,
    conflicts: u64,
    warnings: Vec<Warning>,
}

/// The origin of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Header {
    /// The purpose of the plan.
    pub purpose: Purpose,
    /// The source of the bindings: a store's URL or a file.
    pub source: Option<String>,
    /// The target that it was made for: a store's URL or a file.
    pub target: Option<String>,
    /// When it was made. An undo plan has the time of the original plan.
    pub made_at: Option<Timestamp>,
    /// The program that made it, and its version.
    pub tool: Option<String>,
}

/// The purpose of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Purpose {
    /// Bindings of a source are brought to a target.
    #[default]
    Move,
    /// A certificate's successor takes its place.
    Rotate,
    /// Undoes another plan.
    Undo,
}

/// The pending change of one key. The fields are called `saw` and `becomes` in plan files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// It was not bound, and will be.
    Create {
        /// The binding of the key after the plan.
        #[serde(rename = "becomes")]
        new_value: Binding,
        /// The binding of the source, if a mapping changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Binding>,
    },
    /// It has another binding.
    Replace {
        /// The precondition: if the target has another binding, the plan is refused.
        #[serde(rename = "saw")]
        expected: Binding,
        /// The binding of the key after the plan.
        #[serde(rename = "becomes")]
        new_value: Binding,
        /// The binding of the source, if a mapping changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Binding>,
    },
    /// It was bound, and will not be.
    Delete {
        /// The precondition: if the target has another binding, the plan is refused.
        #[serde(rename = "saw")]
        expected: Binding,
    },
    /// It already has the new binding, which is checked like the others.
    Keep {
        /// The required binding of the target.
        #[serde(rename = "saw")]
        expected: Binding,
    },
}

/// The number of keys for each kind of step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that will be bound.
    pub creates: u64,
    /// Keys whose binding is replaced.
    pub replaces: u64,
    /// Keys whose binding is removed.
    pub deletes: u64,
    /// Keys that stay unchanged, and are checked.
    pub unchanged: u64,
    /// Other keys of the target, which the plan is not about.
    pub conflicts: u64,
}

impl Plan {
    /// A plan of these steps, in any order.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a duplicate key, and if a step replaces a binding by one of
    /// another key, or by itself.
    pub fn new(
        header: Header,
        mut steps: Vec<Step>,
        conflicts: u64,
        warnings: Vec<Warning>,
    ) -> Result<Self> {
        steps.sort_by(|a, b| a.key().cmp(b.key()));
        let invalid = |step: &Step, reason: &'static str| {
            Err(StoreError::invalid(step.key().clone(), reason))
        };
        for step in &steps {
            if let Step::Replace {
                expected,
                new_value,
                ..
            } = step
            {
                if expected.key() != new_value.key() {
                    return invalid(step, "a step replaces a binding by one of the same key");
                }
                if expected == new_value {
                    return invalid(step, "a step without a change must be a keep");
                }
            }
        }
        for pair in steps.windows(2) {
            if let [first, second] = pair
                && first.key() == second.key()
            {
                return invalid(second, "a plan has each key once");
            }
        }
        Ok(Self {
            header,
            steps,
            conflicts,
            warnings,
        })
    }

    /// The origin of the plan.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Replaces the header of the plan.
    #[must_use]
    pub fn with_header(self, header: Header) -> Self {
        Self { header, ..self }
    }

    /// Adds warnings before those of the plan.
    #[must_use]
    pub fn with_warnings(mut self, mut first: Vec<Warning>) -> Self {
        first.append(&mut self.warnings);
        Self {
            warnings: first,
            ..self
        }
    }

    /// The step for each key, in canonical order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The steps that change something.
    pub fn changes(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.changes())
    }

    /// The warnings to review before it is applied.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The number of keys for each kind of step.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            conflicts: self.conflicts,
            ..Counts::default()
        };
        for step in &self.steps {
            *match step {
                Step::Create { .. } => &mut counts.creates,
                Step::Replace { .. } => &mut counts.replaces,
                Step::Delete { .. } => &mut counts.deletes,
                Step::Keep { .. } => &mut counts.unchanged,
            } += 1;
        }
        counts
    }

    /// Removes the steps that `keep` rejects. Their keys are left alone.
    #[must_use]
    pub fn filtered(self, keep: impl Fn(&Step) -> bool) -> Self {
        let before = self.steps.len();
        let steps: Vec<_> = self.steps.into_iter().filter(keep).collect();
        Self {
            conflicts: self.conflicts + (before - steps.len()) as u64,
            steps,
            ..self
        }
    }

    /// The same plan with the bindings that a store reports after it. Their form may differ from
    /// the written one: HTTP.sys may fill in a certificate store, for example.
    pub(crate) fn stored_as(mut self, applied: &Applied) -> Self {
        for outcome in applied.outcomes() {
            let index = self
                .steps
                .binary_search_by(|step| step.key().cmp(&outcome.key));
            let (Ok(index), Some(stored)) = (index, &outcome.after) else {
                continue;
            };
            let Some(step) = self.steps.get_mut(index) else {
                continue;
            };
            let is_unchanged = step.expected() == Some(stored);
            match step {
                Step::Replace { expected, .. } if is_unchanged => {
                    *step = Step::Keep {
                        expected: expected.clone(),
                    };
                }
                Step::Create { new_value, .. } | Step::Replace { new_value, .. } => {
                    new_value.clone_from(stored);
                }
                Step::Delete { .. } | Step::Keep { .. } => {}
            }
        }
        self
    }

    /// The plan that undoes this one. Every call returns the same plan, and it applies only while
    /// every key that this one changes is in the state that this one left.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let undo = |step: &Step| match step.clone() {
            Step::Create { new_value, .. } => Some(Step::Delete {
                expected: new_value,
            }),
            Step::Replace {
                expected,
                new_value,
                ..
            } => Some(Step::Replace {
                expected: new_value,
                new_value: expected,
                source: None,
            }),
            Step::Delete { expected } => Some(Step::Create {
                new_value: expected,
                source: None,
            }),
            // Unchanged keys may change later.
            Step::Keep { .. } => None,
        };
        Self {
            header: Header {
                purpose: Purpose::Undo,
                ..self.header.clone()
            },
            steps: self.steps.iter().filter_map(undo).collect(),
            conflicts: self.conflicts + self.counts().unchanged,
            warnings: Vec::new(),
        }
    }
}

impl Step {
    /// The key of the binding.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        match self {
            Self::Create { new_value, .. } => new_value.key(),
            Self::Replace { expected, .. }
            | Self::Delete { expected }
            | Self::Keep { expected } => expected.key(),
        }
    }

    /// The binding that the target had when the plan was made, and must still have.
    #[must_use]
    pub fn expected(&self) -> Option<&Binding> {
        match self {
            Self::Create { .. } => None,
            Self::Replace { expected, .. }
            | Self::Delete { expected }
            | Self::Keep { expected } => Some(expected),
        }
    }

    /// The binding of the target after the step.
    #[must_use]
    pub fn new_value(&self) -> Option<&Binding> {
        match self {
            Self::Create { new_value, .. } | Self::Replace { new_value, .. } => Some(new_value),
            Self::Delete { .. } => None,
            Self::Keep { expected } => Some(expected),
        }
    }

    /// The binding of the source, where the mapping changed it.
    #[must_use]
    pub fn source(&self) -> Option<&Binding> {
        match self {
            Self::Create { source, .. } | Self::Replace { source, .. } => source.as_ref(),
            Self::Delete { .. } | Self::Keep { .. } => None,
        }
    }

    /// Whether the step changes the target.
    #[must_use]
    pub fn changes(&self) -> bool {
        !matches!(self, Self::Keep { .. })
    }

    /// The fields that change, where a binding is replaced.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        match self {
            Self::Replace {
                expected,
                new_value,
                ..
            } => FieldChange::between(expected, new_value),
            Self::Create { .. } | Self::Delete { .. } | Self::Keep { .. } => Vec::new(),
        }
    }
}
