//! A layout from outside prints exactly its bindings, or is refused.

use certbind_core::Kind;
use certbind_formats::netsh::{Layout, Release, write_checked};
use certbind_formats::{Export, ReadOptions, WriteError, json, read, snapshot};
use serde_json::{Value, json as value};

use crate::listings::read_text;

/// An export with one binding and the layout of a release, as JSON.
fn export(release: Release) -> Export {
    let text = include_str!("../fixtures/06-extended-properties.txt");
    let mut export = read_text(text).unwrap().export;
    export.layout = Some(release.layout());
    export
}

fn document(export: &Export) -> Value {
    let mut text = Vec::new();
    json::write(&mut text, export).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Changes of a layout by which a listing would lie, as a JSON pointer within it and a new value.
fn lies() -> Vec<(&'static str, Value)> {
    let forged = value!([
        "",
        "    IP:port                      : 10.9.9.9:443",
        "    Certificate Hash             : 0000000000000000000000000000000000000000"
    ]);
    let label = |label: &str| value!(format!("    {label:<28} : "));
    vec![
        ("/words/enabled", value!("Disabled")),
        ("/words/disabled", value!("Off")),
        ("/words/not_set", value!("Set")),
        ("/lead", forged.clone()),
        ("/between", forged.clone()),
        ("/tail", forged.clone()),
        ("/titles", value!({ "ipport": forged })),
        ("/asides", value!({ "ipport=0.0.0.0:443": forged })),
        ("/lead/0", value!("> Certificate Hash : none")),
        ("/tail/0", value!("\u{1b}]0;title\u{7}")),
        ("/between/0", value!("a\nb")),
        ("/between/0", value!("\u{202e}drowssap")),
        ("/records/ipport/0/before", label("Hostname:port")),
        ("/records/ipport/1/before", label("Thumbprint")),
        (
            "/records/ipport/3/before",
            value!("    Certificate Store Name : WebHosting, not "),
        ),
        ("/records/ipport/3/after", value!(" (verified)")),
        ("/records/ipport/3/off", value!("MY")),
        ("/records/ipport/4/on", value!("Disabled")),
        ("/records/ipport/4/before", label("Usage Check")),
        ("/records/ipport/4/field", value!("usage_check")),
        (
            "/records/ipport/4",
            value!({ "before": "    Verify Client Certificate Revocation : Enabled" }),
        ),
        (
            "/records/ipport/0",
            value!({ "before": "    Reject Connections : Enabled" }),
        ),
        ("/records/hostnameport", value!([])),
    ]
}

fn set(layout: &mut Value, place: &str, lie: &Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    let parent = layout
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("{place}"));
    match parent {
        Value::Array(values) => values[name.parse::<usize>().unwrap()] = lie.clone(),
        parent => parent[name] = lie.clone(),
    }
}

#[test]
fn layouts_that_lie_are_left_out_with_a_warning() {
    for release in Release::ALL {
        let honest = export(release);
        assert_eq!(
            read_text(&document(&honest).to_string()).unwrap().export,
            honest,
            "{release}"
        );
        for (place, lie) in lies() {
            let mut document = document(&honest);
            set(&mut document["layout"], place, &lie);
            let reading = read_text(&document.to_string()).unwrap();
            assert_eq!(reading.export.layout, None, "{release} {place} {lie}");
            assert_eq!(reading.export.bindings, honest.bindings);
            let [warning] = reading.warnings.as_slice() else {
                panic!("{release} {place}: {:?}", reading.warnings);
            };
            assert!(
                warning.what.starts_with("the listing layout is left out: "),
                "{warning}"
            );

            let lying: Layout = serde_json::from_value(document["layout"].take()).unwrap();
            let export = Export {
                layout: Some(lying),
                ..honest.clone()
            };
            let mut bytes = Vec::new();
            snapshot::write(&mut bytes, &export).unwrap();
            let reading = snapshot::read(&bytes).unwrap();
            assert_eq!(
                (reading.export.layout, reading.warnings.len()),
                (None, 1),
                "{place}"
            );
        }
    }
}

/// Printing does not rely on the check: the listing is read back.
#[test]
fn listings_that_lie_are_not_written() {
    let honest = export(Release::Server2022);
    let mut written = 0;
    for (place, lie) in lies() {
        let mut document = document(&honest);
        set(&mut document["layout"], place, &lie);
        let words = document["layout"]["words"].clone();
        let layout: Layout = serde_json::from_value(document["layout"].take()).unwrap();
        let mut out = Vec::new();
        match write_checked(&mut out, &honest, &layout) {
            Ok(_) => {
                let options = ReadOptions {
                    locale: serde_json::from_value(words).unwrap(),
                    ..ReadOptions::default()
                };
                let reading = read(&out, &options);
                assert_eq!(reading.unwrap().export.bindings, honest.bindings, "{place}");
                written += 1;
            }
            Err(WriteError::Misread | WriteError::Unreadable(_) | WriteError::Inexpressible(_)) => {
                assert!(out.is_empty(), "{place}");
            }
            Err(error) => panic!("{place}: {error}"),
        }
    }
    assert!(written < lies().len() / 2, "{written}");
}

#[test]
fn every_kind_has_its_line_of_a_key() {
    for kind in Kind::ALL {
        let mut document = document(&export(Release::Server2022));
        let name = serde_json::to_value(kind).unwrap();
        document["layout"]["records"][name.as_str().unwrap()][0]["field"] = value!("hash");
        assert_eq!(
            read_text(&document.to_string()).unwrap().export.layout,
            None,
            "{kind:?}"
        );
    }
}

#[test]
fn layouts_of_real_listings_are_accepted() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let Ok(reading) = read(&bytes, &ReadOptions::default()) else {
            continue;
        };
        if let Some(layout) = &reading.export.layout {
            let mut out = Vec::new();
            write_checked(&mut out, &reading.export, layout)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(!out.is_empty());
            checked += 1;
        }
    }
    assert!(checked >= 4, "{checked}");
}
