//! Change scripts, executed against a simulated host that has the old bindings.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod batch;
mod batch_command;
mod batches;
mod checks;
mod commands;
mod confirming;
mod fleet;
mod generate;
mod hooks;
mod host;
mod powershell;
mod silence;
mod under_wine;
mod windows_host;
mod wine_host;

use certbind_core::{Binding, CertHash};
use certbind_formats::netsh::Release;
use certbind_migrate::script::{ChangeScripts, Dialect, ScriptOptions};

use checks::{Checks, Point, Run, Script, ScriptHost};
use generate::Generated;
use host::SimulatedHost;

const RELEASES: [Release; 5] = [
    Release::Server2012R2,
    Release::Server2016,
    Release::Server2019,
    Release::Server2022,
    Release::Server2025,
];

/// With the layout of the host's listing in every second case.
fn options(seed: u64, release: Release) -> ScriptOptions {
    let mut options = ScriptOptions::default();
    options.layout = seed.is_multiple_of(2).then(|| release.layout());
    options
}

fn case(seed: u64, release: Release) -> (Generated, SimulatedHost) {
    let generated = Generated::new(seed, release);
    let scripts =
        ChangeScripts::new(&generated.plan(), Dialect::Posix, &options(seed, release)).unwrap();
    let host = SimulatedHost::new(release.name(), &generated.before);
    host.write(&scripts, "sh");
    (generated, host)
}

/// Runs the shell scripts of a host.
impl ScriptHost for SimulatedHost {
    fn reset(&mut self, bindings: &[Binding]) {
        self.fill(bindings);
    }

    fn bindings(&self) -> Vec<Binding> {
        Self::bindings(self)
    }

    fn execute(&mut self, script: Script, point: Option<Point>) -> Run {
        let script = match script {
            Script::Apply => "apply.sh",
            Script::Rollback => "rollback.sh",
        };
        let environment = match point {
            None => Vec::new(),
            Some(Point::KillBefore(at)) => vec![("KILL_BEFORE", at.to_string())],
            Some(Point::KillAfter(at)) => vec![("KILL_AFTER", at.to_string())],
            Some(Point::Fault(at, code, exit)) => vec![
                ("FAULT_AT", at.to_string()),
                ("FAULT", code.to_string()),
                ("FAULT_EXIT", exit.to_string()),
            ],
        };
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let (code, text, changes) = self.run(script, &environment);
        Run {
            code,
            text,
            changes: changes.try_into().unwrap(),
        }
    }

    fn leftovers(&self) -> Vec<String> {
        Self::leftovers(self)
    }
}

fn checked(seed: u64, release: Release, check: impl FnOnce(&mut Checks<'_>)) {
    let (generated, mut host) = case(seed, release);
    check(&mut Checks {
        host: &mut host,
        generated: &generated,
        name: format!("Windows {} (seed {seed})", release.name()),
    });
}

#[test]
fn apply_equals_the_plan_and_rollback_restores() {
    for release in RELEASES {
        for seed in 0..2 {
            checked(seed, release, |checks| {
                checks.applied(true);
            });
        }
    }
}

#[test]
fn interrupted_shell_script_can_be_rerun_or_rolled_back() {
    for release in [Release::Server2012R2, Release::Server2022] {
        checked(1, release, |checks| {
            let tried = checks.all();
            assert!(tried.unchanged > 0 && tried.named > 0, "{tried:?}");
        });
    }
}

#[test]
fn a_host_that_differs_from_the_plan_is_not_changed() {
    let release = Release::Server2022;
    let (generated, host) = case(0, release);
    let changed = |at: usize, change: &dyn Fn(&Binding) -> Option<Binding>| {
        let mut bindings = generated.before.clone();
        match change(&bindings[at]) {
            Some(binding) => bindings[at] = binding,
            None => drop(bindings.remove(at)),
        }
        bindings
    };
    let mut tried = 0;
    for at in 0..generated.before.len() {
        if generated.after.contains(&generated.before[at]) {
            continue;
        }
        let new_hash = |binding: &Binding| {
            let mut record = binding.record().clone();
            record.certificate.as_mut()?.hash = CertHash::new([0xee; 20]);
            binding.clone().with_record(record).ok()
        };
        // Found only with the layout of the listing, which seed 0 has.
        let new_option = |binding: &Binding| {
            let mut record = binding.record().clone();
            record.flags.toggle(certbind_core::SslFlags::DISABLE_HTTP2);
            binding.clone().with_record(record).ok()
        };
        let has_certificate = generated.before[at].record().hash().is_some();
        let removed = generated
            .after
            .iter()
            .all(|it| it.key() != generated.before[at].key());
        for (applies, bindings) in [
            (has_certificate, changed(at, &new_hash)),
            (has_certificate, changed(at, &new_option)),
            (!removed, changed(at, &|_| None)),
        ] {
            if !applies {
                continue;
            }
            tried += 1;
            host.fill(&bindings);
            let (code, text, changes) = host.run("apply.sh", &[]);
            assert_eq!((code, changes), (Some(2), 0), "{text}");
            assert!(text.contains("does not match the plan"), "{text}");
            assert_eq!(host.bindings(), bindings);
        }
    }
    assert!(tried > 8, "{tried}");
}
