//! The program under both of its names, over a store in a file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use certbind::exit;
use certbind::netsh::Profile;
use tempfile::TempDir;

use crate::bench::{CommandOutput, HASH, IIS};
use crate::transcripts::assert_transcript;

const CERTBIND: &str = env!("CARGO_BIN_EXE_certbind");

/// A machine with a store of its own and the program on it, under the name `netsh` as well.
struct Machine {
    directory: TempDir,
    netsh: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let netsh = directory.path().join("netsh");
        let netsh = netsh.with_extension(std::env::consts::EXE_EXTENSION);
        name_too(&netsh);
        Self { directory, netsh }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let store = self.store();
        command
            .env("CERTBIND_STORE", format!("redb:{}", store.display()))
            .env_remove("CERTBIND_NETSH");
        command
    }

    fn certbind_netsh(&self) -> Command {
        let mut command = self.command(CERTBIND.as_ref());
        command.arg("netsh");
        command
    }

    fn netsh(&self) -> Command {
        self.command(&self.netsh)
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("bindings.redb")
    }
}

/// Gives the program another name. Not as a copy where there is a choice: a file that was just
/// written cannot be run while another thread, starting a program, has it open.
#[cfg(unix)]
fn name_too(name: &Path) {
    std::os::unix::fs::symlink(CERTBIND, name).unwrap();
}

#[cfg(not(unix))]
fn name_too(name: &Path) {
    std::fs::copy(CERTBIND, name).unwrap();
}

/// The output, on standard output alone, with LF for the CRLF of Windows.
fn said(output: Output) -> CommandOutput {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    CommandOutput {
        text: String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n"),
        code: output.status.code().unwrap().try_into().unwrap(),
    }
}

fn run(mut command: Command, line: &str) -> CommandOutput {
    said(command.args(line.split(' ')).output().unwrap())
}

#[test]
fn environment_selects_the_release() {
    for profile in Profile::ALL {
        let machine = Machine::new();
        assert_transcript(profile, |line| {
            let mut command = machine.certbind_netsh();
            command.env("CERTBIND_NETSH", profile.name());
            run(command, line)
        });
    }
}

#[test]
fn service_configuration_persists() {
    let machine = Machine::new();
    let show = |line: &str| run(machine.netsh(), line).text;
    assert!(!show("http show urlacl").contains("Reserved URL"));
    assert!(!machine.store().exists(), "reading makes no store");
    let added = run(
        machine.netsh(),
        "http add urlacl url=http://+:8080/ user=NETWORKSERVICE",
    );
    assert_eq!(added.code, 0, "{}", added.text);
    let added = run(machine.certbind_netsh(), "http add iplisten ::");
    assert_eq!(added.code, 0, "{}", added.text);
    let bound = run(
        machine.netsh(),
        &format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}"),
    );
    assert_eq!(bound.code, 0, "{}", bound.text);
    let listing = show("http show urlacl");
    assert!(
        listing.contains("User: NT AUTHORITY\\NETWORK SERVICE"),
        "{listing}"
    );
    assert!(show("http show iplisten").contains("    ::\n"));
    let checked = machine.command(CERTBIND.as_ref()).arg("check").output();
    assert_eq!(checked.unwrap().status.code(), Some(0));
}

#[test]
fn leading_options_choose_release_and_line_ends() {
    let machine = Machine::new();
    let spellings: [&[&str]; 2] = [
        &["--profile", "2025", "--crlf"],
        &["--crlf", "--profile=2025"],
    ];
    for options in spellings {
        for mut netsh in [machine.netsh(), machine.certbind_netsh()] {
            netsh.env("CERTBIND_NETSH", "2012r2").args(options);
            let output = netsh
                .args(["http", "add", "sslcert", "?"])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(
                text.contains("[disablesessionid=enable|disable]\r\n"),
                "{text}"
            );
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            assert_eq!(output.status.code(), Some(0));
        }
    }
    let refused = machine
        .netsh()
        .args(["--profile", "2003", "http", "?"])
        .output();
    let refused = refused.unwrap();
    let complaint = String::from_utf8(refused.stderr).unwrap();
    assert!(complaint.contains("2016, 2019, 2022"), "{complaint}");
    assert_eq!(refused.status.code(), Some(i32::from(exit::USAGE)));
}

