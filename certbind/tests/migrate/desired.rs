//! The desired state in `bindings.toml`: every command accepts it in place of an export.

use certbind::exit;

use crate::bench::{Bench, IIS, OLD};

const STATE: &str = r#"
[groups]
web = ["www.contoso.com", "shop.contoso.com"]

[defaults]
app = "IIS"
cert = "5226dc6c54559761cd471b86eb51c096252c90f2"

[[binding]]
key = "0.0.0.0:443"

[[binding]]             # both sites
group = "web"
flags = ["disable_http2"]
"#;

fn bench() -> Bench {
    assert!(STATE.contains(OLD));
    let bench = Bench::new();
    bench.write("bindings.toml", STATE);
    bench
}

#[test]
fn a_desired_state_is_taken_where_an_export_is() {
    let bench = bench();
    bench.ok(&["plan", "bindings.toml", "redb:a", "-o", "p.json"]);
    bench.ok(&["apply", "p.json", "redb:a", "--yes"]);
    bench.ok(&["import", "bindings.toml", "--store", "redb:b"]);
    bench.ok(&["diff", "bindings.toml", "redb:a"]);
    bench.ok(&["diff", "redb:a", "redb:b"]);
    assert_eq!(bench.held("redb:a").as_array().unwrap().len(), 3);
    let audited = bench.json(&[
        "audit",
        "bindings.toml",
        "--format",
        "json",
        "--fail-on",
        "never",
    ]);
    assert_eq!(audited["hosts"][0]["bindings"], 3);
}

#[test]
fn an_exported_desired_state_gives_the_same_bindings() {
    let bench = bench();
    bench.ok(&["import", "bindings.toml", "--store", "redb:a"]);
    bench.ok(&[
        "export",
        "--store",
        "redb:a",
        "--format",
        "toml",
        "-o",
        "again.toml",
    ]);
    let text = bench.read("again.toml");
    assert!(text.len() < STATE.len() + 20, "{text}");
    assert!(!text.contains(IIS), "{text}");
    bench.ok(&["diff", "bindings.toml", "again.toml"]);
}

#[test]
fn certificate_files_are_relative_to_the_desired_state() {
    let bench = bench();
    let pem = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/certificates/tests/fixtures/www-2025.pem"
    );
    std::fs::create_dir_all(bench.file("hosts/certs")).unwrap();
    std::fs::copy(pem, bench.file("hosts/certs/www.pem")).unwrap();
    let state = "[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"\ncert = \"certs/www.pem\"\n";
    bench.write("hosts/bindings.toml", state);
    bench.ok(&["import", "hosts/bindings.toml", "--store", "redb:a"]);
    bench.ok(&[
        "update",
        "0.0.0.0:443",
        "--store",
        "redb:a",
        "--cert",
        "hosts/certs/www.pem",
    ]);
    bench.ok(&["diff", "hosts/bindings.toml", "redb:a"]);
}

#[test]
fn errors_name_the_file_the_line_and_the_column() {
    let bench = bench();
    bench.write("bindings.toml", STATE.replace("flags = ", "flgs = "));
    for command in [
        vec!["plan", "bindings.toml", "redb:a"],
        vec!["import", "bindings.toml", "--store", "redb:a"],
    ] {
        let error = bench.fails(exit::BROKEN_INPUT, &command);
        assert!(error.contains("bindings.toml"), "{error}");
        assert!(error.contains("line 14, column 1"), "{error}");
        assert!(error.contains("did you mean \"flags\"?"), "{error}");
    }
}

/// As terraform's.
#[test]
fn detailed_exit_codes_distinguish_changes_from_errors() {
    let bench = bench();
    let plan = |file, store, code| {
        let plan = ["plan", file, store, "--detailed-exitcode", "-o", "p.json"];
        bench.exits(code, &plan)
    };
    plan("bindings.toml", "redb:a", exit::CHANGES);
    bench.ok(&["apply", "p.json", "redb:a", "--yes"]);
    plan("bindings.toml", "redb:a", exit::DONE);
    plan("missing.toml", "redb:a", exit::NOT_PLANNED);
    bench.exits(
        exit::NOT_PLANNED,
        &["plan", "--detailed-exitcode", "--nothing"],
    );
    bench.exits(exit::DONE, &["plan", "bindings.toml", "redb:b"]);
}

