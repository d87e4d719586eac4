//! Keys are canonical, print as netsh does, and order as their bytes do.

#![allow(clippy::unwrap_used)]

use certbind_core::codec::{decode_key, encode_key};
use certbind_core::{BindingKey, Host, KeyError, Kind, strategy};
use proptest::prelude::*;

fn key(text: &str) -> BindingKey {
    text.parse().unwrap()
}

#[test]
fn spellings_of_one_endpoint_are_one_key() {
    assert_eq!(
        key("hostnameport=SNI.IIS8.com:443"),
        key("hostnameport=sni.iis8.COM:443")
    );
    assert_eq!(
        key("hostnameport=BÜCHER.example:443"),
        key("hostnameport=xn--bcher-kva.example:443")
    );
    assert_eq!(key("ipport=[2001:0DB8:0::1]:443"), key("[2001:db8::1]:443"));
    assert_eq!(key("IPPORT=0.0.0.0:443"), key("0.0.0.0:443"));
}

#[test]
fn wildcards_scopes_and_kinds_are_keys_of_their_own() {
    let keys = [
        "0.0.0.0:443",
        "[::]:443",
        "[fe80::1]:443",
        "[fe80::1%3]:443",
        "hostnameport=a.example:443",
        "ccs=443",
        "scopedccs=a.example:443",
    ];
    for (i, one) in keys.iter().enumerate() {
        for other in &keys[i + 1..] {
            assert_ne!(key(one), key(other));
        }
    }
}

#[test]
fn an_ipv6_flow_label_is_no_part_of_a_key() {
    let addr = |flow| std::net::SocketAddrV6::new("::1".parse().unwrap(), 443, flow, 0).into();
    let with = |flow| certbind_core::IpPort::new(addr(flow)).unwrap();
    assert_eq!(with(7), with(0));
}

#[test]
fn invalid_key_is_refused_with_the_expected_syntax() {
    for (text, expected) in [
        ("", "ADDRESS:PORT"),
        ("www.contoso.com:443", "hostnameport=HOST:PORT"),
        ("ipport=0.0.0.0", "an IP address and a port"),
        ("ipport=0.0.0.0:0", "port from 1 to 65535"),
        ("ipport=::1:443", "an IP address and a port"),
        ("ipport=01.2.3.4:443", "an IP address and a port"),
        ("ccs=65536", "port from 1 to 65535"),
        ("ccs=+443", "port from 1 to 65535"),
        ("ccs=", "port from 1 to 65535"),
        ("hostnameport=:443", "empty"),
        ("hostnameport=a b:443", "contains a space"),
        ("hostnameport=a\u{1b}[31m:443", "control character"),
        ("hostnameport=www.contoso.com", "a host name and a port"),
        (
            "hostname=www.contoso.com:443",
            "hostnameport, ccs or scopedccs",
        ),
    ] {
        let error = text.parse::<BindingKey>().unwrap_err().to_string();
        assert!(error.contains(expected), "{text:?}: {error}");
        assert!(
            !error.contains('\u{1b}'),
            "{text:?}: the message is not escaped"
        );
    }
    assert!(matches!(
        Host::new(&"a".repeat(256)),
        Err(KeyError::Host { .. })
    ));
    assert!(Host::new(&"a".repeat(255)).is_ok());
}

/// Hosts are ordered by domain.
#[test]
fn canonical_order_is_by_kind_then_value() {
    let sorted = [
        "0.0.0.0:80",
        "0.0.0.0:443",
        "10.0.0.9:443",
        "10.0.0.10:80",
        "[::]:443",
        "[::1]:443",
        "hostnameport=com:443",
        "hostnameport=contoso.com:443",
        "hostnameport=*.contoso.com:443",
        "hostnameport=www.contoso.com:80",
        "hostnameport=www.contoso.com:443",
        "hostnameport=contoso-b.com:443",
        "hostnameport=a.net:443",
        "ccs=80",
        "ccs=443",
        "ccs=1000",
        "scopedccs=a.net:443",
    ]
    .map(key);
    assert!(sorted.is_sorted(), "{sorted:?}");
}

proptest! {
    #[test]
    fn text_forms_round_trip(key in strategy::key()) {
        prop_assert_eq!(&key.to_string().parse::<BindingKey>()?, &key);
        prop_assert_eq!(BindingKey::parse_as(key.kind(), &key.value())?, key);
    }

    #[test]
    fn bytes_round_trip_and_order_as_keys_do(
        a in strategy::key(), b in strategy::key(), few in strategy::few_keys(&Kind::ALL),
    ) {
        prop_assert_eq!(&decode_key(&encode_key(&a)).unwrap(), &a);
        prop_assert_eq!(encode_key(&a).cmp(&encode_key(&b)), a.cmp(&b));
        prop_assert_eq!(encode_key(&a).cmp(&encode_key(&few)), a.cmp(&few));
    }

    #[test]
    fn hosts_that_share_labels_order_as_their_bytes(
        a in "[a-c.-]{1,6}", b in "[a-c.-]{1,6}",
    ) {
        let key = |host: &str| BindingKey::parse_as(Kind::Sni, &format!("{host}:443")).unwrap();
        let (a, b) = (key(&a), key(&b));
        prop_assert_eq!(encode_key(&a).cmp(&encode_key(&b)), a.cmp(&b));
    }

    #[test]
    fn any_bytes_are_no_key_or_the_bytes_of_it(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(key) = decode_key(&bytes) {
            prop_assert_eq!(encode_key(&key), bytes);
        }
    }

    #[test]
    fn any_text_is_no_key_or_reads_back(text in "(ipport=|hostnameport=|ccs=|scopedccs=)?\\PC{0,40}") {
        if let Ok(key) = text.parse::<BindingKey>() {
            prop_assert_eq!(key.to_string().parse::<BindingKey>()?, key);
        }
    }
}
