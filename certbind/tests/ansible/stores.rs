//! Creating, updating and deleting bindings, with and without check mode.

use serde_json::{Value, json};

use crate::ansible::{Ansible, succeeded};
use crate::{HASH, NEXT, common};

const KEY: &str = "ipport=0.0.0.0:443";

/// The runs on a store, and the expected report of each: changed, the hash before and after.
fn runs(store: &str) -> Vec<(Value, bool, Value, Value)> {
    let present = |hash: &str| {
        json!({
            "store": store, "key": "0.0.0.0:443", "hash": hash, "app_id": "IIS", "store_name": "MY",
            "disablehttp2": true,
        })
    };
    let update = json!({ "store": store, "key": KEY, "hash": NEXT });
    let absent = json!({ "store": store, "key": KEY, "state": "absent" });
    let (old, new, none) = (json!(HASH), json!(NEXT), Value::Null);
    vec![
        (present(HASH), true, none.clone(), old.clone()),
        (present(HASH), false, old.clone(), old.clone()),
        (update.clone(), true, old, new.clone()),
        (update, false, new.clone(), new.clone()),
        (absent.clone(), true, new, none.clone()),
        (absent, false, none.clone(), none),
    ]
}

fn check(results: &[Value], expected: &[(Value, bool, Value, Value)]) {
    for (result, (run, changed, before, after)) in results.iter().zip(expected) {
        assert_eq!(result["changed"], json!(changed), "{run}: {result}");
        assert_eq!(result["key"], KEY, "{result}");
        assert_eq!(&result["before"]["certificate"]["hash"], before, "{result}");
        assert_eq!(&result["after"]["certificate"]["hash"], after, "{result}");
        assert_eq!(result.get("diff").is_some(), *changed, "{result}");
        for side in ["before", "after"] {
            let shown = match &result[side] {
                Value::Null => json!(""),
                binding => binding.clone(),
            };
            assert!(!changed || result["diff"][side] == shown, "{result}");
        }
    }
    assert_eq!(results.len(), expected.len());
}

fn parameters(runs: &[(Value, bool, Value, Value)]) -> Vec<Value> {
    runs.iter().map(|(run, ..)| run.clone()).collect()
}

#[test]
fn second_runs_change_nothing_in_a_file() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let runs = runs(&ansible.store());
    check(&ansible.results(&parameters(&runs), &[]), &runs);
    // An update keeps unnamed fields.
    check(&ansible.results(&parameters(&runs[..3]), &[]), &runs[..3]);
    let shown = ansible.certbind(&["show", KEY]);
    let kept = ["MY", "disable_http2", NEXT];
    assert!(kept.iter().all(|it| shown.contains(it)), "{shown}");
}

#[test]
fn second_runs_change_nothing_in_simulated_http_sys() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let ansible = ansible.simulated("store = \"redb:bindings.redb\"\nshared = true\n");
    let runs = runs(&format!("httpsys:{}", common::library().display()));
    check(&ansible.results(&parameters(&runs), &[]), &runs);
    let made = ansible.results(&parameters(&runs[..1]), &["--check"]);
    check(&made, &runs[..1]);
    assert_eq!(ansible.certbind(&["list", "--format", "json"]).trim(), "[]");
}

/// HTTP.sys refuses a certificate that is not in the certificate store.
#[test]
fn refusal_of_simulated_http_sys_fails_the_task() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let configuration = format!(
        "store = \"redb:bindings.redb\"\nshared = true\n\
         [[certificate]]\nhash = \"{HASH}\"\nstate = \"absent\"\n"
    );
    let ansible = ansible.simulated(&configuration);
    let runs = runs(&format!("httpsys:{}", common::library().display()));
    let result = ansible.results(&parameters(&runs[..1]), &[]).remove(0);
    assert_eq!(
        (&result["failed"], &result["rc"]),
        (&json!(true), &json!(1))
    );
    let message = result["msg"].as_str().unwrap();
    assert!(message.contains("cannot be used; import it"), "{message}");
}

#[test]
fn check_mode_reports_changes_and_makes_none() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let runs = runs(&ansible.store());
    let of = |steps: &[usize]| -> Vec<_> { steps.iter().map(|it| runs[*it].clone()).collect() };
    let first = of(&[0, 0]);
    check(&ansible.results(&parameters(&first), &["--check"]), &first);
    assert!(!ansible.file("bindings.redb").exists());
    ansible.certbind(&[
        "set",
        KEY,
        "--hash",
        NEXT,
        "--app-id",
        "IIS",
        "--disablehttp2",
        "enable",
    ]);
    let before = std::fs::read(ansible.file("bindings.redb")).unwrap();
    let later = of(&[4, 4, 3]);
    check(&ansible.results(&parameters(&later), &["--check"]), &later);
    assert!(before == std::fs::read(ansible.file("bindings.redb")).unwrap());
}

#[test]
fn diff_mode_prints_before_and_after() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let task = |hash: &str| {
        let store = ansible.store();
        json!({ "certbind.certbind.binding": {
            "store": store, "key": KEY, "hash": hash, "app_id": "IIS",
        } })
    };
    succeeded(&ansible.play(&[task(HASH)], &[]));
    let output = ansible.play(&[task(NEXT)], &["--check", "--diff"]);
    let printed = succeeded(&output);
    for line in [
        &*format!("--- before: {KEY}"),
        &*format!("+++ after: {KEY}"),
        &*format!("-        \"hash\": \"{HASH}\","),
        &*format!("+        \"hash\": \"{NEXT}\","),
    ] {
        assert!(
            printed.lines().any(|it| it.trim_end() == line),
            "{line}: {printed}"
        );
    }
    assert!(printed.contains("changed=1"), "{printed}");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("diff"),
        "{output:?}"
    );
}

/// The results of tasks are logged: they have the number of the keys.
#[test]
fn session_ticket_keys_are_not_in_results() {
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let secret = "5ec7e700".repeat(4);
    ansible.certbind(&["set", KEY, "--hash", HASH, "--app-id", "IIS"]);
    let mut export: Value = serde_json::from_str(&ansible.certbind(&["export"])).unwrap();
    export["version"] = 2.into();
    export["bindings"][0]["extended"] = json!({
        "session_ticket_keys": { "keys": [{ "version": 0, "id": secret, "material": secret }] },
    });
    let file = ansible.text_of("export.json");
    std::fs::write(&file, export.to_string()).unwrap();
    ansible.certbind(&["import", &file, "--on-conflict", "replace"]);
    let update = json!({ "key": KEY, "hash": NEXT });
    let results = ansible.of_store(&[update, json!({ "key": KEY, "state": "absent" })], &[]);
    for result in &results {
        assert_eq!(result["changed"], true, "{result}");
        assert_eq!(
            result["before"]["extended"]["session_ticket_keys"]["keys"],
            1
        );
        assert!(!result.to_string().contains(&secret), "{result}");
    }
}