#[test]
fn a_plan_that_is_in_effect_applies_again_without_a_change() {
    let bench = bench();
    bench.ok(&["plan", "bindings.toml", "redb:a", "-o", "p.json"]);
    let first = bench.json(&["apply", "p.json", "redb:a", "--yes", "--format", "json"]);
    assert_eq!(first["applied"], true);
    let again = bench.json(&["apply", "p.json", "redb:a", "--yes", "--format", "json"]);
    assert_eq!(again["applied"], false);
    bench.ok(&["delete", "0.0.0.0:443", "--store", "redb:a"]);
    bench.fails(exit::REFUSED, &["apply", "p.json", "redb:a", "--yes"]);
}

#[test]
fn a_plan_can_be_limited_to_keys() {
    let bench = bench();
    let plan = [
        "plan",
        "bindings.toml",
        "redb:a",
        "--key",
        "0.0.0.0:443",
        "-o",
        "p.json",
    ];
    assert!(bench.ok(&plan).contains("1 to create"));
    bench.ok(&["apply", "p.json", "redb:a", "--yes"]);
    assert_eq!(bench.held("redb:a").as_array().unwrap().len(), 1);
    let unknown = ["plan", "bindings.toml", "redb:a", "--key", "ccs=443"];
    let error = bench.fails(exit::USAGE, &unknown);
    assert!(error.contains("no such key"), "{error}");
}

/// A file deletes only the bindings that it manages.
#[test]
fn pruning_spares_bindings_of_other_applications() {
    let bench = bench();
    bench.ok(&["import", "bindings.toml", "--store", "redb:a"]);
    bench.add("redb:a", "0.0.0.0:8443", &[]);
    let winrm = ["--app-id", "winrm", "--hash", OLD];
    bench.ok(&[&["--store", "redb:a", "add", "0.0.0.0:5986"][..], &winrm].concat());
    let plan = bench.ok(&["plan", "bindings.toml", "redb:a", "--prune"]);
    assert!(plan.contains("1 to delete"), "{plan}");
    assert!(
        plan.contains("- ipport=0.0.0.0:8443") && !plan.contains(":5986"),
        "{plan}"
    );
    // The file can manage more, and less.
    bench.write(
        "all.toml",
        format!("manages = [\"iis\", \"winrm\"]\n{STATE}"),
    );
    let plan = bench.ok(&["plan", "all.toml", "redb:a", "--prune"]);
    assert!(plan.contains("2 to delete"), "{plan}");
    bench.write("none.toml", format!("manages = []\n{STATE}"));
    let plan = bench.ok(&["plan", "none.toml", "redb:a", "--prune"]);
    assert!(plan.contains("Nothing to change"), "{plan}");
}

#[test]
fn a_plan_in_markdown_is_a_table() {
    let bench = bench();
    bench.add("redb:a", "0.0.0.0:443", &["--disablehttp2", "enable"]);
    let plan = bench.ok(&["plan", "bindings.toml", "redb:a", "--format", "markdown"]);
    let rows: Vec<_> = plan.lines().filter(|line| line.starts_with("| ")).collect();
    assert_eq!(rows.len(), 4, "{plan}");
    let replaced = "| replace | `ipport=0.0.0.0:443` | flags: -disable\\_http2 |";
    assert!(rows.contains(&replaced), "{plan}");
    let created = format!("| create | `hostnameport=www.contoso.com:443` | `{OLD}`, IIS |");
    assert!(rows.contains(&&*created), "{plan}");
}

