//! `get`, `set`, `test` and `export` over a store in a file.

use certbind::exit;
use certbind_formats::netsh::FLAGS;
use serde_json::{Value, json};

use crate::engine::{Engine, HASH, IIS, NEXT};

const KEY: &str = "ipport=0.0.0.0:443";

fn binding() -> Value {
    json!({ "key": "0.0.0.0:443", "hash": HASH, "app_id": "IIS", "store_name": "MY" })
}

/// The file of a certificate that fits `shop.contoso.com`.
fn renewed() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let file = root.canonicalize().unwrap().join("examples/renewed.pem");
    file.to_str().unwrap().to_owned()
}

#[test]
fn set_creates_changes_and_deletes() {
    let engine = Engine::redb();
    let unbound = json!({ "key": KEY, "_exist": false });
    assert_eq!(engine.get(&binding()), unbound);
    assert!(!engine.file("bindings.redb").exists());

    let (state, changed) = engine.set(&binding());
    let expected = json!({
        "key": KEY, "_exist": true, "hash": HASH, "store_name": "MY", "app_id": IIS,
        "check_mode": [], "revocation_freshness_time": 0, "url_retrieval_timeout": 0,
        "ctl_identifier": "", "ctl_store_name": "", "flags": [], "extended": {},
    });
    assert_eq!(state, expected);
    assert_eq!(engine.get(&json!({ "key": KEY })), expected);
    let mut all: Vec<_> = expected.as_object().unwrap().keys().cloned().collect();
    all.retain(|name| name != "key");
    let mut changed_names = changed;
    changed_names.sort_unstable();
    assert_eq!(changed_names, all);

    // Unnamed fields are kept.
    let change = json!({
        "key": KEY, "hash": NEXT, "flags": ["disable_http2", "disable_tls13"],
        "ctl_identifier": "list", "url_retrieval_timeout": 7,
    });
    let (state, changed) = engine.set(&change);
    let names = ["hash", "url_retrieval_timeout", "ctl_identifier", "flags"];
    assert_eq!(changed, names);
    assert_eq!(
        (&state["store_name"], &state["app_id"]),
        (&"MY".into(), &IIS.into())
    );
    let cleared = json!({ "key": KEY, "ctl_identifier": "", "store_name": "" });
    let (state, changed) = engine.set(&cleared);
    assert_eq!(changed, ["store_name", "ctl_identifier"]);
    assert_eq!(state["flags"], change["flags"]);

    let gone = json!({ "key": KEY, "_exist": false });
    assert_eq!(
        engine.set(&gone),
        (unbound.clone(), vec!["_exist".to_owned()])
    );
    assert_eq!(engine.set(&gone), (unbound, Vec::new()));
    assert_eq!(engine.bound(), json!([]));
}

/// A second run writes nothing: the history of the store has one commit.
#[test]
fn a_second_set_changes_nothing() {
    let engine = Engine::redb();
    let desired = json!({
        "key": "hostnameport=shop.contoso.com:443", "cert": renewed(), "app_id": IIS,
        "check_mode": ["no_revocation"], "flags": ["reject"],
        "extended": { "http2_window": { "receive_window": 65535 } },
    });
    engine.set(&desired);
    let bound = engine.bound();
    let commits = || engine.ok(&["log", "--format", "json"]);
    let history = commits();
    for _ in 0..2 {
        let (state, changed) = engine.set(&desired);
        assert_eq!(changed, [""; 0]);
        assert_eq!(state["extended"], desired["extended"]);
    }
    assert_eq!((engine.bound(), commits()), (bound, history));
}

#[test]
fn deleting_from_a_missing_store_creates_none() {
    let engine = Engine::redb();
    let gone = json!({ "key": KEY, "_exist": false });
    assert_eq!(engine.set(&gone).1, [""; 0]);
    assert!(!engine.file("bindings.redb").exists());
}