#[test]
fn under_the_name_netsh_it_is_netsh() {
    let machine = Machine::new();
    assert_transcript(Profile::default(), |line| run(machine.netsh(), line));
}

#[test]
fn both_names_work_on_one_store() {
    let machine = Machine::new();
    let add = format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}");
    assert_eq!(run(machine.netsh(), &add).code, 0);
    let said = run(machine.certbind_netsh(), &add);
    assert!(said.text.contains("Error: 183\n"), "{}", said.text);
    assert_eq!(said.code, 1);
    let list = machine.command(CERTBIND.as_ref()).arg("list").output();
    let list = String::from_utf8(list.unwrap().stdout).unwrap();
    assert!(list.contains(HASH), "{list}");
}

#[test]
fn commands_come_through_a_pipe() {
    for arguments in [&[] as &[&str], &["-c", "http"]] {
        let machine = Machine::new();
        let mut netsh = machine
            .netsh()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = format!(
            "http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}\r\n\
             http delete sslcert ipport=0.0.0.0:443\r\n"
        );
        let mut input = netsh.stdin.take().unwrap();
        input.write_all(lines.as_bytes()).unwrap();
        drop(input);
        let said = said(netsh.wait_with_output().unwrap());
        let prompt = match arguments {
            [] => "netsh>",
            _ => "netsh http>",
        };
        assert_eq!(
            said.text,
            format!(
                "{prompt}\nSSL Certificate successfully added\n\n\
                 {prompt}\nSSL Certificate successfully deleted\n\n{prompt}"
            )
        );
        assert_eq!(said.code, 0);
    }
}

#[test]
fn asking_makes_no_store() {
    let machine = Machine::new();
    for line in [
        "http show sslcert",
        "http add sslcert ?",
        "http update",
        "nonsense",
    ] {
        run(machine.netsh(), line);
        assert!(!machine.store().exists(), "{line}");
    }
}

#[test]
fn unknown_release_is_an_error() {
    let machine = Machine::new();
    let mut netsh = machine.netsh();
    netsh.env("CERTBIND_NETSH", "2003").args(["http", "?"]);
    let output = netsh.output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("CERTBIND_NETSH"), "{complaint}");
    assert!(complaint.contains("2016, 2019, 2022"), "{complaint}");
    assert_eq!(output.status.code(), Some(i32::from(exit::USAGE)));
    assert_eq!(output.stdout, b"");
}

#[cfg(unix)]
#[test]
fn non_unicode_variable_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    for variable in ["CERTBIND_STORE", "CERTBIND_NETSH"] {
        let machine = Machine::new();
        let mut netsh = machine.netsh();
        netsh.env(variable, OsStr::from_bytes(b"redb:\xff"));
        netsh.env("XDG_DATA_HOME", machine.directory.path());
        let refused = netsh.args(["http", "show", "sslcert"]).output().unwrap();
        let complaint = String::from_utf8(refused.stderr).unwrap();
        assert!(complaint.contains(variable), "{complaint}");
        assert_eq!(refused.status.code(), Some(i32::from(exit::USAGE)));
    }
}

/// Nearly half of the public command lines name one.
#[test]
fn the_current_user_can_be_named() {
    let machine = Machine::new();
    let netsh = |arguments: &[&str]| {
        let mut command = machine.netsh();
        command.args(["http"]).args(arguments);
        command.env("COMPUTERNAME", "HOST").env("USERNAME", "Ann");
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        CommandOutput {
            text,
            code: output.status.code().unwrap().try_into().unwrap(),
        }
    };
    for (port, user) in [("81", "HOST\\Ann"), ("82", "ann"), ("83", "Jeder")] {
        let url = format!("url=http://+:{port}/");
        let said = netsh(&["add", "urlacl", &url, &format!("user={user}")]);
        assert_eq!(said.code, 0, "{user}: {}", said.text);
    }
    let other = netsh(&["add", "urlacl", "url=http://+:84/", "user=HOST\\Bob"]);
    assert!(
        other.text.contains("Create SDDL failed, Error: 1332"),
        "{}",
        other.text
    );
    let shown = netsh(&["show", "urlacl"]).text;
    assert_eq!(shown.matches("User: HOST\\Ann\n").count(), 2, "{shown}");
    assert_eq!(shown.matches("User: \\Everyone\n").count(), 1, "{shown}");
}
