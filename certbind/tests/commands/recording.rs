//! `record`: the changes of a host, by observations of a store and by a series of exports.

use certbind::exit;
use certbind_core::history::HistoryOptions;
use certbind_core::{BindingStore, Change};
use certbind_redb::RedbStore;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT};

/// A listing with the hash for each port.
fn listing(host: &Host, name: &str, bindings: &[(u16, &str)]) -> String {
    let mut text = "\nSSL Certificate bindings:\n-------------------------\n\n".to_owned();
    for (port, hash) in bindings {
        text.push_str(&format!(
            "    IP:port                      : 10.0.0.1:{port}\n    \
             Certificate Hash             : {hash}\n    \
             Application ID               : {{{IIS}}}\n    \
             Certificate Store Name       : MY\n    \
             Verify Client Certificate Revocation : Enabled\n\n"
        ));
    }
    let path = host.file(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Three exports of a host, of three days.
fn series(host: &Host) -> Vec<String> {
    vec![
        listing(host, "web01-2025-03-01.txt", &[(443, HASH)]),
        listing(host, "web01-2025-03-02.txt", &[(443, HASH)]),
        listing(host, "web01-2025-03-05.txt", &[(443, NEXT), (444, NEXT)]),
    ]
}

fn into(host: &Host) -> [String; 2] {
    ["--into".to_owned(), recording(host)]
}

fn recording(host: &Host) -> String {
    host.file("history.redb").display().to_string()
}

fn arguments(host: &Host, more: &[&str]) -> Vec<String> {
    let more = more.iter().map(|it| (*it).to_owned());
    ["record".to_owned()]
        .into_iter()
        .chain(more)
        .chain(into(host))
        .collect()
}

fn record(host: &Host, more: &[&str]) -> String {
    let arguments = arguments(host, more);
    host.ok(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn refused(host: &Host, code: u8, more: &[&str]) -> String {
    let arguments = arguments(host, more);
    host.fails(
        code,
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
    )
}

/// A command over the recording.
fn of_recording(host: &Host, arguments: &[&str]) -> (String, String, Option<i32>) {
    let url = format!("redb:{}", recording(host));
    let output = host.run(&[arguments, &["--store", &url]].concat());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        text(output.stdout),
        text(output.stderr),
        output.status.code(),
    )
}

fn log(host: &Host) -> Value {
    let (out, err, code) = of_recording(host, &["log", "--format", "json"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    serde_json::from_str(&out).unwrap()
}

#[test]
fn series_of_exports_becomes_a_history() {
    let host = Host::new();
    let mut series = series(&host);
    // Their times order them, not the command line.
    series.reverse();
    let series: Vec<_> = series.iter().map(String::as_str).collect();
    let printed = record(&host, &series);
    assert!(
        printed.starts_with("web01: first reading, until 2025-03-02T00:00:00Z: 1 binding\n"),
        "{printed}"
    );
    assert!(
        printed.contains("web01: no change from 2025-03-01T00:00:00Z to 2025-03-03T00:00:00Z\n"),
        "{printed}"
    );

    let commits = log(&host);
    assert_eq!(commits.as_array().unwrap().len(), 2, "{commits}");
    let change = &commits[0];
    assert_eq!(
        (&change["user"], &change["command"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(change["host"], "web01");
    assert_eq!(change["found"]["since"], "2025-03-02T00:00:00Z");
    assert_eq!(change["time"], "2025-03-06T00:00:00Z");
    assert_eq!(commits[1]["found"]["by"], "first look");
    let (text, ..) = of_recording(&host, &["log"]);
    assert!(text.starts_with(
        "revision 2  made by unknown on web01, between 2025-03-02T00:00:00Z and 2025-03-06T00:00:00Z\n"
    ), "{text}");

    // Again, with the same and with a new export.
    assert_eq!(
        record(&host, &series),
        "Already recorded: no later reading\n"
    );
    let next = listing(&host, "web01-2025-03-07.txt", &[(444, NEXT)]);
    let printed = record(&host, &[&series[..], &[&next]].concat());
    assert!(
        printed.starts_with("web01: revision 3  made by unknown, between 2025-03-05"),
        "{printed}"
    );
    assert!(printed.contains("\n  - ipport=10.0.0.1:443"), "{printed}");
}

#[test]
fn unknown_times_are_reported() {
    let host = Host::new();
    let series = series(&host);
    record(
        &host,
        &series.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let show = |at: &str| of_recording(&host, &["show", "10.0.0.1:443", "--at", at]);
    for (at, hash, note) in [
        ("2025-03-02", HASH, ""),
        (
            "2025-03-03T08:00:00Z",
            HASH,
            "between 2025-03-02T00:00:00Z and 2025-03-06T00:00:00Z",
        ),
        ("2025-03-06", NEXT, ""),
        (
            "2025-04-01",
            NEXT,
            "the last look ended at 2025-03-06T00:00:00Z",
        ),
    ] {
        let (out, err, code) = show(at);
        assert_eq!(code, Some(0), "{at}: {err}");
        assert!(out.contains(hash), "{at}: {out}");
        assert!(
            err.contains(note) && err.is_empty() == note.is_empty(),
            "{at}: {err}"
        );
    }
    for at in ["2025-03-01", "0"] {
        let (out, err, code) = show(at);
        assert_eq!((out.as_str(), code), ("", Some(1)), "{at}");
        assert!(
            err.contains("before the first reading are unknown"),
            "{at}: {err}"
        );
    }
    let (out, ..) = of_recording(&host, &["diff", "--at", "2025-03-02", "--at", "2025-03-06"]);
    assert!(out.contains("1 added, 0 removed, 1 changed"), "{out}");
}

#[test]
fn exports_that_do_not_fit_change_nothing() {
    let host = Host::new();
    let series = series(&host);
    record(&host, &[&series[0], &series[2]]);
    let before = log(&host);

    let other = listing(&host, "web02-2025-04-01.txt", &[(443, HASH)]);
    let mixed = listing(&host, "web01-2025-04-01.txt", &[(443, HASH)]);
    let undated = listing(&host, "export.txt", &[(443, HASH)]);
    let early = listing(&host, "web01-2025-02-01.txt", &[(443, NEXT)]);
    let same_day = listing(&host, "web01-2025-03-05-evening.txt", &[]);
    let broken = listing(
        &host,
        "web01-2025-05-01.txt",
        &[(443, HASH), (444, "no hash")],
    );
    for (exports, code, printed) in [
        (vec![&other], exit::REFUSED, "is a recording of web01, and"),
        (
            vec![&mixed, &other],
            exit::USAGE,
            "record each host into a file of its own",
        ),
        (vec![&undated], exit::USAGE, "put it into the file name"),
        (
            vec![&early],
            exit::REFUSED,
            "differ from those recorded for that time",
        ),
        (
            vec![&mixed, &same_day, &series[2]],
            exit::USAGE,
            "may be of the same time",
        ),
        (vec![&broken], exit::BROKEN_INPUT, "Certificate Hash"),
    ] {
        let exports: Vec<_> = exports.into_iter().map(String::as_str).collect();
        let said = refused(&host, code, &exports);
        assert!(said.contains(printed), "{exports:?}: {said}");
        assert_eq!(log(&host), before, "{exports:?}");
    }
    let said = refused(&host, exit::USAGE, &[&undated, "--time", "2025-04-02"]);
    assert!(said.contains("add --machine NAME"), "{said}");
    record(
        &host,
        &[&undated, "--time", "2025-04-02", "--host", "WEB01"],
    );
    assert_eq!(log(&host).as_array().unwrap().len(), 3);
}

#[test]
fn author_is_known_by_the_history_of_the_source_alone() {
    let host = Host::new();
    let source = format!("redb:{}", host.file("bindings.redb").display());
    let look = || record(&host, &[&source, "--host", "web01"]);
    host.add("0.0.0.0:443");
    look();
    host.ok(&["rotate", HASH, NEXT, "--message", "ticket 4711"]);
    host.ok(&["delete", "0.0.0.0:443"]);
    let printed = look();
    assert_eq!(printed.matches("web01: revision").count(), 2, "{printed}");
    let commits = log(&host);
    let made = host.json(&["log", "--format", "json"]);
    for field in ["user", "command", "message", "changes"] {
        for at in [0, 1] {
            assert_eq!(commits[at][field], made[at][field], "{field}");
        }
    }
    assert_eq!(commits[1]["found"]["by"], "history");

    // A change without history: its author is unknown.
    host.ok(&[
        "add",
        "[::]:1",
        "--hash",
        HASH,
        "--app-id",
        IIS,
        "--history",
        "off",
    ]);
    host.add("[::]:2");
    look();
    let commits = log(&host);
    assert_eq!(commits[0]["user"], Value::Null);
    assert_eq!(commits[0]["found"]["by"], "look");
    assert_eq!(commits[0]["changes"]["added"].as_array().unwrap().len(), 2);
}

/// Not even by a program that does not support recordings.
#[test]
fn only_record_changes_a_recording() {
    let host = Host::new();
    record(&host, &[&series(&host)[0]]);
    for change in [
        &["add", "0.0.0.0:1", "--hash", HASH, "--app-id", IIS][..],
        &["delete", "10.0.0.1:443"],
        &["undo"],
        &["undo", "--dry-run"],
        &["restore", "--at", "1"],
    ] {
        let (_, err, code) = of_recording(&host, change);
        assert_eq!(code, Some(1), "{change:?}: {err}");
        assert!(
            err.contains("only `certbind record` changes"),
            "{change:?}: {err}"
        );
    }
    let source = format!("redb:{}", host.file("bindings.redb").display());
    host.add("0.0.0.0:443");
    let itself = ["record", &source, "--host", "a", "--into", &source[5..]];
    let said = host.fails(exit::USAGE, &itself);
    assert!(said.contains("is the store to record"), "{said}");
    let own = ["record", &series(&host)[0], "--into", &source[5..]];
    let said = host.fails(exit::REFUSED, &own);
    assert!(said.contains("is a store of its own"), "{said}");

    let store = RedbStore::builder().history(HistoryOptions::default());
    let store = store.open_existing(recording(&host)).unwrap();
    let key = "10.0.0.1:443".parse().unwrap();
    store.apply(&Change::remove(key).into()).unwrap();
    drop(store);
    let said = refused(&host, exit::REFUSED, &[&series(&host)[2]]);
    assert!(
        said.contains("without `certbind record` at revision 2"),
        "{said}"
    );
}

#[test]
fn looks_without_changes_move_the_interval_and_not_the_size() {
    let host = Host::new();
    let source = format!("redb:{}", host.file("bindings.redb").display());
    host.add("0.0.0.0:443");
    let look = || record(&host, &[&source, "--host", "web01", "--format", "json"]);
    let mut sizes = Vec::new();
    let mut since = Vec::new();
    for _ in 0..60 {
        let kept: Value = serde_json::from_str(&look()).unwrap();
        let began = kept[0]["since"].as_str();
        since.push(began.map(|time| time.parse::<jiff::Timestamp>().unwrap()));
        sizes.push(std::fs::metadata(recording(&host)).unwrap().len());
    }
    assert_eq!(log(&host).as_array().unwrap().len(), 1);
    assert!(
        since[0].is_none() && since[1..].is_sorted_by(|a, b| a < b),
        "{since:?}"
    );
    assert_eq!(sizes[5], sizes[59], "{sizes:?}");
}

#[test]
fn missing_source_is_no_empty_host() {
    let host = Host::new();
    let gone = format!("redb:{}", host.file("gone.redb").display());
    let said = refused(&host, exit::REFUSED, &[&gone, "--host", "web01"]);
    assert!(said.contains("no binding store at"), "{said}");
    assert!(!host.file("history.redb").exists());
    let said = refused(
        &host,
        exit::USAGE,
        &[&gone, "--host", "web01", "--history", "off"],
    );
    assert!(
        said.contains("--history off would record nothing"),
        "{said}"
    );
}

/// The bindings of a store, as JSON without its name.
fn bindings_of(host: &Host, store: &str) -> Value {
    let listed = host.ok(&["list", "--format", "json", "--store", store]);
    serde_json::from_str(&listed).unwrap()
}

/// Each has an observation of its own, and none is lost or recorded out of order.
#[test]
fn recorders_at_once_lose_no_change() {
    let host = Host::new();
    let source = format!("redb:{}", host.file("bindings.redb").display());
    let recorder = || {
        host.command(&[])
            .args(arguments(&host, &[&source, "--host", "web01"]))
            .spawn()
            .unwrap()
    };
    for round in 1..=4 {
        host.add(&format!("10.0.0.{round}:443"));
        let recorders = [(); 4].map(|()| recorder());
        for mut started in recorders {
            assert!(started.wait().unwrap().success());
        }
    }
    let commits = log(&host);
    let revisions: Vec<_> = commits.as_array().unwrap().iter().rev().collect();
    let added = |commit: &Value| commit["changes"]["added"].as_array().unwrap().len();
    assert_eq!(
        revisions.iter().map(|it| added(it)).collect::<Vec<_>>(),
        [1; 4]
    );
    let recording = format!("redb:{}", recording(&host));
    assert_eq!(bindings_of(&host, &recording), bindings_of(&host, &source));
}

/// At any time: between a commit and the end of the observation as well.
#[test]
fn killed_recorder_leaves_a_recording_that_goes_on() {
    let host = Host::new();
    let source = format!("redb:{}", host.file("bindings.redb").display());
    let recorder = || {
        host.command(&[])
            .args(arguments(&host, &[&source, "--host", "web01"]))
            .spawn()
            .unwrap()
    };
    let mut killed = 0;
    for round in 1..=16 {
        host.add(&format!("10.0.0.{round}:443"));
        let mut killable = recorder();
        std::thread::sleep(std::time::Duration::from_millis(4 * round));
        killable.kill().unwrap();
        killed += u32::from(!killable.wait().unwrap().success());
        if round % 4 == 0 {
            assert!(recorder().wait().unwrap().success());
            let recording = format!("redb:{}", recording(&host));
            assert_eq!(bindings_of(&host, &recording), bindings_of(&host, &source));
        }
    }
    assert!(killed > 0, "no recorder was killed before it ended");
    let commits = log(&host);
    let changes = commits.as_array().unwrap().iter();
    let added: usize = changes
        .map(|commit| commit["changes"]["added"].as_array().unwrap().len())
        .sum();
    assert_eq!(added, 16);
}
