//! Bindings read from a store are equal, bit for bit, to the written ones.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, Capabilities, Change, IpPort, Kind, MAX_HOST_LENGTH,
    Outcome, Precondition, Scan,
};

use crate::cases;
use crate::erased::{Fixtures, all_bindings, fitted, scan_all};
use crate::fields::each_field;
use crate::fixture::Fixture;
use crate::generate::any_of;
use crate::guarantee::require_eq;
use crate::operation::{Operation, Response};
use crate::order::Rank;
use crate::sample::{numbered, plain};
use crate::watch;

/// The most changes in a batch of the test.
const BATCH: usize = 64;

/// Every field of a record, each of its bits, names in any case and script, absent names, host
/// spellings and odd keys are returned unchanged by `get`, by a scan, as the previous value of a
/// change, in a conflict error, and after the store was opened again; and records that differ in
/// one bit are different to a precondition.
///
/// # Panics
/// If one is not.
pub fn every_field_round_trips<F: Fixture>() {
    watch::run::<F>("every_field_round_trips", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let capabilities = fixtures.capabilities();
    if !capabilities.writable {
        return read_only(fixtures);
    }
    each_alone(fixtures, &capabilities);
    many_at_once(fixtures, &capabilities);
}

/// Of a store that cannot be written: its ways to read agree.
fn read_only(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let store = fixture.open();
    for binding in all_bindings(&*store) {
        let got = store.get(binding.key()).expect("get");
        require_eq!(RoundTrip, got.as_ref(), Some(&binding), "get and scan");
    }
}

/// Bindings that differ from a plain one in one field, each under a key of its own.
fn each_alone(fixtures: Fixtures, capabilities: &Capabilities) {
    let fixture = fixtures.create();
    let mut store = fixture.open();
    let mut bindings = samples(capabilities);
    let apply = |store: &dyn BindingStore, change: &dyn Fn(&Binding) -> (Change, Outcome)| {
        let most = capabilities
            .max_batch
            .map_or(BATCH, |most| most.get().min(BATCH));
        for bindings in bindings.chunks(most) {
            let (changes, outcomes): (Vec<_>, Vec<_>) = bindings.iter().map(change).unzip();
            let batch = Batch::new(changes).expect("each key once");
            let response = Operation::Apply(batch).perform(store);
            require_eq!(
                RoundTrip,
                response,
                Response::Applied(outcomes),
                "what changed"
            );
        }
    };
    apply(&*store, &|binding| {
        let change = Change::insert(binding.clone());
        (change, outcome(None, Some(binding)))
    });
    compare(&*store, &bindings);
    if capabilities.durable {
        drop(store);
        store = fixture.open();
        compare(&*store, &bindings);
    }
    for binding in &bindings {
        let plain = plain(binding.key());
        if plain != *binding {
            let swap = Operation::CompareAndSwap {
                key: binding.key().clone(),
                expected: Some(plain.clone()),
                new: None,
            };
            let response = Response::Conflict {
                key: binding.key().clone(),
                expected: plain,
                found: Some(binding.clone()),
            };
            require_eq!(
                RoundTrip,
                swap.perform(&*store),
                response,
                "one field is another"
            );
        }
    }
    apply(&*store, &|binding| {
        let plain = plain(binding.key());
        let expect = Precondition::Exactly(Box::new(binding.clone()));
        let change = Change::new(binding.key().clone(), expect, Some(plain.clone()));
        let outcome = outcome(Some(binding), Some(&plain));
        (change.expect("one key"), outcome)
    });
    for binding in &mut bindings {
        *binding = plain(binding.key());
    }
    compare(&*store, &bindings);
}

fn outcome(before: Option<&Binding>, after: Option<&Binding>) -> Outcome {
    let key = before.or(after).expect("one of them").key();
    Outcome {
        key: key.clone(),
        before: before.cloned(),
        after: after.cloned(),
    }
}

/// Checks that every way to read the store returns these bindings.
fn compare(store: &dyn BindingStore, bindings: &[Binding]) {
    for binding in bindings {
        let got = store.get(binding.key()).expect("get");
        require_eq!(RoundTrip, got.as_ref(), Some(binding), "get");
    }
    let mut bindings = bindings.to_vec();
    bindings.sort_by_cached_key(|binding| Rank::of(binding.key()));
    for (scanned, binding) in all_bindings(store).iter().zip(&bindings) {
        require_eq!(RoundTrip, *scanned, *binding, "scan");
    }
    require_eq!(RoundTrip, all_bindings(store).len(), bindings.len(), "scan");
}

fn samples(capabilities: &Capabilities) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for kind in capabilities.kinds.iter().copied() {
        for (record, n) in each_field(kind).into_iter().zip(1..) {
            let binding = Binding::new(numbered(kind, n), record).expect("a record of its kind");
            bindings.push(fitted(binding, capabilities));
        }
        bindings.extend(odd_keys(kind));
    }
    bindings
}

