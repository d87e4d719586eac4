//! Each format restores every value that it can represent, and refuses or reports every other.

use certbind_core::strategy::binding;
use certbind_core::{
    Binding, BindingKey, CertCheckMode, ExtendedProperties, Kind, Property, PropertyType, SslFlags,
};
use certbind_formats::netsh::{Layout, Release};
use certbind_formats::{ReadOptions, ReadOutcome, WriteError, json, netsh, read};
use proptest::prelude::*;

use crate::languages::{GERMAN, ROMANCE};
use crate::listings::{cases, export, read_text, sample};

fn read_keeping_on(bytes: &[u8]) -> ReadOutcome {
    read(bytes, &ReadOptions::default()).unwrap()
}

/// The flags and checks that a release shows, and whether it shows extended properties: written
/// down apart from its layout.
fn shown_by(release: Release) -> (u32, u32, bool) {
    match release {
        Release::Server2008 | Release::Server2008R2 | Release::Server2012R2 => {
            (0x3, 0x1_0003, false)
        }
        Release::Server2016Rtm => (0xb, 0x1_0003, false),
        Release::Server2016 => (0x1b, 0x1_0003, false),
        Release::Server2019 => (0x14fb, 0x1_0003, false),
        Release::Server2022 => (0x1ffb, 0x1_0003, true),
        Release::Windows11 => (0x9ffb, 0x1_0003, true),
        _ => (0xdffb, 0x1_001f, true),
    }
}

/// The remains of a binding after it was printed with these flags and checks. Of extended
/// properties those are left that have numbers, without their flags.
fn as_shown(binding: &Binding, (flags, checks, properties): (u32, u32, bool)) -> Binding {
    let mut record = binding.record().clone();
    let has_numbers = |set: &&Property| {
        let types = [PropertyType::Http2Window, PropertyType::Http2SettingsLimits];
        properties && types.contains(&set.property_type())
    };
    let shown = record.extended.iter().filter(has_numbers);
    let shown = shown.map(|set| Property::from(set.value.clone()));
    let shown: Vec<_> = shown.collect();
    record.extended = ExtendedProperties::new(shown).unwrap();
    let in_force = CertCheckMode::USE_REVOCATION_FRESHNESS;
    record.flags = SslFlags::from_bits_retain(record.flags.bits() & flags);
    record.check_mode = CertCheckMode::from_bits_retain(record.check_mode.bits() & checks);
    if checks & in_force.bits() == 0 {
        record
            .check_mode
            .set(in_force, record.revocation_freshness_time != 0);
    }
    binding.clone().with_record(record).unwrap()
}

/// Whether a listing can give a text back.
fn is_readable(text: &str) -> bool {
    text != "(null)"
        && !text.starts_with(':')
        && !text.chars().any(char::is_control)
        && text.trim() == text
}

fn texts(binding: &Binding) -> impl Iterator<Item = String> {
    let record = binding.record();
    let certificate = record.certificate.as_ref();
    [
        certificate.and_then(|c| c.store_name.as_ref().map(ToString::to_string)),
        record.ctl_identifier.as_ref().map(ToString::to_string),
        record.ctl_store_name.as_ref().map(ToString::to_string),
    ]
    .into_iter()
    .flatten()
}

