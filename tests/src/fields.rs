//! Records that differ from a plain one in one field.

use certbind_core::{
    CertCheckMode, CertHash, CtlIdentifier, DisabledCrypto, ErrorHeaders, ExtendedProperties,
    Header, Kind, PerformanceSetting, Property, PropertyType, PropertyValue, Record,
    SessionTicketKey, SessionTicketKeys, SslFlags, StoreName, TlsName, TlsRestriction,
    TlsRestrictions, Uuid,
};

use crate::sample::{numbered, plain};

/// A plain record, and one for each bit and each kind of text that one field of it can have.
pub(crate) fn each_field(kind: Kind) -> Vec<Record> {
    let plain = plain(&numbered(kind, 1)).record().clone();
    let mut records = vec![plain.clone()];
    let mut with = |change: &dyn Fn(&mut Record)| {
        let mut record = plain.clone();
        change(&mut record);
        records.push(record);
    };
    for bit in (0..32).map(|bit| 1 << bit).chain([u32::MAX]) {
        with(&|record| record.flags = SslFlags::from_bits_retain(bit));
        with(&|record| record.check_mode = CertCheckMode::from_bits_retain(bit));
        with(&|record| record.revocation_freshness_time = bit);
        with(&|record| record.url_retrieval_timeout = bit);
    }
    for bit in (0..128).map(|bit| 1_u128 << bit) {
        with(&|record| record.app_id = Uuid::from_u128(bit));
    }
    for text in texts(StoreName::MAX_LENGTH) {
        let name = StoreName::new(&text).expect("a store name");
        with(&|record| record.ctl_store_name = Some(name.clone()));
        if kind.names_certificate() {
            with(&|record| {
                let certificate = record.certificate.as_mut();
                certificate.expect("its kind names one").store_name = Some(name.clone());
            });
        }
    }
    for text in texts(CtlIdentifier::MAX_LENGTH) {
        let identifier = CtlIdentifier::new(&text).expect("an identifier");
        with(&|record| record.ctl_identifier = Some(identifier.clone()));
    }
    for property in properties() {
        with(&|record| record.extended = record.extended.with(property.clone()));
    }
    with(&|record| {
        let all = PropertyType::ALL.map(|of| {
            properties()
                .into_iter()
                .rfind(|set| set.property_type() == of)
        });
        record.extended =
            ExtendedProperties::new(all.into_iter().flatten()).expect("each type once");
    });
    if kind.names_certificate() {
        for bit in 0..8 * CertHash::LENGTH {
            let mut hash = [0; CertHash::LENGTH];
            hash[bit / 8] = 1 << (bit % 8);
            with(&|record| {
                let certificate = record.certificate.as_mut();
                certificate.expect("its kind names one").hash = CertHash::new(hash);
            });
        }
    }
    records
}

/// Extended properties at their defaults, at their limits, with and without flags, and with lists of
/// none and of many. The last of each type has flags.
fn properties() -> Vec<Property> {
    let name = |text: &str| TlsName::new(text).expect("a name");
    let header = |value: &[u8]| Header::new("X-Header", value).expect("a header");
    let headers = |status, headers| ErrorHeaders::new(status, headers).expect("they are short");
    let key = |bytes: &[u8]| SessionTicketKey::new(u32::MAX, [7; 16], bytes).expect("it fits");
    let keys = |keys| SessionTicketKeys::new(keys).expect("there are few");
    let crypto = DisabledCrypto {
        usage: -1,
        algorithm: Some(name(&"\u{1f512}".repeat(127))),
        chaining_modes: vec![name("ChainingModeCBC"), name(" ")],
        min_bits: 1,
        max_bits: u32::MAX,
    };
    let restriction = TlsRestriction {
        alpn_ids: vec![name("h2"), name("ü")],
        disabled_protocols: u32::MAX,
        disabled_crypto: vec![DisabledCrypto::default(), crypto],
        flags: 1,
    };
    let performance = |kind, buffer: &[u8]| {
        let setting = PerformanceSetting::new(kind, buffer).expect("it is short");
        PropertyValue::Performance(setting)
    };
    let restrictions = |all| {
        let all = TlsRestrictions::new(all).expect("they are short");
        PropertyValue::TlsRestrictions(all)
    };
    let defaults = PropertyType::ALL.map(PropertyType::default_value);
    let values = [
        PropertyValue::Http2Window { receive_window: 0 },
        PropertyValue::Http2SettingsLimits {
            max_per_frame: u32::MAX,
            max_per_minute: 0,
        },
        performance(i32::MIN, &[]),
        performance(2, &[0xff; 8 * 1024]),
        restrictions(vec![]),
        restrictions(vec![TlsRestriction::default(), restriction]),
        PropertyValue::ErrorHeaders(headers(0, vec![])),
        PropertyValue::ErrorHeaders(headers(u16::MAX, vec![header(b""), header(b" \x01\xff ")])),
        PropertyValue::SessionTicketKeys(keys(vec![])),
        PropertyValue::SessionTicketKeys(keys(vec![key(&[]), key(&[0; 64]), key(&[1; 63])])),
    ];
    let values = defaults.into_iter().flatten().chain(values);
    let of_value = |value: PropertyValue| {
        let flags = [1 << 63, u64::MAX].map(|flags| Property {
            flags,
            value: value.clone(),
        });
        [value.into()].into_iter().chain(flags).collect::<Vec<_>>()
    };
    values.flat_map(of_value).collect()
}

/// The same name in different cases, spaces, control characters, scripts, characters outside of the
/// basic plane, composed and decomposed, the text that netsh prints for none, and the longest in
/// units of UTF-16.
fn texts(longest: usize) -> Vec<String> {
    let texts = [
        "MY",
        "My",
        "my",
        "WebHosting",
        "Remote Desktop",
        "(null)",
        " MY",
        "MY ",
        "\t",
        "証明書",
        "\u{1b}[0m",
        "\u{200e}x",
        "\u{fffd}",
        "\u{e9}",
        "e\u{301}",
        "\u{1f512}",
        "İi",
        "a\r\nb",
        "'\"\\%&<>",
    ];
    let mut texts: Vec<_> = texts.map(str::to_owned).to_vec();
    texts.push("x".repeat(longest));
    texts.push("ü".repeat(longest));
    // Each of these takes two units.
    texts.push("\u{1f512}".repeat(longest / 2));
    texts
}
