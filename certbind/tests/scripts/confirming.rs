//! Scripts that roll their changes back unless they are confirmed.

use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Stdio};

use certbind_core::Binding;
use certbind_formats::netsh::Release;
use certbind_migrate::script::{ChangeScripts, Dialect, exit};
use tempfile::TempDir;

use crate::batch::FOLDER;
use crate::batches::Case;
use crate::checks::{Point, Run};
use crate::fleet::{NEW, OLD, bindings, certbind, list};
use crate::host::SimulatedHost;
use crate::options;
use crate::powershell::parse;
use crate::windows_host::{Event, WindowsHost};

/// The seconds that the scripts wait.
const SECONDS: u32 = 5;

/// A host and the scripts of its change, which are in one folder.
struct Waiting {
    case: Case,
    scripts: ChangeScripts,
    host: WindowsHost,
}

fn scripts(case: &Case, dialect: Dialect, seconds: u32) -> ChangeScripts {
    let mut options = options(case.seed, case.release);
    options.confirm = NonZeroU32::new(seconds);
    ChangeScripts::new(&case.generated.plan(), dialect, &options).unwrap()
}

impl Waiting {
    fn new(seed: u64, release: Release) -> Self {
        let case = Case::new(seed, release);
        let mut this = Self {
            scripts: scripts(&case, Dialect::Cmd, SECONDS),
            host: case.host(),
            case,
        };
        this.reset();
        this
    }

    /// A host with the bindings of before.
    fn reset(&mut self) {
        self.host = self.case.host();
        let confirm = self.scripts.confirm.clone().unwrap();
        for (name, text) in [
            ("rollback.cmd", self.scripts.rollback.clone()),
            ("confirm.cmd", confirm),
        ] {
            self.host.files.insert(format!("{FOLDER}{name}"), text);
        }
    }

    fn apply(&mut self, event: Option<Event>) -> Run {
        self.host.run(&self.scripts.apply, event)
    }

    fn confirm(&mut self) -> Option<i32> {
        let confirm = self.scripts.confirm.clone().unwrap();
        self.host.run(&confirm, None).code
    }

    fn rollback(&mut self) -> Option<i32> {
        self.host.run(&self.scripts.rollback, None).code
    }

    /// The host has these bindings, and no file is left of the wait.
    fn assert_settled(&self, expected: &[Binding], context: &str) {
        assert_eq!(self.host.bindings(), expected, "{context}");
        let files: Vec<_> = self.host.files.keys().collect();
        assert_eq!(files.len(), 2, "{files:?} {context}");
    }
}

/// A release whose netsh has no `update`, and one whose netsh has it.
fn each(mut test: impl FnMut(&mut Waiting)) {
    for (seed, release) in [(0, Release::Server2012R2), (1, Release::Server2022)] {
        test(&mut Waiting::new(seed, release));
    }
}

#[test]
fn confirmed_changes_of_a_batch_file_are_kept() {
    each(|waiting| {
        let after = waiting.case.generated.after.clone();
        let run = waiting.apply(Some(Event::Run(3, "confirm.cmd", 0)));
        assert_eq!(
            (run.code, waiting.host.waited),
            (Some(0), 3),
            "{}",
            run.text
        );
        assert!(run.text.contains("are kept"), "{}", run.text);
        waiting.assert_settled(&after, &run.text);
        // A second run changes nothing, and does not wait.
        let run = waiting.apply(None);
        assert_eq!(
            (run.code, run.changes, waiting.host.waited),
            (Some(0), 0, 0)
        );
        assert_eq!(waiting.confirm(), Some(1), "nothing waits");
        assert_eq!(waiting.rollback(), Some(0));
        waiting.assert_settled(&waiting.case.generated.before, "rollback");
    });
}

#[test]
fn unconfirmed_changes_of_a_batch_file_are_rolled_back() {
    each(|waiting| {
        let before = waiting.case.generated.before.clone();
        let run = waiting.apply(None);
        let waited = (run.code, waiting.host.waited);
        let expected = (Some(exit::ROLLED_BACK.into()), SECONDS as usize);
        assert_eq!(waited, expected, "{}", run.text);
        waiting.assert_settled(&before, &run.text);
        assert_eq!(waiting.confirm(), Some(1), "too late");
        // The operator rolls back by hand.
        let run = waiting.apply(Some(Event::Run(2, "rollback.cmd", 0)));
        assert_eq!(
            (run.code, waiting.host.waited),
            (Some(3), 2),
            "{}",
            run.text
        );
        waiting.assert_settled(&before, &run.text);
    });
}

