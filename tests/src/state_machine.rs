//! Random sequences of every operation, compared with the model after each.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Capabilities, CertHash, Change, Outcome,
    Precondition,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::cases;
use crate::erased::{DynFixture, Fixtures, all_bindings, fitted};
use crate::fixture::Fixture;
use crate::generate::{Generator, few};
use crate::guarantee::require_eq;
use crate::model::{Model, inverse};
use crate::operation::{Operation, Response};
use crate::order::query;
use crate::watch;

/// The most changes in a batch of the test.
const BATCH: usize = 6;

/// For any sequence of operations, the results and the contents of a store are those of the model:
/// batches whose preconditions fail in the middle change nothing, errors name the key and the value
/// found, changes can be undone, and acknowledged changes persist when the store is opened again.
///
/// # Panics
/// If it does not, with the shortest sequence that was found.
pub fn sequences_follow_the_model<F: Fixture>() {
    watch::run::<F>("sequences_follow_the_model", check::<F>);
}

fn check<F: Fixture>() {
    let config = cases::config(Fixtures::of::<F>(), "sequences", 96);
    let steps = Machine::<F>::sequential_strategy(1..30);
    cases::check(config.clone(), &steps, |(initial, transitions, seen)| {
        // Counts steps for shrinking, which is not needed without it.
        let seen = seen.filter(|_| F::PERSIST_FAILURES);
        Run::<F>::test_sequential(config.clone(), initial, transitions, seen);
        Ok(())
    });
}

#[derive(Clone, Debug)]
enum Step {
    Do(Box<Operation>),
    /// Applies the inverse of the last applied batch, which may have become invalid.
    Undo,
    Reopen,
}

