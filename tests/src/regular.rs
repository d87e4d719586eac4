//! The values that a read may return where less than linearizability is guaranteed: for each key
//! the value of a write that was not yet superseded when the read began.
//!
//! A value may be seen from the call of the write that makes it. Once that has returned, and a
//! later write to the key has been called and has returned as well, a read that is called after
//! that is too late for it. (Registers that promise this much are called *regular*.) The values of
//! a failed batch may be seen until it has returned; then it has been undone.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey};

use crate::linearizability::Event;
use crate::operation::{Operation, Response};
use crate::order::Rank;

/// Returns the read of the history that returned an impossible value, in a store that was empty at
/// first.
pub(crate) fn impossible_read(history: &[Event<Operation, Response>]) -> Option<String> {
    let writes = Writes::of(history);
    history.iter().find_map(|event| {
        let wrong = match (&event.operation, &event.response) {
            (Operation::Get(key), Response::Got(seen)) => {
                let possible = writes.allow(event, key, seen.as_ref());
                (!possible).then(|| format!("of {key}"))
            }
            (Operation::Scan(_), Response::Scanned(seen)) => writes.wrong_with(event, seen),
            (Operation::Get(_) | Operation::Scan(_), _) => Some("an error".to_owned()),
            _ => None,
        };
        wrong.map(|wrong| format!("{wrong}, {} -> {}", event.operation, event.response))
    })
}

/// The writes of threads to each key, and their times.
struct Writes(BTreeMap<BindingKey, Vec<Write>>);

struct Write {
    called: u64,
    returned: u64,
    value: Option<Binding>,
    failed: bool,
}

impl Writes {
    fn of(history: &[Event<Operation, Response>]) -> Self {
        let mut writes = BTreeMap::<_, Vec<_>>::new();
        for event in history {
            for change in event.operation.changes() {
                writes.entry(change.key().clone()).or_default().push(Write {
                    called: event.called,
                    returned: event.returned,
                    value: change.new_value().cloned(),
                    failed: event.response.is_error(),
                });
            }
        }
        Self(writes)
    }

    fn wrong_with(&self, read: &Event<Operation, Response>, seen: &[Binding]) -> Option<String> {
        if !seen.is_sorted_by(|a, b| Rank::of(a.key()) < Rank::of(b.key())) {
            return Some("keys out of order or twice".to_owned());
        }
        let unknown = seen.iter().find(|b| !self.0.contains_key(b.key()));
        if let Some(unknown) = unknown {
            return Some(format!("{}, which nobody wrote", unknown.key()));
        }
        let found = |key: &BindingKey| seen.iter().find(|binding| binding.key() == key);
        let wrong = self.0.keys().find(|key| !self.allow(read, key, found(key)));
        wrong.map(|key| format!("of {key}"))
    }

    /// Whether the read may have returned this value of the key.
    fn allow(
        &self,
        read: &Event<Operation, Response>,
        key: &BindingKey,
        seen: Option<&Binding>,
    ) -> bool {
        let writes = self.0.get(key).map_or(&[][..], Vec::as_slice);
        // Whether a write that began after this time was complete before the read.
        let replaced = |since: Option<u64>| {
            writes.iter().any(|write| {
                let later = since.is_none_or(|since| since < write.called);
                !write.failed && later && write.returned < read.called
            })
        };
        let from_the_start = seen.is_none() && !replaced(None);
        from_the_start
            || writes.iter().any(|write| {
                let gone = match write.failed {
                    true => write.returned < read.called,
                    false => replaced(Some(write.returned)),
                };
                write.value.as_ref() == seen && write.called < read.returned && !gone
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Query;
    use crate::sample::marked;

    fn key() -> BindingKey {
        "ccs=443".parse().expect("a key")
    }

    fn put(called: u64, returned: u64, mark: u128) -> Event<Operation, Response> {
        Event {
            called,
            returned,
            operation: Operation::Put(marked(&key(), mark)),
            response: Response::Held(None),
        }
    }

    fn refused(called: u64, returned: u64, mark: u128) -> Event<Operation, Response> {
        Event {
            response: Response::Unsupported,
            ..put(called, returned, mark)
        }
    }

    fn get(called: u64, returned: u64, mark: Option<u128>) -> Event<Operation, Response> {
        Event {
            called,
            returned,
            operation: Operation::Get(key()),
            response: Response::Got(mark.map(|mark| marked(&key(), mark))),
        }
    }

    fn scan(called: u64, returned: u64, marks: &[u128]) -> Event<Operation, Response> {
        let seen = marks.iter().map(|mark| marked(&key(), *mark));
        Event {
            called,
            returned,
            operation: Operation::Scan(Query::ALL),
            response: Response::Scanned(seen.collect()),
        }
    }

    #[test]
    fn read_during_a_write_may_see_either_value() {
        let writes = || vec![put(1, 2, 7), put(3, 6, 8)];
        for seen in [Some(7), Some(8)] {
            let mut history = writes();
            history.push(get(4, 5, seen));
            assert_eq!(impossible_read(&history), None);
        }
        let mut history = writes();
        history.push(get(4, 5, None));
        assert!(impossible_read(&history).is_some());
    }

    #[test]
    fn replaced_value_cannot_be_read() {
        let writes = || vec![put(1, 2, 7), put(3, 4, 8)];
        for read in [get(5, 6, Some(7)), scan(5, 6, &[7]), scan(5, 6, &[])] {
            let mut history = writes();
            history.push(read);
            assert!(impossible_read(&history).is_some());
        }
        let mut history = writes();
        history.extend([get(5, 6, Some(8)), scan(7, 8, &[8])]);
        assert_eq!(impossible_read(&history), None);
    }

    #[test]
    fn future_value_cannot_be_read() {
        for seen in [7, 9] {
            let history = [get(1, 2, Some(seen)), put(3, 4, 7)];
            assert!(impossible_read(&history).is_some());
        }
    }

    #[test]
    fn failed_write_is_invisible_after_its_return() {
        assert_eq!(
            impossible_read(&[refused(1, 4, 7), get(2, 3, Some(7))]),
            None
        );
        assert!(impossible_read(&[refused(1, 2, 7), get(3, 4, Some(7))]).is_some());
        // It replaces nothing either.
        let history = [put(1, 2, 6), refused(3, 4, 7), get(5, 6, Some(6))];
        assert_eq!(impossible_read(&history), None);
    }

    #[test]
    fn a_scan_sees_a_key_once() {
        let history = [put(1, 2, 7), scan(3, 4, &[7, 7])];
        assert!(impossible_read(&history).is_some());
    }
}
