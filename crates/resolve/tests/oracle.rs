//! The choice on generated hosts, against an independent oracle.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::collections::BTreeMap;
use std::net::IpAddr;

use certbind_core::{Binding, BindingKey, CertHash, Record, Uuid};
use certbind_resolve::{Connection, Order, Outcome, Resolver, Step};
use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::select;

/// Keys that collide with the connections below, and with each other.
const KEYS: [&str; 26] = [
    "ipport=10.0.0.5:443",
    "ipport=10.0.0.6:443",
    "ipport=10.0.0.5:8443",
    "ipport=[2001:db8::5]:443",
    "ipport=0.0.0.0:443",
    "ipport=0.0.0.0:8443",
    "ipport=[::]:443",
    "ipport=[::]:8443",
    "hostnameport=www.contoso.com:443",
    "hostnameport=www.contoso.com:8443",
    "hostnameport=www.contoso.com.:443",
    "hostnameport=contoso.com:443",
    "hostnameport=*.contoso.com:443",
    "hostnameport=*.www.contoso.com:443",
    "hostnameport=*.com:443",
    "hostnameport=10.0.0.5:443",
    "hostnameport=*.0.0.5:443",
    "hostnameport=a_b:443",
    "ccs=443",
    "ccs=8443",
    "scopedccs=www.contoso.com:443",
    "scopedccs=*.contoso.com:443",
    "scopedccs=contoso.com:443",
    "scopedccs=*.contoso.com:8443",
    "scopedccs=10.0.0.5:443",
    "scopedccs=a_b:8443",
];

const ADDRESSES: [&str; 9] = [
    "10.0.0.5:443",
    "10.0.0.6:443",
    "10.0.0.7:443",
    "10.0.0.5:8443",
    "[2001:db8::5]:443",
    "[2001:db8::6]:443",
    "[::ffff:10.0.0.5]:443",
    "0.0.0.0:443",
    "[::]:8443",
];

const NAMES: [Option<&str>; 13] = [
    None,
    Some(""),
    Some("www.contoso.com"),
    Some("WWW.Contoso.COM"),
    Some("www.contoso.com."),
    Some("mail.contoso.com"),
    Some("a.www.contoso.com"),
    Some("contoso.com"),
    Some("10.0.0.5"),
    Some("a_b"),
    Some(".contoso.com"),
    Some("*.contoso.com"),
    Some("com"),
];

fn binding(key: &str) -> Binding {
    let key: BindingKey = key.parse().unwrap();
    let record = match key {
        BindingKey::Ccs(_) | BindingKey::ScopedCcs(_) => Record::central(Uuid::nil()),
        _ => Record::new(CertHash::new([1; 20]), None, Uuid::nil()),
    };
    Binding::new(key, record).unwrap()
}

/// The rank of a key on a connection, from the text of the key alone; `None` if it does not match.
/// It shares no code with the crate.
fn rank(key: &str, address: &str, name: Option<&str>) -> Option<u8> {
    let (kind, value) = key.split_once('=')?;
    let (place, port) = value.rsplit_once(':').unwrap_or(("", value));
    let (local, local_port) = address.rsplit_once(':')?;
    if port != local_port {
        return None;
    }
    let local: IpAddr = local.trim_matches(['[', ']']).parse().unwrap();
    let local = match local {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(local, IpAddr::V4),
        v4 => v4,
    };
    let name = name.filter(|name| !name.is_empty());
    let name = name.map(str::to_lowercase);
    // 0: the name itself, 1: a wildcard of one label.
    let by_name = |first: u8| {
        let name = name.clone()?;
        if let Some(parent) = place.strip_prefix('*') {
            let label = name.strip_suffix(parent)?;
            let one_label = !label.is_empty() && !label.contains(['.', '*']);
            return (one_label && name.parse::<IpAddr>().is_err()).then_some(first + 1);
        }
        (name == place).then_some(first)
    };
    match kind {
        "ipport" if place == "0.0.0.0" => Some(8),
        "ipport" if place == "[::]" => local.is_ipv6().then_some(7),
        "ipport" => {
            let bound: IpAddr = place.trim_matches(['[', ']']).parse().unwrap();
            (bound == local).then_some(1)
        }
        "hostnameport" => by_name(2),
        "scopedccs" => by_name(4),
        "ccs" => name.is_some().then_some(6),
        other => panic!("{other}"),
    }
}

