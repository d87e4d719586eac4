//! Compressed exports and archives of exports as inputs.

use certbind::exit;
use certbind_test_support::archive::{Files, gz, tar, xz, zip};

use super::hives::dead_host;
use super::{Host, text};

/// The files of a dead host, whose last two bindings are in its logs, under a folder.
fn dead_files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let host = Host::new();
    dead_host(host.0.path());
    let names = ["SYSTEM", "SYSTEM.LOG1", "system.log2", "SYSTEM.LOG"];
    let files = names.iter().map(|name| {
        let content = std::fs::read(host.file(name)).unwrap();
        (format!("{folder}{name}"), content)
    });
    files.collect()
}

fn archive(make: fn(&Files<'_>) -> Vec<u8>, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let files = files.iter();
    let files: Vec<_> = files
        .map(|(name, content)| (name.as_str(), content.as_slice()))
        .collect();
    make(&files)
}

fn write(host: &Host, name: &str, bytes: &[u8]) -> String {
    std::fs::write(host.file(name), bytes).unwrap();
    host.file(name).to_str().unwrap().to_owned()
}

fn imported(host: &Host, path: &str) -> usize {
    let report = host.json(&["import", path, "--dry-run", "--format", "json"]);
    report["imported"].as_array().unwrap().len()
}

#[test]
fn a_set_of_hosts_is_audited_as_its_folder() {
    let host = Host::new();
    let listing = std::fs::read(host.listing(3)).unwrap();
    let mut files = dead_files("set/web-07/");
    files.push(("set/web-02.txt".to_owned(), listing.clone()));
    files.push(("set/web-03.txt.gz".to_owned(), gz(&listing)));
    for (name, content) in &files {
        let path = host.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let names = |target: &str| {
        let report = host.json(&["audit", target, "--fail-on", "never", "--format", "json"]);
        let hosts = report["hosts"].as_array().unwrap().iter();
        let hosts = hosts.map(|host| (host["name"].clone(), host["bindings"].clone()));
        hosts.collect::<Vec<_>>()
    };
    let expected = names(host.file("set").to_str().unwrap());
    // The hive names its host itself; two of its four bindings are in the logs.
    let printed: Vec<_> = expected
        .iter()
        .map(|(name, count)| (name.as_str().unwrap(), count.as_u64().unwrap()))
        .collect();
    assert_eq!(printed, [("web-02", 3), ("web-03", 3), ("WEB-01", 4)]);
    for (name, bytes) in [
        ("set.zip", archive(zip, &files)),
        ("set.tar", archive(tar, &files)),
        ("set.tgz", gz(&archive(tar, &files))),
        ("set.tar.xz", xz(&archive(tar, &files))),
    ] {
        assert_eq!(names(&write(&host, name, &bytes)), expected, "{name}");
    }
}

#[test]
fn one_host_is_imported_from_any_format() {
    let host = Host::new();
    let hive = host.file("alone");
    std::fs::create_dir(&hive).unwrap();
    for (name, content) in dead_files("") {
        std::fs::write(hive.join(format!("{name}.gz")), gz(&content)).unwrap();
    }
    let path = hive.join("SYSTEM.gz");
    assert_eq!(imported(&host, path.to_str().unwrap()), 4, "logs with it");

    let disk = dead_files("Windows/System32/config/");
    let path = write(&host, "web-07.zip", &archive(zip, &disk));
    assert_eq!(imported(&host, &path), 4);
    let inner = format!("{path}/Windows/System32/config/SYSTEM");
    assert_eq!(imported(&host, &inner), 4);
    host.ok(&["diff", &path, &inner]);
    let plan = ["plan", &path, "memory:", "--format", "json"];
    assert!(!host.ok(&plan).contains("may be missing"));

    let listing = std::fs::read(host.listing(3)).unwrap();
    let path = write(&host, "web-02.txt.xz", &xz(&listing));
    assert_eq!(imported(&host, &path), 3);
}

#[test]
fn several_exports_in_an_archive_are_not_one_host() {
    let host = Host::new();
    let listing = std::fs::read(host.listing(3)).unwrap();
    let path = write(
        &host,
        "two.zip",
        &zip(&[("a.txt", &listing), ("b.txt", &listing)]),
    );
    let output = host.run(&["import", &path]);
    assert_eq!(output.status.code(), Some(exit::BROKEN_INPUT.into()));
    let error = text(&output.stderr);
    assert!(error.contains("2 files that may be exports"), "{error}");
    assert!(error.contains("two.zip/a.txt"), "{error}");
    let path = host.file("two.zip").join("b.txt");
    assert_eq!(imported(&host, path.to_str().unwrap()), 3);
}

#[test]
fn an_archive_that_cannot_be_opened_hides_no_other_host() {
    let host = Host::new();
    let listing = std::fs::read(host.listing(3)).unwrap();
    let whole = zip(&[("web-02.txt", &listing), ("old.zip", &zip(&[]))]);
    let good = write(&host, "good.zip", &whole);
    let cut = write(&host, "cut.zip", &whole[..whole.len() - 9]);
    let other = write(&host, "web-09.7z", b"7z\xbc\xaf\x27\x1c\0\x04");
    let audit = ["audit", &good, &cut, &other, "--format", "json"];
    let output = host.run(&audit);
    assert_eq!(output.status.code(), Some(exit::NOT_AUDITED.into()));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let unread: Vec<_> = findings
        .filter(|finding| finding["rule"] == "CB027")
        .map(|finding| {
            let field = |name: &str| finding[name].as_str().unwrap();
            (field("host"), field("sentence"))
        })
        .collect();
    let expected = [
        ("old", "this is a zip archive"),
        ("cut", "the end of a zip archive is missing"),
        ("web-09", "this is a 7z archive, which is not supported"),
    ];
    for (host, what) in expected {
        let is_told = |(name, printed): &(&str, &str)| *name == host && printed.contains(what);
        assert!(unread.iter().any(is_told), "{host}: {unread:?}");
    }
    assert_eq!(report["hosts"].as_array().unwrap().len(), 4);
}
