//! `diff`: its output and exit codes.

use std::process::Stdio;

use certbind::exit;
use serde_json::json;

use crate::bench::{Bench, IIS, NEW, OLD, text};

fn two_stores() -> Bench {
    let bench = Bench::new();
    for store in ["redb:a", "redb:b"] {
        bench.add(store, "0.0.0.0:443", &[]);
        bench.add(store, "ccs=443", &[]);
    }
    bench.add("redb:a", "0.0.0.0:80", &[]);
    bench.add("redb:b", "hostnameport=www.contoso.com:443", &[]);
    bench.ok(&[
        "--store",
        "redb:b",
        "update",
        "0.0.0.0:443",
        "--hash",
        NEW,
        "--disablehttp2",
        "enable",
    ]);
    bench
}

#[test]
fn diff_prints_differences_only() {
    let printed = two_stores().exits(exit::DIFFERENT, &["diff", "redb:a", "redb:b"]);
    snapbox::assert_data_eq!(
        printed,
        format!(
            "- ipport=0.0.0.0:80  {OLD} in MY, IIS\n\
             ~ ipport=0.0.0.0:443\n    certificate            {OLD} -> {NEW}\n    \
             flags                  +disable_http2\n\
             + hostnameport=www.contoso.com:443  {OLD} in MY, IIS\n\
             1 added, 1 removed, 1 changed, 1 the same\n"
        )
    );
}

#[test]
fn diff_is_colored_on_request() {
    let bench = two_stores();
    let colours = |variable| {
        let mut diff = bench.command(&["diff", "redb:a", "redb:b"]);
        diff.env_remove("NO_COLOR").env(variable, "1");
        text(&diff.output().unwrap().stdout)
    };
    let printed = colours("CLICOLOR_FORCE");
    for (colour, line) in [
        ("31", "- ipport=0.0.0.0:80"),
        ("33", "~ ipport=0.0.0.0:443"),
        ("32", "+ hostnameport=www.contoso.com:443"),
    ] {
        assert!(
            printed.contains(&format!("\u{1b}[{colour}m{line}\u{1b}[0m")),
            "{printed:?}"
        );
    }
    assert!(!colours("NO_COLOR").contains('\u{1b}'));
}

#[test]
fn programs_get_the_same_as_json() {
    let bench = two_stores();
    let printed = bench.exits(
        exit::DIFFERENT,
        &["diff", "redb:a", "redb:b", "--format", "json"],
    );
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        printed["changed"],
        json!([{ "key": "ipport=0.0.0.0:443", "fields": [
            { "field": "hash", "before": OLD, "after": NEW },
            { "field": "flags", "before": [], "after": ["disable_http2"] },
        ] }])
    );
    assert_eq!(
        printed["added"][0]["key"],
        "hostnameport=www.contoso.com:443"
    );
    assert_eq!(printed["removed"][0]["key"], "ipport=0.0.0.0:80");
    assert_eq!(printed["removed"][0]["app_id"], IIS);
    assert_eq!(printed["same"], 1);
}

#[test]
fn diff_reads_stores_files_and_standard_input() {
    let bench = two_stores();
    let export = |format, file| {
        bench.ok(&[
            "--store", "redb:a", "export", "--format", format, "-o", file,
        ]);
    };
    export("json", "a.json");
    export("netsh", "a.txt");
    // A store may be named as the file that it is.
    for (a, b) in [
        ("redb:a", "a.json"),
        ("a.json", "a"),
        ("a.txt", "a.json"),
        ("a", "./a"),
    ] {
        let printed = bench.ok(&["diff", a, b]);
        assert_eq!(printed, "The same: 3 bindings\n", "{a} {b}");
    }
    let mut piped = bench.command(&["diff", "-", "memory:"]);
    let input = std::fs::File::open(bench.file("a.json")).unwrap();
    let output = piped.stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(exit::DIFFERENT.into()));
    assert!(String::from_utf8_lossy(&output.stdout).contains("3 removed"));
}

#[test]
fn no_error_looks_like_a_difference() {
    let bench = two_stores();
    bench.write(
        "broken.json",
        "{\"format\": \"certbind-export\", \"version\": 1}",
    );
    for (arguments, said) in [
        (&["diff", "redb:a", "redb:none"][..], "no binding store"),
        (&["diff", "redb:a", "none.txt"], "none.txt"),
        (&["diff", "broken.json", "redb:a"], "broken.json"),
        (&["diff", "-", "-"], "once"),
        (&["diff", "redb:a"], "Usage"),
    ] {
        let complaint = bench.fails(exit::NOT_COMPARED, arguments);
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
}

#[test]
fn closed_pipe_does_not_change_the_exit_code() {
    let bench = two_stores();
    let mut diff = bench.command(&["diff", "redb:a", "redb:b"]);
    let mut child = diff.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(exit::DIFFERENT.into()));
}

/// A Cyrillic letter in the place of a Latin one.
#[test]
fn difference_that_looks_like_none_is_named() {
    let bench = Bench::new();
    bench.add("redb:a", "0.0.0.0:443", &[]);
    bench.add("redb:b", "0.0.0.0:443", &[]);
    let update = ["update", "0.0.0.0:443", "--store-name", "\u{41c}Y"];
    bench.ok(&[&["--store", "redb:b"], &update[..]].concat());
    let printed = bench.exits(exit::DIFFERENT, &["diff", "redb:a", "redb:b"]);
    assert!(printed.contains("(U+004D, not U+041C)"), "{printed}");
    let printed = bench.ok(&["plan", "redb:b", "redb:a"]);
    assert!(printed.contains("(U+004D, not U+041C)"), "{printed}");
}

#[test]
fn names_from_the_data_reach_no_terminal_raw() {
    let bench = Bench::new();
    let hostile = [
        "--store-name",
        "MY\u{1b}[2J\nfaked line",
        "--sslctlstorename",
        "\u{202e}x",
    ];
    let add = ["add", "0.0.0.0:443", "--hash", OLD, "--app-id", IIS];
    bench.add("redb:b", "0.0.0.0:443", &[]);
    bench.ok(&[&["--store", "redb:a"], &add[..], &hostile].concat());
    for other in ["redb:b", "memory:"] {
        for format in ["table", "json"] {
            let arguments = ["diff", "redb:a", other, "--format", format];
            let printed = bench.exits(exit::DIFFERENT, &arguments);
            assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{printed:?}");
            assert!(
                !printed.lines().any(|line| line.starts_with("faked")),
                "{printed:?}"
            );
        }
    }
}
