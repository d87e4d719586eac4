//! Targets and baselines: no host is hidden.

use serde_json::Value;

use super::{Folder, LISTING, rules, text};
use certbind::exit;

fn hosts(report: &Value) -> Vec<&str> {
    let hosts = report["hosts"].as_array().unwrap();
    hosts
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect()
}

/// Host and sentence of the findings of a rule.
fn found<'a>(report: &'a Value, rule: &str) -> Vec<(&'a str, &'a str)> {
    let findings = report["findings"].as_array().unwrap();
    let of_rule = findings.iter().filter(|it| it["rule"] == rule);
    let told = |it: &'a Value| Some((it["host"].as_str()?, it["sentence"].as_str()?));
    of_rule.filter_map(told).collect()
}

/// The exit code shows the error, for any `--fail-on`.
#[test]
fn an_unreadable_file_hides_no_other_host() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("web-02.txt", "");
    folder.write("web-03.txt", "nothing of the kind");
    let targets = ["web-01.txt", "web-02.txt", "web-03.txt", "web-04.txt"];
    let report = folder.json(
        exit::NOT_AUDITED,
        &[&targets[..], &["--fail-on", "never"]].concat(),
    );
    assert_eq!(hosts(&report), ["web-01", "web-02", "web-03", "web-04"]);
    assert_eq!(report["hosts"][0]["bindings"], 6);
    let unread = found(&report, "CB027");
    let named: Vec<_> = unread.iter().map(|(host, _)| *host).collect();
    assert_eq!(named, ["web-02", "web-03", "web-04"]);
    assert_eq!(unread[0].1, "the file is empty");
    assert!(rules(&report).contains(&"CB005"), "web-01 is audited");
    let told = folder.told(exit::NOT_AUDITED, &targets);
    assert!(told.contains("Not assessed: 3 hosts"), "{told}");
}

#[test]
fn folders_patterns_and_lists_are_targets() {
    let folder = Folder::new();
    folder.write("all/web-01.txt", LISTING);
    folder.write("all/more/deep/web-02.txt", LISTING);
    folder.write("all/.hidden", "no export");
    let sites =
        "<configuration><system.applicationHost><sites/></system.applicationHost></configuration>";
    folder.write("all/applicationHost.config", sites);
    folder.write("all/README.md", "no export");
    folder.write(
        "list.txt",
        "# the hosts\nall/web-01.txt\n\nall/more\nall/web-01.txt\n",
    );
    folder.write("empty/.keep", "");
    let report = folder.json(exit::NOT_AUDITED, &["all"]);
    assert_eq!(hosts(&report), ["README", "web-02", "web-01"]);
    assert_eq!(found(&report, "CB027").len(), 1, "README.md is no export");
    let report = folder.json(exit::DONE, &["all/*.txt", "all/more/*/*.txt"]);
    assert_eq!(hosts(&report), ["web-01", "web-02"]);
    let report = folder.json(exit::DONE, &["@list.txt"]);
    assert_eq!(hosts(&report), ["web-01", "web-02"]);
    let report = folder.json(exit::NOT_AUDITED, &["empty"]);
    assert_eq!(
        found(&report, "CB027"),
        [("empty", "the folder has no export")]
    );
}

/// The error of an audit of a list that names this beside an export.
fn refusal_of_list(folder: &Folder, line: &str) -> String {
    folder.write("all/web-01.txt", LISTING);
    folder.write("list.txt", &format!("all/web-01.txt\n{line}\n"));
    let output = folder.audit(&["@list.txt"]);
    let said = text(&output.stderr);
    let code = Some(exit::NOT_AUDITED.into());
    assert_eq!(output.status.code(), code, "{said}");
    said
}

/// A list may be from an unknown author: it makes no code run, and sends credentials to no server.
#[test]
fn list_names_no_library_and_no_server() {
    let folder = Folder::new();
    for store in ["httpsys:./evil.so", "etcd://192.0.2.1/web01"] {
        let said = refusal_of_list(&folder, store);
        assert!(said.contains("name it on the command line"), "{said}");
        assert!(said.contains(store), "{said}");
    }
}

/// Refused by their text: to look at one would send the credentials of the user there.
#[test]
fn list_names_no_path_of_another_machine() {
    let folder = Folder::new();
    for path in [
        r"\\server\share\web-01.txt",
        r"\\server\share\*.txt",
        "//server/share",
        r"redb:\\server\share\web-01.redb",
        r"\\.\pipe\web-01",
    ] {
        let said = refusal_of_list(&folder, path);
        assert!(said.contains("another machine"), "{path}: {said}");
    }
}

