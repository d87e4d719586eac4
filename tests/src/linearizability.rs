//! Whether a recorded history of concurrent operations is linearizable: whether each operation can
//! have taken effect at one point between its call and its return.
//!
//! The search is that of Wing and Gong, with Lowe's memoization of visited states: it looks for an
//! order of the operations that respects real time (an operation that had returned before another
//! was called comes first) and in which a sequential specification gives each the response it got.
//!
//! If every operation concerned one key, a history could be checked key by key, which is much
//! faster. Batches and scans affect many keys, and their consistency across keys is guaranteed, so
//! the state here is the whole store. The search is short because histories are small: the set of
//! operations that were put in order is one word, and together with its resulting state it is tried
//! once, for all orders that reach it.

use std::collections::HashSet;
use std::hash::Hash;

/// The sequential effect of the operations.
pub(crate) trait Specification {
    /// The state that they act on.
    type State: Clone + Eq + Hash;
    /// An operation.
    type Operation;
    /// The result of an operation.
    type Response: PartialEq;

    /// The response of an operation, and the state after it.
    fn step(state: &Self::State, operation: &Self::Operation) -> (Self::State, Self::Response);
}

/// An operation that was called and has returned.
#[derive(Clone, Debug)]
pub(crate) struct Event<O, A> {
    /// When it was called, by a clock that all threads share.
    pub(crate) called: u64,
    /// When it returned.
    pub(crate) returned: u64,
    /// The operation that was called.
    pub(crate) operation: O,
    /// Its result.
    pub(crate) response: A,
}

/// The most operations of one history.
pub(crate) const MAX_EVENTS: usize = 64;

/// Whether the history, beginning in `initial`, is linearizable.
///
/// # Panics
/// If the history has more than [`MAX_EVENTS`] operations.
pub(crate) fn is_linearizable<S: Specification>(
    initial: S::State,
    history: &[Event<S::Operation, S::Response>],
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
    history: &'a [Event<S::Operation, S::Response>],
    /// Sets of operations that were put in order before, and the resulting states.
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
            // An operation that returned before this one was called has to come first.
            if event.called > first_return {
                return false;
            }
            let (next, response) = S::step(&state, &event.operation);
            response == event.response && self.from(next, done | 1 << i)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register of one number.
    struct Register;

    #[derive(Clone)]
    enum Call {
        Write(u8),
        Read,
        /// Reads and makes it 0.
        Take,
    }

    impl Specification for Register {
        type State = u8;
        type Operation = Call;
        type Response = Option<u8>;

        fn step(state: &u8, call: &Call) -> (u8, Option<u8>) {
            match call {
                Call::Write(value) => (*value, None),
                Call::Read => (*state, Some(*state)),
                Call::Take => (0, Some(*state)),
            }
        }
    }

    fn write(called: u64, returned: u64, value: u8) -> Event<Call, Option<u8>> {
        Event {
            called,
            returned,
            operation: Call::Write(value),
            response: None,
        }
    }

    fn read(called: u64, returned: u64, value: u8) -> Event<Call, Option<u8>> {
        Event {
            called,
            returned,
            operation: Call::Read,
            response: Some(value),
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
    fn unwritten_value_cannot_be_read() {
        assert!(!is_linearizable::<Register>(
            0,
            &[write(1, 2, 1), read(1, 2, 7)]
        ));
    }

    #[test]
    fn results_of_writes_must_fit_the_order() {
        let took = |called, returned, before| Event {
            called,
            returned,
            operation: Call::Take,
            response: Some(before),
        };
        // Two that run side by side cannot both have taken the same.
        assert!(is_linearizable::<Register>(
            5,
            &[took(1, 3, 5), took(2, 4, 0)]
        ));
        assert!(!is_linearizable::<Register>(
            5,
            &[took(1, 3, 5), took(2, 4, 5)]
        ));
    }

    /// A pair of numbers, which are written together and read alone or together.
    struct Pair;

    #[derive(Clone)]
    enum Of {
        Write(u8, u8),
        First,
        Second,
        Both,
    }

    impl Specification for Pair {
        type State = (u8, u8);
        type Operation = Of;
        type Response = Vec<u8>;

        fn step(&(first, second): &(u8, u8), of: &Of) -> ((u8, u8), Vec<u8>) {
            let response = match of {
                Of::Write(first, second) => return ((*first, *second), Vec::new()),
                Of::First => vec![first],
                Of::Second => vec![second],
                Of::Both => vec![first, second],
            };
            ((first, second), response)
        }
    }

    fn of(called: u64, returned: u64, operation: Of, response: &[u8]) -> Event<Of, Vec<u8>> {
        Event {
            called,
            returned,
            operation,
            response: response.to_vec(),
        }
    }

    #[test]
    fn batch_is_atomic_across_keys() {
        let write = of(1, 9, Of::Write(1, 1), &[]);
        for (second, both, linearizable) in [
            (1, [1, 1], true),
            (0, [1, 1], false),
            (1, [0, 1], false),
            (1, [0, 0], false),
        ] {
            let history = [
                write.clone(),
                of(2, 3, Of::First, &[1]),
                of(4, 5, Of::Second, &[second]),
                of(6, 7, Of::Both, &both),
            ];
            assert_eq!(
                is_linearizable::<Pair>((0, 0), &history),
                linearizable,
                "{second}, {both:?}"
            );
        }
    }

    #[test]
    fn a_long_history_of_eight_threads_is_judged_at_once() {
        // Eight concurrent writes, then eight concurrent reads, repeatedly; no read returned the
        // value of the last write, and every order of the writes has to be ruled out.
        let mut history = Vec::new();
        for round in 0..4_u64 {
            for thread in 0..8 {
                let value = u8::try_from(8 * round + thread).unwrap_or(0);
                history.push(write(100 * round + thread, 100 * round + 20, value));
                history.push(read(100 * round + 30 + thread, 100 * round + 50, 200));
            }
        }
        assert_eq!(history.len(), MAX_EVENTS);
        assert!(!is_linearizable::<Register>(0, &history));
        for event in &mut history {
            if event.response.is_some() {
                event.response = Some(u8::try_from(event.called / 100 * 8 + 3).unwrap_or(0));
            }
        }
        assert!(is_linearizable::<Register>(0, &history));
    }
}
