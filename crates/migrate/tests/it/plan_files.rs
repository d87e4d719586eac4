//! Plans as files.

use std::sync::LazyLock;

use certbind_migrate::{Error, Header, Plan, Planner, Purpose, Step, Warning, json};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::backends::{bindings, bound, of, stream};

static SCHEMAS: LazyLock<[jsonschema::Validator; 2]> = LazyLock::new(|| {
    json::SCHEMAS.map(|schema| {
        let schema = serde_json::from_str(schema).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap()
    })
});

/// The schema of a plan's version.
fn schema(plan: &Value) -> &'static jsonschema::Validator {
    &SCHEMAS[usize::from(plan["version"] != 1)]
}

fn written(plan: &Plan) -> String {
    let text = plan.to_json();
    let value: Value = serde_json::from_str(&text).unwrap();
    if let Err(error) = schema(&value).validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
    text
}

/// Every action and every warning.
fn example() -> Plan {
    let mut planner = Planner {
        prune: true,
        ..Planner::default()
    };
    planner
        .mapping
        .addresses
        .add("10.0.0.5=10.0.1.7".parse().unwrap())
        .unwrap();
    let source = of(&[
        bound("10.0.0.5:443", 2),
        bound("0.0.0.0:443", 2),
        bound("ccs=443", 0),
    ]);
    let target = of(&[
        bound("0.0.0.0:443", 1),
        bound("0.0.0.0:80", 1),
        bound("ccs=443", 0),
    ]);
    let plan = planner.plan(stream(&source), stream(&target)).unwrap();
    let keys = || vec!["ccs=443".parse().unwrap()];
    let hash = certbind_core::CertHash::new([7; 20]);
    let iis = "4dc3e181-e14b-4a21-b022-59fc669b0914".parse().unwrap();
    let warnings = vec![
        Warning::UnsupportedKind {
            kind: certbind_core::Kind::Ccs,
            keys: keys(),
        },
        Warning::UnsupportedOptions { keys: keys() },
        Warning::TooManyChanges {
            most: 1,
            changes: 3,
        },
        Warning::CertificateMissing { hash, keys: keys() },
        Warning::NoSuccessor { hash, keys: keys() },
        Warning::UnknownCertificate { hash, keys: keys() },
        Warning::TakenOver {
            key: keys().remove(0),
            from: certbind_core::Uuid::nil(),
            to: iis,
        },
        Warning::ConversionWarning {
            what: "line 3: something".into(),
        },
    ];
    plan.with_warnings(warnings).with_header(Header {
        purpose: Purpose::Move,
        source: Some("host.txt".into()),
        target: Some("redb:/srv/bindings.redb".into()),
        made_at: Some("2026-03-01T12:00:00Z".parse().unwrap()),
        tool: Some("certbind 0.1.0".into()),
    })
}

#[test]
fn a_plan_is_written_as_the_documented_object() {
    let text = written(&example());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots/plan-v1.json");
    if std::env::var_os("SNAPSHOTS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
    assert_eq!(Plan::from_json(text.as_bytes()).unwrap(), example());
    let actions: Vec<_> = example().steps().iter().map(kind).collect();
    assert_eq!(actions, ["delete", "replace", "create", "keep"]);
}

fn kind(step: &Step) -> &'static str {
    match step {
        Step::Create { .. } => "create",
        Step::Replace { .. } => "replace",
        Step::Delete { .. } => "delete",
        Step::Keep { .. } => "keep",
    }
}

#[test]
fn bindings_are_those_of_an_export() {
    let shared = [
        "binding",
        "key",
        "certificate",
        "store_name",
        "dword",
        "unknown_bits",
        "kind",
    ];
    let properties = [
        "extended",
        "tls_restriction",
        "tls_name",
        "long",
        "bytes",
        "property_flags",
    ];
    for (ours, version) in json::SCHEMAS.into_iter().zip(1..) {
        let ours: Value = serde_json::from_str(ours).unwrap();
        let path = format!(
            "{}/../formats/schema/export-v{version}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let theirs: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for name in shared
            .iter()
            .chain(properties.iter().filter(|_| version > 1))
        {
            assert!(!ours["$defs"][name].is_null(), "{name}");
            assert_eq!(ours["$defs"][name], theirs["$defs"][name], "{name}");
        }
    }
}

proptest! {
    #[test]
    fn every_plan_comes_back_from_its_file(source in bindings(), target in bindings()) {
        let planner = Planner { prune: true, ..Planner::default() };
        let plan = planner.plan(stream(&source), stream(&target)).unwrap();
        for plan in [plan.inverse(), plan] {
            prop_assert_eq!(&Plan::from_json(written(&plan).as_bytes()).unwrap(), &plan);
        }
    }

    #[test]
    fn no_file_brings_the_reader_down(
        mut bytes in Just(example().to_json().into_bytes()),
        place in any::<proptest::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        // A plan that is still accepted can be written.
        if let Ok(plan) = Plan::from_json(&bytes) {
            written(&plan);
        }
    }
}

#[test]
fn reader_and_schema_agree() {
    let good: Value = serde_json::from_str(&example().to_json()).unwrap();
    let wrong: [(&str, Value); 10] = [
        ("/format", json!("certbind-export")),
        ("/version", json!(0)),
        ("/header/purpose", json!("party")),
        ("/header/made_at", json!("yesterday")),
        ("/left_alone", json!(-1)),
        ("/steps/0/action", json!("destroy")),
        ("/steps/0/saw", json!(null)),
        ("/steps/1/becomes/key", json!("somewhere")),
        ("/steps/1/becomes/certificate/hash", json!("00")),
        ("/warnings/0/warning", json!("all is well")),
    ];
    for (place, value) in wrong {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        refused(&bad, place);
    }
    for place in [
        "",
        "/header",
        "/steps/0",
        "/steps/1",
        "/steps/2",
        "/steps/3",
        "/warnings/0",
    ] {
        let mut bad = good.clone();
        let object = bad.pointer_mut(place).unwrap().as_object_mut().unwrap();
        object.insert("unheard_of".into(), json!(1));
        refused(&bad, place);
    }
    for place in ["header", "steps", "warnings", "left_alone"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(place);
        refused(&bad, place);
    }
}

fn refused(bad: &Value, place: &str) {
    assert!(!schema(bad).is_valid(bad), "{place}");
    let error = Plan::from_json(bad.to_string().as_bytes()).unwrap_err();
    assert!(matches!(error, Error::NoPlan(_)), "{place}: {error}");
}

#[test]
fn steps_that_make_no_plan_are_refused() {
    let good: Value = serde_json::from_str(&example().to_json()).unwrap();
    let mut twice = good.clone();
    let first = twice["steps"][0].clone();
    twice["steps"].as_array_mut().unwrap().push(first);
    let mut two_keys = good.clone();
    two_keys["steps"][1]["becomes"]["key"] = json!("ipport=0.0.0.0:1");
    let mut nothing = good.clone();
    nothing["steps"][1]["becomes"] = nothing["steps"][1]["saw"].clone();
    for (bad, said) in [(twice, "once"), (two_keys, "same key"), (nothing, "keep")] {
        let error = Plan::from_json(bad.to_string().as_bytes()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let newer = example()
        .to_json()
        .replacen("\"version\": 1", "\"version\": 7", 1)
        .replacen("\"left_alone\"", "\"left_behind\"", 1);
    let error = Plan::from_json(newer.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan has version 7, and this release reads versions up to 2; use a newer certbind"
    );
}
