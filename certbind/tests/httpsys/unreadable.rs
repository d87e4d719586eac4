//! A host of which parts cannot be read: each command that reads shows the rest, marks the
//! unreadable parts, and exits with a code of its own.

use std::process::Output;

use serde_json::Value;

use super::schemas::{messages, validate};
use super::{HASH, Host, IIS};
use certbind::exit;

/// The first record of a kind has a hash of 32 bytes.
const ODD_RECORD: &str = "odd_record = \"hash-32\"";

/// The caller may not read extended properties.
const NO_RIGHTS: &str = "rights = \"no-properties\"";

/// A host with two bindings.
fn host() -> Host {
    let host = Host::new();
    for key in ["0.0.0.0:443", "0.0.0.0:444"] {
        host.ok(&["add", key, "--hash", HASH, "--app-id", IIS]);
    }
    host
}

fn run(host: &Host, answer: &str, arguments: &[&str]) -> Output {
    let configuration = host.folder.path().join("simulator.toml");
    let text = format!("store = \"redb:records.redb\"\n[windows]\n{answer}\n");
    std::fs::write(&configuration, text).unwrap();
    host.run_with(configuration.to_str().unwrap(), arguments)
}

/// The output of a command that could read only a part.
fn partly(host: &Host, answer: &str, arguments: &[&str], why: &str) -> String {
    let output = run(host, answer, arguments);
    let code = output.status.code();
    assert_eq!(
        code,
        Some(exit::PARTLY_READ.into()),
        "{arguments:?}: {output:?}"
    );
    if arguments.contains(&"json") {
        messages(&output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(why), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn list_shows_the_rest() {
    let host = host();
    let table = partly(&host, ODD_RECORD, &["list"], "32 bytes");
    assert!(table.contains("0.0.0.0:444"), "{table}");
    let listed = json(&partly(
        &host,
        ODD_RECORD,
        &["list", "--format", "json"],
        "32 bytes",
    ));
    validate("list", &listed);
    let rows = listed.as_array().unwrap();
    let marked = rows.iter().filter_map(|row| row["unreadable"].as_str());
    let marked: Vec<_> = marked.collect();
    assert_eq!((rows.len(), marked.len()), (2, 1), "{listed}");
    assert!(marked[0].contains("32 bytes"), "{listed}");
}

#[test]
fn show_marks_an_unreadable_binding() {
    let host = host();
    let odd = ["show", "0.0.0.0:443"];
    let table = partly(&host, ODD_RECORD, &odd, "32 bytes");
    assert!(table.contains("unreadable"), "{table}");
    let odd = ["show", "0.0.0.0:443", "--format", "json"];
    let shown = json(&partly(&host, ODD_RECORD, &odd, "32 bytes"));
    validate("show", &shown);
    assert_eq!(shown["key"], "ipport=0.0.0.0:443");
    assert!(
        shown["unreadable"][0]
            .as_str()
            .unwrap()
            .contains("32 bytes"),
        "{shown}"
    );
    let other = run(&host, ODD_RECORD, &["show", "0.0.0.0:444"]);
    assert_eq!(
        other.status.code(),
        Some(0),
        "nothing of it is unreadable: {other:?}"
    );
}

#[test]
fn show_marks_unreadable_properties_of_a_binding() {
    let host = host();
    let key = ["show", "0.0.0.0:444", "--format", "json"];
    let shown = json(&partly(&host, NO_RIGHTS, &key, "access"));
    validate("show", &shown);
    assert_eq!(shown["certificate"]["hash"], HASH);
    assert!(
        !shown["unreadable"].as_array().unwrap().is_empty(),
        "{shown}"
    );
}

/// A plan with `--prune` would delete the bindings that are missing.
#[test]
fn export_as_json_says_that_it_is_not_whole() {
    let host = host();
    let file = host.folder.path().join("export.json");
    let file = file.to_str().unwrap();
    partly(&host, ODD_RECORD, &["export", "-o", file], "32 bytes");
    let export = json(&std::fs::read_to_string(file).unwrap());
    validate("export-v3", &export);
    assert_eq!(export["bindings"].as_array().unwrap().len(), 1, "{export}");
    let missing = export["unreadable"][0].as_str().unwrap();
    assert!(missing.contains("32 bytes"), "{export}");
    let store = host.folder.path().join("copy.redb");
    let store = format!("redb:{}", store.display());
    for arguments in [
        vec!["--store", &store, "import", file],
        vec!["plan", "--prune", file, &store],
        vec!["record", file, "--into", &store],
    ] {
        let refused = run(&host, "", &arguments);
        assert!(!refused.status.success(), "{arguments:?}: {refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("incomplete"), "{arguments:?}: {said}");
    }
    let arguments = [
        "--store",
        &store,
        "import",
        file,
        "--keep-going",
        "--create",
    ];
    let taken = run(&host, "", &arguments);
    let said = String::from_utf8_lossy(&taken.stderr);
    assert!(said.contains("incomplete"), "{said}");
    let listed = host.ok(&["--store", &store, "list"]);
    assert!(listed.contains("0.0.0.0:444"), "{listed}");
}

/// No other format can represent missing bindings.
#[test]
fn other_formats_are_for_whole_stores() {
    let host = host();
    for format in [
        "netsh",
        "netsh-script",
        "netsh-powershell",
        "reg",
        "toml",
        "snapshot",
    ] {
        let file = host.folder.path().join("export");
        let arguments = ["export", "--format", format, "-o", file.to_str().unwrap()];
        partly(&host, ODD_RECORD, &arguments, "export it as json");
        assert!(!file.exists(), "{format}");
        let whole = run(&host, "", &arguments);
        assert_eq!(whole.status.code(), Some(0), "{format}: {whole:?}");
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn audit_has_a_finding_about_it() {
    let host = host();
    let url = format!("httpsys:{}", host.library.display());
    let audit = ["audit", &url, "--format", "json"];
    let output = run(&host, ODD_RECORD, &audit);
    assert_eq!(
        output.status.code(),
        Some(exit::PARTLY_READ.into()),
        "{output:?}"
    );
    let report = String::from_utf8(output.stdout).unwrap();
    for part in ["CB023", "32 bytes", "0.0.0.0:444"] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[test]
fn rest_can_be_changed() {
    let host = host();
    let deleted = run(&host, ODD_RECORD, &["delete", "0.0.0.0:444"]);
    assert!(deleted.status.success(), "{deleted:?}");
}
