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
use crate::draw::{Draw, few};
use crate::model::{Model, inverse};
use crate::operation::{Answer, Operation};
use crate::order::asked;
use crate::subject::{Place, Places, Subject, everything, fitted};

/// The most changes in a batch of the test.
const BATCH: usize = 6;

/// Whatever the sequence of operations, a store answers and holds what the model does: batches
/// whose preconditions fail in the middle leave no trace, errors name the key and what was found,
/// what was done can be undone, and what was acknowledged is there after the store was opened
/// again.
///
/// # Panics
/// If it does not, with the shortest sequence that was found.
pub fn sequences_follow_the_model<S: Subject>() {
    let config = cases::config(Places::of::<S>(), "sequences", 96);
    let steps = Machine::<S>::sequential_strategy(1..30);
    cases::check(config.clone(), &steps, |(initial, transitions, seen)| {
        // Counts steps for shrinking, and is in the way where there is none.
        let seen = seen.filter(|_| S::KEEPS_FAILURES);
        Run::<S>::test_sequential(config.clone(), initial, transitions, seen);
        Ok(())
    });
}

#[derive(Clone, Debug)]
enum Step {
    Do(Box<Operation>),
    /// Applies the inverse of the batch that was applied last. By now it may not apply any more.
    Undo,
    Reopen,
}

#[derive(Clone)]
struct State {
    draw: Draw,
    model: Model,
    capabilities: Capabilities,
    /// What the batch that was applied last did.
    last: Option<Vec<Outcome>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("holds", &self.model.everything())
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}

impl State {
    /// The state after a step, and the answer to it, if it has one.
    fn step(&mut self, step: &Step) -> Option<Answer> {
        let answer = match step {
            Step::Do(operation) => self.model.perform(operation),
            Step::Undo => self.model.apply(&inverse(self.last.as_ref()?)),
            Step::Reopen => return None,
        };
        if let Answer::Applied(outcomes) = &answer {
            self.last = Some(outcomes.clone());
        }
        Some(answer)
    }
}

struct Machine<S>(PhantomData<S>);

impl<S: Subject> ReferenceStateMachine for Machine<S> {
    type State = State;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<State> {
        let place = Places::of::<S>().new_place();
        let store = place.open();
        let capabilities = store.capabilities();
        let held = everything(&*store);
        let state = State {
            draw: few(&capabilities),
            model: Model::new(&capabilities).holding(held),
            capabilities,
            last: None,
        };
        Just(state).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Step> {
        step(state, state.model.everything())
    }

    fn apply(mut state: State, step: &Step) -> State {
        state.step(step);
        state
    }
}

/// Any step that a store can be asked for when it holds these bindings.
fn step(state: &State, held: Vec<Binding>) -> BoxedStrategy<Step> {
    let capabilities = &state.capabilities;
    let writable = capabilities.writable;
    let Draw { key: keys, binding } = state.draw.clone();
    // What is held, so that expectations are met as often as not.
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
        3 => asked(keys).prop_map(Operation::Scan),
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

/// The store under test, and what it has to be like.
struct Run<S> {
    // Dropped in this order: the place outlives the store in it.
    store: Option<Box<dyn BindingStore>>,
    place: Box<dyn Place>,
    state: State,
    last: Option<Applied>,
    subject: PhantomData<S>,
}

impl<S> Run<S> {
    fn store(&self) -> &dyn BindingStore {
        self.store.as_deref().expect("it is open")
    }
}

impl<S: Subject> StateMachineTest for Run<S> {
    type SystemUnderTest = Self;
    type Reference = Machine<S>;

    fn init_test(state: &State) -> Self {
        let place = Places::of::<S>().new_place();
        Self {
            store: Some(place.open()),
            place,
            state: state.clone(),
            last: None,
            subject: PhantomData,
        }
    }

    fn apply(mut run: Self, _: &State, step: Step) -> Self {
        let expected = run.state.step(&step);
        let mut last = run.last.take();
        let answer = match &step {
            Step::Do(operation) => Some(operation.perform_keeping(run.store(), &mut last)),
            Step::Undo => last.as_ref().map(Applied::inverse).map(|batch| {
                let result = run.store().apply(&batch);
                Answer::applied(result, &mut last)
            }),
            Step::Reopen if run.state.capabilities.durable => {
                run.store = None;
                run.store = Some(run.place.open());
                None
            }
            Step::Reopen => None,
        };
        assert_eq!(answer, expected, "the answer to {step:?}");
        run.last = last;
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