#[test]
fn test_compares_named_properties() {
    let engine = Engine::redb();
    let tested = engine.test(&binding());
    assert_eq!(
        tested.differences,
        ["_exist", "hash", "store_name", "app_id"]
    );
    assert_eq!(tested.state["_exist"], false);
    assert!(
        engine
            .test(&json!({ "key": KEY, "_exist": false }))
            .in_desired_state
    );

    engine.set(&json!({
        "key": KEY, "hash": HASH, "app_id": IIS, "store_name": "MY",
        "flags": ["disable_tls13", "reject"],
        "extended": { "http2_window": { "receive_window": 65535 } },
    }));
    for (properties, differences) in [
        (json!({}), vec![]),
        (
            json!({ "hash": HASH.to_uppercase(), "store_name": "MY" }),
            vec![],
        ),
        (json!({ "flags": ["reject", "disable_tls13"] }), vec![]),
        (json!({ "flags": ["reject"] }), vec!["flags"]),
        (json!({ "flags": [] }), vec!["flags"]),
        (json!({ "extended": {} }), vec![]),
        (json!({ "extended": { "performance": null } }), vec![]),
        (
            json!({ "extended": { "http2_window": null } }),
            vec!["extended"],
        ),
        (
            json!({ "extended": { "http2_window": { "receive_window": 65536 } } }),
            vec!["extended"],
        ),
        (
            json!({ "cert": renewed(), "store_name": "WebHosting" }),
            vec!["hash", "store_name"],
        ),
        (json!({ "check_mode": ["no_aia"] }), vec!["check_mode"]),
        (
            json!({ "revocation_freshness_time": 1, "url_retrieval_timeout": 0 }),
            vec!["revocation_freshness_time"],
        ),
        (
            json!({ "app_id": "{00000000-0000-0000-0000-000000000000}" }),
            vec!["app_id"],
        ),
        (
            json!({ "ctl_identifier": "x", "ctl_store_name": "y" }),
            vec!["ctl_identifier", "ctl_store_name"],
        ),
        (json!({ "_exist": false }), vec!["_exist"]),
    ] {
        let mut desired = properties;
        desired["key"] = "0.0.0.0:443".into();
        let before = engine.bound();
        let tested = engine.test(&desired);
        assert_eq!(tested.differences, differences, "{desired}");
        assert_eq!(tested.state["hash"], HASH, "{desired}");
        // The reported changes are the differences.
        let expected = engine.what_if(&with_force(&desired)).1;
        assert_eq!(expected, differences, "{desired}");
        assert_eq!(engine.bound(), before, "{desired}");
    }
}

fn with_force(desired: &Value) -> Value {
    let mut desired = desired.clone();
    desired["force"] = true.into();
    desired
}

#[test]
fn what_if_prints_the_expected_state_and_changes_nothing() {
    let engine = Engine::redb();
    let expected = engine.what_if(&binding());
    assert!(!engine.file("bindings.redb").exists());
    assert_eq!(engine.set(&binding()), expected);

    let change = json!({ "key": KEY, "hash": NEXT, "flags": ["reject"] });
    let bound = engine.bound();
    let expected = engine.what_if(&change);
    assert_eq!(expected.1, ["hash", "flags"]);
    assert_eq!(engine.bound(), bound);
    assert_eq!(engine.set(&change), expected);

    let gone = json!({ "key": KEY, "_exist": false });
    let bound = engine.bound();
    let expected = engine.what_if(&gone);
    assert_eq!(engine.bound(), bound);
    assert_eq!(engine.set(&gone), expected);
}

/// Every binding that `certbind add` makes with its options is a state that `set` makes elsewhere.
#[test]
fn every_flag_of_add_is_a_state() {
    let (added, set) = (Engine::redb(), Engine::redb());
    let all = u32::MAX >> (32 - FLAGS.len());
    let single = (0..FLAGS.len()).map(|bit| 1 << bit);
    let mixed = (1..=24).map(|number: u32| number.wrapping_mul(2_654_435_761) >> 16);
    let mut port = 1000;
    for subset in single.chain([all]).chain(mixed) {
        port += 1;
        let key = format!("0.0.0.0:{port}");
        let mut add = vec!["add", &key, "--hash", HASH, "--app-id", IIS];
        let options: Vec<_> = (0..FLAGS.len())
            .filter(|bit| subset & (1 << bit) != 0)
            .map(|bit| {
                let is_off = FLAGS[bit].tag == "usagecheck"
                    || FLAGS[bit].tag == "verifyclientcertrevocation";
                (
                    format!("--{}", FLAGS[bit].tag),
                    if is_off { "disable" } else { "enable" },
                )
            })
            .collect();
        for (option, value) in &options {
            add.extend([option.as_str(), *value]);
        }
        added.ok(&add);
        let state = added.get(&json!({ "key": key }));
        let named = [&state["flags"], &state["check_mode"]].map(|it| it.as_array().unwrap().len());
        assert_eq!(named[0] + named[1], options.len(), "{state}");
        assert_eq!(set.set(&state).0, state);
    }
    assert_eq!(added.bound(), set.bound());
}

