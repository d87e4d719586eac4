//! The resource by the schemas that Microsoft's DSC project publishes.
//!
//! They are not copied here. `CERTBIND_DSC_SCHEMAS` names the folder `schemas/v3.1.0/bundled` of a checkout
//! of PowerShell/DSC, as the job `dsc` in `.github/workflows/checks.yml` makes one. Without it these
//! tests are skipped.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::engine::{Engine, HASH, IIS, NEXT};

/// A published schema, by its name below the folder.
struct Published(PathBuf);

impl Published {
    /// The folder of schemas; without one the test is skipped.
    fn folder() -> Option<Self> {
        let folder = std::env::var_os("CERTBIND_DSC_SCHEMAS").map(PathBuf::from);
        if folder.is_none() {
            certbind_test_support::report_skipped(
                "needs CERTBIND_DSC_SCHEMAS, the folder schemas/v3.1.0/bundled of PowerShell/DSC",
            );
        }
        folder.map(Self)
    }

    fn validator(&self, name: &str) -> jsonschema::Validator {
        let path = self.0.join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let schema: Value = serde_json::from_str(&text).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }
}

fn errors(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|it| format!("{}: {it}", it.instance_path()))
        .collect()
}

fn printed(what: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_certbind"));
    let output = command.args(["dsc", what]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn manifest_follows_the_published_schema() {
    let Some(published) = Published::folder() else {
        return;
    };
    let validator = published.validator("resource/manifest.json");
    let manifest = printed("manifest");
    assert_eq!(errors(&validator, &manifest), [""; 0]);
    // The schema refuses these: it was applied.
    for (field, value) in [
        ("type", json!("TlsBinding")),
        ("version", json!("0.1")),
        ("kind", json!("binding")),
        ("tags", json!(["TLS", "TLS"])),
        ("exitCodes", json!({ "one": "Error" })),
        ("get", json!({ "args": ["dsc", "get"] })),
        ("set", json!({ "executable": "certbind", "input": "file" })),
        (
            "test",
            json!({ "executable": "certbind", "input": "stdin", "return": "diff" }),
        ),
        ("schema", json!({ "program": {} })),
    ] {
        let mut broken = manifest.clone();
        broken[field] = value;
        assert_ne!(errors(&validator, &broken), [""; 0], "{field}");
    }
}

#[test]
fn outputs_follow_the_published_schemas() {
    let Some(published) = Published::folder() else {
        return;
    };
    let engine = Engine::redb();
    let instance = json!({ "key": "0.0.0.0:443", "hash": HASH, "app_id": IIS });
    let other = json!({ "key": "0.0.0.0:443", "hash": NEXT });
    let gone = json!({ "key": "0.0.0.0:443", "_exist": false });
    let all = json!({});
    for (operation, input, lines) in [
        ("get", &instance, 1),
        ("export", &all, 0),
        ("whatIf", &instance, 2),
        ("set", &instance, 2),
        ("get", &instance, 1),
        ("test", &instance, 2),
        ("test", &other, 2),
        ("whatIf", &other, 2),
        ("set", &other, 2),
        ("export", &all, 1),
        ("whatIf", &gone, 2),
        ("set", &gone, 2),
        ("test", &gone, 2),
    ] {
        let validator = published.validator(&format!("resource/stdout/{operation}.json"));
        let output = engine.start(operation, input.to_string());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), lines, "{operation} {input}: {text}");
        for line in text.lines() {
            let value = serde_json::from_str(line).unwrap();
            assert_eq!(errors(&validator, &value), [""; 0], "{operation}: {line}");
        }
    }
    let validator = published.validator("resource/stdout/schema.json");
    assert_eq!(errors(&validator, &printed("schema")), [""; 0]);
    assert_ne!(errors(&validator, &json!({ "type": "object" })), [""; 0]);
}
