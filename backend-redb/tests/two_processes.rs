//! One file and several processes: locking, and the state after one is killed.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]
#![cfg(unix)]

mod common;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use certbind_core::{Batch, BindingStore, Change, Result, StoreError};
use certbind_redb::RedbStore;
use common::{Dice, binding, cases, contents, has_unnamed_files, key, number, with_wal};
use tempfile::tempdir;

const ROLE: &str = "CERTBIND_TEST_ROLE";
const PATH: &str = "CERTBIND_TEST_PATH";

/// The second key of a pair is this far from the first.
const PAIR: u16 = 1 << 15;

/// The other process: it prints a line for every event that the test waits for.
#[test]
#[ignore = "the other tests run it, as another process"]
fn the_other_process() {
    let (Ok(role), Some(path)) = (std::env::var(ROLE), std::env::var_os(PATH)) else {
        panic!("{ROLE} and {PATH} say what to do");
    };
    let path = Path::new(&path);
    let opened = match role.as_str() {
        "hold" | "write" => RedbStore::open(path),
        "log" | "idle" => with_wal(0).open(path),
        "read" => RedbStore::open_read_only(path),
        "make" => return make_stores(path),
        other => panic!("no role {other}"),
    };
    let store = match opened {
        Ok(store) => store,
        Err(error) => return say(&format!("error {error}")),
    };
    say(&format!("ready {}", contents(&store).len()));
    match role.as_str() {
        "write" | "log" => write_pairs(&store),
        "idle" => write_a_little(&store),
        _ => {}
    }
    // Until the other end closes.
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Inserts pairs from several threads until it is killed, and acknowledges each.
fn write_pairs(store: &RedbStore) {
    let next = AtomicU16::new(u16::try_from(contents(store).len() / 2).unwrap());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    assert!(number < PAIR, "the test has run out of numbers");
                    // Numbers of a writer that was killed are free or taken.
                    let pair =
                        [number, number + PAIR].map(|number| Change::insert(binding(number, 1)));
                    match store.apply(&Batch::new(pair).unwrap()) {
                        Ok(_) => say(&format!("pair {number}")),
                        Err(StoreError::AlreadyExists { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

/// Makes several threads write, so that there are groups, and reports their end.
fn write_a_little(store: &RedbStore) {
    thread::scope(|scope| {
        for thread in 1..5_u16 {
            scope.spawn(move || {
                for number in 0..20 {
                    store.put(binding(thread * 100 + number, 1)).unwrap();
                }
            });
        }
    });
    say("written");
}

fn make_stores(directory: &Path) {
    for number in 0.. {
        let path = directory.join(format!("{number}.redb"));
        RedbStore::open(&path)
            .unwrap()
            .insert(binding(1, 1))
            .unwrap();
        say(&format!("made {number}"));
    }
}

fn say(line: &str) {
    // A single write that begins with a line feed, which ends a line of the test harness.
    let line = format!("\n> {line}\n");
    io::stdout().lock().write_all(line.as_bytes()).unwrap();
    io::stdout().flush().unwrap();
}

/// Another process and its output.
struct Other {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Other {
    fn new(role: &str, path: &Path) -> Self {
        Self::from(Command::new(std::env::current_exe().unwrap()), role, path)
    }

    fn from(mut command: Command, role: &str, path: &Path) -> Self {
        let mut child = command
            .args(["the_other_process", "--exact", "--ignored", "--nocapture"])
            .envs([(ROLE, role.as_ref()), (PATH, path.as_os_str())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line of its output; none after its end.
    fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some(said) = line.strip_prefix("> ") {
                return Some(said.trim_end().to_owned());
            }
        }
    }

    /// Kills it with signal 9, and returns its whole output.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let said = std::iter::from_fn(|| self.hear()).collect();
        self.child.wait().unwrap();
        said
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

fn new_store(directory: &Path) -> PathBuf {
    let path = directory.join("bindings.redb");
    RedbStore::open(&path)
        .unwrap()
        .insert(binding(1, 1))
        .unwrap();
    path
}

/// The error of an opening that is refused, which takes less than a second to find.
fn refusal(open: impl Fn(&Path) -> Result<RedbStore>, path: &Path) -> StoreError {
    let start = Instant::now();
    let error = open(path).unwrap_err();
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(1), "it took {taken:?}");
    error
}

fn assert_held_by(error: &StoreError, other: &Other) {
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    if cfg!(target_os = "linux") {
        let name = fs::read_to_string(format!("/proc/{}/comm", other.child.id())).unwrap();
        let holder = format!("process {} ({})", other.child.id(), name.trim_end());
        assert!(error.to_string().contains(&holder), "{error}");
    }
}

#[test]
fn error_of_second_process_names_the_lock_owner() {
    let directory = tempdir().unwrap();
    let path = new_store(directory.path());
    let mut writer = Other::new("hold", &path);
    assert_eq!(writer.hear().unwrap(), "ready 1");
    // A process that merely opened the file, as a backup does, is not reported as the lock owner.
    let _bystander = fs::File::open(&path).unwrap();
    assert_held_by(&refusal(|path| RedbStore::open(path), &path), &writer);
    assert_held_by(
        &refusal(|path| RedbStore::open_existing(path), &path),
        &writer,
    );
    assert_held_by(
        &refusal(|path| RedbStore::open_read_only(path), &path),
        &writer,
    );
    // By another name as well.
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_held_by(&refusal(|path| RedbStore::open(path), &link), &writer);
    writer.end();
    assert_eq!(RedbStore::open(&path).unwrap().revision(), 1);
}

#[test]
fn readers_share_and_exclude_a_writer() {
    let directory = tempdir().unwrap();
    let path = new_store(directory.path());
    let mut readers: Vec<_> = (0..3).map(|_| Other::new("read", &path)).collect();
    for reader in &mut readers {
        assert_eq!(reader.hear().unwrap(), "ready 1");
    }
    let own = RedbStore::open_read_only(&path).unwrap();
    assert_eq!(own.get(&key(1)).unwrap(), Some(binding(1, 1)));
    drop(own);
    let mut writer = Other::new("hold", &path);
    let said = writer.hear().unwrap();
    assert!(
        said.starts_with("error") && said.contains("in use by process"),
        "{said}"
    );
    let last = readers.pop().unwrap();
    readers.into_iter().for_each(Other::end);
    assert_held_by(&refusal(|path| RedbStore::open(path), &path), &last);
    last.end();
    RedbStore::open(&path)
        .unwrap()
        .insert(binding(2, 1))
        .unwrap();
}

/// Each thread of a process: its name, and whether it sleeps (`S`) or runs.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<(String, String)> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let threads = threads.filter_map(|thread| {
        // One that has ended in the meantime has no status.
        let stat = fs::read_to_string(thread.unwrap().path().join("stat")).ok()?;
        let (name, state) = stat.rsplit_once(") ")?;
        Some((name.to_owned(), state[..1].to_owned()))
    });
    threads.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn idle_store_has_no_thread() {
    let directory = tempdir().unwrap();
    let path = new_store(directory.path());
    let mut other = Other::new("idle", &path);
    assert_eq!(other.hear().unwrap(), "ready 1");
    assert_eq!(other.hear().unwrap(), "written");
    // The writers end, which takes a moment. The main thread and that of the test are left: one waits
    // for the other, which waits for input, so that nothing can start a thread any more.
    let start = Instant::now();
    loop {
        let threads = threads(other.child.id());
        if threads.len() == 2 && threads.iter().all(|(_, state)| state == "S") {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{threads:?}");
        thread::sleep(Duration::from_millis(5));
    }
    other.end();
}

#[test]
fn lock_ends_with_its_process() {
    let directory = tempdir().unwrap();
    let path = new_store(directory.path());
    for role in ["hold", "read"] {
        let mut other = Other::new(role, &path);
        assert_eq!(other.hear().unwrap(), "ready 1");
        other.kill();
        assert_eq!(RedbStore::open(&path).unwrap().revision(), 1);
    }
}

#[test]
fn acknowledged_batches_survive_kill() {
    let directory = tempdir().unwrap();
    let path = new_store(directory.path());
    RedbStore::open(&path).unwrap().remove(&key(1)).unwrap();
    let (mut acknowledged, mut left_logs) = (Vec::new(), 0);
    let mut dice = Dice(u64::from(std::process::id()));
    for round in 0..cases(12) {
        // Two of three with a log that is full every few commits.
        let mut writer = Other::new(["write", "log", "log"][round as usize % 3], &path);
        assert!(writer.hear().unwrap().starts_with("ready"));
        thread::sleep(Duration::from_micros(dice.below(40_000) as u64));
        for said in writer.kill() {
            let number = said
                .strip_prefix("pair ")
                .unwrap_or_else(|| panic!("{said}"));
            acknowledged.push(number.parse::<u16>().unwrap());
        }

        left_logs += u32::from(path.with_file_name("bindings.redb-log").exists());
        let store = match round % 2 {
            0 => RedbStore::open_read_only(&path).unwrap(),
            _ => RedbStore::open(&path).unwrap(),
        };
        assert!(store.check().unwrap().is_clean());
        for number in &acknowledged {
            for number in [*number, number + PAIR] {
                assert_eq!(store.get(&key(number)).unwrap(), Some(binding(number, 1)));
            }
        }
        let held = contents(&store);
        let numbers: HashSet<_> = held.iter().map(number).collect();
        for number in &numbers {
            let other = number ^ PAIR;
            assert!(
                numbers.contains(&other),
                "round {round}: {number} without {other}"
            );
        }
    }
    assert!(acknowledged.len() > 10, "{} pairs", acknowledged.len());
    assert!(left_logs > cases(12) / 4, "{left_logs} logs");
}

#[test]
fn killed_creation_leaves_whole_store_or_none() {
    for round in 0..cases(12) {
        let directory = tempdir().unwrap();
        let mut maker = Other::new("make", directory.path());
        assert_eq!(maker.hear().unwrap(), "made 0");
        thread::sleep(Duration::from_millis(u64::from(round * 7 % 40)));
        let made = 1 + maker.kill().len();
        let files = fs::read_dir(&directory).unwrap();
        let (stores, others): (Vec<_>, Vec<_>) = files
            .map(|entry| entry.unwrap().path())
            .partition(|path| path.extension().is_some_and(|end| end == "redb"));
        assert!((made..=made + 1).contains(&stores.len()));
        if has_unnamed_files(directory.path()) {
            assert_eq!(others, Vec::<PathBuf>::new(), "round {round}");
        }
        for path in stores {
            let store = RedbStore::open(&path).unwrap();
            assert!(store.check().unwrap().is_clean());
            store.put(binding(1, 2)).unwrap();
        }
    }
}

#[test]
fn inaccessible_file_is_access_denied() {
    let directory = tempdir().unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let path = new_store(directory.path());
    let denied = |role: &str, path: &Path| {
        // The administrator may do everything, so another account has to try.
        let program = directory.path().join("other");
        if !program.exists() {
            // Another process copies it: a child that another test starts at the same time would
            // inherit it open for writing, and a program that is open for writing cannot be
            // started.
            let own = std::env::current_exe().unwrap();
            let copied = Command::new("cp").args([&own, &program]).status().unwrap();
            assert!(copied.success());
        }
        let mut command = Command::new(program);
        command.current_dir("/");
        if fs::metadata("/proc/self").map_or(1, |own| own.uid()) == 0 {
            command.uid(65534).gid(65534);
        }
        let mut other = Other::from(command, role, path);
        let said = other.hear().unwrap();
        other.end();
        assert!(said.starts_with("error"), "{said}");
        assert!(said.contains("not permitted"), "{said}");
        assert!(!said.contains("administrator"), "{said}");
        assert!(said.contains(&*path.to_string_lossy()), "{said}");
    };
    let before = fs::read(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    denied("hold", &path);
    denied("read", &path);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    denied("hold", &path);
    let sealed = directory.path().join("sealed");
    fs::create_dir(&sealed).unwrap();
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o555)).unwrap();
    denied("hold", &sealed.join("new.redb"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(fs::read(&path).unwrap() == before);
}
