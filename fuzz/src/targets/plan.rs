//! Plans, of a host and of many.

use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Scan};
use certbind_migrate::{FleetPlan, Plan, Planner, rotation};

use super::bindings;
use super::exports::memory;
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "plan",
    longest: 4096,
    read,
    seeds: || {
        let mut plans = bindings();
        let target: Vec<_> = plans.split_off(plans.len() / 2);
        let planner = Planner {
            prune: true,
            ..Planner::default()
        };
        let stream = |bindings: Vec<Binding>| {
            store(bindings)
                .scan(&Scan::all())
                .expect("a scan")
                .collect::<Vec<_>>()
        };
        let moved = planner.plan(stream(plans), stream(target.clone()));
        let moved = moved.expect("no mapping, no trouble");
        let hash = |n| CertHash::new([n; 20]);
        let renewed = rotation(&store(target), &hash(4), &hash(9)).expect("a plan");
        let hosts = [("web01", moved.inverse()), ("web02", renewed.clone())];
        let fleet = FleetPlan::new(hosts.map(|(host, plan)| (host.to_owned(), plan)));
        [moved.to_json(), renewed.to_json(), fleet.to_json()]
            .map(String::into_bytes)
            .to_vec()
    },
    dictionary: &[
        "\"action\":",
        "\"create\"",
        "\"replace\"",
        "\"delete\"",
        "\"keep\"",
        "\"saw\":",
        "\"becomes\":",
        "\"source\":",
        "null",
        "[]",
        "{}",
        "\"version\": 2",
        "\"hosts\":",
        "\"conflicts\":",
        "\"purpose\": \"undo\"",
        "1e999",
        "[[[[[[[[",
        ",",
    ],
    memory,
};

fn store(bindings: Vec<Binding>) -> MemoryStore {
    let store = MemoryStore::new();
    for binding in bindings {
        store.put(binding).expect("it is kept in memory");
    }
    store
}

fn read(input: &[u8]) -> Outcome {
    match (Plan::from_json(input), FleetPlan::from_json(input)) {
        (Ok(plan), fleet) => {
            assert!(fleet.is_err(), "a plan is no fleet's");
            of(&plan)
        }
        (Err(_), Ok(fleet)) => {
            let again = FleetPlan::from_json(fleet.to_json().as_bytes());
            assert_eq!(again.expect("what was written is read"), fleet);
            let plans: Vec<_> = fleet.hosts().values().map(of).take(3).collect();
            Outcome::of(plans)
        }
        (Err(plan), Err(fleet)) => Outcome::of((Outcome::error(plan), Outcome::error(fleet))),
    }
}

/// The properties of a plan, which are the same after writing and reading it, and for its inverse's
/// inverse.
fn of(plan: &Plan) -> Outcome {
    let again = Plan::from_json(plan.to_json().as_bytes());
    assert_eq!(&again.expect("what was written is read"), plan);
    let undo = plan.inverse();
    assert_eq!(undo.inverse().inverse(), undo);
    assert_eq!(undo.changes().count(), plan.changes().count());
    let counts = plan.counts();
    let counts = [
        counts.creates,
        counts.replaces,
        counts.deletes,
        counts.unchanged,
    ];
    Outcome::of((
        counts.map(|count| count.min(3)),
        plan.warnings().len().min(3),
    ))
}