/// The rank in the orders that contradict the documented one.
fn reordered(order: Order, rank: u8) -> u8 {
    match (order, rank) {
        (Order::NameFirst, 1) => 6,
        (Order::NameFirst, 2..=6) => rank - 1,
        (Order::AllAddressesFirst, 7) => 2,
        (Order::AllAddressesFirst, 8) => 3,
        (Order::AllAddressesFirst, 2..=6) => rank + 2,
        _ => rank,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The winner is the one that the oracle ranks first, in every order; each other binding of the
    /// port loses for a reason that is true; and sources that disagree are reported.
    #[test]
    fn choices_agree_with_the_oracle(
        keys in btree_set(select(&KEYS[..]), 0..16),
        address in select(&ADDRESSES[..]),
        name in select(&NAMES[..]),
    ) {
        let connection = Connection::to(address.parse().unwrap()).unwrap();
        let connection = match name {
            Some(name) => connection.with_server_name(name),
            None => connection,
        };
        let host = Resolver::new(keys.iter().map(|key| binding(key)));
        let ranked: BTreeMap<u8, &str> = keys
            .iter()
            .filter_map(|key| Some((rank(key, address, name)?, *key)))
            .collect();
        for order in Order::ALL {
            let expected = ranked.iter().min_by_key(|(rank, _)| reordered(order, **rank));
            let expected = expected.map(|(_, key)| (*key).to_owned());
            let chosen = host.choose_in(order, &connection).map(|(_, it)| it.key().to_string());
            prop_assert_eq!(chosen, expected, "{:?}", order);
        }
        let resolution = host.resolve(&connection);
        let winner = resolution.winner.map(|(_, it)| it.key().to_string());
        for order in &Order::ALL[1..] {
            let other = host.choose_in(*order, &connection).map(|(_, it)| it.key().to_string());
            let told = resolution.alternatives.iter().find(|it| it.order == *order);
            prop_assert_eq!(told.is_some(), other != winner);
        }
        let port = connection.port();
        let of_port = keys.iter().filter(|key| binding(key).key().port() == port).count();
        prop_assert_eq!(resolution.candidates.len(), of_port);
        prop_assert!(resolution.candidates.is_sorted_by_key(|it| it.step));
        for candidate in &resolution.candidates {
            let key = candidate.binding.key().to_string();
            let matches = ranked.values().any(|it| *it == key);
            let has_name = name.is_some_and(|name| !name.is_empty());
            match candidate.outcome {
                Outcome::Wins => prop_assert_eq!(Some(&key), winner.as_ref()),
                Outcome::ComesAfter(step) => {
                    prop_assert!(matches && Some(&key) != winner.as_ref());
                    prop_assert_eq!(Some(step), resolution.winner.map(|(step, _)| step));
                    prop_assert!(step < candidate.step);
                }
                Outcome::OtherAddress => prop_assert!(!matches && key.starts_with("ipport=")),
                Outcome::OtherFamily => prop_assert!(!matches && key.starts_with("ipport=[::]")),
                Outcome::OtherName => prop_assert!(!matches && has_name),
                Outcome::NoName => prop_assert!(!matches && !has_name),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

/// A host with every key: each step is reached by some connection.
#[test]
fn every_step_can_win() {
    let mut reached = Vec::new();
    for (address, name) in [
        ("10.0.0.5:443", Some("www.contoso.com")),
        ("10.0.0.7:443", Some("www.contoso.com")),
        ("10.0.0.7:443", Some("mail.contoso.com")),
        ("10.0.0.7:8443", Some("a_b")),
        ("10.0.0.7:8443", Some("mail.contoso.com")),
        ("10.0.0.7:8443", Some("example.net")),
        ("[2001:db8::7]:443", None),
        ("10.0.0.7:443", None),
    ] {
        let host = Resolver::new(KEYS.map(binding));
        let connection = Connection::to(address.parse().unwrap()).unwrap();
        let connection = match name {
            Some(name) => connection.with_server_name(name),
            None => connection,
        };
        reached.push(host.choose(&connection).unwrap().0);
    }
    assert_eq!(reached, Step::ALL);
    let nobody: Resolver<Binding> = Resolver::new([]);
    let connection = Connection::to("10.0.0.5:443".parse().unwrap()).unwrap();
    assert!(nobody.choose(&connection).is_none());
}

/// 100,000 bindings: a choice takes less than 100 µs in a debug build, far below a scan of all of them.
#[test]
fn choices_do_not_scan() {
    let names = (0..100_000).map(|n| binding(&format!("hostnameport=host{n}.contoso.com:443")));
    let host = Resolver::new(names);
    let connection = Connection::to("10.0.0.5:443".parse().unwrap()).unwrap();
    let asked = 1_000;
    let begun = std::time::Instant::now();
    for n in 0..asked {
        let connection = connection
            .clone()
            .with_server_name(format!("HOST{n}.contoso.com"));
        assert!(host.choose(&connection).is_some());
    }
    let each = begun.elapsed() / asked;
    assert!(each < std::time::Duration::from_micros(100), "{each:?}");
}
