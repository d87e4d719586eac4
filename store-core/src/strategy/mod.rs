//! Proptest strategies for every type, for authors of backends and tools.
//!
//! Most strategies generate every value of a type, rare ones included. [`few_keys`] generates keys of
//! a small set, so that operations concern the same keys.

mod extended;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::batch::{Batch, Change, Precondition};
use crate::binding::{Binding, Certificate, Record};
use crate::flags::{CertCheckMode, SslFlags};
use crate::hash::CertHash;
use crate::host::{Host, HostPort};
use crate::ip_port::IpPort;
use crate::key::BindingKey;
use crate::kind::Kind;
use crate::names::{CtlIdentifier, StoreName};
use crate::port::Port;
use crate::scan::Scan;

pub use extended::{extended, property};

/// Any port.
pub fn port() -> impl Strategy<Value = Port> + Clone {
    prop_oneof![select(vec![80, 443, 8443, 65535]), 1..=u16::MAX]
        .prop_map(|number| Port::new(number).expect("not 0"))
}

/// Any address and port, wildcards among them.
pub fn ip_port() -> impl Strategy<Value = IpPort> + Clone {
    let v4 = prop_oneof![Just(Ipv4Addr::UNSPECIFIED), any::<Ipv4Addr>()];
    let v6 = prop_oneof![
        Just(Ipv6Addr::UNSPECIFIED),
        any::<Ipv4Addr>().prop_map(|v4| v4.to_ipv6_mapped()),
        any::<Ipv6Addr>()
    ];
    let scope = prop_oneof![9 => Just(0), 1 => any::<u32>()];
    prop_oneof![
        (v4, port()).prop_map(|(ip, port)| SocketAddr::from((ip, port.get()))),
        (v6, port(), any::<u32>(), scope).prop_map(|(ip, port, flow, scope)| SocketAddr::V6(
            SocketAddrV6::new(ip, port.get(), flow, scope)
        )),
    ]
    .prop_map(|addr| IpPort::new(addr).expect("the port is not 0"))
}

/// Any host name: ordinary names, wildcards, A-labels, and unusual names that HTTP.sys may hold.
pub fn host() -> impl Strategy<Value = Host> + Clone {
    let name = prop_oneof![
        6 => "[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?(\\.[a-z]{2,5}){0,3}",
        1 => "\\*\\.[a-z]{1,8}\\.(com|net)",
        1 => "(xn--bcher-kva|xn--mnchen-3ya|xn--wgv71a119e|xn--hxakic4aa)\\.(example|test)",
        1 => "[!-9;-~]{1,40}",
        1 => "[a-z]{255}",
    ];
    name.prop_map(|name| Host::new(&name).expect("a host name"))
}

/// Any host name and port.
pub fn host_port() -> impl Strategy<Value = HostPort> + Clone {
    (host(), port()).prop_map(|(host, port)| HostPort::new(host, port))
}

/// Any key.
pub fn key() -> impl Strategy<Value = BindingKey> + Clone {
    prop_oneof![
        ip_port().prop_map(BindingKey::IpPort),
        host_port().prop_map(BindingKey::Sni),
        port().prop_map(BindingKey::Ccs),
        host_port().prop_map(BindingKey::ScopedCcs),
    ]
}

/// One of about two dozen keys of the given kinds. Their order as text differs from their canonical
/// order.
pub fn few_keys(kinds: &[Kind]) -> impl Strategy<Value = BindingKey> + Clone + use<> {
    let hosts = [
        "a.example:443",
        "b.example:443",
        "a.example:80",
        "*.example:443",
        "a.test:443",
    ];
    let values = |kind| match kind {
        Kind::IpPort => vec![
            "0.0.0.0:443",
            "0.0.0.0:8443",
            "0.0.0.0:80",
            "10.0.0.9:443",
            "10.0.0.10:443",
            "[::]:443",
            "[::1]:443",
            "[fe80::1%7]:443",
        ],
        Kind::Sni | Kind::ScopedCcs => hosts.to_vec(),
        Kind::Ccs => vec!["80", "443", "8443", "1000"],
    };
    let keys: Vec<_> = kinds
        .iter()
        .flat_map(|kind| values(*kind).into_iter().map(|value| (*kind, value)))
        .map(|(kind, value)| BindingKey::parse_as(kind, value).expect("a key"))
        .collect();
    select(keys)
}

/// Any certificate hash.
pub fn hash() -> impl Strategy<Value = CertHash> {
    prop_oneof![
        select(vec![
            CertHash::new([1; 20]),
            CertHash::new([2; 20]),
            CertHash::new([0; 20])
        ]),
        any::<[u8; 20]>().prop_map(CertHash::new),
    ]
}

/// Any store name, mostly ordinary ones.
pub fn store_name() -> impl Strategy<Value = StoreName> {
    prop_oneof![
        3 => select(vec!["MY", "My", "my", "WebHosting", "Remote Desktop"]).prop_map(String::from),
        1 => "[^\u{0}]{1,60}",
    ]
    .prop_map(|name| StoreName::new(&name).expect("a store name"))
}

