//! `serve` over the bindings of a simulated HTTP.sys: changes by programs that load the drop-in library
//! apply to the next handshake.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use certbind_test_support::require;

use crate::served::{Running, certificate, met, start};
use crate::{Host, IIS};

/// The simulated HTTP.sys is named by its library, configured by a store's URL or by a file, or by the
/// file of its records.
#[test]
fn changes_through_the_library_are_served() {
    require!("openssl");
    for source in ["httpsys, URL", "httpsys, file", "redb"] {
        let host = Host::new();
        let folder = host.folder.path().join("certificates");
        std::fs::create_dir(&folder).unwrap();
        let [old, new] = ["old", "new"].map(|name| certificate(&folder, name));
        // The simulated HTTP.sys keeps its bindings in this file.
        let records = host.folder.path().join("records.redb");
        let configuration = match source {
            "httpsys, file" => {
                let file = host.folder.path().join("simulator.toml");
                let text = "store = \"redb:records.redb\"\nshared = true\n";
                std::fs::write(&file, text).unwrap();
                file.display().to_string()
            }
            _ => format!("redb:{}", records.display()),
        };
        let ok = |arguments: &[&str]| {
            let output = host.run_with(&configuration, arguments);
            assert!(
                output.status.success(),
                "{source}: {arguments:?}: {output:?}"
            );
        };
        let key = "hostnameport=www.contoso.com:443";
        ok(&["add", key, "--hash", &old, "--app-id", IIS]);
        // A port without any binding is closed, and opened again under another number.
        let other = "hostnameport=other.contoso.com:443";
        ok(&["add", other, "--hash", &old, "--app-id", IIS]);
        let arguments = ["serve", "--free-ports", "--format", "json"];
        let mut serve = host.command_with(&configuration, &arguments);
        if source == "redb" {
            serve
                .arg("--from")
                .arg(format!("redb:{}", records.display()));
        }
        serve.arg("--certificates").arg(&folder);
        let (_server, endpoint) = start(&mut serve);
        assert_eq!(met(endpoint, "www.contoso.com"), Some(old), "{source}");
        // certbind's own command, and the emulated netsh.
        ok(&["update", key, "--hash", &new]);
        assert_eq!(
            met(endpoint, "www.contoso.com"),
            Some(new.clone()),
            "{source}"
        );
        ok(&["netsh", "http", "delete", "sslcert", key]);
        assert_eq!(met(endpoint, "www.contoso.com"), None, "{source}");
        let (hash, app) = (format!("certhash={new}"), format!("appid={{{IIS}}}"));
        let add = ["netsh", "http", "add", "sslcert", key, &hash, &app];
        ok(&[&add[..], &["certstorename=MY"]].concat());
        assert_eq!(met(endpoint, "www.contoso.com"), Some(new), "{source}");
    }
}

/// A program whose library keeps the records to itself: clients get the bindings that were read before,
/// and the changes when the program ends.
#[test]
fn locked_records_are_served_as_they_were() {
    require!("openssl");
    let host = Host::new();
    let folder = host.folder.path().join("certificates");
    std::fs::create_dir(&folder).unwrap();
    let [old, new] = ["old", "new"].map(|name| certificate(&folder, name));
    let key = "hostnameport=www.contoso.com:443";
    host.ok(&["add", key, "--hash", &old, "--app-id", IIS]);
    let records = format!("redb:{}", host.folder.path().join("records.redb").display());
    let arguments = [
        "serve",
        "--free-ports",
        "--format",
        "json",
        "--certificates",
    ];
    let mut serve = host.command_with(&records, &arguments);
    let (_server, endpoint) = start(serve.arg(&folder).stderr(Stdio::null()));
    let mut session = host.command_with(&records, &["netsh"]);
    session.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut session = Running(session.spawn().unwrap());
    let mut input = session.0.stdin.take().unwrap();
    let mut lines = BufReader::new(session.0.stdout.take().unwrap()).lines();
    let update = format!("http update sslcert {key} certhash={new} appid={{{IIS}}}");
    writeln!(input, "{update} certstorename=MY\nhttp show sslcert {key}").unwrap();
    // The session has made its change when it shows the new certificate, and keeps the records.
    let shown = lines.any(|line| line.is_ok_and(|line| line.contains(&new)));
    assert!(shown);
    assert_eq!(met(endpoint, "www.contoso.com"), Some(old));
    drop(input);
    assert!(session.0.wait().unwrap().success());
    assert_eq!(met(endpoint, "www.contoso.com"), Some(new));
}
