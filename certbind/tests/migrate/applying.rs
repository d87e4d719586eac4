//! `apply`: a plan applied, refused, undone.

use certbind::exit;

use crate::bench::{Bench, NEW};

/// A plan that creates, replaces and deletes, and keeps `ccs=443`.
fn planned() -> Bench {
    let bench = Bench::new();
    for key in ["0.0.0.0:80", "0.0.0.0:443", "ccs=443"] {
        bench.add("redb:a", key, &[]);
    }
    for key in ["0.0.0.0:443", "0.0.0.0:8443", "ccs=443"] {
        bench.add("redb:b", key, &[]);
    }
    bench.ok(&["--store", "redb:b", "update", "0.0.0.0:443", "--hash", NEW]);
    bench.ok(&["plan", "redb:a", "redb:b", "--prune", "-o", "plan.json"]);
    bench
}

#[test]
fn a_plan_is_applied_read_back_and_undone() {
    let bench = planned();
    let before = bench.held("redb:b");
    let printed = bench.ok(&["apply", "plan.json", "--yes"]);
    assert!(
        printed.contains("1 to create, 1 to replace, 1 to delete; 1 unchanged"),
        "{printed}"
    );
    assert!(printed.contains("Applied: 3 bindings changed"), "{printed}");
    assert!(
        printed.contains("certbind apply plan.undo.json"),
        "{printed}"
    );
    assert_eq!(bench.held("redb:b"), bench.held("redb:a"));
    let printed = bench.json(&["apply", "plan.undo.json", "--yes", "--format", "json"]);
    assert_eq!(printed["applied"], true);
    assert_eq!(
        printed["created"],
        serde_json::json!(["ipport=0.0.0.0:8443"])
    );
    assert_eq!(printed["undo"], "plan.undo.undo.json");
    assert_eq!(bench.held("redb:b"), before);
    // And once more: its undo file exists already, with the same contents.
    bench.ok(&["apply", "plan.json", "--yes"]);
    assert_eq!(bench.held("redb:b"), bench.held("redb:a"));
}

