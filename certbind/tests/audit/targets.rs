//! Targets and baselines: no host is hidden.

use serde_json::Value;

use super::{Folder, LISTING, rules, text};
use certbind::exit;
use certbind_test_support::archive::{Files, gz, tar, zip};

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
    let printed = |it: &'a Value| Some((it["host"].as_str()?, it["sentence"].as_str()?));
    of_rule.filter_map(printed).collect()
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
    let printed = folder.printed(exit::NOT_AUDITED, &targets);
    assert!(printed.contains("Not assessed: 3 hosts"), "{printed}");
}

/// A listing of more than 16 MB is read without its text in memory, a compressed one with it.
#[test]
fn long_listing_is_read_like_any_other() {
    let folder = Folder::new();
    let blank = format!("{}\r\n", " ".repeat(250_000)).repeat(70);
    let mut listing = LISTING.replacen("5226dc6c", "redacted", 1) + &blank;
    listing.push_str("\r\nthe end : of it\r\n");
    folder.write("plain/web-01.txt", &listing);
    std::fs::create_dir(folder.path("packed")).unwrap();
    std::fs::write(folder.path("packed/web-01.txt.gz"), gz(listing.as_bytes())).unwrap();
    let audited = |target: &str| folder.json(exit::FOUND, &[target, "--fail-on", "note"]);
    let (plain, packed) = (audited("plain"), audited("packed"));
    assert_eq!(hosts(&plain), ["web-01"]);
    assert_eq!(plain["hosts"][0]["bindings"], 5);
    let rules = rules(&plain);
    assert!(
        rules.contains(&"CB023") && rules.contains(&"CB025"),
        "{rules:?}"
    );
    assert_eq!(plain["findings"], packed["findings"]);
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

/// A pattern that matches nothing, a missing list and a broken line of one are findings; the good targets
/// are audited.
#[test]
fn a_missing_target_hides_no_other_host() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("list.txt", "web-01.txt\n\nhttpsys:./evil.so\nredb:\n");
    let unread = |targets: &[&str], expected: &[(&str, &str)]| {
        let targets = [targets, &["--fail-on", "never"]].concat();
        let report = folder.json(exit::NOT_AUDITED, &targets);
        assert!(hosts(&report).contains(&"web-01"), "{targets:?}");
        assert!(rules(&report).contains(&"CB005"), "{targets:?}");
        let unread = found(&report, "CB027");
        assert_eq!(unread.len(), expected.len(), "{unread:?}");
        for ((host, said), (named, reason)) in unread.iter().zip(expected) {
            assert_eq!(host, named);
            assert!(said.contains(reason), "{said}");
        }
    };
    unread(
        &["web-01.txt", "none-*.txt"],
        &[("none-*", "no file matches the pattern")],
    );
    unread(&["web-01.txt", "a[.txt"], &[("a[", "it is not a pattern")]);
    unread(&["web-01.txt", "@none.txt"], &[("none", "No such file")]);
    unread(&["@list.txt"], &[("list", "; line 4: redb:: ")]);
    unread(
        &["@list.txt"],
        &[("list", "line 3: httpsys:./evil.so: it would run code")],
    );
}

