//! Batch files, executed line by line on simulated hosts of each release.

use certbind::netsh::Profile;
use certbind_core::Binding;
use certbind_formats::netsh::Release;
use certbind_migrate::script::{ChangeScripts, Dialect, ImportPfx};
use certbind_test_support::cases;

use crate::batch::temporary_folder;
use crate::checks::{Checks, Point, Run, Script, ScriptHost, Tried};
use crate::generate::Generated;
use crate::host::SimulatedHost;
use crate::windows_host::{Event, WindowsHost};
use crate::{RELEASES, options};

/// A generated host and the batch files of its change.
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) release: Release,
    pub(crate) generated: Generated,
    pub(crate) scripts: ChangeScripts,
}

impl Case {
    pub(crate) fn new(seed: u64, release: Release) -> Self {
        let generated = Generated::new(seed, release);
        let options = options(seed, release);
        Self {
            scripts: ChangeScripts::new(&generated.plan(), Dialect::Cmd, &options).unwrap(),
            seed,
            release,
            generated,
        }
    }

    pub(crate) fn host(&self) -> WindowsHost {
        self.host_with(&self.generated.before)
    }

    pub(crate) fn host_with(&self, bindings: &[Binding]) -> WindowsHost {
        WindowsHost::new(profile(self.release), bindings)
    }

    pub(crate) fn context(&self, event: Option<Event>, run: &Run) -> String {
        let release = self.release.name();
        format!("seed {}, {release}, {event:?}: {}", self.seed, run.text)
    }
}

/// A simulated host with the batch files of a case.
struct BatchHost<'a> {
    case: &'a Case,
    host: WindowsHost,
}

impl<'a> BatchHost<'a> {
    fn new(case: &'a Case) -> Self {
        let host = case.host();
        Self { case, host }
    }

    fn checks(&mut self) -> Checks<'_> {
        let (name, generated) = (self.case.release.name(), &self.case.generated);
        Checks {
            name: format!("Windows {name} (seed {})", self.case.seed),
            host: self,
            generated,
        }
    }
}

impl ScriptHost for BatchHost<'_> {
    fn reset(&mut self, bindings: &[Binding]) {
        self.host = self.case.host_with(bindings);
    }

    fn bindings(&self) -> Vec<Binding> {
        self.host.bindings()
    }

    fn execute(&mut self, script: Script, point: Option<Point>) -> Run {
        let text = match script {
            Script::Apply => &self.case.scripts.apply,
            Script::Rollback => &self.case.scripts.rollback,
        };
        self.host.run(text, point.map(Event::At))
    }

    fn leftovers(&self) -> Vec<String> {
        self.host.files.keys().cloned().collect()
    }
}

fn profile(release: Release) -> Profile {
    release.name().parse().unwrap()
}

/// Every case of every release, as many as `CERTBIND_CASES` multiplies.
pub(crate) fn each_case(seeds: u32, mut test: impl FnMut(&Case)) {
    for release in RELEASES {
        for seed in 0..u64::from(cases(seeds)) {
            test(&Case::new(seed, release));
        }
    }
}

#[test]
fn batch_files_equal_the_plan_and_roll_back() {
    each_case(3, applied);
}

fn applied(case: &Case) {
    BatchHost::new(case).checks().applied(true);
    let has_update = case.release >= Release::Server2019;
    let mut host = case.host();
    for (script, expected) in [
        (&case.scripts.apply, &case.generated.after),
        (&case.scripts.rollback, &case.generated.before),
    ] {
        let run = host.run(script, None);
        let context = case.context(None, &run);
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
    }
}

/// Each kill and each fault of each case.
#[test]
fn interrupted_batch_file_can_be_rerun_or_rolled_back() {
    each_case(1, disturbed);
}

fn disturbed(case: &Case) {
    let tried = BatchHost::new(case).checks().all();
    println!("{tried:?}");
    let Tried {
        kills,
        unchanged,
        named,
    } = tried;
    assert!(kills > 0 && unchanged > 0 && named > 0, "{tried:?}");
}

