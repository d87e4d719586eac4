//! Standard output with a reader that closes it, as in `certbind … | head`: the effect of a command
//! and its exit code are the same as with a reader of all output.

use std::process::{Command, Output, Stdio};

use certbind::exit;

use super::{HASH, Host, text};

/// Runs a command whose output is closed. It prints no error.
fn unread(command: &mut Command) -> Option<i32> {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn();
    let Output { status, stderr, .. } = child.unwrap().wait_with_output().unwrap();
    assert_eq!(text(&stderr), "", "{command:?}");
    status.code()
}

#[test]
fn every_way_to_print_comes_to_its_end() {
    let host = Host::new();
    let listing = host.listing(2000);
    host.ok(&["import", listing.to_str().unwrap()]);
    let exports = [
        "json",
        "netsh",
        "netsh-script",
        "netsh-powershell",
        "reg",
        "snapshot",
    ];
    let exports = exports.map(|format| ["export", "--format", format]);
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["show", "10.0.0.1:7"],
        &["check"],
        &["help"],
        &["completions", "bash"],
        &["man"],
        &["netsh", "http", "show", "sslcert"],
    ]
    .into_iter()
    .chain(exports.iter().map(|export| &export[..]))
    {
        let code = unread(&mut host.command(arguments));
        assert_eq!(code, Some(exit::DONE.into()), "{arguments:?}");
    }
}

#[test]
fn unread_parts_set_the_exit_code() {
    let host = Host::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let key = closed.local_addr().unwrap().to_string();
    drop(closed);
    host.add(&key);
    let code = unread(&mut host.command(&["probe"]));
    assert_eq!(code, Some(exit::FOUND.into()));

    let trace = host.file("trace.jsonl");
    let call = r#"{"time":"2026-11-24T03:53:01Z","micros":9,"process":32,"call":"HttpDeleteServiceConfiguration","id":1,"argument":{"key":"ipport=0.0.0.0:443"},"result":0}"#;
    std::fs::write(&trace, format!("{call}\n")).unwrap();
    let replay = ["trace", "--replay", "memory:", trace.to_str().unwrap()];
    let code = unread(&mut host.command(&replay));
    assert_eq!(code, Some(exit::DIFFERENT.into()));
}

#[test]
fn netsh_script_runs_to_its_end() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let script = host.file("script.txt");
    let add = format!(
        "http add sslcert ccs=443 appid={{{}}}\nhttp add sslcert ipport=0.0.0.0:80 certhash={HASH} \
         appid={{{0}}}\n",
        super::IIS
    );
    std::fs::write(&script, format!("http delete sslcert [::]:1\n{add}")).unwrap();
    let code = unread(&mut host.command(&["netsh", "-f", script.to_str().unwrap()]));
    assert_eq!(code, Some(1), "the deletion fails");
    let listed = host.json(&["list", "--format", "json"]);
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
}
