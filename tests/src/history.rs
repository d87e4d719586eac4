//! Many threads on one store, and a record of their calls, with caller, times and results.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;

use certbind_core::strategy::few_keys;
use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, CertHash, Change, Outcome, Precondition,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::linearizability::Event;
use crate::operation::{Operation, Response};
use crate::order::Query;
use crate::sample::{HASH, RENEWED, mark, marked};

pub(crate) const THREADS: usize = 8;
pub(crate) const OPERATIONS: usize = 5;
const KEYS: usize = 3;

/// The recorded events.
pub(crate) type History = Vec<Event<Operation, Response>>;

/// A program for each thread, whose batches have at most this many changes. Each binding that is
/// written carries the number of the operation that wrote it.
pub(crate) fn programs(
    capabilities: &Capabilities,
    most: usize,
) -> impl Strategy<Value = Vec<Vec<Operation>>> + use<> {
    let limit = capabilities.max_batch.map_or(KEYS, usize::from);
    let step = (0..12_u8, any::<[u8; KEYS]>(), 1..=most.min(limit).min(KEYS));
    // A rotation is a batch of as many changes as there are bindings. Where batches can be observed
    // partly applied, so can the failed attempts of a rotation before its last one, which are not
    // recorded.
    let rotates = capabilities.isolated_batch && limit >= KEYS;
    let keys = btree_set(few_keys(&capabilities.kinds), KEYS);
    let programs = vec(vec(step, OPERATIONS), THREADS);
    (keys, programs).prop_map(move |(keys, programs)| {
        let keys: Vec<_> = keys.into_iter().collect();
        let mut id = 0;
        let mut operation = |(what, choices, many): (u8, [u8; KEYS], usize)| {
            id += 1;
            let key = |i: usize| keys[(usize::from(choices[0]) + i) % KEYS].clone();
            match what {
                0..3 => Operation::Get(key(0)),
                3 | 4 => Operation::Scan(Query::ALL),
                5 if rotates => Operation::Rotate(HASH, RENEWED),
                _ if many == 1 => alone(change(key(0), choices[1], id)),
                _ => {
                    let changes = (0..many).map(|i| change(key(i), choices[i], id));
                    match what {
                        6 => Operation::load(changes.collect()),
                        _ => Operation::Apply(Batch::new(changes).expect("different keys")),
                    }
                }
            }
        };
        let mut program = |steps: Vec<_>| steps.into_iter().map(&mut operation).collect();
        programs.into_iter().map(&mut program).collect()
    })
}

fn change(key: BindingKey, choice: u8, id: u128) -> Change {
    let expect = match choice % 4 {
        0 => Precondition::Absent,
        1 => Precondition::Present,
        // The value of an operation shortly before: it is likely to be current.
        2 => {
            let ago = u128::from(choice / 4) % 9;
            Precondition::Exactly(Box::new(marked(&key, id.saturating_sub(ago))))
        }
        _ => Precondition::Any,
    };
    let becomes = (choice >> 4 != 0).then(|| marked(&key, id));
    Change::new(key, expect, becomes).expect("one key")
}

/// One change, by the method that is for it: a backend may have written its own.
fn alone(change: Change) -> Operation {
    let key = change.key().clone();
    match (change.precondition(), change.new_value().cloned()) {
        (Precondition::Absent, Some(binding)) => Operation::Insert(binding),
        (Precondition::Present, Some(binding)) => Operation::Update(binding),
        (Precondition::Any, Some(binding)) => Operation::Put(binding),
        (Precondition::Present, None) => Operation::Remove(key),
        (Precondition::Exactly(expected), new) => Operation::CompareAndSwap {
            key,
            expected: Some((**expected).clone()),
            new,
        },
        _ => Operation::Apply(change.into()),
    }
}

/// Runs the programs side by side.
pub(crate) fn record(store: &dyn BindingStore, programs: &[Vec<Operation>]) -> History {
    let clock = AtomicU64::new(0);
    let history = Mutex::new(Vec::new());
    let start = Barrier::new(programs.len());
    thread::scope(|scope| {
        for program in programs {
            let (clock, history, start) = (&clock, &history, &start);
            scope.spawn(move || {
                start.wait();
                for operation in program {
                    let called = clock.fetch_add(1, Ordering::SeqCst);
                    let response = operation.perform(store);
                    let returned = clock.fetch_add(1, Ordering::SeqCst);
                    let event = Event {
                        called,
                        returned,
                        operation: operation.clone(),
                        response,
                    };
                    history.lock().expect("no thread panics").push(event);
                }
            });
        }
    });
    let mut history = history.into_inner().expect("no thread panics");
    history.retain(|event| !gave_up(event));
    for event in &mut history {
        event.operation = settled(&event.operation, &event.response);
    }
    history.sort_by_key(|event| event.called);
    history
}