#[test]
fn hosts_are_named_by_export_file_or_folder() {
    let folder = Folder::new();
    let header = r#"{ "format": "certbind-export", "version": 1, "header": { "host": "named" }, "bindings": [] }"#;
    folder.write("rack/file.json", header);
    for (from, name) in [("export", "named"), ("file", "file"), ("folder", "rack")] {
        let report = folder.json(exit::DONE, &["rack/file.json", "--host-from", from]);
        assert_eq!(hosts(&report), [name]);
    }
    let hive = "/../crates/formats/tests/fixtures/registry/hivex.hive";
    let hive = std::fs::read(format!("{}{hive}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let path = folder.path("web-07/Windows/System32/config");
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("SYSTEM"), hive).unwrap();
    let report = folder.json(exit::DONE, &["web-07", "--fail-on", "never"]);
    assert_eq!(hosts(&report), ["WEB-01"], "the hive names its host");
    let report = folder.json(
        exit::DONE,
        &["web-07", "--fail-on", "never", "--host-from", "folder"],
    );
    assert_eq!(hosts(&report), ["web-07"]);
}

#[test]
fn two_exports_of_one_host_are_a_finding() {
    let folder = Folder::new();
    folder.write("monday/web-01.txt", LISTING);
    folder.write("tuesday/WEB-01.txt", LISTING);
    let report = folder.json(exit::DONE, &["monday", "tuesday"]);
    assert_eq!(
        found(&report, "CB028"),
        [("WEB-01", "monday/web-01.txt is of the host \"WEB-01\", too")]
    );
}

/// Then a listing, now JSON: the host is compared, not the text.
#[test]
fn baselines_are_found_by_host_in_any_format() {
    let folder = Folder::new();
    folder.write("now/web-01.txt", LISTING);
    folder.write("now/web-03.txt", LISTING);
    let other = LISTING.replace("61d34f532da121bbab64723c4871e72c92f03735", &"ab".repeat(20));
    folder.write("before/web-01.txt", &other);
    folder.told(exit::DONE, &["before", "--save-baseline", "saved"]);
    assert_eq!(
        std::fs::read_dir(folder.path("saved")).unwrap().count(),
        1,
        "one host"
    );
    folder.write("saved/web-02.txt", LISTING);
    let report = folder.json(exit::FOUND, &["now", "--baseline", "saved"]);
    let changed = found(&report, "CB203");
    assert!(changed.len() == 5 && changed.iter().all(|(host, _)| *host == "web-01"));
    assert_eq!(
        found(&report, "CB205"),
        [("web-03", "this host has no baseline")]
    );
    assert_eq!(
        found(&report, "CB206"),
        [("web-02", "only the baseline has this host")]
    );
    assert_eq!(
        found(&report, "CB202"),
        [],
        "web-02 is not known to be empty"
    );
}

#[test]
fn a_baseline_that_says_nothing_is_reported() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("empty/.keep", "");
    folder.write("twice/web-01.txt", LISTING);
    folder.write("twice/old/web-01.txt", LISTING);
    folder.write("broken/web-01.txt", "");
    for (baseline, said) in [
        ("empty", "this host has no baseline"),
        (
            "twice",
            "this host has two baselines: twice/old/web-01.txt and twice/web-01.txt",
        ),
        (
            "broken",
            "its baseline broken/web-01.txt cannot be read: the file is empty",
        ),
    ] {
        let report = folder.json(exit::DONE, &["web-01.txt", "--baseline", baseline]);
        assert_eq!(found(&report, "CB205"), [("web-01", said)]);
    }
}

/// A host that was read in part would lose bindings in its baseline, and gain them the next time.
#[test]
fn only_whole_hosts_are_saved_as_baselines() {
    let folder = Folder::new();
    let usage = "Usage Check                  : Enabled";
    folder.write("web-01.txt", LISTING);
    folder.write(
        "web-02.txt",
        &LISTING.replacen(usage, &usage.replace("Enabled", "Perhaps"), 1),
    );
    let output = folder.audit(&["web-01.txt", "web-02.txt", "--save-baseline", "saved"]);
    let said = text(&output.stderr);
    assert!(said.contains("no baseline of web-02 was saved"), "{said}");
    assert!(folder.path("saved/web-01.json").is_file());
    assert!(!folder.path("saved/web-02.json").exists());
    let report = folder.json(exit::DONE, &["web-01.txt", "--baseline", "saved"]);
    let changes = ["CB201", "CB202", "CB203", "CB205", "CB206"];
    assert!(!rules(&report).iter().any(|rule| changes.contains(rule)));
}

#[test]
fn options_that_a_renewal_lost_are_an_error() {
    let folder = Folder::new();
    let negotiate = "Negotiate Client Certificate : Enabled";
    assert!(LISTING.contains(negotiate), "the listing has mutual TLS");
    let renewed = LISTING
        .replace("61d34f532da121bbab64723c4871e72c92f03735", &"ab".repeat(20))
        .replace(negotiate, "Negotiate Client Certificate : Disabled");
    folder.write("before.txt", LISTING);
    folder.write("web-01.txt", &renewed);
    let report = folder.json(exit::FOUND, &["web-01.txt", "--baseline", "before.txt"]);
    let lost = found(&report, "CB207");
    assert!(
        !lost.is_empty()
            && lost
                .iter()
                .all(|(_, it)| it.contains("-negotiate_client_cert")),
        "{lost:?}"
    );
}
