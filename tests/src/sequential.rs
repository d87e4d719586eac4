//! Random sequences of every operation, compared with the model after each.

use std::marker::PhantomData;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use store_core::strategy::{binding_of, few_keys, scan_of};
use store_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, CertHash, Change, Expect, Result, Scan,
};

use crate::cases;
use crate::model::{Answer, Model};
use crate::subject::{Subject, everything, fitted};

/// The most changes in a batch of the test.
const BATCH: usize = 6;

/// Whatever the sequence of operations, a store answers and holds what the model does: batches
/// whose preconditions fail in the middle leave no trace, errors name the key and what was found,
/// and what was acknowledged is there after the store was opened again.
///
/// # Panics
/// If it does not, with the shortest sequence that was found.
pub fn sequences_follow_the_model<S: Subject>() {
    let config = cases::config::<S>("sequences", 96);
    let steps = Machine::<S>::sequential_strategy(1..30);
    cases::check(config.clone(), &steps, |(initial, transitions, seen)| {
        Run::<S>::test_sequential(config.clone(), initial, transitions, seen);
        Ok(())
    });
}

#[derive(Clone, Debug)]
enum Operation {
    Get(BindingKey),
    Scan(Scan),
    Insert(Binding),
    Update(Binding),
    Put(Binding),
    Remove(BindingKey),
    CompareAndSwap(BindingKey, Option<Binding>, Option<Binding>),
    Rotate(CertHash, CertHash),
    Apply(Batch),
    ApplyAndUndo(Batch),
    Reopen,
}

#[derive(Clone, Debug)]
struct State {
    model: Model,
    capabilities: Capabilities,
}

struct Machine<S>(PhantomData<S>);

impl<S: Subject> ReferenceStateMachine for Machine<S> {
    type State = State;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<State> {
        let state = State {
            model: Model::default(),
            capabilities: S::new().open().capabilities(),
        };
        Just(state).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Operation> {
        let capabilities = state.capabilities.clone();
        let swapped = state.capabilities.clone();
        let keys = few_keys(&capabilities.kinds);
        let binding = binding_of(keys.clone())
            .prop_map(move |b| fitted(b, &capabilities))
            .boxed();
        // What is held, so that expectations are met as often as not.
        let held = match state.model.everything() {
            held if held.is_empty() => binding.clone(),
            held => prop_oneof![select(held), binding.clone()].boxed(),
        };
        let change = change(held.clone(), binding.clone(), state.capabilities.clone());
        let most = state
            .capabilities
            .max_batch
            .map_or(BATCH, |most| BATCH.min(most.get()));
        let batch = vec(change, 0..=most).prop_map(|changes| {
            let mut seen = std::collections::HashSet::new();
            let once = changes
                .into_iter()
                .filter(|change| seen.insert(change.key().clone()));
            Batch::new(once.collect::<Vec<_>>()).expect("each key once")
        });
        let batch = batch.boxed();
        let hashes = held
            .clone()
            .prop_map(|b| b.record().hash().copied().unwrap_or(CertHash::new([9; 20])));
        let swap = (
            held.clone(),
            any::<bool>(),
            proptest::option::of(binding.clone()),
        );
        let key = held.clone().prop_map(|binding| binding.key().clone());
        prop_oneof![
            2 => key.clone().prop_map(Operation::Get),
            2 => scan_of(keys).prop_map(Operation::Scan),
            3 => binding.clone().prop_map(Operation::Insert),
            2 => held.clone().prop_map(Operation::Update),
            3 => binding.clone().prop_map(Operation::Put),
            2 => key.prop_map(Operation::Remove),
            2 => swap.prop_map(move |(held, expect, new)| {
                let key = held.key().clone();
                let new = new.and_then(|new| under(&new, &key, &swapped));
                Operation::CompareAndSwap(key, expect.then_some(held), new)
            }),
            1 => (hashes, any::<[u8; 20]>())
                .prop_map(|(old, new)| Operation::Rotate(old, CertHash::new(new))),
            4 => batch.clone().prop_map(Operation::Apply),
            2 => batch.prop_map(Operation::ApplyAndUndo),
            1 => Just(Operation::Reopen),
        ]
        .boxed()
    }

    fn apply(mut state: State, operation: &Operation) -> State {
        let model = &mut state.model;
        let change = |change: Result<Change>| Batch::from(change.expect("one key"));
        match operation {
            Operation::Get(_)
            | Operation::Scan(_)
            | Operation::Reopen
            | Operation::ApplyAndUndo(_) => {}
            Operation::Insert(b) => drop(model.apply(&Change::insert(b.clone()).into())),
            Operation::Update(b) => drop(model.apply(&Change::update(b.clone()).into())),
            Operation::Put(b) => drop(model.apply(&Change::put(b.clone()).into())),
            Operation::Remove(key) => drop(model.apply(&Change::remove(key.clone()).into())),
            Operation::CompareAndSwap(key, expected, new) => {
                let swap = Change::new(key.clone(), expectation(expected.clone()), new.clone());
                drop(model.apply(&change(swap)));
            }
            Operation::Rotate(old, new) => drop(model.rotate(old, new)),
            Operation::Apply(batch) => drop(model.apply(batch)),
        }
        state
    }
}

/// The record under another key, if that can have it.
fn under(binding: &Binding, key: &BindingKey, capabilities: &Capabilities) -> Option<Binding> {
    let moved = Binding::new(key.clone(), binding.record().clone()).ok()?;
    Some(fitted(moved, capabilities))
}

fn change(
    held: impl Strategy<Value = Binding>,
    binding: impl Strategy<Value = Binding>,
    capabilities: Capabilities,
) -> impl Strategy<Value = Change> {
    (held, binding, 0..5, any::<bool>()).prop_map(move |(held, binding, expect, keep)| {
        let key = held.key().clone();
        let becomes = under(&binding, &key, &capabilities).or_else(|| Some(held.clone()));
        let expect = match expect {
            0 => Expect::Absent,
            1 => Expect::Present,
            2 | 3 => Expect::Exactly(Box::new(held)),
            _ => Expect::Any,
        };
        Change::new(key, expect, becomes.filter(|_| keep)).expect("one key")
    })
}

fn expectation(expected: Option<Binding>) -> Expect {
    expected.map_or(Expect::Absent, |binding| Expect::Exactly(Box::new(binding)))
}

/// The store under test, with the model as it was before the operation.
struct Run<S: Subject> {
    // Dropped in this order: the place outlives the store in it.
    store: Option<S::Store>,
    place: S,
    model: Model,
}

impl<S: Subject> Run<S> {
    fn store(&self) -> &S::Store {
        self.store.as_ref().expect("it is open")
    }
}

impl<S: Subject> StateMachineTest for Run<S> {
    type SystemUnderTest = Self;
    type Reference = Machine<S>;