/// Killed after each change, and in its wait.
#[test]
fn next_run_rolls_back_or_confirms_a_killed_batch_file() {
    each(|waiting| {
        let generated = &waiting.case.generated;
        let (before, after) = (generated.before.clone(), generated.after.clone());
        let changes = waiting
            .case
            .host()
            .run(&waiting.case.scripts.apply, None)
            .changes;
        let kills = (1..=changes).map(Point::KillAfter);
        let mut events: Vec<_> = kills.map(Event::At).collect();
        events.extend([1, SECONDS as usize].map(Event::KillWait));
        for event in events {
            for next in ["apply", "rollback", "confirm"] {
                waiting.reset();
                assert_eq!(waiting.apply(Some(event)).code, None);
                assert_ne!(waiting.host.bindings(), before);
                let context = format!("{} {event:?} {next}", waiting.case.release.name());
                match next {
                    "apply" => {
                        // Killed again while it rolls back.
                        waiting.apply(Some(Event::At(Point::KillAfter(1))));
                        let run = waiting.apply(None);
                        let code = run.code.map(|code| code.try_into().unwrap());
                        assert_eq!(code, Some(exit::ROLLED_BACK), "{context} {}", run.text);
                        waiting.assert_settled(&before, &context);
                    }
                    "rollback" => {
                        assert_eq!(waiting.rollback(), Some(0), "{context}");
                        waiting.assert_settled(&before, &context);
                    }
                    _ => {
                        let held = waiting.host.bindings();
                        assert_eq!(waiting.confirm(), Some(0), "{context}");
                        assert_eq!(waiting.host.bindings(), held, "{context}");
                        let confirmed = Some(Event::Run(1, "confirm.cmd", 0));
                        let run = waiting.apply(confirmed);
                        assert_eq!(run.code, Some(0), "{context} {}", run.text);
                        waiting.assert_settled(&after, &context);
                    }
                }
            }
        }
    });
}

/// A change that fails after others were made.
#[test]
fn changes_before_a_fault_are_rolled_back() {
    each(|waiting| {
        let before = waiting.case.generated.before.clone();
        let changes = waiting
            .case
            .host()
            .run(&waiting.case.scripts.apply, None)
            .changes;
        let mut codes = Vec::new();
        for at in 1..=changes {
            waiting.reset();
            let run = waiting.apply(Some(Event::At(Point::Fault(at, 1312, 1))));
            assert!(run.text.contains("Error: 1312"), "{}", run.text);
            waiting.assert_settled(&before, &run.text);
            codes.push(run.code.unwrap());
        }
        assert!(codes.iter().all(|code| [3, 5].contains(code)), "{codes:?}");
        assert!(codes.contains(&5), "{codes:?}");
    });
}

/// Another program changed the host, so the roll-back is refused until the operator decides.
#[test]
fn failed_rollback_is_tried_again() {
    let mut waiting = Waiting::new(0, Release::Server2022);
    let (before, after) = {
        let generated = &waiting.case.generated;
        (generated.before.clone(), generated.after.clone())
    };
    assert_eq!(waiting.apply(Some(Event::KillWait(1))).code, None);
    let changed = after.iter().find(|it| !before.contains(it)).unwrap();
    let key = changed.key().to_string();
    let command = |verb: &str| ["http", verb, "sslcert", &key].map(str::to_owned);
    // A binding that is neither as before nor as after.
    let mut foreign = command("add").to_vec();
    waiting.host.command(&command("delete"));
    foreign.push(format!("certhash={}", "ee".repeat(20)));
    foreign.push("appid={11111111-2222-3333-4444-555555555555}".to_owned());
    foreign.push("certstorename=MY".to_owned());
    waiting.host.command(&foreign);
    let held = waiting.host.bindings();
    for _ in 0..2 {
        let run = waiting.apply(None);
        assert_eq!(run.code, Some(4), "{}", run.text);
        assert!(run.text.contains("were not rolled back"), "{}", run.text);
        assert_eq!(waiting.host.bindings(), held);
        assert_eq!(waiting.confirm(), Some(1), "it is being rolled back");
    }
    let deciding = format!("{FOLDER}certbind-rolling-back.txt");
    assert!(waiting.host.files.remove(&deciding).is_some());
    assert_eq!(waiting.apply(None).code, Some(2));
}