#[test]
fn drift_reports_differences_and_writes_nothing() {
    let bench = bench();
    let drift = |options: &[&str], code| {
        bench.exits(
            code,
            &[&["drift", "bindings.toml", "redb:a"][..], options].concat(),
        )
    };
    bench.fails(exit::NOT_COMPARED, &["drift", "bindings.toml", "redb:a"]);
    assert!(!bench.file("a").exists());
    bench.ok(&["import", "bindings.toml", "--store", "redb:a"]);
    drift(&[], exit::DONE);
    // Bindings of applications that the file does not manage are no drift.
    let winrm = ["--app-id", "winrm", "--hash", OLD];
    bench.ok(&[&["--store", "redb:a", "add", "0.0.0.0:5986"][..], &winrm].concat());
    drift(&[], exit::DONE);
    bench.add("redb:a", "0.0.0.0:8443", &[]);
    bench.ok(&[
        "update",
        "0.0.0.0:443",
        "--store",
        "redb:a",
        "--disablehttp2",
        "enable",
    ]);
    let before = std::fs::read(bench.file("a")).unwrap();
    let found = drift(&[], exit::DIFFERENT);
    assert!(
        found.contains("1 added, 0 removed, 1 changed, 2 the same"),
        "{found}"
    );
    let found = drift(&["--ignore", "0.0.0.0:8443"], exit::DIFFERENT);
    assert!(found.contains("0 added, 0 removed, 1 changed"), "{found}");
    drift(
        &["--ignore", "0.0.0.0:8443", "--ignore", "flags"],
        exit::DONE,
    );
    drift(
        &["--ignore", "0.0.0.0:8443", "--ignore", "cert"],
        exit::DIFFERENT,
    );
    drift(&["--ignore", "flag"], exit::NOT_COMPARED);
    assert_eq!(std::fs::read(bench.file("a")).unwrap(), before);
}

#[test]
fn validate_reports_every_broken_file() {
    let bench = bench();
    assert_eq!(
        bench.ok(&["validate", "bindings.toml"]),
        "bindings.toml: 3 bindings\n"
    );
    bench.write("broken.toml", "[default]\n");
    let files = ["validate", "broken.toml", "missing.toml", "bindings.toml"];
    let output = bench.command(&files).output().unwrap();
    assert_eq!(output.status.code(), Some(exit::BROKEN_INPUT.into()));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("broken.toml: line 1, column 2"), "{error}");
    assert!(error.contains("missing.toml"), "{error}");
    let store = ["validate", "redb:a"];
    let store = bench.command(&store).output().unwrap();
    let said = String::from_utf8(store.stderr).unwrap();
    assert!(said.contains("`certbind check --store redb:a`"), "{said}");
    bench.write("two.toml", "[[binding]]\nkey = 1\n[[binding]]\nkey = 2\n");
    let two = bench.command(&["validate", "two.toml"]).output().unwrap();
    let two = String::from_utf8(two.stderr).unwrap();
    let lines: Vec<_> = two.lines().collect();
    assert!(
        lines.len() == 2
            && lines[0].starts_with("error: two.toml: line 2, column 7: ")
            && lines[1].starts_with("error: two.toml: line 4, column 7: "),
        "{two}"
    );
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("3 bindings")
    );
}

/// A file that was emptied by mistake looks like a host without drift.
#[test]
fn files_without_effect_are_warned_of() {
    let bench = bench();
    bench.ok(&["import", "bindings.toml", "--store", "redb:a"]);
    for (name, text) in [
        ("empty.toml", ""),
        ("comment.yaml", "# nothing yet\n"),
        ("none.json", "{ \"binding\": [] }"),
    ] {
        bench.write(name, text);
        for command in [
            &["validate", name][..],
            &["plan", name, "redb:a", "--prune"],
            &["drift", name, "redb:a"],
        ] {
            let said = bench.warns(command);
            assert!(
                said.contains(name) && said.contains("manages = [\"IIS\"]"),
                "{command:?}: {said}"
            );
        }
    }
    // It is one with an effect: `--prune` deletes.
    bench.write("owner.toml", "manages = [\"IIS\"]\n");
    assert_eq!(bench.warns(&["validate", "owner.toml"]), "");
    let drift = ["drift", "owner.toml", "redb:a"];
    assert!(bench.exits(exit::DIFFERENT, &drift).contains("3 added"));
}

