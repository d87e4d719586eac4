//! Batch files, executed line by line on simulated hosts of each release.

use certbind::netsh::Profile;
use certbind_core::Binding;
use certbind_formats::netsh::Release;
use certbind_migrate::script::{ChangeScripts, Dialect};
use certbind_test_support::cases;

use crate::generate::Generated;
use crate::windows_host::{Event, Run, WindowsHost};
use crate::{RELEASES, options};

/// A generated host and the batch files of its change.
struct Case {
    seed: u64,
    release: Release,
    generated: Generated,
    scripts: ChangeScripts,
}

impl Case {
    fn new(seed: u64, release: Release) -> Self {
        let generated = Generated::new(seed, release);
        let options = options(seed, release);
        Self {
            scripts: ChangeScripts::new(&generated.plan(), Dialect::Cmd, &options).unwrap(),
            seed,
            release,
            generated,
        }
    }

    fn host(&self) -> WindowsHost {
        self.host_with(&self.generated.before)
    }

    fn host_with(&self, bindings: &[Binding]) -> WindowsHost {
        WindowsHost::new(profile(self.release), bindings)
    }

    fn context(&self, event: Option<Event>, run: &Run) -> String {
        let release = self.release.name();
        format!("seed {}, {release}, {event:?}: {}", self.seed, run.text)
    }
}

fn profile(release: Release) -> Profile {
    release.name().parse().unwrap()
}

/// Every case of every release, as many as `CERTBIND_CASES` multiplies.
fn each_case(seeds: u32, mut test: impl FnMut(&Case)) {
    for release in RELEASES {
        for seed in 0..u64::from(cases(seeds)) {
            test(&Case::new(seed, release));
        }
    }
}

#[test]
fn batch_files_equal_the_plan_and_roll_back() {
    each_case(3, |case| {
        let mut host = case.host();
        let (before, after) = (&case.generated.before, &case.generated.after);
        for (script, expected) in [
            (&case.scripts.apply, after),
            (&case.scripts.rollback, before),
        ] {
            let run = host.run(script, None);
            let context = case.context(None, &run);
            assert_eq!(run.code, Some(0), "{context}");
            assert_eq!(&host.bindings(), expected, "{context}");
            assert!(run.changes > 0 && host.files.is_empty(), "{context}");
            let has_update = case.release >= Release::Server2019;
            let mut updates = host.commands.iter();
            let updates = updates.any(|it| it[2..4] == ["update", "sslcert"] && it.len() > 5);
            assert!(has_update || !updates, "{context}");
            if has_update {
                // A binding that is changed is never missing.
                let deletes = host.commands.iter().filter(|it| it[2] == "delete");
                let kept = |key: &str| expected.iter().any(|it| it.key().to_string() == key);
                let mut keys = deletes.map(|it| it[4].to_ascii_lowercase());
                assert!(keys.all(|key| !kept(&key)), "{context}");
            }
            let run = host.run(script, None);
            let context = case.context(None, &run);
            assert_eq!(
                (run.code, run.changes),
                (Some(0), 0),
                "a second run: {context}"
            );
        }
    });
}

/// A kill loses what the batch file knows. So a kill between two changes is the same as a kill after
/// the first of them, and all kills are tried.
#[test]
fn a_killed_batch_file_can_be_run_again_or_rolled_back() {
    let mut tried = 0;
    each_case(1, |case| {
        let changes = case.host().run(&case.scripts.apply, None).changes;
        for at in 1..=changes {
            let event = Some(Event::Kill(at));
            for (next, expected) in [
                (&case.scripts.apply, &case.generated.after),
                (&case.scripts.rollback, &case.generated.before),
            ] {
                let mut host = case.host();
                assert_eq!(host.run(&case.scripts.apply, event).code, None);
                // Killed again at its first change, for good measure.
                host.run(next, Some(Event::Kill(1)));
                let run = host.run(next, None);
                let context = case.context(event, &run);
                assert_eq!(run.code, Some(0), "{context}");
                assert_eq!(&host.bindings(), expected, "{context}");
                assert!(host.files.is_empty(), "{:?} {context}", host.files);
                tried += 1;
            }
        }
    });
    println!("{tried} kills");
    assert!(tried > 30);
}

