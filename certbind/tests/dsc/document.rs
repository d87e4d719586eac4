//! The configuration document of `docs/dsc.md`.

use std::path::Path;
use std::process::Command;

use certbind::exit;
use serde_json::Value;

use crate::engine::Engine;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The instances of the resource in the document.
fn instances(document: &Value) -> Vec<Value> {
    let resources = document["resources"].as_array().unwrap();
    let ours = resources
        .iter()
        .filter(|it| it["type"] == "Certbind/TlsBinding");
    ours.map(|it| it["properties"].clone()).collect()
}

/// The command of the page that writes the manifest for `dsc`.
#[test]
fn manifest_is_written_as_the_page_says() {
    let page = read("docs/dsc.md");
    let (_, block) = page.split_once("```sh\n").unwrap();
    let (command, _) = block.split_once("\n```").unwrap();
    let (command, file) = command.split_once(" > ").unwrap();
    assert!(file.ends_with(".dsc.resource.json"), "{file}");
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("certbind"));
    let output = Command::new(env!("CARGO_BIN_EXE_certbind"))
        .args(words)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let manifest: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(manifest["type"], "Certbind/TlsBinding");
}

#[test]
fn the_example_is_applied() {
    let text = read("examples/certbind.dsc.config.yaml");
    let page = read("docs/dsc.md");
    assert!(
        page.contains(&format!("```yaml\n{text}```")),
        "the page has another document"
    );
    let document: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(
        document["$schema"],
        "https://aka.ms/dsc/schemas/v3/bundled/config/document.json"
    );
    let instances = instances(&document);
    assert_eq!(instances.len(), 3);
    let engine = Engine::redb();
    for instance in &instances {
        let exists = instance["_exist"] != false;
        assert_eq!(
            engine.test(instance).in_desired_state,
            !exists,
            "{instance}"
        );
        let expected = engine.what_if(instance);
        assert_eq!(engine.set(instance), expected);
        assert!(engine.test(instance).in_desired_state, "{instance}");
        assert_eq!(engine.set(instance).1, [""; 0]);
    }
    assert_eq!(engine.export(None).len(), 2);
}

/// A resource of the document with a mistake is refused before anything is changed.
#[test]
fn a_mistake_in_the_example_is_refused() {
    let text = read("examples/certbind.dsc.config.yaml").replace("store_name:", "storename:");
    let document: Value = serde_saphyr::from_str(&text).unwrap();
    let engine = Engine::redb();
    let instance = &instances(&document)[0];
    assert!(!engine.allows(instance));
    let said = engine.fails("set", exit::BROKEN_INPUT, instance.to_string());
    assert!(said.contains("did you mean \"store_name\"?"), "{said}");
}