#[test]
fn file_of_another_host_is_warned_of() {
    let bench = bench();
    bench.write("bindings.toml", format!("host = \"web01\"\n{STATE}"));
    for (host, is_other) in [("WEB01.contoso.com", false), ("web02", true)] {
        bench.ok(&[
            "import",
            "bindings.toml",
            "--store",
            "redb:a",
            "--on-conflict",
            "skip",
        ]);
        bench.ok(&[
            "export",
            "--store",
            "redb:a",
            "--host",
            host,
            "-o",
            "target.json",
        ]);
        for command in ["plan", "drift"] {
            let said = bench.warns(&[command, "bindings.toml", "target.json"]);
            let warned = said.contains("bindings.toml is for host web01, and the target is web02");
            assert_eq!(warned, is_other, "{command} {host}: {said}");
        }
    }
}

#[test]
fn desired_state_in_place_of_a_plan_has_an_answer() {
    let bench = bench();
    let said = bench.fails(
        exit::BROKEN_INPUT,
        &["apply", "bindings.toml", "redb:a", "--yes"],
    );
    assert!(
        said.contains("certbind plan bindings.toml TARGET -o plan.json"),
        "{said}"
    );
    bench.write("cut.json", "{ \"format\": ");
    let said = bench.fails(
        exit::BROKEN_INPUT,
        &["apply", "cut.json", "redb:a", "--yes"],
    );
    assert!(said.contains("it is not a plan"), "{said}");
}

#[test]
fn names_that_clients_do_not_send_are_warned_of() {
    let bench = bench();
    let state = STATE
        .replace("shop.contoso.com", "*.com")
        .replace("www.contoso.com", "10.0.0.5");
    bench.write("bindings.toml", state);
    for command in [
        &["validate", "bindings.toml"][..],
        &["plan", "bindings.toml", "redb:a"],
    ] {
        let said = bench.warns(command);
        assert!(
            said.contains("hostnameport=*.com:443 can never match"),
            "{said}"
        );
        assert!(said.contains("is ipport=10.0.0.5:443"), "{said}");
    }
}

/// The author of a desired state cannot choose another machine, to which Windows would send the
/// user's credentials, or a device, which has no end.
#[test]
fn desired_state_names_no_other_machine_and_no_device() {
    let bench = Bench::new();
    let entry = "[[binding]]\nkey = \"0.0.0.0:443\"\napp = \"IIS\"\n";
    for path in [r"\\server\share\www.pem", "//server/share/www.pem"] {
        bench.write("cert.toml", format!("{entry}cert = '{path}'\n"));
        let subject = format!("certificates = '{path}'\n{entry}subject = 'CN=www'\n");
        bench.write("subject.toml", subject);
        for state in ["cert.toml", "subject.toml"] {
            let said = bench.fails(exit::BROKEN_INPUT, &["plan", state, "redb:a"]);
            assert!(said.contains("of another machine"), "{state}: {said}");
        }
        let mapping = format!("[certificate_folders]\nold = '{path}'\nnew = 'new'\n");
        bench.write("mapping.toml", mapping);
        bench.write("host.toml", entry.to_owned() + "cert = \"" + OLD + "\"\n");
        let plan = ["plan", "host.toml", "redb:a", "--mapping", "mapping.toml"];
        let said = bench.fails(exit::BROKEN_INPUT, &plan);
        assert!(said.contains("of another machine"), "{said}");
    }
    if cfg!(unix) {
        bench.write("zero.toml", format!("{entry}cert = '/dev/zero'\n"));
        let said = bench.fails(exit::BROKEN_INPUT, &["plan", "zero.toml", "redb:a"]);
        assert!(said.contains("not a regular file"), "{said}");
    }
}
