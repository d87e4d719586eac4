//! `heal` restores options that a renewal by delete and add has lost.

use certbind::exit;

use crate::bench::{Bench, IIS, NEW, OLD};

const OPTIONS: [&str; 6] = [
    "--disablehttp2",
    "enable",
    "--clientcertnegotiation",
    "enable",
    "--sslctlstorename",
    "ClientAuthIssuer",
];

/// Two bindings with options, exported, of which one is then deleted and added without them.
fn renewed_without_options() -> Bench {
    let bench = Bench::new();
    for key in ["0.0.0.0:443", "hostnameport=www.contoso.com:443"] {
        bench.add("redb:a", key, &OPTIONS);
    }
    bench.ok(&["--store", "redb:a", "export", "-o", "before.json"]);
    bench.ok(&["--store", "redb:a", "delete", "0.0.0.0:443"]);
    let other = "11111111-2222-3333-4444-555555555555";
    let add = [
        "add",
        "0.0.0.0:443",
        "--hash",
        NEW,
        "--app-id",
        other,
        "--store-name",
        "WebHosting",
    ];
    bench.ok(&[&["--store", "redb:a"], &add[..]].concat());
    bench
}

#[test]
fn options_come_back_and_the_new_certificate_stays() {
    let bench = renewed_without_options();
    let lost = bench.held("redb:a");
    let heal = ["heal", "--before", "before.json", "redb:a"];
    let shown = bench.ok(&[&heal[..], &["--dry-run"]].concat());
    assert!(shown.contains("Would heal 1 binding"), "{shown}");
    assert_eq!(bench.held("redb:a"), lost);

    let undo = ["--undo", "undo.json", "--format", "json"];
    let healed = bench.json(&[&heal[..], &undo].concat());
    assert_eq!(healed["healed"].as_array().unwrap().len(), 1);
    let held = bench.held("redb:a");
    let mut expected = held[1].clone();
    expected["certificate"]["hash"] = NEW.into();
    expected["certificate"]["store_name"] = "WebHosting".into();
    for field in [
        "flags",
        "app_id",
        "ctl_store_name",
        "certificate",
        "check_mode",
    ] {
        assert_eq!(held[0][field], expected[field], "{field}");
    }
    assert_eq!(held[0]["app_id"], IIS);
    assert_eq!(held[1]["certificate"]["hash"], OLD);
    let again = bench.ok(&heal);
    assert!(again.contains("Nothing to heal"), "{again}");
    bench.ok(&["apply", "undo.json", "redb:a", "--yes"]);
    assert_eq!(bench.held("redb:a"), lost);
}

/// A listing of an older Windows has no line for HTTP/2, so the current value stays.
#[test]
fn options_that_the_earlier_listing_does_not_show_stay() {
    let bench = Bench::new();
    bench.add(
        "redb:a",
        "0.0.0.0:443",
        &["--clientcertnegotiation", "enable"],
    );
    let export = ["--store", "redb:a", "export", "--format", "netsh"];
    bench.ok(&[&export[..], &["--layout", "2012r2", "-o", "before.txt"]].concat());
    bench.ok(&["--store", "redb:a", "delete", "0.0.0.0:443"]);
    bench.add("redb:a", "0.0.0.0:443", &["--disablehttp2", "enable"]);
    bench.ok(&["heal", "--before", "before.txt", "redb:a"]);
    let flags = &bench.held("redb:a")[0]["flags"];
    assert_eq!(
        flags.to_string(),
        r#"["negotiate_client_cert","disable_http2"]"#
    );
}

/// A missing key and a new one at its port may belong together: that is not guessed.
#[test]
fn ambiguous_pairs_are_refused() {
    let bench = renewed_without_options();
    bench.ok(&[
        "--store",
        "redb:a",
        "delete",
        "hostnameport=www.contoso.com:443",
    ]);
    bench.add("redb:a", "hostnameport=shop.contoso.com:443", &[]);
    let before = bench.held("redb:a");
    let heal = ["heal", "--before", "before.json", "redb:a"];
    let said = bench.fails(exit::REFUSED, &heal);
    assert!(
        said.contains("www.contoso.com:443") && said.contains("shop.contoso.com:443"),
        "{said}"
    );
    assert_eq!(bench.held("redb:a"), before);
    let healed = bench.ok(&[&heal[..], &["--only-paired"]].concat());
    assert!(healed.contains("Healed 1 binding"), "{healed}");
    assert_eq!(bench.held("redb:a")[1], before[1]);
}

/// A host without certbind is healed by scripts from its exports.
#[test]
fn an_export_is_healed_by_scripts() {
    let bench = renewed_without_options();
    bench.ok(&["--store", "redb:a", "export", "-o", "now.json"]);
    let heal = ["heal", "--before", "before.json", "now.json"];
    let said = bench.fails(exit::USAGE, &heal);
    assert!(said.contains("--out"), "{said}");
    bench.ok(&[&heal[..], &["--out", "scripts"]].concat());
    let script = bench.read("scripts/apply.cmd");
    assert!(script.contains("disablehttp2=enable"), "{script}");
    assert!(script.contains(&format!("certhash={NEW}")), "{script}");
}