#[test]
fn exported_instances_are_in_the_desired_state() {
    let engine = Engine::redb();
    assert_eq!(engine.export(None), [Value::Null; 0]);
    let listing = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
    engine.ok(&["import", listing]);
    engine.ok(&["add", "ccs=443", "--app-id", IIS]);
    engine.ok(&["add", "scopedccs=a.contoso.com:443", "--app-id", IIS]);
    engine.set(&json!({
        "key": "[::]:444", "hash": HASH, "app_id": IIS,
        "extended": {
            "http2_settings_limits": { "max_per_frame": 1, "max_per_minute": 2, "flags": "0x1" },
            "error_headers": { "status": 503, "headers": [{ "name": "X-A", "value": "b" }] },
        },
    }));
    let exported = engine.export(None);
    assert_eq!(exported.len(), 9);
    let copy = Engine::redb();
    for instance in &exported {
        let tested = engine.test(instance);
        assert!(
            tested.in_desired_state,
            "{:?}: {instance}",
            tested.differences
        );
        assert_eq!(engine.set(instance).1, [""; 0], "{instance}");
        assert_eq!(&copy.set(instance).0, instance);
    }
    assert_eq!(copy.export(None), exported);
}

#[test]
fn export_takes_a_filter() {
    let engine = Engine::redb();
    for (key, hash) in [
        ("0.0.0.0:443", HASH),
        ("0.0.0.0:444", NEXT),
        ("[::]:443", HASH),
    ] {
        engine.set(&json!({ "key": key, "hash": hash, "app_id": IIS }));
    }
    engine.set(&json!({ "key": "ccs=443", "app_id": IIS, "flags": [] }));
    for (filter, count) in [
        (json!({}), 4),
        (json!({ "hash": HASH }), 2),
        (json!({ "key": "ipport=[::]:443" }), 1),
        (json!({ "key": "ipport=[::]:443", "hash": NEXT }), 0),
        (json!({ "app_id": "IIS", "flags": [] }), 4),
        (json!({ "flags": ["reject"] }), 0),
        (json!({ "store_name": "" }), 3),
        (json!({ "_exist": false }), 0),
    ] {
        assert_eq!(engine.export(Some(&filter)).len(), count, "{filter}");
    }
}

/// As `certbind set` checks it.
#[test]
fn an_unfit_certificate_is_refused() {
    let engine = Engine::redb();
    let desired = json!({
        "key": "hostnameport=mail.contoso.com:443", "cert": renewed(), "app_id": "IIS",
    });
    for operation in ["set", "whatIf"] {
        let said = engine.fails(operation, exit::CERTIFICATE_REFUSED, desired.to_string());
        assert!(
            said.contains("CB107") && said.contains("the property force"),
            "{said}"
        );
        assert!(!engine.file("bindings.redb").exists());
    }
    assert_eq!(
        engine.test(&desired).differences,
        ["_exist", "hash", "app_id"]
    );
    let output = engine.start("set", with_force(&desired).to_string());
    let messages = crate::engine::messages(&output);
    assert!(output.status.success(), "{messages:?}");
    let [(level, text)] = &messages[..] else {
        panic!("{messages:?}");
    };
    assert_eq!(level, "warn");
    assert!(text.contains("CB107"), "{text}");
    assert!(engine.test(&desired).in_desired_state);
}

#[test]
fn a_hash_alone_gives_a_warning() {
    let engine = Engine::redb();
    let output = engine.start("set", binding().to_string());
    let messages = crate::engine::messages(&output);
    let warned = messages.iter().filter(|(level, _)| level == "warn");
    let warned: Vec<_> = warned.map(|(_, text)| text.as_str()).collect();
    assert!(
        warned.iter().any(|it| it.contains("the property cert")),
        "{warned:?}"
    );
}
