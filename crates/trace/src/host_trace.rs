//! Traces of real hosts, as files that anybody can contribute and every test run replays.

use certbind_core::{Binding, PropertyType};
use certbind_httpapi_abi::HttpApi;
use serde::{Deserialize, Serialize};

use crate::entry::{Argument, Entry, QueryResult};
use crate::pseudonyms::Pseudonyms;
use crate::replay::{ReplayOutcome, replay};

/// The format of the files. A change of it gets the next number; readers keep the older ones.
const FORMAT: u32 = 1;

/// The calls of a program to the HTTP Server API of a real Windows, with the bindings that the host
/// had before, as JSON (`docs/schemas/host-trace.json`).
///
/// It contains no secret: session ticket keys are refused. [`HostTrace::with_pseudonyms`] replaces the
/// names in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostTrace {
    format: u32,
    /// The version of Windows, as `10.0.20348.2849`.
    pub windows: String,
    /// The bindings before the first call.
    pub before: Vec<Binding>,
    /// The calls, in their order.
    pub calls: Vec<Entry>,
    /// The calls that the simulator is known to answer otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<KnownDifference>,
}

/// A call that the simulator is known to answer otherwise than the host did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifference {
    /// The call, counted from 1.
    pub call: usize,
    /// The reason, such as the question of `docs/fidelity/` that it answers.
    pub reason: String,
}

/// The reason why a trace cannot be contributed or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostTraceError {
    /// The file is not JSON of this form.
    #[error("not a trace of a host: {0}")]
    Json(#[from] serde_json::Error),
    /// A newer format.
    #[error(
        "the format of this trace is {0}, and the newest known one is {FORMAT}; use a newer certbind"
    )]
    Format(u32),
    /// The version of Windows.
    #[error(
        "{0:?} is not a version of Windows; write it as `ver` prints it, such as 10.0.20348.2849"
    )]
    Windows(String),
    /// There is no call.
    #[error("the trace has no call")]
    Empty,
    /// A call whose names cannot be replaced: its number, or 0 for a binding of before.
    #[error("the names of call {0} cannot be replaced; pass --keep-names if none is confidential")]
    Pseudonym(usize),
    /// A session ticket key.
    #[error(
        "{0} has session ticket keys, which are secrets; remove them from the host and trace it again"
    )]
    Secret(String),
}

/// The result of replaying a trace of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The call, counted from 1.
    pub call: usize,
    /// The answer of the simulator; none for a call that is listed as different and is not.
    pub answered: Option<(u32, Option<QueryResult>)>,
}

impl HostTrace {
    /// A trace of a host with this version of Windows.
    ///
    /// # Errors
    /// [`HostTraceError`] if the version is not a version, there is no call, or a binding or a call
    /// has session ticket keys.
    pub fn new(
        windows: &str,
        before: Vec<Binding>,
        calls: Vec<Entry>,
    ) -> Result<Self, HostTraceError> {
        let trace = Self {
            format: FORMAT,
            windows: windows.to_owned(),
            before,
            calls,
            differences: Vec::new(),
        };
        trace.check()?;
        Ok(trace)
    }

    /// The trace with pseudonyms in place of host names, addresses other than unspecified and loopback
    /// ones, hashes of certificates, application ids, names of certificate stores and of CTLs, values of
    /// headers, and the domains of SIDs. Equal names have equal pseudonyms, and the order of keys is
    /// kept: a replay has the same results. Kept are application ids that `is_known` accepts, stores of
    /// Windows, ports, and the paths of URLs.
    ///
    /// # Errors
    /// [`HostTraceError::Pseudonym`] for a call that cannot be expressed with pseudonyms.
    pub fn with_pseudonyms(
        self,
        is_known: impl Fn(certbind_core::Uuid) -> bool,
    ) -> Result<Self, HostTraceError> {
        let names = Pseudonyms::of(&self.before, &self.calls, &is_known);
        let before = self.before.iter().map(|binding| names.binding(binding));
        let before = before.collect::<Option<Vec<_>>>();
        let before = before.ok_or(HostTraceError::Pseudonym(0))?;
        let calls = (1..).zip(&self.calls);
        let calls = calls.map(|(at, call)| names.call(call).ok_or(HostTraceError::Pseudonym(at)));
        let calls = calls.collect::<Result<_, _>>()?;
        Ok(Self {
            before,
            calls,
            ..self
        })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`HostTraceError`], also for a newer format.
    pub fn read(bytes: &[u8]) -> Result<Self, HostTraceError> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let Versioned { format } = serde_json::from_slice(bytes)?;
        if format != FORMAT {
            return Err(HostTraceError::Format(format));
        }
        let trace: Self = serde_json::from_slice(bytes)?;
        trace.check()?;
        Ok(trace)
    }

    /// The build of Windows, such as 20348.
    #[must_use]
    pub fn build(&self) -> Option<u32> {
        build(&self.windows)
    }

    /// Checks that a text is a version of Windows: three or four numbers.
    ///
    /// # Errors
    /// [`HostTraceError::Windows`] if it is not.
    pub fn check_version(windows: &str) -> Result<(), HostTraceError> {
        match build(windows) {
            Some(_) => Ok(()),
            None => Err(HostTraceError::Windows(windows.to_owned())),
        }
    }

    fn check(&self) -> Result<(), HostTraceError> {
        Self::check_version(&self.windows)?;
        if self.calls.is_empty() {
            return Err(HostTraceError::Empty);
        }
        let secret = self.before.iter().find(|binding| has_secret(binding));
        if let Some(binding) = secret {
            return Err(HostTraceError::Secret(binding.key().to_string()));
        }
        for (number, entry) in (1..).zip(&self.calls) {
            let in_argument = match &entry.argument {
                Argument::Binding(binding) => has_secret(binding),
                Argument::Property(property) => is_secret(property.property.property_type()),
                _ => false,
            };
            let in_answer = match &entry.found {
                Some(QueryResult::Binding(binding)) => has_secret(binding),
                Some(QueryResult::Property(property)) => {
                    is_secret(property.property.property_type())
                }
                None => false,
            };
            if in_argument || in_answer {
                return Err(HostTraceError::Secret(format!("call {number}")));
            }
        }
        Ok(())
    }

    /// Makes the calls to an API that has the bindings of before, and returns the calls that are
    /// answered otherwise and not known to be, and those that are known to be and are not.
    #[must_use]
    pub fn divergences(&self, api: &dyn HttpApi) -> Vec<Divergence> {
        let calls: Vec<_> = (1..).zip(self.calls.iter().cloned()).collect();
        let is_known = |call: usize| self.differences.iter().any(|known| known.call == call);
        let outcomes = replay(api, &calls).zip(1..);
        let divergences = outcomes.filter_map(|(outcome, call)| match outcome {
            ReplayOutcome::Differs { result, found } if !is_known(call) => Some(Divergence {
                call,
                answered: Some((result, found)),
            }),
            ReplayOutcome::Same | ReplayOutcome::Left if is_known(call) => Some(Divergence {
                call,
                answered: None,
            }),
            _ => None,
        });
        divergences.collect()
    }
}

fn is_secret(property: PropertyType) -> bool {
    property == PropertyType::SessionTicketKeys
}

fn has_secret(binding: &Binding) -> bool {
    let mut properties = binding.record().extended.iter();
    properties.any(|property| is_secret(property.property_type()))
}

/// The third number of a version: `20348` of `10.0.20348.2849`.
fn build(windows: &str) -> Option<u32> {
    let numbers: Vec<u32> = windows
        .split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    match numbers[..] {
        [_, _, build] | [_, _, build, _] => Some(build),
        _ => None,
    }
}