#[test]
fn twice_killed_batch_file_can_be_rerun_or_rolled_back() {
    each_case(1, |case| {
        let changes = case.host().run(&case.scripts.apply, None).changes;
        for at in 1..=changes {
            for (next, expected) in [
                (&case.scripts.apply, &case.generated.after),
                (&case.scripts.rollback, &case.generated.before),
            ] {
                let mut host = case.host();
                let event = Some(Event::At(Point::KillAfter(at)));
                assert_eq!(host.run(&case.scripts.apply, event).code, None);
                host.run(next, Some(Event::At(Point::KillAfter(1))));
                let run = host.run(next, None);
                let context = case.context(event, &run);
                assert_eq!(run.code, Some(0), "{context}");
                assert_eq!(&host.bindings(), expected, "{context}");
                assert!(host.files.is_empty(), "{:?} {context}", host.files);
            }
        }
    });
}

/// Another program changes each key in turn.
#[test]
fn a_batch_file_changes_nothing_on_a_host_that_differs() {
    each_case(2, differing);
}

fn differing(case: &Case) {
    let mut tried = 0;
    {
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
    }
    assert!(tried > 1, "{tried}");
}

#[test]
fn a_host_without_netsh_is_not_taken_for_an_empty_one() {
    let case = Case::new(0, Release::Server2022);
    let mut host = case.host();
    host.has_netsh = false;
    let run = host.run(&case.scripts.apply, None);
    assert_eq!(run.code, Some(1), "{}", run.text);
}

/// A netsh that cannot be started is no evidence about the host, and least of all that a key is not
/// bound.
#[test]
fn a_netsh_that_disappears_is_no_success() {
    for release in [Release::Server2016, Release::Server2022] {
        let case = Case::new(1, release);
        let changes = case.host().run(&case.scripts.apply, None).changes;
        for at in 1..=changes {
            let event = Some(Event::NoNetsh(at));
            let mut host = case.host();
            let run = host.run(&case.scripts.apply, event);
            let context = case.context(event, &run);
            assert_eq!(run.code, Some(4), "{context}");
            host.has_netsh = true;
            let run = host.run(&case.scripts.rollback, None);
            assert_eq!(run.code, Some(0), "{context} rollback: {}", run.text);
            assert_eq!(host.bindings(), case.generated.before, "{context}");
        }
    }
}

/// Where the certificate is imported from, as arguments of certutil.
pub(crate) fn imported(dialect: Dialect, pfx: ImportPfx) -> ChangeScripts {
    let case = Case::new(0, Release::Server2022);
    let mut options = options(0, Release::Server2022);
    options.import_pfx = Some(pfx);
    ChangeScripts::new(&case.generated.plan(), dialect, &options).unwrap()
}

pub(crate) fn pfx(file: &str, store: &str) -> ImportPfx {
    ImportPfx {
        file: file.to_owned(),
        store: store.to_owned(),
    }
}

/// Names of files and stores, and the name of the file as certutil gets it in a batch file.
pub(crate) fn pfx_names() -> [(&'static str, &'static str, String); 5] {
    let here = |name: &str| format!("{}{name}", crate::batch::FOLDER);
    [
        ("new.pfx", "MY", here("new.pfx")),
        (
            r"my certs\50% ^new & old.pfx",
            "A & B (50%)",
            here(r"my certs\50% ^new & old.pfx"),
        ),
        (
            r"D:\keys\%TEMP% it's.pfx",
            "it's ^mine",
            r"D:\keys\%TEMP% it's.pfx".to_owned(),
        ),
        (
            r"\\server\share\a b.pfx",
            "WebHosting",
            r"\\server\share\a b.pfx".to_owned(),
        ),
        ("$(id) `id` \u{e9}.pfx", "My", here("$(id) `id` \u{e9}.pfx")),
    ]
}

/// certutil asks for the password, so that no script contains one.
#[test]
fn a_batch_file_imports_the_certificate_before_the_first_change() {
    for (file, store, expected) in pfx_names() {
        let scripts = imported(Dialect::Cmd, pfx(file, store));
        let case = Case::new(0, Release::Server2022);
        let mut host = case.host();
        host.certutil = -2_147_024_894;
        let run = host.run(&scripts.apply, None);
        // A negative exit code is below 1, so `if errorlevel 1` does not see it.
        assert_eq!((run.code, run.changes), (Some(3), 0), "{}", run.text);
        assert!(run.text.contains("No binding was changed"), "{}", run.text);
        assert_eq!(host.bindings(), case.generated.before);
        host.certutil = 0;
        let run = host.run(&scripts.apply, None);
        assert_eq!(run.code, Some(0), "{}", run.text);
        let imports = host.commands.iter().filter(|it| it[0] == "certutil");
        let imports: Vec<_> = imports.map(|it| it[1..].to_vec()).collect();
        assert_eq!(
            imports,
            [["-f", "-importpfx", store, &expected].map(str::to_owned)]
        );
        let first = host.commands.iter().position(|it| it[0] == "certutil");
        let changed = host
            .commands
            .iter()
            .position(|it| it.len() > 5 && it[2] != "show");
        assert!(first < changed);
        assert!(!scripts.rollback.contains("certutil"));
    }
}

