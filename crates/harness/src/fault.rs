//! The faults of the programs that a harness runs.

use std::time::Duration;

use certbind_core::{Binding, BindingKey};
use certbind_simulator::Call;
use serde::{Serialize, Serializer};

/// A fault at one call of a function. Each process counts its calls from its start, and both calls
/// of a query count.
///
/// ```
/// use certbind_harness::{Call, Fault};
///
/// // Another program takes a key away between the two calls of a query.
/// Fault::at(Call::QueryExact, 2).deletes("0.0.0.0:443".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    #[serde(serialize_with = "function")]
    call: Call,
    nth: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    kill: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<BindingKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    put: Option<Binding>,
    /// The file that the library makes when the fault takes effect, relative to the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fired: Option<String>,
    #[serde(skip)]
    pub(crate) is_optional: bool,
}

impl Fault {
    /// At the `nth` call, the first being 1.
    ///
    /// # Panics
    /// For 0, and for a number beyond `i64::MAX`, which the configuration cannot represent.
    #[must_use]
    #[track_caller]
    pub fn at(call: Call, nth: u64) -> Self {
        assert!(
            nth > 0 && i64::try_from(nth).is_ok(),
            "the first call is 1, and there is no call {nth}"
        );
        Self {
            call,
            nth,
            answer: None,
            delay_ms: None,
            kill: false,
            delete: None,
            put: None,
            fired: None,
            is_optional: false,
        }
    }

    /// Allows that it takes effect in no program. Any other fault without an effect fails the test
    /// at its end.
    #[must_use]
    pub fn optional(self) -> Self {
        Self {
            is_optional: true,
            ..self
        }
    }

    /// The same at a call that no process makes.
    pub(crate) fn never(&self) -> Self {
        Self {
            nth: i64::MAX.unsigned_abs(),
            ..self.clone()
        }
    }

    /// Whether nothing happens at the call.
    pub(crate) fn is_none(&self) -> bool {
        let changes = self.delete.is_some() || self.put.is_some();
        self.answer.is_none() && self.delay_ms.is_none() && !self.kill && !changes
    }

    /// The call returns this Win32 error code and has no effect.
    #[must_use]
    pub fn answers(self, code: u32) -> Self {
        Self {
            answer: Some(code),
            ..self
        }
    }

    /// It takes this much longer, in whole milliseconds.
    #[must_use]
    pub fn takes(self, longer: Duration) -> Self {
        Self {
            delay_ms: Some(
                i64::try_from(longer.as_millis())
                    .unwrap_or(i64::MAX)
                    .unsigned_abs(),
            ),
            ..self
        }
    }

    /// The process ends there, as if it were killed.
    #[must_use]
    pub fn kills(self) -> Self {
        Self { kill: true, ..self }
    }

    /// Another program unbinds a key first.
    #[must_use]
    pub fn deletes(self, key: BindingKey) -> Self {
        Self {
            delete: Some(key),
            ..self
        }
    }

    /// Another program binds a key first, or replaces its record.
    #[must_use]
    pub fn puts(self, binding: Binding) -> Self {
        Self {
            put: Some(binding),
            ..self
        }
    }
}

/// A function as the configuration names it.
fn function<S: Serializer>(call: &Call, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match call {
        Call::Initialize => "initialize",
        Call::Set => "set",
        Call::Update => "update",
        Call::Delete => "delete",
        Call::QueryExact => "query-exact",
        Call::QueryNext => "query-next",
        other => return Err(serde::ser::Error::custom(format!("{other:?} has no name"))),
    })
}
