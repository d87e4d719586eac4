//! Tasks that fail.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::HASH;
use crate::ansible::Ansible;

fn message(result: &Value) -> &str {
    assert_eq!(result["failed"], true, "{result}");
    result["msg"].as_str().unwrap()
}

#[test]
fn errors_fail_the_task_with_message_and_exit_code() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let key = "0.0.0.0:443";
    let runs = [
        (
            json!({ "key": key, "hash": "12zz", "app_id": "IIS" }),
            2,
            "not a hexadecimal digit",
        ),
        (
            json!({ "key": "0.0.0.0:x", "hash": HASH, "app_id": "IIS" }),
            2,
            "0.0.0.0:x",
        ),
        (
            json!({ "key": "--help", "hash": HASH, "app_id": "IIS" }),
            2,
            "--help",
        ),
        (json!({ "key": key, "hash": HASH }), 2, "--app-id"),
        (
            json!({ "key": key, "state": "absent" }),
            1,
            "no binding store at",
        ),
        (
            json!({ "key": key, "certificate": "/missing.pem", "app_id": "IIS" }),
            3,
            "/missing.pem",
        ),
    ];
    for options in [&[][..], &["--check"]] {
        let parameters: Vec<_> = runs.iter().map(|(run, ..)| run.clone()).collect();
        let results = ansible.of_store(&parameters, options);
        for (result, (run, code, text)) in results.iter().zip(&runs) {
            assert_eq!(result["rc"], json!(code), "{run}: {result}");
            let message = message(result);
            assert!(
                message.starts_with("certbind: ") && message.contains(text),
                "{message}"
            );
        }
        assert!(!ansible.file("bindings.redb").exists());
    }
}

#[test]
fn parameters_that_are_no_option_or_no_text_are_refused() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let run = |name: &str, value: Value| {
        let mut run = json!({ "key": "0.0.0.0:443", "app_id": "IIS" });
        run[name] = value;
        run
    };
    let runs = [
        (run("disable_http2", json!(true)), "Unsupported parameters"),
        (run("state", json!("started")), "present, absent"),
        (run("hash", json!(1234)), "quote it"),
        (run("key", json!(443)), "quote it"),
        (run("disablehttp2", json!("perhaps")), "disablehttp2"),
        (
            run("urlretrievaltimeout", json!("1s")),
            "urlretrievaltimeout",
        ),
        (run("passwords", json!(["secret"])), "certificate"),
    ];
    let parameters: Vec<_> = runs.iter().map(|(run, _)| run.clone()).collect();
    for (result, (run, text)) in ansible.of_store(&parameters, &[]).iter().zip(&runs) {
        let message = message(result);
        assert!(message.contains(text), "{run}: {message}");
    }
    let both = json!({ "key": "0.0.0.0:443", "hash": HASH, "certificate": "a.pem" });
    let result = ansible.of_store(&[both], &[]).remove(0);
    assert!(message(&result).contains("mutually exclusive"), "{result}");
}

#[test]
fn programs_that_are_missing_or_are_not_certbind_fail_the_task() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let program = |name: &str, script: &str| {
        let file = ansible.file(name);
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let runs = [
        (
            "certbind-of-another-name".to_owned(),
            "was not found on the target",
        ),
        (ansible.text_of("missing"), "was not found on the target"),
        (program("silent", "exit 7"), "it printed no message"),
        (
            program("loud", "echo 'no library' >&2; exit 7"),
            "no library",
        ),
        (
            program("other", "echo done"),
            "expected the JSON of a change",
        ),
        (
            program("old", "echo '{\"changed\": true}'"),
            "expected the JSON of a change",
        ),
    ];
    let parameters = runs.iter().map(|(program, _)| {
        json!({ "key": "0.0.0.0:443", "hash": HASH, "app_id": "IIS", "certbind": program })
    });
    let results = ansible.of_store(&parameters.collect::<Vec<_>>(), &[]);
    for (result, (program, text)) in results.iter().zip(&runs) {
        let message = message(result);
        assert!(message.contains(text), "{program}: {message}");
    }
}
