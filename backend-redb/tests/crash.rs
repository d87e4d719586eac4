//! Power cuts at any moment: acknowledged commits survive, and no commit survives in part.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod common;

use certbind_core::{Applied, Batch, Binding, BindingStore, Change, MemoryStore, StoreError};
use common::disk::{Disk, Plan};
use common::opening::{Opening, opening};
use common::{Dice, IMAGES, MANY, batch, binding, config, contents, load, open, rewound};
use proptest::prelude::*;

/// One operation on the store before the power cut.
#[derive(Clone, Debug)]
enum Step {
    Apply(Batch),
    Load(Batch),
    /// More than is encoded at a time, with this content.
    LoadMany(u8),
    Reopen,
}

#[derive(Clone, Debug)]
struct History {
    opening: Opening,
    steps: Vec<Step>,
    /// How many writes, syncs and changes of length happen; then the same for each repair, which
    /// the power may cut as well.
    cuts: Vec<u64>,
    /// Decides which unsynced writes survive, and how many.
    seed: u64,
    keep: Keep,
}

#[derive(Clone, Copy, Debug)]
enum Keep {
    Nothing,
    Some,
    Newest,
}

fn history() -> impl Strategy<Value = History> {
    let step = prop_oneof![
        6 => batch().prop_map(Step::Apply),
        2 => batch().prop_map(Step::Load),
        1 => (0..3_u8).prop_map(Step::LoadMany),
        1 => Just(Step::Reopen),
    ];
    let keep = prop_oneof![
        1 => Just(Keep::Nothing),
        6 => Just(Keep::Some),
        1 => Just(Keep::Newest),
    ];
    let cuts = (0..90_u64, prop::collection::vec(0..20_u64, 0..3));
    (
        opening(0..3),
        prop::collection::vec(step, 1..24),
        cuts,
        any::<u64>(),
        keep,
    )
        .prop_map(|(opening, steps, (first, more), seed, keep)| History {
            opening,
            steps,
            cuts: std::iter::once(first).chain(more).collect(),
            seed,
            keep,
        })
}

/// The states that a store may have after the power cut.
struct Allowed {
    model: MemoryStore,
    revision: u64,
    /// Some of the earlier states, by their revisions.
    earlier: Vec<(u64, Vec<Binding>)>,
    /// The batch that was under way.
    in_flight: Option<Batch>,
}

impl Allowed {
    fn states(&self) -> Vec<(u64, Vec<Binding>)> {
        let mut states = vec![(self.revision, contents(&self.model))];
        if let Some(batch) = &self.in_flight
            && let Ok(applied) = self.model.apply(batch)
        {
            states.push((self.revision + 1, contents(&self.model)));
            self.model.apply(&applied.inverse()).unwrap();
        }
        states
    }
}

/// Executes the steps until the power cut.
fn run(disk: &Disk, image: usize, steps: &[Step]) -> Result<Allowed, TestCaseError> {
    let model = MemoryStore::new();
    let mut allowed = Allowed {
        model,
        revision: 0,
        earlier: Vec::new(),
        in_flight: None,
    };
    if image > 0 {
        for number in MANY {
            allowed.model.insert(binding(number, 9)).unwrap();
        }
        allowed.revision = 1;
    }
    let Ok(mut store) = open(disk) else {
        return Ok(allowed);
    };
    for (number, step) in steps.iter().enumerate() {
        if number % 6 == 0 {
            let held = contents(&allowed.model);
            allowed.earlier.push((allowed.revision, held));
        }
        let batch = match step {
            Step::Apply(batch) | Step::Load(batch) => batch,
            Step::LoadMany(content) => &many(*content),
            Step::Reopen => {
                drop(store);
                match open(disk) {
                    Ok(opened) => store = opened,
                    Err(_) => return Ok(allowed),
                }
                continue;
            }
        };
        let applied = match step {
            Step::Load(_) | Step::LoadMany(_) => {
                load(&store, batch).map(|revision| (None, revision))
            }
            _ => store.apply(batch).map(|applied| {
                let revision = applied.revision();
                (Some(applied), revision)
            }),
        };
        match applied {
            Ok((applied, revision)) => {
                let expected = allowed.model.apply(batch);
                let agrees = |model: Applied| {
                    applied.is_none_or(|applied| model.outcomes() == applied.outcomes())
                };
                prop_assert!(expected.is_ok_and(agrees));
                allowed.revision += 1;
                prop_assert_eq!(revision, Some(allowed.revision));
            }
            Err(StoreError::Io { .. } | StoreError::Unavailable { .. }) => {
                allowed.in_flight = Some(batch.clone());
                return Ok(allowed);
            }
            Err(_) => prop_assert!(allowed.model.apply(batch).is_err()),
        }
    }
    Ok(allowed)
}

fn many(content: u8) -> Batch {
    Batch::new((5_000..6_200).map(|number| Change::put(binding(number, content)))).unwrap()
}

fn cut(disk: &Disk, dice: &mut Dice, keep: Keep) -> Disk {
    disk.after_power_cut(|many| match keep {
        Keep::Nothing => 0,
        Keep::Some => dice.below(many),
        Keep::Newest => many - 1,
    })
}

fn check(history: &History) -> Result<(), TestCaseError> {
    let mut dice = Dice(history.seed);
    let Opening { image, kept, .. } = history.opening;
    let mut disk = Disk::of(&IMAGES[image]).opened_with(history.opening.builder());
    let mut cuts = history.cuts.iter();
    disk.plan(Plan::PowerCut(*cuts.next().unwrap()));
    let allowed = run(&disk, image, &history.steps)?;
    disk = cut(&disk, &mut dice, history.keep);
    for again in cuts {
        disk.plan(Plan::PowerCut(*again));
        drop(open(&disk));
        disk = cut(&disk, &mut dice, history.keep);
    }

    let store = open(&disk).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let found = (store.revision(), contents(&store));
    let states = allowed.states();
    prop_assert!(states.contains(&found), "{found:?} is none of {states:?}");
    let report = store.check().unwrap();
    prop_assert!(report.is_clean(), "{report:?}");
    prop_assert_eq!(report.bindings, found.1.len() as u64);
    if kept {
        for (revision, held) in &allowed.earlier {
            let found = rewound(&store, *revision);
            prop_assert_eq!(found.as_ref(), Ok(held));
        }
    }
    store.apply(&Change::put(binding(77, 7)).into()).unwrap();
    prop_assert_eq!(
        store.get(binding(77, 7).key()).unwrap(),
        Some(binding(77, 7))
    );
    drop(store);
    prop_assert!(disk.wal().bytes().is_empty(), "a log is left");
    Ok(())
}

proptest! {
    #![proptest_config(config(1200, concat!(env!("CARGO_MANIFEST_DIR"), "/proptest-regressions/crash.txt")))]

    #[test]
    fn acknowledged_batches_survive_power_cut(history in history()) {
        check(&history)?;
    }
}
