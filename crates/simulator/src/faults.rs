//! Faults on demand, by the number of the call.

use std::time::Duration;

/// A function of the API, as faults count them. The two types of query are counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// `HttpInitialize`.
    Initialize,
    /// `HttpSetServiceConfiguration`.
    Set,
    /// `HttpUpdateServiceConfiguration`.
    Update,
    /// `HttpDeleteServiceConfiguration`.
    Delete,
    /// `HttpQueryServiceConfiguration` for a key, both of its calls.
    QueryExact,
    /// `HttpQueryServiceConfiguration` for an index, both of its calls.
    QueryNext,
}

impl Call {
    /// Every kind of call.
    pub const ALL: [Self; 6] = [
        Self::Initialize,
        Self::Set,
        Self::Update,
        Self::Delete,
        Self::QueryExact,
        Self::QueryNext,
    ];
}

/// The effect of a fault at a call, before the call does anything.
pub(crate) enum Action {
    /// It returns this code, and does nothing else.
    Answer(u32),
    /// It takes this much longer.
    Wait(Duration),
    /// This is done first.
    Run(Box<dyn FnOnce() + Send>),
}

/// The pending faults, and how often each function was called.
#[derive(Default)]
pub(crate) struct Faults {
    calls: [u64; Call::ALL.len()],
    pending: Vec<(Call, u64, Action)>,
}

impl Faults {
    /// Has `action` happen at the `nth` call from now on, the next being the first.
    pub(crate) fn add(&mut self, call: Call, nth: u64, action: Action) {
        let at = self.calls(call).saturating_add(nth);
        self.pending.push((call, at, action));
    }

    /// How often a function was called.
    pub(crate) fn calls(&self, call: Call) -> u64 {
        self.calls[call as usize]
    }

    /// Counts a call, and takes the faults for it out of the list.
    pub(crate) fn count(&mut self, call: Call) -> Vec<Action> {
        self.calls[call as usize] += 1;
        let now = self.calls(call);
        let due = |(of, at, _): &mut (Call, u64, Action)| *of == call && *at == now;
        self.pending
            .extract_if(.., due)
            .map(|(_, _, action)| action)
            .collect()
    }
}