/// The archive is on standard input, as of `ssh host collect | certbind audit -`.
#[test]
fn an_archive_on_standard_input_is_audited_as_its_folder() {
    let folder = Folder::new();
    let sites = "<configuration><system.applicationHost><sites><site name='Shop' id='1'><bindings>\
        <binding protocol='https' bindingInformation='*:9443:' sslFlags='0'/></bindings></site></sites>\
        </system.applicationHost></configuration>";
    let files: &Files<'_> = &[
        ("web-01/netsh.txt", LISTING.as_bytes()),
        ("web-01/applicationHost.config", sites.as_bytes()),
        ("web-02/netsh.txt", b""),
    ];
    let tar = tar(files);
    for archive in [zip(files), tar.clone(), gz(&tar)] {
        let arguments = ["-", "--host-from", "folder", "--format", "json"];
        let output = folder.piped(&archive, &arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(exit::NOT_AUDITED.into()));
        assert_eq!(hosts(&report), ["web-01", "web-02"]);
        assert_eq!(report["hosts"][0]["source"], "-/web-01/netsh.txt");
        assert_eq!(found(&report, "CB027"), [("web-02", "the file is empty")]);
        assert_eq!(found(&report, "CB401").len(), 1, "the sites are read");
    }
    let cut = zip(files);
    let output = folder.piped(&cut[..cut.len() - 9], &["-", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(exit::NOT_AUDITED.into()));
    assert_eq!(found(&report, "CB027").len(), 1, "{report}");
    for plain in [LISTING.as_bytes().to_vec(), gz(LISTING.as_bytes())] {
        let output = folder.piped(&plain, &["-", "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(hosts(&report), ["standard input"]);
        assert_eq!(report["hosts"][0]["bindings"], 6);
    }
}

/// A host has another name than in the baseline and in the earlier report, which cannot be derived from its
/// findings where all hosts are alike.
#[test]
fn a_renamed_host_is_named() {
    let folder = Folder::new();
    for (now, before) in [("web-01", "web-01"), ("web-03", "web-02")] {
        folder.write(&format!("now/{now}.txt"), LISTING);
        folder.write(&format!("before/{before}.txt"), LISTING);
    }
    let earlier = ["before", "-o", "earlier.json", "--save-baseline", "saved"];
    folder.printed(exit::DONE, &earlier);
    let compared = ["now", "--since", "earlier.json", "--baseline", "saved"];
    let counts = |report: &Value| {
        let counts = &report["changes"]["counts"];
        ["new", "not_assessed"].map(|state| counts[state].as_u64().unwrap())
    };
    let report = folder.json(exit::FOUND, &compared);
    assert!(counts(&report).iter().all(|count| *count > 0), "{report}");
    let hint = "if it was renamed, add --renamed web-02=web-03";
    for format in ["text", "markdown", "html"] {
        let printed = folder.printed(
            exit::FOUND,
            &[&compared[..], &["--format", format]].concat(),
        );
        assert!(printed.replace('\\', "").contains(hint), "{printed}");
    }
    let named = [&compared[..], &["--renamed", "web-02=WEB-03"]].concat();
    let report = folder.json(exit::DONE, &named);
    assert_eq!(counts(&report), [0, 0]);
    assert_eq!(report["hosts"][1]["identity"], "web-02");
    for rule in ["CB201", "CB202", "CB205", "CB206"] {
        assert_eq!(found(&report, rule), []);
    }
    // The file of an only host has no name that matters.
    let one = ["now/web-03.txt", "--baseline", "before/web-02.txt"];
    let report = folder.json(
        exit::DONE,
        &[&one[..], &["--renamed", "web-02=web-03"]].concat(),
    );
    assert_eq!(found(&report, "CB205"), []);
    for (names, said) in [
        (
            "web-02=web-04",
            "no host of this audit is called \"web-04\"",
        ),
        ("web-09=web-03", "baseline is called \"web-09\""),
        ("web-02=web-01", "has a host \"web-01\" of its own"),
    ] {
        let output = folder.audit(&[&compared[..], &["--renamed", names]].concat());
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(said), "{complaint}");
    }
}

/// The finding about a line of a list, next to that of an export.
fn refusal_of_list(folder: &Folder, line: &str) -> String {
    folder.write("all/web-01.txt", LISTING);
    folder.write("list.txt", &format!("all/web-01.txt\n{line}\n"));
    let report = folder.json(exit::NOT_AUDITED, &["@list.txt"]);
    let unread = found(&report, "CB027");
    assert_eq!(unread.len(), 1, "{unread:?}");
    unread[0].1.to_owned()
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
        [(
            "WEB-01",
            "monday/web-01.txt is an export of \"WEB-01\" as well"
        )]
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
    folder.printed(exit::DONE, &["before", "--save-baseline", "saved"]);
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
        [("web-02", "this host is only in the baseline")]
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

/// The baseline shows every option; the listing of now is of an older Windows and shows few.
#[test]
fn an_option_without_a_line_is_not_reported_as_lost() {
    let folder = Folder::new();
    let old = include_str!("../../../crates/formats/tests/fixtures/01-server-2012-null-store.txt");
    folder.write("host.txt", old);
    folder.printed(exit::DONE, &["host.txt", "--save-baseline", "saved"]);
    // The host had HTTP/2 switched off, by the registry.
    let saved = std::fs::read_to_string(folder.path("saved/host.json")).unwrap();
    let mut saved: Value = serde_json::from_str(&saved).unwrap();
    for binding in saved["bindings"].as_array_mut().unwrap() {
        binding["flags"] = serde_json::json!(["disable_http2"]);
    }
    saved.as_object_mut().unwrap().remove("layout");
    folder.write("before.json", &saved.to_string());
    let arguments = ["host.txt", "--baseline", "before.json"];
    let report = folder.json(exit::DONE, &arguments);
    assert_eq!(
        (found(&report, "CB203"), found(&report, "CB207")),
        (vec![], vec![])
    );
    let hash = saved["bindings"][0]["certificate"]["hash"]
        .as_str()
        .unwrap();
    folder.write("host.txt", &old.replace(hash, &"ab".repeat(20)));
    let report = folder.json(exit::DONE, &arguments);
    assert_eq!(found(&report, "CB207"), []);
    let unknown = found(&report, "CB208");
    assert!(!unknown.is_empty());
    assert!(
        unknown.iter().all(|(_, it)| it.contains("disable_http2")),
        "{unknown:?}"
    );
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