/// Writes one binding, and reads it back; none where it is refused.
fn there_and_back(binding: &Binding, layout: &Layout) -> Option<(ReadOutcome, bool)> {
    let mut out = Vec::new();
    match netsh::write(&mut out, &export(vec![binding.clone()]), layout) {
        Ok(warnings) => {
            for warning in &warnings {
                assert_eq!(warning.key.as_ref(), Some(binding.key()));
            }
            Some((read_keeping_on(&out), warnings.is_empty()))
        }
        Err(WriteError::Inexpressible(refused)) => {
            assert!(out.is_empty(), "nothing is written of what is refused");
            assert!(refused.iter().all(|refused| refused.key == *binding.key()));
            None
        }
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn every_release_round_trips(binding in binding()) {
        for release in Release::ALL {
            let refused = !texts(&binding).all(|text| is_readable(&text))
                || (release <= Release::Server2008R2 && binding.key().kind() != Kind::IpPort);
            let back = there_and_back(&binding, &release.layout());
            prop_assert_eq!(back.is_none(), refused, "{}", release);
            if let Some((reading, is_whole)) = back {
                let shown = as_shown(&binding, shown_by(release));
                prop_assert_eq!(&reading.export.bindings[..], &[shown.clone()][..]);
                prop_assert_eq!(is_whole, shown == binding, "a warning is reported, and only then");
            }
        }
    }

    #[test]
    fn inferred_layouts_round_trip(binding in binding()) {
        let session_id = sample("10-session-id.txt")
            .replace("<ip:port>", "192.0.2.1:8443")
            .replace("<hash>", "61d34f532da121bbab64723c4871e72c92f03735")
            .replace("<guid>", "4dc3e181-e14b-4a21-b022-59fc669b0914")
            .replace("<store-name>", "MY");
        for (text, shows) in [
            (ROMANCE, (0x1ffb, 0x1_0003, true)),
            (GERMAN, (0x3, 0x1_0003, false)),
            (session_id.as_str(), (0xdffb, 0x1_0003, true)),
            (&sample("15-sni-double-spaced.txt"), (0x3, 0x1_0003, false)),
        ] {
            let layout = read_text(text).unwrap().export.layout.unwrap();
            let host = binding.host_spelling().map(str::to_owned)
                .or(binding.key().host().map(ToString::to_string));
            let is_address = host.is_some_and(|host| {
                let value = format!("{host}:{}", binding.key().port());
                BindingKey::parse_as(Kind::IpPort, &value).is_ok()
            });
            let refused = !texts(&binding).all(|text| is_readable(&text)) || is_address;
            let back = there_and_back(&binding, &layout);
            prop_assert!(back.is_some() || refused);
            if let Some((reading, is_whole)) = back {
                let shown = as_shown(&binding, shows);
                prop_assert_eq!(&reading.export.bindings[..], &[shown.clone()][..]);
                prop_assert_eq!(is_whole, shown == binding);
            }
        }
    }

    #[test]
    fn printed_listing_round_trips(bindings in proptest::collection::vec(binding(), 0..8)) {
        let mut seen = std::collections::HashSet::new();
        let bindings: Vec<_> = bindings
            .into_iter()
            .filter(|binding| texts(binding).all(|text| is_readable(&text)))
            .filter(|binding| seen.insert(binding.key().clone()))
            .collect();
        for release in &Release::ALL[2..] {
            let mut out = Vec::new();
            netsh::write_checked(&mut out, &export(bindings.clone()), &release.layout()).unwrap();
            let reading = read_keeping_on(&out);
            let layout = reading.export.layout.as_ref().unwrap();
            let mut again = Vec::new();
            netsh::write_checked(&mut again, &reading.export, layout).unwrap();
            prop_assert!(again == out, "{}", String::from_utf8_lossy(&again));
        }
    }

    #[test]
    fn json_gives_every_binding_back(bindings in proptest::collection::vec(binding(), 0..8)) {
        let mut seen = std::collections::HashSet::new();
        let mut export = export(bindings);
        export.bindings.retain(|binding| seen.insert(binding.key().clone()));
        export.layout = Some(Release::Server2025.layout());
        let mut out = Vec::new();
        json::write(&mut out, &export).unwrap();
        crate::json::validate(&out);
        let reading = read_keeping_on(&out);
        prop_assert_eq!(reading.export, export);
    }
}

#[test]
fn a_layout_gives_back_the_order_of_the_host() {
    let listing = |keys: &[&str]| {
        let records = keys.iter().map(|key| {
            sample("07-legacy-tls.txt")
                .replace("0.0.0.0:44307", key)
                .split_off(53)
        });
        records.collect::<Vec<_>>().join("\n")
    };
    let text = listing(&["10.0.0.10:443", "0.0.0.0:8443", "10.0.0.9:443"]);
    let mut reading = read_text(&text).unwrap();
    let layout = reading.export.layout.take().unwrap();
    let sorted = |bindings: &mut Vec<Binding>| {
        bindings.sort_by(|a, b| a.key().cmp(b.key()));
    };
    sorted(&mut reading.export.bindings);
    let mut out = Vec::new();
    netsh::write(&mut out, &reading.export, &layout).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), text);

    // A binding that the host did not have follows the others.
    let more = listing(&["10.0.0.10:443", "0.0.0.0:8443", "10.0.0.9:443", "0.0.0.0:1"]);
    let mut reading = read_text(&more).unwrap();
    sorted(&mut reading.export.bindings);
    let mut out = Vec::new();
    netsh::write(&mut out, &reading.export, &layout).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), more);
}

