//! Names of files that come from exports: a host's name cannot leave the named folder, and is no
//! device on Windows.

use certbind::exit;

use crate::bench::{Bench, NEW, OLD};

const HOSTILE: [&str; 12] = [
    "../up",
    "..",
    "/etc/up",
    r"..\up",
    r"C:\up",
    r"\\server\share",
    "web01:stream",
    "CON",
    "nul",
    "aux.txt",
    "com1.contoso.com",
    "web01.",
];

/// A bench with `export.json`, the export of a host of this name.
fn exported(host: &str) -> Bench {
    let bench = Bench::new();
    bench.add("redb:a", "0.0.0.0:443", &[]);
    bench.ok(&["export", "--store", "redb:a", "-o", "export.json"]);
    let mut export: serde_json::Value = serde_json::from_str(&bench.read("export.json")).unwrap();
    export["header"]["host"] = host.into();
    bench.write("export.json", export.to_string());
    bench
}

/// Everything in a folder and below it.
fn files(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.file_name().into_string().unwrap());
        found.append(&mut files(&entry.path()));
    }
    found
}

#[test]
fn renewal_makes_no_folder_for_a_hostile_host() {
    for host in HOSTILE {
        let bench = exported(host);
        let before = files(&bench.file(""));
        let rotate = ["rotate", OLD, NEW, "export.json", "--out", "change"];
        let said = bench.fails(exit::BROKEN_INPUT, &rotate);
        assert!(said.contains("is not a host name"), "{host}: {said}");
        assert_eq!(files(&bench.file("")), before, "{host}");
    }
    // A single one of them is renewed.
    let bench = exported("web01");
    bench.ok(&["rotate", OLD, NEW, "export.json", "--out", "change"]);
    assert!(bench.file("change/web01/after.json").exists());
}

/// Folders of two names that differ in case alone are one on Windows.
#[test]
fn renewal_refuses_hosts_that_differ_in_case_alone() {
    let bench = exported("web01");
    bench.write(
        "other.json",
        bench.read("export.json").replace("web01", "WEB01"),
    );
    let rotate = [
        "rotate",
        OLD,
        NEW,
        "export.json",
        "other.json",
        "--out",
        "change",
    ];
    let said = bench.fails(exit::USAGE, &rotate);
    assert!(
        said.contains("export.json") && said.contains("other.json"),
        "{said}"
    );
    assert!(!bench.file("change").exists());
}

#[test]
fn audit_saves_no_baseline_of_a_hostile_host() {
    for host in HOSTILE {
        let bench = exported(host);
        let audit = [
            "audit",
            "export.json",
            "--fail-on",
            "never",
            "--save-baseline",
            "saved",
        ];
        let output = bench.command(&audit).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("no baseline of"), "{host}: {said}");
        assert_eq!(files(&bench.file("saved")), [] as [&str; 0], "{host}");
        assert!(!bench.file("up.json").exists());
    }
}