/// Any CTL identifier.
pub fn ctl_identifier() -> impl Strategy<Value = CtlIdentifier> {
    "[^\u{0}]{1,80}".prop_map(|text| CtlIdentifier::new(&text).expect("a CTL identifier"))
}

/// Any application id, including that of IIS and the nil GUID.
pub fn app_id() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        Just(Uuid::nil()),
        Just(Uuid::from_u128(0x4dc3_e181_e14b_4a21_b022_59fc_669b_0914)),
        any::<u128>().prop_map(Uuid::from_u128),
    ]
}

fn bits(known: &'static [u32]) -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        select(known),
        proptest::sample::subsequence(known, 0..=known.len())
            .prop_map(|bits| bits.into_iter().fold(0, |all, bit| all | bit)),
        any::<u32>(),
    ]
}

/// Any record that is valid for this kind of key.
pub fn record(kind: Kind) -> impl Strategy<Value = Record> {
    const FLAGS: &[u32] = &[
        1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000,
    ];
    const MODES: &[u32] = &[1, 2, 4, 8, 0x10, 0x1_0000];
    let number = || prop_oneof![Just(0), any::<u32>()];
    let certificate = (hash(), option::of(store_name()));
    (
        certificate,
        app_id(),
        bits(MODES),
        number(),
        number(),
        option::of(ctl_identifier()),
        option::of(store_name()),
        bits(FLAGS),
        extended(),
    )
        .prop_map(
            move |(
                certificate,
                app_id,
                mode,
                freshness,
                timeout,
                ctl,
                ctl_store,
                flags,
                extended,
            )| {
                let (hash, store_name) = certificate;
                Record {
                    certificate: kind
                        .names_certificate()
                        .then_some(Certificate { hash, store_name }),
                    app_id,
                    check_mode: CertCheckMode::from_bits_retain(mode),
                    revocation_freshness_time: freshness,
                    url_retrieval_timeout: timeout,
                    ctl_identifier: ctl,
                    ctl_store_name: ctl_store,
                    flags: SslFlags::from_bits_retain(flags),
                    extended,
                }
            },
        )
}

/// Any binding of one of these keys, sometimes with its host name in upper case.
pub fn binding_of(keys: impl Strategy<Value = BindingKey>) -> impl Strategy<Value = Binding> {
    keys.prop_flat_map(|key| (record(key.kind()), Just(key), any::<bool>()))
        .prop_map(|(record, key, capitals)| {
            let spelling = key.host().map(|host| host.as_str().to_ascii_uppercase());
            let binding = Binding::new(key, record).expect("a record of that kind");
            match spelling {
                Some(host) if capitals => binding.with_host_spelling(&host).expect("the host"),
                _ => binding,
            }
        })
}

/// Any binding.
pub fn binding() -> impl Strategy<Value = Binding> {
    binding_of(key())
}

/// Any change of one of these keys.
pub fn change_of<S>(keys: S) -> impl Strategy<Value = Change>
where
    S: Strategy<Value = BindingKey> + Clone,
{
    let precondition = |binding: Binding| {
        prop_oneof![
            Just(Precondition::Any),
            Just(Precondition::Absent),
            Just(Precondition::Present),
            Just(Precondition::Exactly(Box::new(binding))),
        ]
    };
    binding_of(keys)
        .prop_flat_map(move |binding| {
            let key = binding.key().clone();
            let new = option::weighted(0.7, binding_of(Just(key.clone())));
            (Just(key), precondition(binding), new)
        })
        .prop_map(|(key, precondition, new)| Change::new(key, precondition, new).expect("one key"))
}

/// Any batch over these keys, with up to `max` changes.
pub fn batch_of<S>(keys: S, max: usize) -> impl Strategy<Value = Batch>
where
    S: Strategy<Value = BindingKey> + Clone,
{
    vec(change_of(keys), 0..=max).prop_map(|mut changes| {
        let mut seen = std::collections::HashSet::new();
        changes.retain(|change| seen.insert(change.key().clone()));
        Batch::new(changes).expect("each key once")
    })
}

/// Any scan whose range starts and ends at these keys.
pub fn scan_of<S>(keys: S) -> impl Strategy<Value = Scan>
where
    S: Strategy<Value = BindingKey> + Clone,
{
    use std::ops::Bound;
    let bound = move || {
        prop_oneof![
            Just(Bound::Unbounded),
            keys.clone().prop_map(Bound::Included),
            keys.clone().prop_map(Bound::Excluded),
        ]
    };
    (
        bound(),
        bound(),
        option::weighted(0.3, select(Kind::ALL.to_vec())),
    )
        .prop_map(|(start, end, kind)| {
            let scan = Scan::range((start, end));
            kind.map_or_else(|| scan.clone(), |kind| scan.clone().of_kind(kind))
        })
}