#[test]
fn shell_script_imports_the_certificate_first() {
    for (file, store, _) in pfx_names() {
        let file = file.replace('\\', "/");
        let scripts = imported(Dialect::Posix, pfx(&file, store));
        let case = Case::new(0, Release::Server2022);
        let host = SimulatedHost::new(case.release.name(), &case.generated.before);
        host.write(&scripts, "sh");
        let (code, text, changes) = host.run("apply.sh", &[("CERTUTIL_EXIT", "7")]);
        assert_eq!((code, changes), (Some(3), 0), "{text}");
        let (code, text, _) = host.run("apply.sh", &[("CERTUTIL_EXIT", "0")]);
        assert_eq!(code, Some(0), "{text}");
        let is_absolute = file.starts_with('/') || file.contains(':');
        let path = match is_absolute {
            true => file.clone(),
            false => host.file(&file).display().to_string(),
        };
        let import = format!("-f\n-importpfx\n{store}\n{path}\n");
        let recorded = std::fs::read_to_string(host.file("certutil.txt")).unwrap();
        assert_eq!(recorded, import.repeat(2));
        assert_eq!(host.bindings(), case.generated.after);
    }
}

#[test]
fn names_that_cannot_be_quoted_are_refused() {
    let case = Case::new(0, Release::Server2022);
    for (file, store) in [
        ("a\"b.pfx", "MY"),
        ("a.pfx", "M\nY"),
        ("", "MY"),
        ("dir\\", "MY"),
    ] {
        for dialect in [Dialect::Cmd, Dialect::PowerShell, Dialect::Posix] {
            let mut options = options(0, Release::Server2022);
            options.import_pfx = Some(pfx(file, store));
            let refused = ChangeScripts::new(&case.generated.plan(), dialect, &options);
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("cannot be used in a script"), "{refused}");
        }
    }
}

/// A name, the lines that are missing, and the check that notices it.
type SeededFault<'a> = (&'a str, &'a dyn Fn(&str) -> bool, fn(&Case));

/// Seeded faults: each of the checks above notices a batch file that lacks a part.
#[test]
fn the_checks_notice_a_batch_file_with_a_missing_part() {
    let is_restore = |line: &str| line.starts_with("netsh http add") && line.contains(">nul");
    let faults: [SeededFault<'_>; 5] = [
        ("no marker", &|line| line.starts_with(">\""), disturbed),
        ("no restore", &is_restore, disturbed),
        (
            "no update",
            &|line| line.contains("\"CB_UPDATE=1\""),
            applied,
        ),
        (
            "no check",
            &|line| line.ends_with("goto mismatch"),
            differing,
        ),
        (
            "no second run",
            &|line| line.contains(" goto done_"),
            applied,
        ),
    ];
    for (name, is_missing, check) in faults {
        let noticed = RELEASES.into_iter().any(|release| {
            let mut case = Case::new(1, release);
            check(&case);
            for script in [&mut case.scripts.apply, &mut case.scripts.rollback] {
                let lines = script
                    .split_inclusive('\n')
                    .filter(|line| !is_missing(line.trim_end()));
                *script = lines.collect();
            }
            std::panic::catch_unwind(|| check(&case)).is_err()
        });
        assert!(noticed, "{name}");
    }
}

#[test]
fn scripts_that_start_together_use_folders_of_their_own() {
    let case = Case::new(1, Release::Server2022);
    let run = |taken: u32| {
        let mut host = case.host();
        for number in 0..taken {
            let folder = temporary_folder(2 * number);
            host.files
                .insert(format!("{folder}out.txt"), "of another".to_owned());
            host.files.insert(folder, String::new());
        }
        let before = host.files.clone();
        let run = host.run(&case.scripts.apply, None);
        assert_eq!(host.files, before, "{}", run.text);
        (run.code, run.text, host.bindings())
    };
    let (code, text, bindings) = run(4);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(bindings, run(0).2);
    let (code, text, bindings) = run(5);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no folder for temporary files"), "{text}");
    assert_eq!(bindings, case.host().bindings());
}
