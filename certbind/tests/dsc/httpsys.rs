//! The resource over the HTTP Server API: the drop-in library, with its records in a file.

use certbind::exit;
use serde_json::{Value, json};

use crate::common::library;
use crate::engine::{Engine, HASH, IIS, NEXT};

/// A simulated host that answers according to a line of its configuration.
fn host(answer: &str) -> Engine {
    let answer = answer.to_owned();
    Engine::new(move |folder| {
        let configuration = folder.join("simulator.toml");
        let text = format!("store = \"redb:records.redb\"\n[windows]\n{answer}\n");
        std::fs::write(&configuration, text).unwrap();
        vec![
            ("CERTBIND_STORE", format!("httpsys:{}", library().display())),
            ("CERTBIND_HTTPAPI", configuration.display().to_string()),
        ]
    })
}

fn instances() -> [Value; 4] {
    [
        json!({
            "key": "0.0.0.0:443", "hash": HASH, "app_id": "IIS", "store_name": "MY",
            "flags": ["negotiate_client_cert", "disable_http2", "disable_quic", "disable_tls13"],
            "check_mode": ["no_revocation"],
            "extended": { "http2_window": { "receive_window": 65535 } },
        }),
        json!({
            "key": "hostnameport=www.contoso.com:443", "hash": NEXT, "app_id": IIS,
            "store_name": "WebHosting", "flags": ["disable_legacy_tls", "disable_ocsp_stapling"],
        }),
        json!({ "key": "ccs=443", "app_id": IIS }),
        json!({ "key": "scopedccs=a.contoso.com:443", "app_id": IIS, "flags": ["disable_http2"] }),
    ]
}

#[test]
fn bindings_are_created_changed_exported_and_deleted() {
    let host = host("");
    for instance in instances() {
        let expected = host.what_if(&instance);
        assert_eq!(host.get(&instance)["_exist"], false);
        assert_eq!(host.set(&instance), expected, "{instance}");
        assert!(host.test(&instance).in_desired_state, "{instance}");
        assert_eq!(host.set(&instance).1, [""; 0], "{instance}");
    }
    let exported = host.export(None);
    assert_eq!(exported.len(), 4);
    for instance in &exported {
        assert!(host.test(instance).in_desired_state, "{instance}");
    }
    let change =
        json!({ "key": "0.0.0.0:443", "flags": ["reject"], "extended": { "http2_window": null } });
    let (state, changed) = host.set(&change);
    assert_eq!(changed, ["flags", "extended"]);
    assert_eq!(
        (&state["hash"], &state["extended"]),
        (&HASH.into(), &json!({}))
    );
    for instance in &exported {
        let gone = json!({ "key": instance["key"], "_exist": false });
        let (state, changed) = host.set(&gone);
        assert_eq!((state, changed), (gone.clone(), vec!["_exist".to_owned()]));
        assert_eq!(host.set(&gone).1, [""; 0]);
    }
    assert_eq!(host.export(None), [Value::Null; 0]);
}

/// Windows may store another value than was written: the state after `set` is the one that it has.
#[test]
fn a_host_that_stores_another_value_is_reported_as_it_is() {
    let host = host("store_name = \"null-to-my\"");
    let instance = json!({ "key": "0.0.0.0:443", "hash": HASH, "app_id": IIS, "store_name": "" });
    let (state, _) = host.set(&instance);
    assert_eq!(state["store_name"], "MY");
    assert_eq!(host.get(&instance), state);
    assert_eq!(host.test(&instance).differences, ["store_name"]);
    assert_eq!(host.set(&instance), (state, Vec::new()));
}

/// A flag that Windows drops is an error, and the binding is taken away again.
#[test]
fn a_dropped_flag_is_an_error() {
    let host = host("flags = \"drop-known\"");
    let [instance, ..] = instances();
    let said = host.fails("set", exit::REFUSED, instance.to_string());
    assert!(said.contains("0x70 instead of 0x72"), "{said}");
    assert_eq!(host.get(&instance)["_exist"], false);
}

#[test]
fn unreadable_bindings_are_an_error() {
    let host = host("odd_record = \"hash-32\"");
    let [instance, ..] = instances();
    host.start("set", instance.to_string());
    for operation in ["get", "test"] {
        let said = host.fails(operation, exit::REFUSED, instance.to_string());
        assert!(said.contains("32 bytes"), "{operation}: {said}");
    }
    let said = host.start("export", "");
    assert_eq!(said.status.code(), Some(exit::REFUSED.into()), "{said:?}");
}

#[test]
fn a_refusal_of_the_api_exits_with_1() {
    let host = host("");
    let instance = json!({ "key": "ccs=443", "app_id": IIS, "flags": ["disable_http2"] });
    let said = host.fails("set", exit::REFUSED, instance.to_string());
    assert!(said.contains("ccs=443"), "{said}");
    assert_eq!(host.get(&instance)["_exist"], false);
}
