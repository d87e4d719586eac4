//! `plan`: its output and its files.

use certbind::exit;
use serde_json::json;

use crate::bench::{Bench, IIS, NEW, OLD};

const FIXTURES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/certificates/tests/fixtures"
);

fn two_hosts() -> Bench {
    let bench = Bench::new();
    for key in [
        "10.0.0.5:443",
        "0.0.0.0:443",
        "ccs=443",
        "hostnameport=a.example:80",
    ] {
        bench.add("redb:a", key, &[]);
    }
    bench.add("redb:b", "0.0.0.0:443", &["--disablehttp2", "enable"]);
    bench.add("redb:b", "0.0.0.0:8443", &[]);
    bench.add("redb:b", "ccs=443", &[]);
    bench
}

#[test]
fn plan_text_shows_counts_and_fields() {
    let bench = two_hosts();
    let printed = bench.ok(&[
        "plan",
        "redb:a",
        "redb:b",
        "--prune",
        "--map-address",
        "10.0.0.5=10.0.1.7",
        "--map-certificate",
        &format!("{OLD}={NEW}"),
    ]);
    let (title, rest) = printed.split_once('\n').unwrap();
    let store = |name| format!("redb:{}", bench.file(name).display());
    let named = format!("Copy {} to {}, made ", store("a"), store("b"));
    assert!(title.starts_with(&named), "{title}");
    snapbox::assert_data_eq!(
        rest,
        format!(
            "2 to create, 1 to replace, 1 to delete; 1 unchanged, 0 left alone\n\n\
             ~ ipport=0.0.0.0:443\n    certificate            {OLD} -> {NEW}\n    \
             flags                  -disable_http2\n\
             - ipport=0.0.0.0:8443  {OLD} in MY, IIS\n\
             + ipport=10.0.1.7:443  {NEW} in MY, IIS\n    \
             source key             ipport=10.0.0.5:443\n    \
             mapped certificate     {OLD} -> {NEW}\n\
             + hostnameport=a.example:80  {NEW} in MY, IIS\n    \
             mapped certificate     {OLD} -> {NEW}\n\n\
             warning: the certificates of the target were not checked; name a folder that has \
             them to check them\n\
             warning: connections to the address of ipport=10.0.1.7:443 get its certificate \
             for every host name; no effect there: ccs=443\n"
        )
    );
}

#[test]
fn plan_changes_nothing_and_is_saved_on_request() {
    let bench = two_hosts();
    let before = bench.held("redb:b");
    let printed = bench.json(&[
        "plan", "redb:a", "redb:b", "-o", "p.json", "--format", "json",
    ]);
    assert_eq!(bench.held("redb:b"), before);
    let kept: serde_json::Value = serde_json::from_str(&bench.read("p.json")).unwrap();
    assert_eq!(kept, printed);
    assert_eq!(
        kept["header"]["target"],
        format!("redb:{}", bench.file("b").display())
    );
    assert_eq!(kept["left_alone"], 1);
    let said = bench.fails(exit::REFUSED, &["plan", "redb:a", "redb:b", "-o", "b"]);
    assert!(said.contains("is a binding store"), "{said}");
}

#[test]
fn a_mapping_file_and_options_are_in_force_together() {
    let bench = two_hosts();
    bench.write(
        "map.toml",
        format!(
            "[addresses]\n\"10.0.0.5\" = \"10.0.1.7\"\n\
             [store_names]\n\"my\" = \"WebHosting\"\n\
             [filter]\nports = [443]\nkinds = [\"ipport\"]\n\
             [certificates]\n\"{OLD}\" = \"{NEW}\"\n"
        ),
    );
    let options = [
        "--mapping",
        "map.toml",
        "--kind",
        "ccs",
        "--map-address",
        "0.0.0.0=::",
    ];
    let plan = ["plan", "redb:a", "redb:none", "--format", "json"];
    let plan = bench.json(&[&plan[..], &options].concat());
    let made = plan["steps"].as_array().unwrap().iter().map(|step| {
        let becomes = &step["becomes"];
        json!([
            step["action"],
            becomes["key"],
            becomes["certificate"]["store_name"]
        ])
    });
    let expected = json!([
        ["create", "ipport=10.0.1.7:443", "WebHosting"],
        ["create", "ipport=[::]:443", "WebHosting"],
        ["create", "ccs=443", null],
    ]);
    assert_eq!(json!(made.collect::<Vec<_>>()), expected);
    assert!(!bench.file("none").exists());
}

