//! `list` with filters, over the store and over exports.

use certbind::exit;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT, text};

/// A certificate and its hash, as openssl prints it.
const CERTIFICATE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/audit/tests/fixtures/www.pem"
);

fn certificate_hash() -> String {
    let bytes = std::fs::read(CERTIFICATE).unwrap();
    certbind_certificates::of_file(&bytes)[0].hash().to_string()
}

/// Prints and the exit code.
fn listed(host: &Host, arguments: &[&str]) -> (String, Option<i32>) {
    let output = host.run(&[&["list"], arguments].concat());
    (text(&output.stdout), output.status.code())
}

fn keys(bindings: &Value) -> Vec<&str> {
    let bindings = bindings.as_array().unwrap().iter();
    bindings.map(|it| it["key"].as_str().unwrap()).collect()
}

/// The keys that a filter selects in the store, which are the same in an export of it.
#[track_caller]
fn selects(host: &Host, filter: &[&str], expected: &[&str]) {
    let code = if expected.is_empty() {
        exit::NO_MATCH
    } else {
        exit::DONE
    };
    let json = [filter, &["--format", "json"]].concat();
    let (out, ended) = listed(host, &json);
    assert_eq!(ended, Some(code.into()), "{filter:?}: {out}");
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(keys(&found), expected, "{filter:?}");

    let export = host.file("exports/web-01.json");
    std::fs::create_dir_all(export.parent().unwrap()).unwrap();
    host.ok(&["export", "-o", export.to_str().unwrap()]);
    let folder = host.file("exports");
    let (out, ended) = listed(host, &[&[folder.to_str().unwrap()], &json[..]].concat());
    assert_eq!(ended, Some(code.into()), "{filter:?}: {out}");
    let found: Value = serde_json::from_str(&out).unwrap();
    match expected {
        [] => assert_eq!(found, Value::Array(Vec::new())),
        _ => assert_eq!(keys(&found[0]["bindings"]), expected, "{filter:?}"),
    }
}

#[test]
fn filters_select_by_certificate_host_port_and_application() {
    let host = Host::new();
    let bind = |key: &str, hash: &str, app: &str| {
        host.ok(&[
            "add",
            key,
            "--hash",
            hash,
            "--app-id",
            app,
            "--store-name",
            "MY",
        ]);
    };
    let other = "11111111-2222-3333-4444-555555555555";
    let www = certificate_hash();
    bind("0.0.0.0:443", HASH, IIS);
    bind("10.0.0.5:8443", &www, other);
    bind("[::1]:443", HASH, other);
    bind("hostnameport=www.contoso.com:443", &www, IIS);
    bind("hostnameport=*.contoso.com:444", NEXT, IIS);
    host.ok(&["add", "ccs=443", "--app-id", IIS]);

    let address = "ipport=10.0.0.5:8443";
    let name = "hostnameport=www.contoso.com:443";
    let wildcard = "hostnameport=*.contoso.com:444";
    selects(&host, &["--cert", CERTIFICATE], &[address, name]);
    selects(&host, &["--cert", &www.to_uppercase()], &[address, name]);
    selects(&host, &["--cert", &www[..6]], &[address, name]);
    selects(&host, &["--cert", &"ab".repeat(20)], &[]);
    selects(&host, &["--host", "WWW.Contoso.com"], &[wildcard, name]);
    // A trailing dot does not matter.
    selects(&host, &["--host", "www.contoso.com."], &[wildcard, name]);
    selects(&host, &["--host", "a.www.contoso.com"], &[]);
    selects(&host, &["--host", "contoso.com"], &[]);
    selects(&host, &["--host", "*.contoso.com"], &[wildcard]);
    selects(&host, &["--host", "10.0.0.5"], &[address]);
    selects(&host, &["--host", "[::1]"], &["ipport=[::1]:443"]);
    selects(&host, &["--port", "8443"], &[address]);
    selects(&host, &["--app", other], &[address, "ipport=[::1]:443"]);
    selects(&host, &["--app", "iis", "--port", "444"], &[wildcard]);
    selects(&host, &["--cert", CERTIFICATE, "--port", "443"], &[name]);
}

/// A certificate is without bindings only if every target was read.
#[test]
fn unreadable_target_is_no_empty_result() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let one = host.file("web-01.json");
    host.ok(&["export", "-o", one.to_str().unwrap()]);
    let two = host.file("web-02.txt");
    std::fs::write(&two, "").unwrap();
    let (one, two) = (one.to_str().unwrap(), two.to_str().unwrap());
    for hash in [HASH, NEXT] {
        let output = host.run(&["list", one, two, "--cert", hash]);
        assert_eq!(output.status.code(), Some(exit::NOT_SEARCHED.into()));
        assert!(text(&output.stderr).contains("web-02.txt: the file is empty"));
        let out = text(&output.stdout);
        assert_eq!(out.contains("ipport=0.0.0.0:443"), hash == HASH, "{out}");
    }
    let output = host.run(&["list", one, "none-*.json", "--cert", HASH]);
    assert_eq!(output.status.code(), Some(exit::NOT_SEARCHED.into()));
    let said = text(&output.stderr);
    assert!(
        said.contains("none-*.json: no file matches the pattern"),
        "{said}"
    );
    assert!(text(&output.stdout).contains("ipport=0.0.0.0:443"));
    let printed = listed(&host, &[one, "--cert", HASH]).0;
    assert!(printed.starts_with("web-01: 1 binding\nKEY"), "{printed}");
    assert!(printed.ends_with("1 binding of 1 host\n"), "{printed}");
    let (printed, code) = listed(&host, &["--cert", NEXT]);
    assert_eq!((&*printed, code), ("No binding matches.\n", Some(1)));
    for wrong in [
        &["--cert", "nowhere.pem"][..],
        &["--cert", one],
        &["--store", "redb:/nowhere/x.redb", "--cert", NEXT],
        &["--store", "memory:", one],
    ] {
        assert_eq!(listed(&host, wrong), (String::new(), Some(2)), "{wrong:?}");
    }
}