/// Starts the shell script `apply` of a host. Returns it, with its output, once it waits.
fn waiting_shell(host: &SimulatedHost) -> (Child, impl Sized) {
    let mut command = host.command("apply.sh");
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let waits = lines.any(|line| line.unwrap().starts_with("Run confirm.sh within"));
    assert!(waits, "it ended");
    (child, lines)
}

#[test]
fn shell_script_is_confirmed_or_rolled_back() {
    let case = Case::new(1, Release::Server2022);
    let host = SimulatedHost::new(case.release.name(), &case.generated.before);
    // Without a confirmation.
    host.write(&scripts(&case, Dialect::Posix, 1), "sh");
    let (code, text, _) = host.run("apply.sh", &[]);
    assert_eq!(code, Some(exit::ROLLED_BACK.into()), "{text}");
    assert_eq!(host.bindings(), case.generated.before, "{text}");
    let (code, text, _) = host.run("confirm.sh", &[]);
    assert_eq!(code, Some(1), "{text}");
    // Killed while it waits: the next run rolls back.
    host.write(&scripts(&case, Dialect::Posix, 3600), "sh");
    let (mut apply, _output) = waiting_shell(&host);
    apply.kill().unwrap();
    apply.wait().unwrap();
    let (code, text, _) = host.run("apply.sh", &[]);
    assert_eq!(code, Some(exit::ROLLED_BACK.into()), "{text}");
    assert_eq!(host.bindings(), case.generated.before, "{text}");
    // Confirmed.
    let (mut apply, _output) = waiting_shell(&host);
    let (code, text, _) = host.run("confirm.sh", &[]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(apply.wait().unwrap().code(), Some(0));
    assert_eq!(host.bindings(), case.generated.after);
    let (code, text, changes) = host.run("apply.sh", &[]);
    assert_eq!((code, changes), (Some(0), 0), "{text}");
}

/// PowerShell is parsed only.
#[test]
fn powershell_scripts_wait_as_long_and_use_the_same_files() {
    let case = Case::new(0, Release::Server2022);
    let [cmd, powershell] = [Dialect::Cmd, Dialect::PowerShell].map(|it| scripts(&case, it, 7));
    for (cmd, powershell) in [
        (&cmd.apply, &powershell.apply),
        (&cmd.rollback, &powershell.rollback),
        (&cmd.confirm.unwrap(), &powershell.confirm.unwrap()),
    ] {
        let tree = parse(powershell.trim_start_matches('\u{feff}'));
        assert!(!tree.root_node().has_error(), "{powershell}");
        for file in ["unconfirmed", "rolling-back", "confirmed"] {
            let file = format!("certbind-{file}.txt");
            assert_eq!(cmd.contains(&file), powershell.contains(&file), "{file}");
        }
        assert_eq!(
            cmd.contains("CB_LEFT=7"),
            powershell.contains("for ($left = 7; ")
        );
    }
}

#[test]
fn commands_write_the_confirming_script_only_if_asked() {
    let folder = TempDir::new().unwrap();
    let exports = folder.path().join("web01.txt");
    list(&exports, Release::Server2022, bindings(OLD));
    let new = certbind_core::CertHash::new(NEW).to_string();
    let rotate = |out: &str, more: &[&str]| {
        let rotate = ["rotate", "--from", "5252", "--to", &new, "web01.txt"];
        let (code, text) = certbind(
            folder.path(),
            &[&rotate[..], &["--out", out], more].concat(),
        );
        (code, text, folder.path().join(out).join("web01"))
    };
    let has = |folder: &Path| folder.join("confirm.cmd").exists();
    let (code, text, host) = rotate("without", &[]);
    assert!(code == 0 && !has(&host), "{text}");
    let (code, text, host) = rotate("with", &["--confirm", "90s"]);
    assert!(code == 0 && has(&host), "{text}");
    let apply = std::fs::read_to_string(host.join("apply.cmd")).unwrap();
    assert!(apply.contains("within 90 seconds"), "{apply}");
    for time in ["0s", "2d", "soon"] {
        let (code, text, _) = rotate("invalid", &["--confirm", time]);
        assert!(code == 2 && text.contains("60s"), "{text}");
    }
}