    fn init_test(state: &State) -> Self {
        let place = S::new();
        let store = Some(place.open());
        Self {
            place,
            store,
            model: state.model.clone(),
        }
    }

    fn apply(mut run: Self, after: &State, operation: Operation) -> Self {
        let mut model = run.model.clone();
        match operation {
            Operation::Get(key) => {
                assert_eq!(
                    run.store().get(&key).expect("get"),
                    model.get(&key).cloned(),
                    "get {key}"
                );
            }
            Operation::Scan(scan) => {
                let found: Result<Vec<_>> = run.store().scan(&scan).expect("scan").collect();
                assert_eq!(found.expect("scan"), model.scan(&scan), "{scan:?}");
            }
            Operation::Insert(binding) => {
                let answer = model.apply(&Change::insert(binding.clone()).into());
                expect_nothing(run.store().insert(binding), &answer);
            }
            Operation::Update(binding) => {
                let answer = model.apply(&Change::update(binding.clone()).into());
                expect_before(run.store().update(binding).map(Some), &answer);
            }
            Operation::Put(binding) => {
                let answer = model.apply(&Change::put(binding.clone()).into());
                expect_before(run.store().put(binding), &answer);
            }
            Operation::Remove(key) => {
                let answer = model.apply(&Change::remove(key.clone()).into());
                expect_before(run.store().remove(&key).map(Some), &answer);
            }
            Operation::CompareAndSwap(key, expected, new) => {
                let expect = expectation(expected.clone());
                let swap = Change::new(key.clone(), expect, new.clone()).expect("one key");
                let answer = model.apply(&swap.into());
                expect_nothing(run.store().compare_and_swap(&key, expected, new), &answer);
            }
            Operation::Rotate(old, new) => {
                let planned = run.store().rotation(&old, &new).expect("rotation");
                let answer = model.rotate(&old, &new);
                let applied = run.store().rotate(&old, &new);
                assert_eq!(Answer::of(applied), answer, "rotate");
                let Answer::Applied(outcomes) = answer else {
                    unreachable!("rotation applies")
                };
                assert_eq!(planned.len(), outcomes.len(), "rotation and rotate agree");
            }
            Operation::Apply(batch) => {
                let answer = model.apply(&batch);
                assert_eq!(Answer::of(run.store().apply(&batch)), answer, "{batch:?}");
            }
            Operation::ApplyAndUndo(batch) => {
                let answer = model.clone().apply(&batch);
                let applied = run.store().apply(&batch);
                if let Ok(applied) = &applied {
                    run.store()
                        .apply(&applied.inverse())
                        .expect("a batch can be undone");
                }
                assert_eq!(Answer::of(applied), answer, "{batch:?}");
            }
            Operation::Reopen if after.capabilities.durable => {
                run.store = None;
                run.store = Some(run.place.open());
            }
            Operation::Reopen => {}
        }
        run.model = after.model.clone();
        run
    }

    fn check_invariants(run: &Self, state: &State) {
        assert_eq!(
            everything(run.store()),
            state.model.everything(),
            "what the store holds"
        );
    }
}

/// What a method that gives nothing back has to answer.
fn expect_nothing(result: Result<()>, answer: &Answer) {
    match (result, answer) {
        (Ok(()), Answer::Applied(_)) => {}
        (Err(error), answer) => assert_eq!(Answer::of(Err(error)), *answer),
        (Ok(()), answer) => panic!("it succeeded; expected {answer:?}"),
    }
}

/// What a method that gives back what a key held has to answer.
fn expect_before(result: Result<Option<Binding>>, answer: &Answer) {
    match (result, answer) {
        (Ok(before), Answer::Applied(outcomes)) => {
            assert_eq!(Some(&before), outcomes.first().map(|(_, before, _)| before));
        }
        (Err(error), answer) => assert_eq!(Answer::of(Err(error)), *answer),
        (Ok(_), answer) => panic!("it succeeded; expected {answer:?}"),
    }
}
