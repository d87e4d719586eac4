//! The checks of change scripts, the same for every host that executes them.

use std::collections::BTreeSet;

use certbind_core::Binding;

use crate::generate::Generated;

/// One of the two scripts of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Apply,
    Rollback,
}

/// The event at a command that changes something. Commands are counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Point {
    /// It fails with the first code and changes nothing; netsh exits with the second.
    Fault(usize, u32, i32),
    /// The script is killed before it.
    KillBefore(usize),
    /// The script is killed after it.
    KillAfter(usize),
}

/// The faults of HTTP.sys, with the exit codes of netsh. Windows 2019 exits with 0 when it refuses an
/// option, so both exit codes are tried.
pub(crate) const FAULTS: [(u32, i32); 3] = [(1312, 1), (5, 1), (87, 0)];

/// How a script ended.
pub(crate) struct Run {
    /// The exit code, if it was not killed.
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    /// How many commands would change something.
    pub(crate) changes: usize,
}

/// A host that has the two scripts of a change.
pub(crate) trait ScriptHost {
    /// Sets the bindings of the host, and removes the files of earlier scripts.
    fn reset(&mut self, bindings: &[Binding]);

    fn bindings(&self) -> Vec<Binding>;

    fn execute(&mut self, script: Script, point: Option<Point>) -> Run;

    /// The names of the files that scripts have left in their folder.
    fn leftovers(&self) -> Vec<String>;
}

/// A host, and the change that its scripts make.
pub(crate) struct Checks<'a> {
    pub(crate) host: &'a mut dyn ScriptHost,
    pub(crate) generated: &'a Generated,
    /// The release and the seed.
    pub(crate) name: String,
}

impl Checks<'_> {
    /// A run that has to succeed, and the host after it.
    fn succeeds(&mut self, script: Script, expected: &[Binding], context: &str) -> Run {
        let run = self.host.execute(script, None);
        let context = format!("{}, {context}, {script:?}: {}", self.name, run.text);
        assert_eq!(run.code, Some(0), "{context}");
        assert_eq!(self.host.bindings(), expected, "{context}");
        assert_eq!(self.host.leftovers(), Vec::<String>::new(), "{context}");
        run
    }

    /// `apply` equals the plan, `rollback` restores the host, and a second run of each changes nothing.
    /// Gives the number of commands by which `apply` changes something.
    pub(crate) fn applied(&mut self, again: bool) -> usize {
        let Generated { before, after } = self.generated;
        self.host.reset(before);
        let changes = self.run(Script::Apply, after, again);
        self.run(Script::Rollback, before, again);
        changes
    }

    fn run(&mut self, script: Script, expected: &[Binding], again: bool) -> usize {
        let run = self.succeeds(script, expected, "first run");
        assert!(run.changes > 0, "{}", run.text);
        if again {
            let again = self.succeeds(script, expected, "second run");
            assert_eq!(again.changes, 0, "{}", again.text);
        }
        run.changes
    }

    /// Killed at a command, `apply` can be run again, or rolled back.
    pub(crate) fn killed(&mut self, point: Point, next: Script) {
        let Generated { before, after } = self.generated;
        self.host.reset(before);
        let run = self.host.execute(Script::Apply, Some(point));
        assert_eq!(run.code, None, "{}, {point:?}: {}", self.name, run.text);
        let expected = match next {
            Script::Apply => after,
            Script::Rollback => before,
        };
        self.succeeds(next, expected, &format!("{point:?}"));
    }

    /// After a fault the host is as before, or `apply` names the bindings that are not, and `rollback`
    /// restores them. Gives whether the host is as before.
    pub(crate) fn faulted(&mut self, at: usize, (code, exit): (u32, i32)) -> bool {
        let before = &self.generated.before;
        self.host.reset(before);
        let point = Point::Fault(at, code, exit);
        let run = self.host.execute(Script::Apply, Some(point));
        let context = format!("{}, {point:?}: {}", self.name, run.text);
        let different = differences(&self.host.bindings(), before);
        let keys = |ending: &str| -> BTreeSet<String> {
            let lines = run.text.lines().map(str::trim_end);
            let lines = lines.filter_map(|line| line.strip_suffix(ending));
            let keys = lines.filter_map(|line| line.rsplit(' ').next());
            keys.map(str::to_ascii_lowercase).collect()
        };
        // The binding whose change failed is restored.
        let failed = keys(": FAILED");
        assert!(failed.is_disjoint(&different), "{context}");
        match run.code {
            Some(3) => assert!(different.is_empty(), "{different:?} {context}"),
            Some(4) => {
                assert_eq!(keys(": differs from before"), different, "{context}");
                assert!(!different.is_empty(), "{context}");
            }
            code => panic!("{code:?} {context}"),
        }
        assert!(run.text.contains(&format!("Error: {code}")), "{context}");
        self.succeeds(Script::Rollback, before, &format!("{point:?}"));
        run.code == Some(3)
    }

    /// Every kill and every fault.
    pub(crate) fn all(&mut self) -> Tried {
        let mut tried = Tried::default();
        let changes = self.applied(true);
        for at in 1..=changes {
            for point in [Point::KillBefore(at), Point::KillAfter(at)] {
                for next in [Script::Apply, Script::Rollback] {
                    self.killed(point, next);
                    tried.kills += 1;
                }
            }
            for fault in FAULTS {
                match self.faulted(at, fault) {
                    true => tried.unchanged += 1,
                    false => tried.named += 1,
                }
            }
        }
        tried
    }
}

/// How many points were tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried {
    pub(crate) kills: usize,
    /// Faults after which the host was as before.
    pub(crate) unchanged: usize,
    /// Faults after which bindings were named that differ.
    pub(crate) named: usize,
}

impl Tried {
    pub(crate) fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.unchanged += other.unchanged;
        self.named += other.named;
    }
}

/// The keys of which two hosts differ, in lower case.
fn differences(one: &[Binding], other: &[Binding]) -> BTreeSet<String> {
    let all = one.iter().chain(other);
    let differing = all.filter(|it| one.contains(it) != other.contains(it));
    let keys = differing.map(|it| it.key().to_string());
    keys.map(|key| key.to_ascii_lowercase()).collect()
}
