//! Hashes, names, records and errors: valid and invalid values.

#![allow(clippy::unwrap_used)]

use certbind_core::*;
use proptest::prelude::*;

#[test]
fn hashes_are_read_without_case_or_separators() {
    let hash: CertHash = "5226dc6c54559761cd471b86eb51c096252c90f2".parse().unwrap();
    for text in [
        "5226DC6C54559761CD471B86EB51C096252C90F2",
        "52:26:dc:6c:54:55:97:61:cd:47:1b:86:eb:51:c0:96:25:2c:90:f2",
        "\u{200e}52 26 dc 6c 54 55 97 61 cd 47 1b 86 eb 51 c0 96 25 2c 90 f2 ",
    ] {
        assert_eq!(text.parse(), Ok(hash), "{text}");
    }
    assert!(matches!(
        "52".parse::<CertHash>(),
        Err(HashError::WrongDigitCount { found: 2 })
    ));
    assert!(matches!(
        "zz".parse::<CertHash>(),
        Err(HashError::NotADigit { character: 'z' })
    ));
    assert!(
        "5226dc6c54559761cd471b86eb51c096252c90f2ff"
            .parse::<CertHash>()
            .is_err()
    );
}

#[test]
fn kind_decides_whether_a_certificate_is_named() {
    let named = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
    let central = Record::central(Uuid::nil());
    for (key, names) in [
        ("0.0.0.0:443", true),
        ("hostnameport=a.example:443", true),
        ("ccs=443", false),
        ("scopedccs=a.example:443", false),
    ] {
        let key: BindingKey = key.parse().unwrap();
        let error = Binding::new(
            key.clone(),
            if names {
                central.clone()
            } else {
                named.clone()
            },
        );
        assert!(error.unwrap_err().to_string().contains(key.kind().tag()));
        let binding = Binding::new(
            key,
            if names {
                named.clone()
            } else {
                central.clone()
            },
        )
        .unwrap();
        let wrong = if names {
            central.clone()
        } else {
            named.clone()
        };
        assert!(binding.with_record(wrong).is_err());
    }
}

#[test]
fn a_spelling_is_no_longer_than_a_host_name_may_be() {
    let binding = Binding::new(
        "hostnameport=bücher.example:443".parse().unwrap(),
        Record::new(CertHash::new([1; 20]), None, Uuid::nil()),
    )
    .unwrap();
    // A soft hyphen vanishes from the canonical form.
    for (hyphens, fits) in [(241, true), (242, false), (200_000, false)] {
        let spelling = format!("bü{}cher.example", "\u{ad}".repeat(hyphens));
        let spelled = binding.clone().with_host_spelling(&spelling);
        assert_eq!(spelled.is_ok(), fits, "{hyphens}");
        if let Ok(spelled) = spelled {
            let bytes = codec::encode_binding(&spelled);
            let decoded = codec::decode_binding(binding.key().clone(), &bytes);
            assert_eq!(decoded.unwrap(), spelled);
        }
    }
}

#[test]
fn spelling_must_match_the_canonical_name() {
    let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
    let binding = Binding::new("hostnameport=bücher.example:443".parse().unwrap(), record).unwrap();
    assert_eq!(binding.spelled_key(), "xn--bcher-kva.example:443");
    let spelled = binding
        .clone()
        .with_host_spelling("Bücher.example")
        .unwrap();
    assert_eq!(spelled.spelled_key(), "Bücher.example:443");
    assert_eq!(spelled.key(), binding.key());
    assert_ne!(spelled, binding);
    let canonical = spelled.with_host_spelling("xn--bcher-kva.example").unwrap();
    assert_eq!(canonical, binding);
    assert!(binding.with_host_spelling("other.example").is_err());
    let ccs = Binding::new("ccs=443".parse().unwrap(), Record::central(Uuid::nil())).unwrap();
    assert!(ccs.with_host_spelling("a.example").is_err());
}

#[test]
fn store_name_keeps_absence_and_case() {
    let name = |text| StoreName::new(text).unwrap();
    assert_ne!(name("MY"), name("My"));
    assert!(name("MY").same_store(&name("my")) && !name("MY").same_store(&name("WebHosting")));
    assert!(matches!(StoreName::new(""), Err(TextError::Empty { .. })));
    assert!(matches!(StoreName::new("a\0b"), Err(TextError::Nul { .. })));
    assert!(StoreName::new(&"ü".repeat(127)).is_ok());
    assert!(matches!(
        StoreName::new(&"𝄞".repeat(64)),
        Err(TextError::TooLong {
            found: 128,
            limit: 127,
            ..
        })
    ));
}

#[test]
fn errors_name_the_value_and_the_next_step() {
    let store = MemoryStore::new();
    let record = Record::new(CertHash::new([0xab; 20]), None, Uuid::nil());
    let binding = Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
    store.insert(binding.clone()).unwrap();
    let message = store.insert(binding).unwrap_err().to_string();
    assert_eq!(
        message,
        "ipport=0.0.0.0:443 is already bound to abababababababababababababababababababab by \
         {00000000-0000-0000-0000-000000000000}; update or delete it instead"
    );
}

#[test]
fn json_has_the_documented_form() {
    let mut record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
    record.flags = SslFlags::DISABLE_HTTP2 | SslFlags::from_bits_retain(0x9000_0000);
    record.check_mode = CertCheckMode::NO_REVOCATION;
    let key = "hostnameport=a.example:443".parse().unwrap();
    let binding = Binding::new(key, record)
        .unwrap()
        .with_host_spelling("A.Example")
        .unwrap();
    let json = serde_json::to_value(&binding).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "key": "hostnameport=a.example:443",
            "host_spelling": "A.Example",
            "certificate": { "hash": "0101010101010101010101010101010101010101", "store_name": null },
            "app_id": "00000000-0000-0000-0000-000000000000",
            "check_mode": ["no_revocation"],
            "revocation_freshness_time": 0,
            "url_retrieval_timeout": 0,
            "ctl_identifier": null,
            "ctl_store_name": null,
            "flags": ["disable_http2", "0x90000000"],
        })
    );
    for (field, value) in [
        ("flags", "[\"disable_http9\"]"),
        ("unheard_of", "1"),
        ("certificate", "null"),
    ] {
        let mut broken = json.clone();
        broken[field] = serde_json::from_str(value).unwrap();
        assert!(
            serde_json::from_value::<Binding>(broken).is_err(),
            "{field}"
        );
    }
}

proptest! {
    #[test]
    fn every_binding_comes_back_from_json(binding in strategy::binding()) {
        let json = serde_json::to_string(&binding)?;
        prop_assert_eq!(serde_json::from_str::<Binding>(&json)?, binding);
    }

    #[test]
    fn hashes_round_trip(hash in strategy::hash()) {
        prop_assert_eq!(hash.to_string().parse::<CertHash>()?, hash);
    }
}
