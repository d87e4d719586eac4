//! Each option of `certbind set` is a parameter.

use std::collections::BTreeSet;

use certbind_formats::netsh::FLAGS;
use serde_json::{Value, json};

use crate::HASH;
use crate::ansible::{Ansible, PROGRAM, succeeded};

const KEY: &str = "0.0.0.0:443";

/// The parameters in the documentation of the module, which Ansible checks against nothing.
fn documented(ansible: &Ansible) -> Value {
    ansible.install();
    let page = ansible.run("ansible-doc", &["--json", "certbind.certbind.binding"]);
    let page: Value = serde_json::from_str(&succeeded(&page)).unwrap();
    page["certbind.certbind.binding"]["doc"]["options"].clone()
}

#[test]
fn parameters_are_the_options_of_set() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let help = succeeded(&ansible.run(PROGRAM, &["set", "--help"]));
    let lines = help.lines().map(str::trim);
    let lines = lines.filter(|line| line.starts_with('-'));
    let options = lines.filter_map(|line| line.split("--").nth(1));
    let mut options: BTreeSet<_> = options
        .map(|line| line.split([' ', '\n']).next().unwrap().replace('-', "_"))
        .collect();
    assert!(options.len() > 25, "{options:?}");
    // These are of the module itself.
    for option in ["help", "format", "dry_run"] {
        assert!(options.remove(option), "{option}");
    }
    assert!(options.remove("cert"));
    let ours = ["certificate", "certbind", "key", "state"];
    options.extend(ours.map(str::to_owned));
    let documented = documented(&ansible);
    let documented: BTreeSet<_> = documented.as_object().unwrap().keys().cloned().collect();
    assert_eq!(documented, options);
    // Ansible reports the same options as supported.
    let result = ansible.of_store(&[json!({ "key": KEY, "unknown": 1 })], &[]);
    let message = result[0]["msg"].as_str().unwrap();
    let (_, supported) = message
        .split_once("Supported parameters include: ")
        .unwrap();
    let supported: BTreeSet<_> = supported
        .trim_end_matches('.')
        .split(", ")
        .map(str::to_owned)
        .collect();
    assert_eq!(supported, documented);
}

/// The history of the store has the reasons of both states.
#[test]
fn reasons_of_changes_are_in_the_history() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let reasons = ["CHG-1: a new site", "CHG-2: the site moved"];
    let runs = [
        json!({ "key": KEY, "hash": HASH, "app_id": "IIS", "message": reasons[0], "history": "commits=9" }),
        json!({ "key": KEY, "state": "absent", "message": reasons[1] }),
    ];
    for result in ansible.of_store(&runs, &[]) {
        assert_eq!(result["changed"], true, "{result}");
    }
    let log = succeeded(&ansible.run(PROGRAM, &["--store", &ansible.store(), "log"]));
    for reason in reasons {
        assert!(log.contains(reason), "{log}");
    }
}

/// The flags of sslFlags 0 to 3 are few of them: certbind has all that netsh has.
#[test]
fn every_flag_and_value_round_trips() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let mut first = json!({ "key": KEY, "hash": HASH, "app_id": "IIS" });
    let mut runs = Vec::new();
    // Any two flags differ in one of the first runs; then none is enabled, and all are.
    let patterns = (0..4).map(|bit| 1 << bit).chain([0, usize::MAX]);
    for pattern in patterns {
        for (nth, flag) in FLAGS.iter().enumerate() {
            first[flag.tag] = (pattern == usize::MAX || nth & pattern != 0).into();
        }
        runs.push(first.clone());
    }
    first["store_name"] = "WebHosting".into();
    first["revocationfreshnesstime"] = 4_294_967_295_u32.into();
    first["urlretrievaltimeout"] = 5000.into();
    first["sslctlidentifier"] = "list".into();
    first["sslctlstorename"] = "CA".into();
    runs.push(first.clone());
    runs.push(first);
    let nothing = json!({ "store_name": "", "sslctlidentifier": "", "sslctlstorename": "",
        "revocationfreshnesstime": 0, "urlretrievaltimeout": 0, "key": KEY });
    runs.push(nothing);
    let results = ansible.of_store(&runs, &[]);
    let store = ansible.text_of("expected.redb");
    let store = ["--store", &*format!("redb:{store}"), "--format", "json"];
    for (result, run) in results.iter().zip(&runs) {
        let mut arguments = vec!["set".to_owned(), KEY.to_owned()];
        for (name, value) in run.as_object().unwrap() {
            let value = match value {
                Value::Bool(true) => "enable".to_owned(),
                Value::Bool(false) => "disable".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            if name != "key" {
                arguments.push(format!("--{}={value}", name.replace('_', "-")));
            }
        }
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let expected = succeeded(&ansible.run(PROGRAM, &[&arguments[..], &store].concat()));
        let expected: Value = serde_json::from_str(&expected).unwrap();
        for field in ["changed", "before", "after"] {
            assert_eq!(result[field], expected[field], "{run}: {result}");
        }
    }
    let full = &results[results.len() - 3]["after"];
    let flags = full["flags"].as_array().unwrap().len();
    assert_eq!(flags, 13, "{full}");
    assert_eq!(
        full["check_mode"],
        json!(["cached_revocation", "use_revocation_freshness"])
    );
    assert_eq!(results[results.len() - 2]["changed"], false);
}
