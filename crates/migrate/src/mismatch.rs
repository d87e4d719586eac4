//! A binding that differs from the one that a plan expects.

use std::fmt;

use certbind_core::{Binding, BindingKey};

use crate::field::FieldChange;

/// A key whose binding differs from the expected one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The key.
    pub key: BindingKey,
    /// The expected binding.
    pub expected: Option<Binding>,
    /// The binding that was found.
    pub found: Option<Binding>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.key)?;
        match (&self.expected, &self.found) {
            (Some(expected), Some(found)) => {
                let fields = FieldChange::between(expected, found);
                let fields = fields.iter().map(ToString::to_string);
                f.write_str(&fields.collect::<Vec<_>>().join(", "))
            }
            (Some(_), None) => f.write_str("is no longer bound"),
            (None, Some(found)) => {
                write!(f, "is bound now, by {{{}}}", found.record().app_id)
            }
            (None, None) => f.write_str("is not bound"),
        }
    }
}