#[test]
fn certificates_are_matched_and_looked_for_in_folders() {
    let bench = Bench::new();
    for (folder, name) in [
        ("old", "www-2025"),
        ("new", "www-2026"),
        ("have", "mail-2025"),
    ] {
        std::fs::create_dir(bench.file(folder)).unwrap();
        let pem = std::fs::read(format!("{FIXTURES}/{name}.pem")).unwrap();
        bench.write(&format!("{folder}/{name}.pem"), pem);
    }
    bench.write("have/key.pfx", "a PFX");
    let www = format!("{FIXTURES}/www-2025.pem");
    let add = [
        "--store",
        "redb:a",
        "add",
        "0.0.0.0:443",
        "--app-id",
        IIS,
        "--cert",
        &www,
    ];
    bench.ok(&add);
    // The folders of a mapping file are relative to it.
    std::fs::create_dir(bench.file("maps")).unwrap();
    let folders = "[certificate_folders]\nold = \"../old\"\nnew = \"../new\"\n";
    bench.write("maps/map.toml", folders);
    let plan = ["plan", "redb:a", "memory:", "--certificates", "have"];
    for mapping in [
        &["--mapping", "maps/map.toml"][..],
        &["--old-certificates", "old", "--new-certificates", "new"],
    ] {
        let output = bench
            .command(&[&plan[..], mapping].concat())
            .output()
            .unwrap();
        let (out, err) = (output.stdout, String::from_utf8(output.stderr).unwrap());
        let printed = String::from_utf8(out).unwrap();
        assert!(printed.contains("mapped certificate"), "{printed}{err}");
        assert!(
            printed.contains("the target lacks the certificate"),
            "{printed}"
        );
        assert!(!printed.contains("was not checked"), "{printed}");
        assert!(err.contains("key.pfx has no certificate"), "{err}");
    }
}

#[test]
fn plan_reads_files_and_reports_warnings() {
    let bench = two_hosts();
    bench.ok(&["--store", "redb:b", "export", "-o", "b.json"]);
    let against_file = bench.ok(&["plan", "redb:a", "b.json"]);
    let against_store = bench.ok(&["plan", "redb:a", "redb:b"]);
    let without_title = |printed: &str| printed.split_once('\n').unwrap().1.to_owned();
    assert_eq!(without_title(&against_file), without_title(&against_store));
    let listing = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/formats/tests/fixtures/06-extended-properties.txt"
    );
    let listing = std::fs::read_to_string(listing).unwrap();
    let trimmed = listing.lines().filter(|line| !line.contains("DS Mapper"));
    bench.write("trimmed.txt", trimmed.collect::<Vec<_>>().join("\n"));
    let printed = bench.ok(&["plan", "trimmed.txt", "redb:b"]);
    assert!(printed.contains("warning: the source: "), "{printed}");
}

#[test]
fn impossible_plan_is_refused_with_its_reason() {
    let bench = two_hosts();
    bench.write("map.toml", "[address]\n");
    for (code, options, said) in [
        (
            exit::REFUSED,
            &["--map-address", "10.0.0.5=0.0.0.0"][..],
            "both become ipport=0.0.0.0:443",
        ),
        (
            exit::BROKEN_INPUT,
            &["--mapping", "map.toml"],
            "map.toml: line 1",
        ),
        (exit::BROKEN_INPUT, &["--certificates", "none"], "none"),
        (exit::USAGE, &["--map-address", "10.0.0.5"], "FROM=TO"),
        (
            exit::USAGE,
            &["--map-address", "::=::1", "--map-address", "0::=::2"],
            "cannot become both",
        ),
        (
            exit::USAGE,
            &["--old-certificates", "x"],
            "--new-certificates",
        ),
        (exit::USAGE, &["--host", ""], "empty"),
    ] {
        let printed = bench.fails(code, &[&["plan", "redb:a", "redb:b"], options].concat());
        assert!(printed.contains(said), "{options:?}: {printed}");
    }
}
