//! `trace`.

use certbind::exit;

use super::{HASH, Host, text};

/// A trace of a program that binds a key, is refused it again, and looks it up.
pub(super) fn trace(host: &Host) -> String {
    let binding = format!(
        r#"{{"key":"ipport=0.0.0.0:443","certificate":{{"hash":"{HASH}","store_name":"MY"}},"app_id":"00000000-0000-0000-0000-000000000000"}}"#
    );
    let lines = [
        r#"{"time":"2026-11-24T03:53:01.3292145Z","micros":56359,"process":32,"call":"HttpInitialize","argument":{"version":{"major":1,"minor":0,"flags":2}},"result":0}"#.to_owned(),
        format!(r#"{{"time":"2026-11-24T03:53:01.4Z","micros":9,"process":32,"call":"HttpSetServiceConfiguration","id":1,"argument":{{"binding":{binding}}},"result":0}}"#),
        format!(r#"{{"time":"2026-11-24T03:53:01.5Z","micros":9,"process":32,"call":"HttpSetServiceConfiguration","id":1,"argument":{{"binding":{binding}}},"result":183}}"#),
        format!(r#"{{"time":"2026-11-24T03:53:01.6Z","micros":9,"process":32,"call":"HttpQueryServiceConfiguration","id":1,"argument":{{"key":"ipport=0.0.0.0:443"}},"room":200,"result":0,"found":{binding}}}"#),
        r#"{"time":"2026-11-24T03:53:01.7Z","micros":9,"process":32,"call":"HttpAdd\u001bUrl","argument":{"undecoded":"not a configuration of bindings"},"result":120}"#.to_owned(),
    ];
    let path = host.file("trace.jsonl");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_trace_is_shown_a_call_a_line() {
    let host = Host::new();
    let shown = host.ok(&["trace", &trace(&host)]);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(
        lines[2],
        format!(
            "2026-11-24 03:53:01.500000Z      32        9 us  HttpSetServiceConfiguration \
             ipport=0.0.0.0:443 {HASH} in MY {{00000000-0000-0000-0000-000000000000}} -> 183 \
             ERROR_ALREADY_EXISTS"
        )
    );
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn replay_reports_different_results() {
    let host = Host::new();
    let trace = trace(&host);
    let summary = "4 answered as in the trace, 0 otherwise, 1 not made again\n";
    assert_eq!(host.ok(&["trace", "--replay", "memory:", &trace]), summary);

    // Into the store that the environment names for other commands, by its name.
    let store = format!("redb:{}", host.file("bindings.redb").display());
    assert_eq!(host.ok(&["trace", "--replay", &store, &trace]), summary);
    assert!(host.ok(&["list"]).contains("0.0.0.0:443"));

    // There the key is bound now.
    let again = host.run(&["trace", "--replay", &store, &trace]);
    assert_eq!(again.status.code(), Some(i32::from(exit::DIFFERENT)));
    let said = text(&again.stdout);
    assert!(
        said.starts_with("line 2: HttpSetServiceConfiguration"),
        "{said}"
    );
    assert!(
        said.contains("answered here          183 ERROR_ALREADY_EXISTS"),
        "{said}"
    );
    assert!(said.ends_with("3 answered as in the trace, 1 otherwise, 1 not made again\n"));
}

#[test]
fn malformed_trace_is_reported_with_its_line() {
    let host = Host::new();
    let path = host.file("no-trace");
    std::fs::write(&path, "\n{\"time\": 5}\n").unwrap();
    let complaint = host.fails(exit::BROKEN_INPUT, &["trace", path.to_str().unwrap()]);
    assert!(complaint.contains("line 2"), "{complaint}");
}