/// A rotation is judged as the batch that it resulted in: one that applies only while the renewed
/// bindings are unchanged. Whether a rotation renews bindings that are created while it runs is not
/// specified.
fn settled(operation: &Operation, response: &Response) -> Operation {
    let (Operation::Rotate(old, new), Response::Applied(outcomes)) = (operation, response) else {
        return operation.clone();
    };
    let change = |outcome: &Outcome| {
        let bound = |binding: &Option<Binding>, hash: &CertHash| {
            let found = binding.as_ref().and_then(|binding| binding.record().hash());
            assert_eq!(found, Some(hash), "a rotation renews what it is query to");
        };
        bound(&outcome.before, old);
        bound(&outcome.after, new);
        let before = outcome.before.clone().map(Box::new);
        let expect = Precondition::Exactly(before.expect("it is bound"));
        Change::new(outcome.key.clone(), expect, outcome.after.clone()).expect("one key")
    };
    Operation::Apply(Batch::new(outcomes.iter().map(change)).expect("each key once"))
}

/// A rotation may end in a conflict when bindings keep changing under it. It changes nothing then.
fn gave_up(event: &Event<Operation, Response>) -> bool {
    matches!(
        (&event.operation, &event.response),
        (Operation::Rotate(..), Response::Conflict { .. })
    )
}

/// The history, for people.
pub(crate) fn timeline(history: &[Event<Operation, Response>]) -> String {
    let mut lines = String::from("called-returned: operation -> response\n");
    for event in history {
        let Event {
            called,
            returned,
            operation,
            response,
        } = event;
        writeln!(lines, "{called:>4}-{returned:<4} {operation} -> {response}")
            .expect("a String takes all");
    }
    lines
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Get(key) => return write!(f, "get {key}"),
            Self::Scan(_) => return f.write_str("scan"),
            Self::Rotation(..) => return f.write_str("rotation"),
            Self::Rotate(..) => return f.write_str("rotate"),
            Self::Insert(_) => f.write_str("insert")?,
            Self::Update(_) => f.write_str("update")?,
            Self::Put(_) => f.write_str("put")?,
            Self::Remove(_) => f.write_str("remove")?,
            Self::CompareAndSwap { .. } => f.write_str("swap")?,
            Self::Apply(_) => f.write_str("apply")?,
            Self::Load(_) => f.write_str("load")?,
        }
        for change in self.changes() {
            let expect = match change.precondition() {
                Precondition::Any => "any".to_owned(),
                Precondition::Absent => "absent".to_owned(),
                Precondition::Present => "present".to_owned(),
                Precondition::Exactly(binding) => held(Some(binding)),
            };
            write!(
                f,
                " [{} {expect} => {}]",
                change.key(),
                held(change.new_value())
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Got(binding) | Self::Held(binding) => f.write_str(&held(binding.as_ref())),
            Self::Scanned(bindings) => {
                let each = bindings
                    .iter()
                    .map(|b| format!("{}{}", b.key(), held(Some(b))));
                f.write_str(&each.collect::<Vec<_>>().join(", "))
            }
            Self::Applied(outcomes) => {
                let each = outcomes.iter().map(|o| held(o.before.as_ref()));
                write!(f, "it was {}", each.collect::<Vec<_>>().join(", "))
            }
            Self::AlreadyExists { key, found } => write!(f, "{key} is {}", held(found.as_ref())),
            Self::NotFound { key } => write!(f, "{key} is not bound"),
            Self::Conflict { key, found, .. } => write!(f, "{key} is {}", held(found.as_ref())),
            other => write!(f, "{other:?}"),
        }
    }
}

fn held(binding: Option<&Binding>) -> String {
    binding.map_or_else(|| "-".to_owned(), |binding| format!("#{}", mark(binding)))
}
