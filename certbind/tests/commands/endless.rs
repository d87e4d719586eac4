//! Input that is no file, and may have no end: each command says so at once.

#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Host;

/// Each command that reads a file, in the place of which `{}` stands.
const COMMANDS: [&str; 16] = [
    "import {}",
    "import {} --dry-run",
    "diff {} memory:",
    "diff memory: {}",
    "plan {} memory: -o plan.json",
    "apply {}",
    "apply {} --yes",
    "audit {}",
    "audit memory: --certs {}",
    "audit memory: --config {}",
    "audit memory: --since {}",
    "list {}",
    "validate {}",
    "trace {}",
    "netsh -f {}",
    "add 0.0.0.0:443 --cert {} --app-id 4dc3e181-e14b-4a21-b022-59fc669b0914",
];

fn run(host: &Host, line: &str, input: &Path) -> (Option<i32>, String) {
    let path = input.to_str().unwrap();
    let arguments: Vec<_> = line
        .split(' ')
        .map(|part| part.replace("{}", path))
        .collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut command = host.command(&arguments);
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
    for line in COMMANDS {
        for input in [Path::new("/dev/zero"), &pipe] {
            let (code, said) = run(&host, line, input);
            assert_ne!(code, Some(0), "{line}: {said}");
            assert!(said.contains("it is a device"), "{line}: {said}");
        }
    }
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
