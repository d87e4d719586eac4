//! Properties of plans on every backend, for any bindings.

use certbind_core::{Kind, Scan};
use certbind_migrate::{Error, Filter, Mapping, Plan, Planner, apply};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::backends::{BACKENDS, Bindings, bindings, memory, stream};

/// Rules over the few addresses, certificates and applications that the bindings have.
fn mapping() -> impl Strategy<Value = Mapping> {
    let addresses = vec![
        "10.0.0.9=10.0.1.9",
        "10.0.0.10=10.0.0.9",
        "0.0.0.0=10.1.1.1",
        "[::]=0.0.0.0",
        "::1=[2001:db8::1]",
        "fe80::1%7=fe80::1%3",
    ];
    let stores = vec!["MY=WebHosting", "=MY", "webhosting=Remote Desktop"];
    let (one, two) = ("01".repeat(20), "02".repeat(20));
    let certificates = vec![
        format!("{one}={two}"),
        format!("{two}={one}"),
        format!("{}={one}", "00".repeat(20)),
    ];
    let applications = vec![
        "00000000-0000-0000-0000-000000000000=4dc3e181-e14b-4a21-b022-59fc669b0914",
        "4dc3e181-e14b-4a21-b022-59fc669b0914=00000000-0000-0000-0000-000000000000",
    ];
    (
        subsequence(addresses, 0..=6),
        subsequence(stores, 0..=3),
        subsequence(certificates, 0..=3),
        subsequence(applications, 0..=2),
    )
        .prop_map(|(addresses, stores, certificates, applications)| {
            let mut mapping = Mapping::default();
            for rule in addresses {
                mapping.addresses.add(rule.parse().unwrap()).unwrap();
            }
            for rule in stores {
                mapping.store_names.add(rule.parse().unwrap()).unwrap();
            }
            for rule in certificates {
                mapping.certificates.add(rule.parse().unwrap()).unwrap();
            }
            for rule in applications {
                mapping.applications.add(rule.parse().unwrap()).unwrap();
            }
            mapping
        })
}

fn filter() -> impl Strategy<Value = Filter> {
    let kinds = prop_oneof![3 => Just(vec![]), 1 => subsequence(Kind::ALL.to_vec(), 1..=3)];
    let ports = prop_oneof![3 => Just(vec![]), 1 => Just(vec![443u16, 80])];
    let hosts = prop_oneof![5 => Just(vec![]), 1 => Just(vec!["*.example"])];
    let ids = prop_oneof![5 => Just(vec![]), 1 => Just(vec![certbind_core::Uuid::nil()])];
    (kinds, ports, hosts, ids).prop_map(|(kinds, ports, hosts, ids)| Filter {
        kinds: kinds.into_iter().collect(),
        ports: ports
            .into_iter()
            .map(|port| certbind_core::Port::new(port).unwrap())
            .collect(),
        applications: ids.into_iter().collect(),
        hosts: hosts.iter().map(|text| text.parse().unwrap()).collect(),
    })
}

/// The mapped bindings of a source, unless `mapping` maps two keys to one.
fn mapped(mapping: &Mapping, source: &Bindings) -> Option<Bindings> {
    let mut made = Bindings::new();
    for binding in source.values() {
        let mapped = mapping.map(binding).unwrap();
        if made.insert(mapped.key().clone(), mapped).is_some() {
            return None;
        }
    }
    Some(made)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pruning_plan_equals_the_source_and_has_an_inverse(
        source in bindings(), target in bindings(), shared in bindings(), mapping in mapping(),
    ) {
        let (mut source, mut target) = (source, target);
        source.extend(shared.clone());
        target.extend(shared);
        let planner = Planner { mapping, prune: true, ..Planner::default() };
        let expected = mapped(&planner.mapping, &source);
        for (name, backend) in BACKENDS {
            let (from, to) = (backend().with(&source), backend().with(&target));
            let scanned = (from.store.scan(&Scan::all()).unwrap(), to.store.scan(&Scan::all()).unwrap());
            let plan = planner.plan(scanned.0, scanned.1);
            let Some(expected) = &expected else {
                prop_assert!(matches!(plan, Err(Error::Duplicates(_))), "{}", name);
                continue;
            };
            let plan = plan.unwrap();
            let reread = Plan::from_json(plan.to_json().as_bytes()).unwrap();
            prop_assert_eq!(&reread, &plan);
            let undo = apply(to.store.as_ref(), &reread).unwrap();
            prop_assert_eq!(&to.held(), expected, "{}", name);
            prop_assert_eq!(&undo, &plan.inverse());
            prop_assert_eq!(&undo.inverse().inverse(), &undo);
            let again = apply(to.store.as_ref(), &undo).unwrap();
            prop_assert_eq!(&to.held(), &target, "{}", name);
            prop_assert_eq!(again.changes().count(), plan.changes().count());
        }
    }

    #[test]
    fn a_plan_touches_nothing_outside_its_filter(
        source in bindings(), target in bindings(), mapping in mapping(), filter in filter(),
        prune in any::<bool>(),
    ) {
        let chosen: Bindings = source
            .clone()
            .into_iter()
            .filter(|(_, binding)| filter.matches(binding))
            .collect();
        let Some(chosen) = mapped(&mapping, &chosen) else { return Ok(()) };
        let ids = filter.applications.iter().map(|id| *mapping.applications.get(id).unwrap_or(id));
        let at_target = Filter { applications: ids.collect(), ..filter.clone() };
        let mut expected = target.clone();
        expected.retain(|_, binding| !(prune && at_target.matches(binding)));
        expected.extend(chosen);
        let planner = Planner { mapping, filter, prune, ..Planner::default() };
        let plan = planner.plan(stream(&source), stream(&target)).unwrap();
        let counts = plan.counts();
        let seen = counts.replaces + counts.deletes + counts.unchanged + counts.conflicts;
        prop_assert_eq!(seen, target.len() as u64);
        let to = memory().with(&target);
        apply(to.store.as_ref(), &plan).unwrap();
        prop_assert_eq!(to.held(), expected);
    }

    #[test]
    fn replanning_after_apply_changes_nothing(
        source in bindings(), target in bindings(), mapping in mapping(),
    ) {
        let planner = Planner { mapping, ..Planner::default() };
        let Ok(plan) = planner.plan(stream(&source), stream(&target)) else { return Ok(()) };
        let to = memory().with(&target);
        apply(to.store.as_ref(), &plan).unwrap();
        let again = planner.plan(stream(&source), stream(&to.held())).unwrap();
        prop_assert_eq!(again.changes().count(), 0);
        prop_assert_eq!(again.counts().unchanged, source.len() as u64);
    }
}
