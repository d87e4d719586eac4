//! Input that is no file, and may have no end: each command reports that at once.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{HASH, Host, NEXT};

/// Each command that reads a file, with `{}` in its place.
const COMMANDS: [&str; 35] = [
    "import {}",
    "import {} --dry-run",
    "diff {} memory:",
    "diff memory: {}",
    "drift {} memory:",
    "plan {} memory: -o plan.json",
    "plan memory: redb:none --mapping {}",
    "apply {}",
    "apply {} --yes",
    "heal --before {} memory:",
    "audit {}",
    "audit memory: --certificates {}",
    "audit memory: --certificates certificates --passwords {}",
    "audit memory: --config {}",
    "audit memory: --since {}",
    "audit memory: --baseline {}",
    "list {}",
    "list memory: --cert {}",
    "show 0.0.0.0:443 --from {}",
    "explain 0.0.0.0:443 --from {}",
    "explain --changes {}",
    "export --from {}",
    "timeline {}",
    "validate {}",
    "fmt {}",
    "trace {}",
    "record {} --host web01 --into redb:history",
    "verify {} --plan renewal",
    "serve --from {}",
    "serve --certificates certificates --passwords {}",
    "probe --served-by {}",
    "rotate 5226dc6c54559761cd471b86eb51c096252c90f2 --cert {}",
    "netsh -f {}",
    "netsh exec {}",
    "add 0.0.0.0:443 --cert {} --app-id IIS",
];

fn run(host: &Host, line: &str, input: &Path) -> (Option<i32>, String) {
    let path = input.to_str().unwrap();
    let arguments: Vec<_> = line
        .split(' ')
        .map(|part| part.replace("{}", path))
        .collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut command = host.command(&arguments);
    let command = command.current_dir(host.file(""));
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("{line} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn devices_and_named_pipes_are_refused_at_once() {
    let host = Host::new();
    let pipe = host.file("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    host.add("0.0.0.0:443");
    let [before, renewal] = ["before.json", "renewal"].map(|name| host.file(name));
    let [before, renewal] = [&before, &renewal].map(|path| path.to_str().unwrap());
    host.ok(&["export", "--format", "json", "-o", before]);
    host.ok(&[
        "rotate", "--from", HASH, "--to", NEXT, before, "--out", renewal,
    ]);
    for line in COMMANDS {
        for input in [Path::new("/dev/zero"), &pipe] {
            let (code, said) = run(&host, line, input);
            assert_ne!(code, Some(0), "{line}: {said}");
            assert!(said.contains("it is a device"), "{line}: {said}");
        }
    }
}

/// The undo file of a plan may be planted next to it.
#[test]
fn named_pipe_is_no_undo_file() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let [plan, pipe] = ["plan.json", "plan.undo.json"].map(|name| host.file(name));
    host.ok(&["rotate", HASH, NEXT, "--export", plan.to_str().unwrap()]);
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let (code, said) = run(&host, "apply {} --yes", &plan);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("it is a device"), "{said}");
    assert!(host.ok(&["show", "0.0.0.0:443"]).contains(HASH));
}

/// As of `<(command)` in a shell.
#[test]
fn pipe_that_the_shell_has_opened_is_read() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let export = host.ok(&["export", "--format", "json"]);
    let file = host.file("export.json");
    std::fs::write(&file, export).unwrap();
    let line = format!(
        "{} diff <(cat export.json) export.json",
        env!("CARGO_BIN_EXE_certbind")
    );
    let output = Command::new("bash")
        .args(["-c", &line])
        .current_dir(host.file(""))
        .output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
