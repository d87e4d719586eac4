//! Extended properties: validation, display and JSON representation.

#![allow(clippy::unwrap_used)]

use certbind_core::*;
use proptest::prelude::*;

const SECRET: [u8; 16] = *b"\xde\xad\xbe\xefsecretsecret";

fn keys() -> Property {
    let key = SessionTicketKey::new(0, [0xa5; 16], &SECRET).unwrap();
    PropertyValue::SessionTicketKeys(SessionTicketKeys::new(vec![key]).unwrap()).into()
}

fn window(receive_window: u32) -> Property {
    PropertyValue::Http2Window { receive_window }.into()
}

#[test]
fn no_properties_take_one_pointer() {
    let pointer = size_of::<*const u8>();
    assert_eq!(size_of::<ExtendedProperties>(), pointer);
    assert_eq!(
        ExtendedProperties::new([]),
        Ok(ExtendedProperties::default())
    );
}

#[test]
fn properties_are_unique_and_ordered_by_type() {
    let set = ExtendedProperties::new([keys(), window(1)]).unwrap();
    let types: Vec<_> = set.iter().map(Property::property_type).collect();
    assert_eq!(
        types,
        [PropertyType::Http2Window, PropertyType::SessionTicketKeys]
    );
    let set = set.with(window(2));
    assert_eq!(set.get(PropertyType::Http2Window), Some(&window(2)));
    assert_eq!(set.iter().count(), 2);
    assert_eq!(
        ExtendedProperties::new([window(1), window(2)]),
        Err(PropertyError::Duplicate {
            property: PropertyType::Http2Window
        })
    );
    let none = set
        .without(PropertyType::Http2Window)
        .without(PropertyType::SessionTicketKeys);
    assert_eq!(none, ExtendedProperties::default());
}

#[test]
fn a_property_at_its_default_is_not_set() {
    let default = window(1_048_576);
    assert_eq!(
        ExtendedProperties::new([default.clone()]),
        Ok(ExtendedProperties::default())
    );
    let other = ExtendedProperties::default().with(window(1));
    assert!(other.with(default.clone()).is_empty());
    let flagged = Property {
        flags: 1,
        ..default
    };
    assert_eq!(other.with(flagged.clone()).iter().next(), Some(&flagged));
}

#[test]
fn session_ticket_keys_are_never_printed() {
    let set = ExtendedProperties::new([keys()]).unwrap();
    let mut record = Record::new(CertHash::new([7; 20]), None, Uuid::nil());
    record.extended = set.clone();
    let binding = Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
    let PropertyValue::SessionTicketKeys(all) = &keys().value else {
        panic!("they are keys");
    };
    for shown in [
        format!("{set:?}"),
        format!("{binding:?}"),
        format!("{:?}", all.as_slice()[0]),
        keys().to_string(),
    ] {
        // As numbers, as digits, as text.
        for secret in ["222, 173", "dead", "165, 165", "a5a5", "secret"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    assert_eq!(keys().to_string(), "1 key");
}

#[test]
fn oversized_properties_are_refused() {
    let long = vec![0; 8 * 1024 + 1];
    assert!(PerformanceSetting::new(2, &long[1..]).is_ok());
    assert!(matches!(
        PerformanceSetting::new(2, &long),
        Err(PropertyError::TooLarge { .. })
    ));
    let header = |value: &[u8]| Header::new("X", value).unwrap();
    assert!(matches!(
        ErrorHeaders::new(503, vec![header(&[b'a'; 5_000]), header(&[b'a'; 5_000])]),
        Err(PropertyError::TooLarge { .. })
    ));
    let many = |count| TlsRestrictions::new(vec![TlsRestriction::default(); count]);
    assert!(many(200).is_ok());
    assert!(matches!(many(300), Err(PropertyError::TooLarge { .. })));
    let key = SessionTicketKey::new(0, [0; 16], &[0; 64]).unwrap();
    assert!(SessionTicketKeys::new(vec![key.clone(); 16]).is_ok());
    assert!(matches!(
        SessionTicketKeys::new(vec![key; 17]),
        Err(PropertyError::TooManyTicketKeys { found: 17, .. })
    ));
    assert!(matches!(
        SessionTicketKey::new(0, [0; 16], &[0; 65]),
        Err(PropertyError::TicketKeyTooLong { found: 65, .. })
    ));
}

#[test]
fn a_header_does_not_end_before_its_end() {
    for name in ["", "a b", "a:", "a\r\n", "ü"] {
        assert!(matches!(
            Header::new(name, b""),
            Err(PropertyError::HeaderName { .. })
        ));
    }
    for value in [&b"a\r\nSet-Cookie: b"[..], b"\n", b"\0"] {
        assert!(matches!(
            Header::new("X", value),
            Err(PropertyError::HeaderValue { .. })
        ));
    }
}

#[test]
fn json_has_a_field_for_each_property_that_is_set() {
    let headers = vec![Header::new("Retry-After", b"\xff").unwrap()];
    let headers = PropertyValue::ErrorHeaders(ErrorHeaders::new(503, headers).unwrap());
    let flags = 1 << 63;
    let set = ExtendedProperties::new([
        window(65_535),
        Property {
            flags,
            value: headers,
        },
    ]);
    let json = r#"{"http2_window":{"receive_window":65535},"error_headers":{"status":503,"headers":[{"name":"Retry-After","value":"ÿ"}],"flags":"0x8000000000000000"}}"#;
    assert_eq!(serde_json::to_string(set.as_ref().unwrap()).unwrap(), json);
    assert_eq!(
        serde_json::from_str::<ExtendedProperties>(json).ok(),
        set.ok()
    );
}

#[test]
fn a_damaged_secret_is_not_quoted() {
    let json =
        r#"{"session_ticket_keys":{"keys":[{"version":0,"id":"5ec7e7","material":"xyzzy"}]}}"#;
    let error = serde_json::from_str::<ExtendedProperties>(json).unwrap_err();
    assert!(!error.to_string().contains("xyzzy") && !error.to_string().contains("5ec7e7"));
}

proptest! {
    #[test]
    fn every_property_comes_back_from_json(set in strategy::extended()) {
        let json = serde_json::to_string(&set).unwrap();
        prop_assert_eq!(serde_json::from_str::<ExtendedProperties>(&json).unwrap(), set);
    }
}