#[test]
fn layout_round_trips_through_json() {
    for text in [ROMANCE, GERMAN] {
        let layout = read_text(text).unwrap().export.layout.unwrap();
        let kept = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&kept).unwrap(), layout);
    }
}

#[test]
fn name_that_cannot_round_trip_is_refused() {
    let key: BindingKey = "0.0.0.0:443".parse().unwrap();
    let hash = certbind_core::CertHash::new([7; 20]);
    for name in [
        "(null)",
        " MY",
        "MY ",
        "M\nY",
        "MY\u{1b}[0m",
        ": MY",
        "\u{a0}MY",
    ] {
        let mut record = certbind_core::Record::new(
            hash,
            Some(name.parse().unwrap()),
            certbind_core::Uuid::nil(),
        );
        record.ctl_store_name = Some(name.parse().unwrap());
        let binding = Binding::new(key.clone(), record).unwrap();
        let mut out = Vec::new();
        let layout = Release::default().layout();
        let error = netsh::write(&mut out, &export(vec![binding]), &layout).unwrap_err();
        let WriteError::Inexpressible(refused) = error else {
            panic!("{error}")
        };
        let fields: Vec<_> = refused
            .iter()
            .map(|refused| refused.field.as_str())
            .collect();
        assert_eq!(
            fields,
            ["Certificate Store Name", "Ctl Store Name"],
            "{name:?}"
        );
        assert!(out.is_empty());
    }
}

#[test]
fn unencodable_character_is_refused() {
    let key: BindingKey = "0.0.0.0:443".parse().unwrap();
    let hash = certbind_core::CertHash::new([7; 20]);
    let name = Some("Müller".parse().unwrap());
    let record = certbind_core::Record::new(hash, name, certbind_core::Uuid::nil());
    let binding = Binding::new(key, record).unwrap();
    for (encoding, is_written) in [
        ("850", true),
        ("utf-16le+bom", true),
        ("1251", false),
        ("bytes", false),
    ] {
        let layout = Release::default()
            .layout()
            .with_encoding(encoding.parse().unwrap());
        let mut out = Vec::new();
        let written = netsh::write(&mut out, &export(vec![binding.clone()]), &layout);
        assert_eq!(written.is_ok(), is_written, "{encoding}");
        if is_written {
            let options = ReadOptions {
                encoding: Some(encoding.parse().unwrap()),
                ..ReadOptions::default()
            };
            assert_eq!(read(&out, &options).unwrap().export.bindings[0], binding);
        }
    }
}

#[test]
fn write_error_names_the_cause() {
    let reading = read_text(ROMANCE).unwrap();
    let layout = reading.export.layout.clone().unwrap();
    let layout = layout.with_encoding("1251".parse().unwrap());
    let error = netsh::write(&mut Vec::new(), &reading.export, &layout).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the export could not be written: windows-1251 has no character 'é'"
    );
}