#[derive(Clone)]
struct State {
    draw: Generator,
    model: Model,
    capabilities: Capabilities,
    /// The outcomes of the last applied batch.
    last: Option<Vec<Outcome>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("holds", &self.model.all_bindings())
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

impl State {
    /// The state after a step, and the response to it, if it has one.
    fn step(&mut self, step: &Step) -> Option<Response> {
        let response = match step {
            Step::Do(operation) => self.model.perform(operation),
            Step::Undo => self.model.apply(&inverse(self.last.as_ref()?)),
            Step::Reopen => return None,
        };
        if let Response::Applied(outcomes) = &response {
            self.last = Some(outcomes.clone());
        }
        Some(response)
    }
}

struct Machine<F>(PhantomData<F>);

impl<F: Fixture> ReferenceStateMachine for Machine<F> {
    type State = State;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<State> {
        let fixture = Fixtures::of::<F>().create();
        let store = fixture.open();
        let capabilities = store.capabilities();
        let held = all_bindings(&*store);
        let state = State {
            draw: few(&capabilities),
            model: Model::new(&capabilities).holding(held),
            capabilities,
            last: None,
        };
        Just(state).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Step> {
        step(state, state.model.all_bindings())
    }

    fn apply(mut state: State, step: &Step) -> State {
        state.step(step);
        state
    }
}

/// Any step on a store with these bindings.
fn step(state: &State, held: Vec<Binding>) -> BoxedStrategy<Step> {
    let capabilities = &state.capabilities;
    let writable = capabilities.writable;
    let Generator { key: keys, binding } = state.draw.clone();
    // An existing binding, so that preconditions hold about half of the time.
    let held = match held.is_empty() {
        true => binding.clone(),
        false => prop_oneof![select(held), binding.clone()].boxed(),
    };
    let key = held.clone().prop_map(|binding| binding.key().clone());
    let hash = |binding: Binding| binding.record().hash().copied();
    let old = held
        .clone()
        .prop_map(move |binding| hash(binding).unwrap_or(CertHash::new([9; 20])))
        .boxed();
    let hashes = (old, any::<[u8; 20]>().prop_map(CertHash::new)).boxed();
    let batch = batch(capabilities, held.clone(), binding.clone());
    let load = batch
        .clone()
        .prop_map(|batch| Operation::load(batch.changes().to_vec()));
    let operation = prop_oneof![
        2 => key.clone().prop_map(Operation::Get),
        3 => query(keys).prop_map(Operation::Scan),
        3 => binding.clone().prop_map(Operation::Insert),
        2 => held.clone().prop_map(Operation::Update),
        3 => binding.clone().prop_map(Operation::Put),
        2 => key.prop_map(Operation::Remove),
        2 => swap(capabilities, held, binding),
        2 => hashes.clone().prop_map(|(old, new)| Operation::Rotation(old, new)),
        2 => hashes.prop_map(move |(old, new)| match writable {
            true => Operation::Rotate(old, new),
            // Nothing to renew: an empty batch, which a store may refuse or not.
            false => Operation::Rotation(old, new),
        }),
        6 => batch.prop_map(Operation::Apply),
        3 => load,
    ];
    prop_oneof![
        20 => operation.prop_map(|operation| Step::Do(Box::new(operation))),
        2 => Just(Step::Undo),
        1 => Just(Step::Reopen),
    ]
    .boxed()
}

fn swap(
    capabilities: &Capabilities,
    held: BoxedStrategy<Binding>,
    binding: BoxedStrategy<Binding>,
) -> impl Strategy<Value = Operation> + use<> {
    let capabilities = capabilities.clone();
    let new = proptest::option::of(binding);
    (held, any::<bool>(), new).prop_map(move |(held, expect, new)| {
        let key = held.key().clone();
        Operation::CompareAndSwap {
            new: new.and_then(|new| under(&new, &key, &capabilities)),
            expected: expect.then_some(held),
            key,
        }
    })
}

fn batch(
    capabilities: &Capabilities,
    held: BoxedStrategy<Binding>,
    binding: BoxedStrategy<Binding>,
) -> impl Strategy<Value = Batch> + Clone + use<> {
    let least = usize::from(!capabilities.writable);
    // Now and then one more than the store takes.
    let limit = capabilities.max_batch.map(|most| most.get() + 1);
    let most = limit.map_or(BATCH, |limit| limit.min(BATCH));
    let capabilities = capabilities.clone();
    let change = (held, binding, 0..5, any::<bool>());
    let change = change.prop_map(move |(held, binding, expect, keep)| {
        let key = held.key().clone();
        let becomes = under(&binding, &key, &capabilities).or_else(|| Some(held.clone()));
        let expect = match expect {
            0 => Precondition::Absent,
            1 => Precondition::Present,
            2 | 3 => Precondition::Exactly(Box::new(held)),
            _ => Precondition::Any,
        };
        Change::new(key, expect, becomes.filter(|_| keep)).expect("one key")
    });
    vec(change, least..=most).prop_map(|mut changes| {
        let mut seen = HashSet::new();
        changes.retain(|change| seen.insert(change.key().clone()));
        Batch::new(changes).expect("each key once")
    })
}

/// The record under another key, if that can have it.
fn under(binding: &Binding, key: &BindingKey, capabilities: &Capabilities) -> Option<Binding> {
    let moved = Binding::new(key.clone(), binding.record().clone()).ok()?;
    Some(fitted(moved, capabilities))
}

/// The store under test, and its model.
struct Run<F> {
    // Dropped in this order: the fixture outlives the store in it.
    store: Option<Box<dyn BindingStore>>,
    fixture: Box<dyn DynFixture>,
    state: State,
    last: Option<Applied>,
    subject: PhantomData<F>,
}

impl<F> Run<F> {
    fn store(&self) -> &dyn BindingStore {
        self.store.as_deref().expect("it is open")
    }
}

impl<F: Fixture> StateMachineTest for Run<F> {
    type SystemUnderTest = Self;
    type Reference = Machine<F>;

    fn init_test(state: &State) -> Self {
        let fixture = Fixtures::of::<F>().create();
        Self {
            store: Some(fixture.open()),
            fixture,
            state: state.clone(),
            last: None,
            subject: PhantomData,
        }
    }

    fn apply(mut run: Self, _: &State, step: Step) -> Self {
        let expected = run.state.step(&step);
        let mut last = run.last.take();
        let response = match &step {
            Step::Do(operation) => Some(operation.perform_keeping(run.store(), &mut last)),
            Step::Undo => last.as_ref().map(Applied::inverse).map(|batch| {
                let result = run.store().apply(&batch);
                Response::applied(result, &mut last)
            }),
            Step::Reopen if run.state.capabilities.durable => {
                run.store = None;
                run.store = Some(run.fixture.open());
                None
            }
            Step::Reopen => None,
        };
        require_eq!(Linearizable, response, expected, "the response to {step:?}");
        run.last = last;
        // These may fill a cache of the store, which could be stale after the next step.
        if let Step::Do(operation) = &step {
            for change in operation.changes() {
                let key = change.key();
                let expected = run.state.model.get(key).cloned();
                let found = Operation::Get(key.clone()).perform(run.store());
                let expected = Response::Got(expected);
                require_eq!(Linearizable, found, expected, "get after {step:?}");
            }
        }
        run
    }

    fn check_invariants(run: &Self, state: &State) {
        require_eq!(
            Linearizable,
            all_bindings(run.store()),
            state.model.all_bindings(),
            "what the store holds"
        );
    }
}