#[test]
fn apply_finishes_without_a_reader() {
    let bench = planned();
    let mut apply = bench.command(&["apply", "plan.json", "--yes"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = apply.stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(exit::DONE.into()));
    assert_eq!(bench.held("redb:b"), bench.held("redb:a"));
}

#[test]
fn apply_needs_confirmation() {
    let bench = planned();
    let before = bench.held("redb:b");
    let said = bench.fails(exit::USAGE, &["apply", "plan.json"]);
    assert!(said.contains("--yes"), "{said}");
    let printed = bench.ok(&["apply", "plan.json", "--dry-run"]);
    assert!(printed.contains("3 bindings would be changed"), "{printed}");
    assert_eq!(bench.held("redb:b"), before);
    assert!(!bench.file("plan.undo.json").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_asked() {
    certbind_test_support::require!("script");
    use std::io::Write;
    use std::process::{Command, Stdio};

    for (answer, code) in [
        ("n\n", exit::REFUSED),
        ("\n", exit::REFUSED),
        ("y\n", exit::DONE),
    ] {
        let bench = planned();
        let before = bench.held("redb:b");
        // `script` of util-linux provides a terminal.
        let line = format!("{} apply plan.json", env!("CARGO_BIN_EXE_certbind"));
        let mut script = Command::new("script");
        let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let script = script.current_dir(bench.file("")).stdin(Stdio::piped());
        let mut asked = script.stdout(Stdio::piped()).spawn().unwrap();
        asked
            .stdin
            .take()
            .unwrap()
            .write_all(answer.as_bytes())
            .unwrap();
        let output = asked.wait_with_output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("Change 3 bindings in redb:"), "{shown}");
        assert_eq!(output.status.code(), Some(code.into()), "{shown}");
        assert_eq!(
            bench.held("redb:b") == before,
            code != exit::DONE,
            "{answer:?}"
        );
        assert_eq!(bench.file("plan.undo.json").exists(), code == exit::DONE);
    }
}

/// Every key that changed since is reported.
#[test]
fn stale_plan_changes_nothing() {
    let drifts: [&[&str]; 4] = [
        &[
            "add",
            "0.0.0.0:80",
            "--hash",
            NEW,
            "--app-id",
            crate::bench::IIS,
        ],
        &["update", "0.0.0.0:443", "--reject", "enable"],
        &["delete", "0.0.0.0:8443"],
        &["delete", "ccs=443"],
    ];
    for drift in drifts {
        let bench = planned();
        bench.ok(&[&["--store", "redb:b"], drift].concat());
        let drifted = bench.held("redb:b");
        for apply in [
            &["apply", "plan.json", "--yes"][..],
            &["apply", "plan.json", "--dry-run"],
        ] {
            let said = bench.fails(exit::REFUSED, apply);
            assert!(
                said.contains("1 key changed") && said.contains(drift[1]),
                "{said}"
            );
        }
        assert_eq!(bench.held("redb:b"), drifted);
        assert!(!bench.file("plan.undo.json").exists());
    }
    let bench = planned();
    for drift in drifts {
        bench.ok(&[&["--store", "redb:b"], drift].concat());
    }
    let said = bench.fails(exit::REFUSED, &["apply", "plan.json", "--yes"]);
    for drift in drifts {
        assert!(said.contains(drift[1]), "{}: {said}", drift[1]);
    }
}

#[test]
fn existing_undo_file_is_never_overwritten() {
    let bench = planned();
    bench.write("plan.undo.json", "mine");
    let before = bench.held("redb:b");
    let said = bench.fails(exit::REFUSED, &["apply", "plan.json", "--yes"]);
    assert!(said.contains("plan.undo.json exists"), "{said}");
    assert_eq!(bench.read("plan.undo.json"), "mine");
    assert_eq!(bench.held("redb:b"), before);
    bench.ok(&["apply", "plan.json", "--yes", "--undo", "other.json"]);
    bench.ok(&["apply", "other.json", "--yes"]);
    assert_eq!(bench.held("redb:b"), before);
}

#[test]
fn unwritable_undo_file_prevents_apply() {
    let bench = planned();
    let before = bench.held("redb:b");
    let apply = ["apply", "plan.json", "--yes", "--undo", "nowhere/undo.json"];
    let said = bench.fails(exit::REFUSED, &apply);
    assert!(said.contains("nowhere"), "{said}");
    assert_eq!(bench.held("redb:b"), before);
}

#[test]
fn a_plan_that_is_in_effect_already_succeeds_and_says_so() {
    let bench = planned();
    bench.ok(&["apply", "plan.json", "--yes"]);
    bench.ok(&["apply", "plan.undo.json", "--yes"]);
    let said = bench.ok(&["apply", "plan.undo.json", "--yes"]);
    assert!(said.contains("Already in effect"), "{said}");
}

#[test]
fn command_line_overrides_the_target_of_a_plan() {
    let bench = planned();
    bench.add("redb:c", "0.0.0.0:443", &[]);
    // The purpose of a plan does not come from the environment.
    let mut apply = bench.command(&["apply", "plan.json", "--yes"]);
    assert!(
        apply
            .env("CERTBIND_STORE", "redb:c")
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(bench.held("redb:b"), bench.held("redb:a"));
    bench.ok(&["apply", "plan.undo.json", "--yes"]);

    std::fs::copy(bench.file("b"), bench.file("d")).unwrap();
    std::fs::copy(bench.file("b"), bench.file("e")).unwrap();
    bench.ok(&["apply", "plan.json", "redb:d", "--yes", "--undo", "d.json"]);
    bench.ok(&[
        "apply",
        "--store",
        "redb:e",
        "plan.json",
        "--yes",
        "--undo",
        "e.json",
    ]);
    for store in ["redb:d", "redb:e"] {
        assert_eq!(bench.held(store), bench.held("redb:a"));
    }
    // Their undos are for them.
    bench.ok(&["apply", "d.json", "--yes"]);
    assert_eq!(bench.held("redb:d"), bench.held("redb:b"));
}

#[test]
fn empty_plan_leaves_no_undo_file() {
    let bench = planned();
    bench.ok(&["plan", "redb:a", "redb:a", "-o", "same.json"]);
    let printed = bench.ok(&["apply", "same.json"]);
    assert!(
        printed.contains("Nothing to change; 3 unchanged"),
        "{printed}"
    );
    assert!(
        printed.contains("every key has its planned binding"),
        "{printed}"
    );
    assert!(!bench.file("same.undo.json").exists());
    bench.ok(&["--store", "redb:a", "delete", "ccs=443"]);
    bench.fails(exit::REFUSED, &["apply", "same.json"]);
}

#[test]
fn non_plan_is_broken_input() {
    let bench = planned();
    for text in [
        "",
        "{}",
        "[]",
        "{\"format\": \"certbind-plan\", \"version\": 9}",
        "\u{1b}[2J",
    ] {
        bench.write("bad.json", text);
        let said = bench.fails(exit::BROKEN_INPUT, &["apply", "bad.json", "--yes"]);
        assert!(
            said.contains("bad.json") && !said.contains("\u{1b}["),
            "{said}"
        );
    }
    bench.fails(exit::BROKEN_INPUT, &["apply", "none.json", "--yes"]);
}

#[test]
fn names_from_a_plan_reach_no_terminal_raw() {
    let bench = Bench::new();
    let hostile = "x\u{1b}]0;owned\u{7}\u{202e}";
    bench.add("redb:a", "0.0.0.0:443", &["--sslctlstorename", hostile]);
    bench.add("redb:b", "0.0.0.0:443", &[]);
    let plan = ["plan", "redb:a", "redb:b", "-o", "plan.json"];
    for printed in [
        bench.ok(&plan),
        bench.ok(&[&plan[..], &["--format", "json"]].concat()),
        bench.read("plan.json"),
        bench.ok(&["apply", "plan.json", "--yes"]),
        bench.read("plan.undo.json"),
    ] {
        assert!(
            !printed.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{printed:?}"
        );
        assert!(printed.contains("owned"), "{printed}");
    }
    assert_eq!(bench.held("redb:a"), bench.held("redb:b"));
    // Texts that only a plan has. The title of a move has the source in it.
    let plan = bench
        .read("plan.undo.json")
        .replace("\"purpose\": \"undo\"", "\"purpose\": \"move\"");
    let plan = plan.replacen("\"source\": \"", "\"source\": \"\\u001b[2J", 1);
    let warning = "\"warnings\": [{\"warning\": \"loss\", \"what\": \"\\u001b[2Jlost\"}]";
    bench.write("hostile.json", plan.replace("\"warnings\": []", warning));
    let printed = bench.ok(&["apply", "hostile.json", "--yes"]);
    assert!(printed.starts_with("Copy \\u{1b}[2J"), "{printed:?}");
    assert!(
        printed.contains("lost") && !printed.contains('\u{1b}'),
        "{printed:?}"
    );
}
