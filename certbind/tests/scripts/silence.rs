//! A netsh without output: it reports neither that a key is bound nor that it is not.

use std::os::unix::fs::PermissionsExt;

use certbind_formats::netsh::Release;
use certbind_migrate::script::{ChangeScripts, Dialect};

use crate::batches::Case;
use crate::host::SimulatedHost;
use crate::options;
use crate::windows_host::Event;

/// STATUS_DLL_NOT_FOUND: the exit code of a program that misses a DLL, a negative number for `cmd`.
const CRASHED: i32 = 0xC000_0135_u32.cast_signed();

fn netsh_commands(commands: &[Vec<String>]) -> usize {
    commands.iter().filter(|it| it[0] == "netsh").count()
}

/// Each script of a case, from the state before it.
fn each_script(case: &Case, mut test: impl FnMut(&str, &str, bool)) {
    let scripts = &case.scripts;
    test(&scripts.apply, &scripts.rollback, false);
    test(&scripts.rollback, &scripts.apply, true);
}

#[test]
fn a_batch_file_reports_a_netsh_that_answers_nothing() {
    let mut tried = 0;
    for release in [Release::Server2016, Release::Server2022] {
        let case = Case::new(1, release);
        each_script(&case, |script, other, is_rollback| {
            let (before, after) = match is_rollback {
                false => (&case.generated.before, &case.generated.after),
                true => (&case.generated.after, &case.generated.before),
            };
            let mut host = case.host_with(before);
            assert_eq!(host.run(script, None).code, Some(0));
            let steps = netsh_commands(&host.commands);
            for (at, exit) in (1..=steps).flat_map(|at| [CRASHED, 0, 1].map(|it| (at, it))) {
                for event in [Event::Silent(at, exit), Event::SilentOnce(at, exit)] {
                    let mut host = case.host_with(before);
                    let run = host.run(script, Some(event));
                    let context = case.context(Some(event), &run);
                    match run.code {
                        Some(0) => {
                            assert!(matches!(event, Event::SilentOnce(..)), "{context}");
                            assert_eq!(&host.bindings(), after, "{context}");
                        }
                        Some(1 | 2) => {
                            assert_eq!(run.changes, 0, "{context}");
                            assert_eq!(&host.bindings(), before, "{context}");
                        }
                        Some(3) => assert_eq!(&host.bindings(), before, "{context}"),
                        Some(4) => {
                            let rolled_back = host.run(other, None);
                            assert_eq!(rolled_back.code, Some(0), "{}", rolled_back.text);
                            assert_eq!(&host.bindings(), before, "{context}");
                        }
                        code => panic!("{code:?} {context}"),
                    }
                    tried += 1;
                }
            }
        });
    }
    println!("{tried} silences");
    assert!(tried > 300, "{tried}");
}

/// The answer of a host in another language: as `net helpmsg 2` prints it there.
#[test]
fn a_batch_file_knows_the_language_of_the_host() {
    for release in [Release::Server2016, Release::Server2022] {
        let case = Case::new(1, release);
        let mut host = case.host();
        host.not_bound = "Le fichier sp\u{e9}cifi\u{e9} est introuvable.";
        let run = host.run(&case.scripts.apply, None);
        assert_eq!(run.code, Some(0), "{}", case.context(None, &run));
        assert_eq!(host.bindings(), case.generated.after);
    }
}

/// Answers nothing from a command on.
const SILENT: &str = r#"#!/bin/sh
n=$(($(cat "$HOST/commands") + 1))
echo $n >"$HOST/commands"
[ "$n" -lt "$SILENT_AT" ] || exit "$SILENT_EXIT"
exec "$HOST/real/netsh" "$@"
"#;

#[test]
fn a_shell_script_reports_a_netsh_that_answers_nothing() {
    let mut tried = 0;
    for release in [Release::Server2016, Release::Server2022] {
        let case = Case::new(1, release);
        let options = options(1, release);
        let scripts = ChangeScripts::new(&case.generated.plan(), Dialect::Posix, &options).unwrap();
        let host = SimulatedHost::new(release.name(), &case.generated.before);
        host.write(&scripts, "sh");
        let netsh = host.file("bin/netsh");
        std::fs::write(&netsh, SILENT).unwrap();
        std::fs::set_permissions(&netsh, PermissionsExt::from_mode(0o755)).unwrap();
        let run = |script: &str, at: u32, exit: &str| {
            std::fs::write(host.file("commands"), "0").unwrap();
            let at = at.to_string();
            let (code, text, _) = host.run(script, &[("SILENT_AT", &at), ("SILENT_EXIT", exit)]);
            let commands = std::fs::read_to_string(host.file("commands")).unwrap();
            (code, text, commands.trim().parse::<u32>().unwrap())
        };
        let (code, text, steps) = run("apply.sh", u32::MAX, "0");
        assert_eq!(code, Some(0), "{text}");
        for (at, exit) in (1..=steps)
            .step_by(3)
            .zip(["0", "1", "127"].into_iter().cycle())
        {
            host.fill(&case.generated.before);
            let (code, text, _) = run("apply.sh", at, exit);
            let context = format!("{} from {at}, exit code {exit}: {text}", release.name());
            match code {
                Some(2) => assert_eq!(host.bindings(), case.generated.before, "{context}"),
                Some(4) => {
                    let (code, text, _) = run("rollback.sh", u32::MAX, "0");
                    assert_eq!(code, Some(0), "{context} rollback: {text}");
                    assert_eq!(host.bindings(), case.generated.before, "{context}");
                }
                code => panic!("{code:?} {context}"),
            }
            assert!(text.contains("netsh gives no answer"), "{context}");
            tried += 1;
        }
    }
    assert!(tried > 15, "{tried}");
}
