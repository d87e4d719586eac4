//! Verbs that succeed if there is nothing to do.

use certbind::exit;
use serde_json::Value;

use crate::bench::{Bench, IIS, NEW, OLD};

#[test]
fn set_binds_changes_or_finds_it_already_so() {
    let bench = Bench::new();
    let set = |more: &[&str]| {
        let set = [
            "--store",
            "redb:a",
            "set",
            "0.0.0.0:443",
            "--format",
            "json",
        ];
        bench.json(&[&set[..], more].concat())
    };
    let said = bench.fails(
        exit::USAGE,
        &["--store", "redb:a", "set", "0.0.0.0:443", "--hash", OLD],
    );
    assert!(said.contains("--app-id"), "{said}");
    assert!(!bench.file("a").exists(), "a refusal makes no store");

    let bound = ["--hash", OLD, "--app-id", IIS, "--reject", "enable"];
    let first = set(&bound);
    assert_eq!(
        (&first["changed"], &first["before"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(first["after"], bench.held("redb:a")[0]);
    let again = set(&bound);
    assert_eq!(again["changed"], false);
    assert_eq!(again["before"], again["after"]);

    // Unnamed fields are kept.
    let renewed = set(&["--hash", NEW]);
    assert_eq!(
        (&renewed["changed"], &renewed["before"]),
        (&true.into(), &first["after"])
    );
    assert_eq!(renewed["after"]["flags"], first["after"]["flags"]);
    assert_eq!(renewed["after"]["certificate"]["hash"], NEW);
    assert_eq!(set(&["--hash", NEW])["changed"], false);
}

/// A hook that runs twice succeeds. A different binding is not replaced by `add`.
#[test]
fn a_second_add_or_rotate_is_already_so() {
    let bench = Bench::new();
    let add = [
        "--store",
        "redb:a",
        "add",
        "0.0.0.0:443",
        "--app-id",
        IIS,
        "--hash",
        OLD,
    ];
    bench.ok(&add);
    let before = bench.held("redb:a");
    assert!(bench.ok(&add).contains("already so"));
    let different = [&add[..], &["--reject", "enable"]].concat();
    let said = bench.fails(exit::REFUSED, &different);
    assert!(said.contains("already bound"), "{said}");
    assert_eq!(bench.held("redb:a"), before);

    let rotate = ["--store", "redb:a", "rotate", OLD, NEW];
    bench.ok(&rotate);
    assert!(bench.ok(&rotate).contains("Already renewed"));
}

#[test]
fn an_application_is_named_or_given_by_its_id() {
    let bench = Bench::new();
    let add = |port: &str, application: &str| {
        let key = format!("0.0.0.0:{port}");
        let of = ["--hash", OLD, "--app-id", application, "--format", "json"];
        bench.json(&[&["--store", "redb:a", "set", &key][..], &of].concat())
    };
    for (port, name) in [("443", IIS), ("444", "IIS"), ("445", "iis")] {
        assert_eq!(add(port, name)["after"]["app_id"], IIS, "{name}");
    }
    let braces = format!("{{{}}}", IIS.to_uppercase());
    assert_eq!(add("446", &braces)["after"]["app_id"], IIS);
    for (name, expected) in [
        ("Exchange", "no application id of its own"),
        ("ISS", "did you mean IIS?"),
    ] {
        let add = ["--store", "redb:a", "set", "0.0.0.0:447", "--app-id", name];
        let said = bench.fails(exit::USAGE, &[&add[..], &["--hash", OLD]].concat());
        assert!(said.contains(expected), "{said}");
    }
}
