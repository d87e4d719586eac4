//! Extended properties.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::extended::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, PerformanceSetting, Property,
    PropertyType, PropertyValue, SessionTicketKey, SessionTicketKeys, TlsRestriction,
    TlsRestrictions,
};
use crate::names::TlsName;

/// Any extended properties; mostly none, as in real bindings.
pub fn extended() -> BoxedStrategy<ExtendedProperties> {
    let some = subsequence(PropertyType::ALL.to_vec(), 1..=PropertyType::ALL.len());
    let some = some.prop_flat_map(|types| types.into_iter().map(property).collect::<Vec<_>>());
    prop_oneof![
        3 => Just(ExtendedProperties::default()),
        1 => some.prop_map(|set| ExtendedProperties::new(set).expect("each type once")),
    ]
    .boxed()
}

/// Any property of this type.
pub fn property(of: PropertyType) -> impl Strategy<Value = Property> {
    let flags = prop_oneof![3 => Just(0), 1 => any::<u64>()];
    (flags, value(of)).prop_map(|(flags, value)| Property { flags, value })
}

fn value(of: PropertyType) -> BoxedStrategy<PropertyValue> {
    let known = of.default_value();
    let any = match of {
        PropertyType::Http2Window => any::<u32>()
            .prop_map(|receive_window| PropertyValue::Http2Window { receive_window })
            .boxed(),
        PropertyType::Http2SettingsLimits => any::<(u32, u32)>()
            .prop_map(
                |(max_per_frame, max_per_minute)| PropertyValue::Http2SettingsLimits {
                    max_per_frame,
                    max_per_minute,
                },
            )
            .boxed(),
        PropertyType::Performance => (0..7, vec(any::<u8>(), 0..20))
            .prop_map(|(kind, buffer)| {
                let setting = PerformanceSetting::new(kind, &buffer).expect("it is short");
                PropertyValue::Performance(setting)
            })
            .boxed(),
        PropertyType::TlsRestrictions => vec(restriction(), 0..3)
            .prop_map(|all| {
                let all = TlsRestrictions::new(all).expect("they are short");
                PropertyValue::TlsRestrictions(all)
            })
            .boxed(),
        PropertyType::ErrorHeaders => (any::<u16>(), vec(header(), 0..4))
            .prop_map(|(status, headers)| {
                let headers = ErrorHeaders::new(status, headers).expect("they are short");
                PropertyValue::ErrorHeaders(headers)
            })
            .boxed(),
        PropertyType::SessionTicketKeys => vec(ticket_key(), 0..=SessionTicketKeys::MAX_KEYS)
            .prop_map(|keys| {
                let keys = SessionTicketKeys::new(keys).expect("there are few");
                PropertyValue::SessionTicketKeys(keys)
            })
            .boxed(),
    };
    match known {
        Some(known) => prop_oneof![1 => Just(known), 3 => any].boxed(),
        None => any,
    }
}

fn restriction() -> impl Strategy<Value = TlsRestriction> {
    let parts = (
        vec(tls_name(), 0..3),
        any::<u32>(),
        vec(crypto(), 0..3),
        any::<u32>(),
    );
    parts.prop_map(
        |(alpn_ids, disabled_protocols, disabled_crypto, flags)| TlsRestriction {
            alpn_ids,
            disabled_protocols,
            disabled_crypto,
            flags,
        },
    )
}

fn crypto() -> impl Strategy<Value = DisabledCrypto> {
    let parts = (
        any::<i32>(),
        option::of(tls_name()),
        vec(tls_name(), 0..3),
        any::<u32>(),
        any::<u32>(),
    );
    parts.prop_map(
        |(usage, algorithm, chaining_modes, min_bits, max_bits)| DisabledCrypto {
            usage,
            algorithm,
            chaining_modes,
            min_bits,
            max_bits,
        },
    )
}

fn tls_name() -> impl Strategy<Value = TlsName> {
    let usual = select(vec!["h2", "AES", "ChainingModeGCM", "SHA1"]).prop_map(String::from);
    prop_oneof![3 => usual, 1 => "[^\u{0}]{1,12}"]
        .prop_map(|name| TlsName::new(&name).expect("a name"))
}

fn header() -> impl Strategy<Value = Header> {
    let value = vec(any::<u8>(), 0..20).prop_map(|mut value| {
        value.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
        value
    });
    ("[A-Za-z-]{1,12}", value)
        .prop_map(|(name, value)| Header::new(&name, &value).expect("a header"))
}

fn ticket_key() -> impl Strategy<Value = SessionTicketKey> {
    let material = vec(any::<u8>(), 0..=SessionTicketKey::MAX_MATERIAL);
    (
        any::<u32>(),
        any::<[u8; SessionTicketKey::ID_LENGTH]>(),
        material,
    )
        .prop_map(|(version, id, material)| {
            SessionTicketKey::new(version, id, &material).expect("it fits")
        })
}
