//! Extended properties on the command line: shown, kept, exported as far as a format can represent
//! them, and session ticket keys shown by their number.

use certbind::exit;

use super::{Host, IIS, NEXT, text};

/// A text that only formats with complete bindings may contain.
const SECRET: &str = "5ec7e7005ec7e7005ec7e7005ec7e700";

/// A store with a binding that has some.
fn host() -> Host {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let extended = serde_json::json!({
        "http2_window": { "receive_window": 65535 },
        "error_headers": {
            "status": 503,
            "headers": [{ "name": "X-Any", "value": "\u{9b}31m" }],
        },
        "session_ticket_keys": {
            "keys": [{ "version": 0, "id": SECRET, "material": SECRET }],
        },
    });
    with_extended(&host, &extended);
    host
}

/// Gives the binding of the host these extended properties.
fn with_extended(host: &Host, extended: &serde_json::Value) {
    let file = host.file("export.json");
    let file = file.to_str().unwrap();
    host.ok(&["export", "-o", file]);
    let mut export: serde_json::Value =
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    export["version"] = 2.into();
    export["bindings"][0]["extended"] = extended.clone();
    std::fs::write(file, export.to_string()).unwrap();
    host.ok(&["import", file, "--on-conflict", "replace"]);
}

/// The other extended properties are shown in words.
#[test]
fn session_ticket_keys_are_shown_as_a_count() {
    let host = host();
    let shown = host.ok(&["show", "0.0.0.0:443"]);
    for line in [
        "http2 window           65535 bytes",
        "error headers          status 503, X-Any: \\u{9b}31m",
        "session ticket keys    1 key",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let list = host.ok(&["list"]);
    assert!(list.contains("session_ticket_keys"), "{list}");
    let json = host.json(&["show", "0.0.0.0:443", "--format", "json"]);
    assert_eq!(json["extended"]["session_ticket_keys"]["keys"], 1);
    assert_eq!(json["extended"]["http2_window"]["receive_window"], 65535);
    for command in [
        &["show", "0.0.0.0:443", "--format", "json"][..],
        &["list", "--format", "json"],
        &["show", "0.0.0.0:443"],
        &["list"],
    ] {
        assert!(!host.ok(command).contains(&SECRET[..8]), "{command:?}");
    }
}

#[test]
fn differences_name_the_property_and_no_secret() {
    let (one, other) = (host(), Host::new());
    other.add("0.0.0.0:443");
    let url = |host: &Host| format!("redb:{}", host.file("bindings.redb").display());
    for format in ["table", "json"] {
        let output = one.run(&["diff", &url(&one), &url(&other), "--format", format]);
        assert_eq!(output.status.code(), Some(i32::from(exit::DIFFERENT)));
        let printed = text(&output.stdout);
        assert!(printed.contains("65535 bytes"), "{printed}");
        assert!(printed.contains("1 key"), "{printed}");
        assert!(!printed.contains(&SECRET[..8]), "{printed}");
    }
}

#[test]
fn an_update_and_a_renewal_keep_them() {
    let host = host();
    let before = host.ok(&["export"]);
    host.ok(&[
        "update",
        "0.0.0.0:443",
        "--hash",
        NEXT,
        "--disablehttp2",
        "enable",
    ]);
    let after: serde_json::Value = serde_json::from_str(&host.ok(&["export"])).unwrap();
    let before: serde_json::Value = serde_json::from_str(&before).unwrap();
    let extended = &before["bindings"][0]["extended"];
    assert!(extended.to_string().contains(SECRET));
    assert_eq!(&after["bindings"][0]["extended"], extended);
    assert_eq!(after["bindings"][0]["app_id"], IIS);
}

#[test]
fn a_format_without_properties_is_reported() {
    let host = host();
    for format in ["reg", "netsh-script", "netsh-powershell"] {
        let output = host.run(&["export", "--format", format]);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{format}");
        assert!(said.contains("ipport=0.0.0.0:443"), "{format}: {said}");
        assert!(!said.contains(&SECRET[..8]), "{said}");
    }
    let output = host.run(&["export", "--format", "netsh"]);
    assert!(text(&output.stdout).contains("Receive Window               : 65535"));
    let said = text(&output.stderr);
    assert!(
        said.contains("not shown by a host with this layout"),
        "{said}"
    );
}