/// Windows 2019 exits with 0 when it refuses an option, so both exit codes are tried.
#[test]
fn after_a_fault_in_a_batch_file_the_host_is_as_before_or_the_difference_is_named() {
    let (mut unchanged, mut partly) = (0, 0);
    each_case(1, |case| {
        let before = &case.generated.before;
        let changes = case.host().run(&case.scripts.apply, None).changes;
        for at in 1..=changes {
            for (code, exit) in [(1312, 1), (5, 1), (87, 0)] {
                let event = Some(Event::Fault(at, code, exit));
                let mut host = case.host();
                let run = host.run(&case.scripts.apply, event);
                let context = case.context(event, &run);
                let held = host.bindings();
                let named: Vec<_> = run
                    .text
                    .lines()
                    .filter_map(|line| line.strip_suffix(": differs from before"))
                    .collect();
                let differing = differences(&held, before);
                match run.code {
                    Some(3) => {
                        assert_eq!(&held, before, "{context}");
                        unchanged += 1;
                    }
                    Some(4) => {
                        assert_eq!(sorted(&named), differing, "{context}");
                        partly += 1;
                    }
                    code => panic!("{code:?} {context}"),
                }
                assert!(run.text.contains(&format!("Error: {code}")), "{context}");
                let run = host.run(&case.scripts.rollback, None);
                let context = case.context(event, &run);
                assert_eq!(run.code, Some(0), "{context}");
                assert_eq!(&host.bindings(), before, "{context}");
                assert!(host.files.is_empty(), "{context}");
                // The apply script succeeds once the fault is gone.
                let run = host.run(&case.scripts.apply, None);
                assert_eq!(run.code, Some(0), "{}", case.context(event, &run));
                assert_eq!(host.bindings(), case.generated.after);
            }
        }
    });
    println!("{unchanged} faults left the host as before, {partly} were named");
    assert!(unchanged > 10 && partly > 10);
}

/// The keys of which two hosts differ, in lower case.
fn differences(one: &[Binding], other: &[Binding]) -> Vec<String> {
    let all = one.iter().chain(other);
    let differing = all.filter(|it| one.contains(it) != other.contains(it));
    let mut keys: Vec<_> = differing.map(|it| it.key().to_string()).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn sorted(keys: &[&str]) -> Vec<String> {
    let mut keys: Vec<_> = keys.iter().map(|key| key.to_ascii_lowercase()).collect();
    keys.sort();
    keys
}

/// Each key is changed by somebody else in turn.
#[test]
fn a_batch_file_changes_nothing_on_a_host_that_differs() {
    let mut tried = 0;
    each_case(2, |case| {
        let before = &case.generated.before;
        for at in 0..before.len() {
            let key = before[at].key();
            let planned = case.generated.after.iter().find(|it| it.key() == key);
            if planned == Some(&before[at]) {
                continue;
            }
            let mut bindings = before.clone();
            let mut record = before[at].record().clone();
            record.app_id = certbind_core::Uuid::from_u128(0xbad);
            bindings[at] = before[at].clone().with_record(record).unwrap();
            let mut host = case.host_with(&bindings);
            let run = host.run(&case.scripts.apply, None);
            let context = case.context(None, &run);
            assert_eq!((run.code, run.changes), (Some(2), 0), "{context}");
            assert_eq!(host.bindings(), bindings, "{context}");
            tried += 1;
        }
    });
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_host_without_netsh_is_not_taken_for_an_empty_one() {
    let case = Case::new(0, Release::Server2022);
    let mut host = case.host();
    host.has_netsh = false;
    let run = host.run(&case.scripts.apply, None);
    assert_eq!(run.code, Some(1), "{}", run.text);
}
