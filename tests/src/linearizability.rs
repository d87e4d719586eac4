//! Whether a recorded history of concurrent operations is linearizable: whether each operation can
//! have taken effect at one point between its call and its return.
//!
//! The search is that of Wing and Gong, with Lowe's memory of what was tried: it looks for an order
//! of the operations that respects real time (an operation that had returned before another was
//! called comes first) and in which a sequential specification gives each the answer it got.

use std::collections::HashSet;
use std::hash::Hash;

/// What the operations do, one after the other.
pub trait Specification {
    /// The state that they act on.
    type State: Clone + Eq + Hash;
    /// An operation.
    type Operation;
    /// What it answers.
    type Answer: PartialEq;

    /// The answer of an operation, and the state after it.
    fn step(state: &Self::State, operation: &Self::Operation) -> (Self::State, Self::Answer);
}

/// An operation that was called and has returned.
#[derive(Clone, Debug)]
pub struct Event<O, A> {
    /// When it was called, by a clock that all threads share.
    pub called: u64,
    /// When it returned.
    pub returned: u64,
    /// What was called.
    pub operation: O,
    /// What it answered.
    pub answer: A,
}

/// The most operations of one history.
pub const MAX_EVENTS: usize = 64;

/// Whether the history, beginning in `initial`, is linearizable.
///
/// # Panics
/// If the history has more than [`MAX_EVENTS`] operations.
#[must_use]
pub fn is_linearizable<S: Specification>(
    initial: S::State,
    history: &[Event<S::Operation, S::Answer>],
) -> bool {
    assert!(
        history.len() <= MAX_EVENTS,
        "a history has at most {MAX_EVENTS} operations"
    );
    let mut search = Search::<S> {
        history,
        tried: HashSet::new(),
    };
    search.from(initial, 0)
}

struct Search<'a, S: Specification> {
    history: &'a [Event<S::Operation, S::Answer>],
    /// Sets of operations that were put in order before, and the states that they led to.
    tried: HashSet<(u64, S::State)>,
}

impl<S: Specification> Search<'_, S> {
    /// Whether the operations that are not in `done` can follow in this state.
    fn from(&mut self, state: S::State, done: u64) -> bool {
        let left = |i: &usize| done & (1 << i) == 0;
        let Some(first_return) = (0..self.history.len())
            .filter(left)
            .map(|i| self.history[i].returned)
            .min()
        else {
            return true;
        };
        if !self.tried.insert((done, state.clone())) {
            return false;
        }
        (0..self.history.len()).filter(left).any(|i| {
            let event = &self.history[i];
            // Whoever returned before this was called has to come first.
            if event.called > first_return {
                return false;
            }
            let (next, answer) = S::step(&state, &event.operation);
            answer == event.answer && self.from(next, done | 1 << i)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register of one number.
    struct Register;

    enum Call {
        Write(u8),
        Read,
    }

    impl Specification for Register {
        type State = u8;
        type Operation = Call;
        type Answer = Option<u8>;

        fn step(state: &u8, call: &Call) -> (u8, Option<u8>) {
            match call {
                Call::Write(value) => (*value, None),
                Call::Read => (*state, Some(*state)),
            }
        }
    }

    fn write(called: u64, returned: u64, value: u8) -> Event<Call, Option<u8>> {
        Event {
            called,
            returned,
            operation: Call::Write(value),
            answer: None,
        }
    }

    fn read(called: u64, returned: u64, value: u8) -> Event<Call, Option<u8>> {
        Event {
            called,
            returned,
            operation: Call::Read,
            answer: Some(value),
        }
    }

    #[test]
    fn a_read_during_a_write_may_see_either_value() {
        for seen in [0, 1] {
            assert!(is_linearizable::<Register>(
                0,
                &[write(1, 4, 1), read(2, 3, seen)]
            ));
        }
    }

    #[test]
    fn a_read_after_a_write_sees_it() {
        assert!(is_linearizable::<Register>(
            0,
            &[write(1, 2, 1), read(3, 4, 1)]
        ));
        assert!(!is_linearizable::<Register>(
            0,
            &[write(1, 2, 1), read(3, 4, 0)]
        ));
    }

    #[test]
    fn two_reads_cannot_see_two_writes_in_two_orders() {
        let writes = [write(1, 9, 1), write(1, 9, 2)];
        let both = |first, second| {
            let mut history = writes.to_vec();
            history.extend([read(2, 3, first), read(4, 5, second)]);
            history
        };
        assert!(is_linearizable::<Register>(0, &both(1, 2)));
        assert!(is_linearizable::<Register>(0, &both(0, 2)));
        assert!(!is_linearizable::<Register>(0, &both(1, 0)));
        let mut back = both(1, 2);
        back.push(read(6, 7, 1));
        assert!(!is_linearizable::<Register>(0, &back));
    }

    #[test]
    fn what_nobody_wrote_cannot_be_read() {
        assert!(!is_linearizable::<Register>(
            0,
            &[write(1, 2, 1), read(1, 2, 7)]
        ));
    }

    impl Clone for Call {
        fn clone(&self) -> Self {
            match self {
                Self::Write(value) => Self::Write(*value),
                Self::Read => Self::Read,
            }
        }
    }
}