/// Keys at the limits of valid keys, and host names in other spellings than the key's.
fn odd_keys(kind: Kind) -> Vec<Binding> {
    let port = |text: &str| [format!("{text}:1"), format!("{text}:65535")];
    let keys: Vec<BindingKey> = match kind {
        Kind::IpPort => {
            let scoped = |ip, scope| {
                let addr = SocketAddr::V6(SocketAddrV6::new(ip, 443, 0, scope));
                BindingKey::IpPort(IpPort::new(addr).expect("a port"))
            };
            let local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
            let mapped = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x0a00, 1);
            let plain =
                |ip: IpAddr| BindingKey::IpPort(IpPort::new((ip, 443).into()).expect("a port"));
            vec![
                scoped(local, 0),
                scoped(local, 7),
                scoped(local, u32::MAX),
                plain("10.0.0.1".parse().expect("an address")),
                plain(mapped.into()),
                plain("0.0.0.0".parse().expect("an address")),
                plain("::".parse().expect("an address")),
                plain("255.255.255.255".parse().expect("an address")),
            ]
        }
        Kind::Sni | Kind::ScopedCcs => {
            let long = format!("{}.example", "a".repeat(MAX_HOST_LENGTH - ".example".len()));
            let hosts = [
                "*.example",
                "a_b.example",
                "xn--bcher-kva.example",
                "localhost",
            ];
            let hosts = hosts.into_iter().chain([long.as_str()]).flat_map(port);
            let parse = |text: String| BindingKey::parse_as(kind, &text).expect("a key");
            hosts.map(parse).collect()
        }
        Kind::Ccs => ["65535", "65534"]
            .map(|text| BindingKey::parse_as(kind, text).expect("a key"))
            .to_vec(),
    };
    let mut bindings: Vec<_> = keys.iter().map(plain).collect();
    if kind == Kind::Sni || kind == Kind::ScopedCcs {
        for spelling in [
            "Spelled.Example",
            "SPELLED.EXAMPLE",
            "bücher.Spelled.example",
        ] {
            for port in [80, 443 + bindings.len()] {
                let key = BindingKey::parse_as(kind, &format!("{spelling}:{port}"));
                let plain = plain(&key.expect("a key"));
                let spelled = plain.with_host_spelling(spelling).expect("the same host");
                if bindings
                    .iter()
                    .all(|binding| binding.key() != spelled.key())
                {
                    bindings.push(spelled);
                }
            }
        }
    }
    bindings
}

/// Bindings with anything in them.
fn many_at_once(fixtures: Fixtures, capabilities: &Capabilities) {
    let many = proptest::collection::vec(any_of(capabilities).binding, 1..6);
    let config = cases::config(fixtures, "faithful", 48);
    cases::check(config, &many, |bindings| {
        let fixture = fixtures.create();
        let mut store = fixture.open();
        for binding in &bindings {
            store.put(binding.clone()).expect("put");
            let range = Scan::range(binding.key()..=binding.key());
            require_eq!(
                RoundTrip,
                scan_all(&*store, &range),
                vec![binding.clone()],
                "scan"
            );
        }
        if capabilities.durable {
            drop(store);
            store = fixture.open();
        }
        for binding in all_bindings(&*store) {
            let last = bindings.iter().rfind(|put| put.key() == binding.key());
            require_eq!(RoundTrip, Some(&binding), last, "scan");
            let got = store.get(binding.key()).expect("get");
            require_eq!(RoundTrip, got.as_ref(), last, "get");
            let held = store.remove(binding.key()).expect("remove");
            require_eq!(RoundTrip, Some(&held), last, "what it held");
        }
        require_eq!(
            RoundTrip,
            all_bindings(&*store),
            Vec::new(),
            "each was there once"
        );
        Ok(())
    });
}
