//! The interface for programs: JSON by its schemas, and exit codes.

use certbind::exit;
use serde_json::Value;

use super::{HASH, Host, IIS, NEXT, text};
use crate::outputs::schemas::{self, messages};

/// Runs a command with JSON output, which has to fit the schema.
pub(super) fn json(host: &Host, schema: &str, code: u8, arguments: &[&str]) -> Value {
    let output = host.run(&[arguments, &["--format", "json"]].concat());
    schemas::value(schema, code, &output)
}

#[test]
fn json_follows_the_schemas() {
    let host = Host::new();
    let file = |name: &str| host.file(name).display().to_string();
    let add = ["add", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS];
    let made = json(&host, "change", 0, &add);
    assert_eq!(
        (&made["changed"], &made["before"]),
        (&true.into(), &Value::Null)
    );
    assert_eq!(json(&host, "change", 0, &add)["changed"], false);
    json(
        &host,
        "change",
        0,
        &["update", "0.0.0.0:443", "--hash", NEXT],
    );
    json(&host, "change", 0, &["set", "ccs=443", "--app-id", IIS]);
    let gone = json(&host, "change", 0, &["delete", "ccs=443"]);
    assert_eq!(
        (&gone["before"]["key"], &gone["after"]),
        (&"ccs=443".into(), &Value::Null)
    );
    json(&host, "list", 0, &["list"]);
    json(&host, "diff", 1, &["diff", "--at", "1"]);
    json(&host, "log", 0, &["log"]);
    json(&host, "check", 0, &["check"]);
    let source = format!("redb:{}", file("bindings.redb"));
    let look = [
        "record",
        &source,
        "--into",
        &file("history.redb"),
        "--host",
        "web01",
    ];
    json(&host, "record", 0, &look);
    host.ok(&["delete", "0.0.0.0:443", "--history", "off"]);
    json(&host, "log", 0, &["log"]);
    host.add("[::]:443");
    let looks = json(&host, "record", 0, &look);
    assert_eq!(looks[0]["commits"][0]["by"], Value::Null);
    json(
        &host,
        "log",
        0,
        &["log", "--store", &format!("redb:{}", file("history.redb"))],
    );

    std::fs::write(file("a.toml"), "[[binding]]\nkye = 1\n").unwrap();
    std::fs::write(file("b.toml"), "").unwrap();
    let found = json(
        &host,
        "validate",
        exit::BROKEN_INPUT,
        &["validate", &file("a.toml"), &file("b.toml")],
    );
    assert!(
        found[0]["problem"]
            .as_str()
            .unwrap()
            .contains("did you mean \"key\"?"),
        "{found}"
    );
    assert_eq!(
        (
            &found[0]["errors"][0]["line"],
            &found[0]["errors"][0]["column"]
        ),
        (&2.into(), &1.into())
    );
    assert_eq!(found[1]["bindings"], 0);
}

/// A program finds every broken entry of a file, and the place at which a command gave up.
#[test]
fn errors_of_a_file_have_their_places() {
    let host = Host::new();
    let file = |name: &str| host.file(name).display().to_string();
    let entries = "[[binding]]\nkey = '0.0.0.0:443'\n  port = 1\n[[binding]]\nhost = 'a b'\n";
    std::fs::write(file("a.toml"), entries).unwrap();
    std::fs::write(file("b.yaml"), "binding:\n  - kye: 1\n").unwrap();
    std::fs::write(file("c.json"), "{ \"binding\":\n [ } ] }").unwrap();
    let listing = "IP:port : 0.0.0.0:443\nCertificate Hash : 52\n";
    std::fs::write(
        file("d.txt"),
        format!("SSL Certificate bindings:\n---\n\n{listing}"),
    )
    .unwrap();
    let files = ["a.toml", "b.yaml", "c.json", "d.txt", "none.toml"].map(file);
    let [a, b, c, d, none] = files.each_ref().map(String::as_str);
    let found = json(
        &host,
        "validate",
        exit::BROKEN_INPUT,
        &["validate", a, b, c, d, none],
    );
    let places = found.as_array().unwrap().iter();
    let places: Vec<Vec<_>> = places
        .map(|file| {
            let errors = file["errors"].as_array().unwrap().iter();
            let place = |it: &Value| (it["line"].as_u64(), it["column"].as_u64());
            errors.map(place).collect()
        })
        .collect();
    let at = |line, column| (Some(line), Some(column));
    assert_eq!(places[0], [at(3, 10), at(5, 8)], "{found}");
    assert_eq!(places[1], [at(2, 5)], "{found}");
    assert_eq!(places[2].len(), 1, "{found}");
    assert_eq!(places[2][0].0, Some(2), "{found}");
    assert_eq!(places[3], [(Some(4), None)], "{found}");
    assert_eq!(found[3]["errors"][0]["record"], "0.0.0.0:443");
    assert_eq!(places[4], [], "{found}");

    let store = format!("redb:{}", file("bindings.redb"));
    host.add("0.0.0.0:443");
    for (command, code) in [
        (&["plan", a, &store][..], exit::BROKEN_INPUT),
        (&["drift", a, &store], exit::NOT_COMPARED),
        (&["diff", a, &store], exit::NOT_COMPARED),
        (&["show", "0.0.0.0:443", "--from", a], exit::BROKEN_INPUT),
    ] {
        let output = host.run(&[command, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(code.into()), "{command:?}");
        let messages = messages(&output);
        let last = &messages.last().unwrap()["error"];
        assert_eq!(last["file"], a, "{command:?}: {last}");
        assert_eq!(
            (&last["line"], &last["column"]),
            (&3.into(), &10.into()),
            "{command:?}: {last}"
        );
    }
    let output = host.run(&["import", a, "--report", "json"]);
    let messages = messages(&output);
    assert_eq!(messages.last().unwrap()["error"]["line"], 3, "{output:?}");
    let fmt = json(&host, "fmt", exit::BROKEN_INPUT, &["fmt", "--check", a]);
    assert_eq!(fmt[0]["errors"][1]["line"], 5, "{fmt}");
}

#[test]
fn errors_are_json_as_well() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let unbound = ["show", "[::]:443", "--format", "json"];
    for (arguments, code, printed) in [
        (&unbound[..], exit::REFUSED, "[::]:443 is not bound"),
        (
            &["list", "--format=json", "--stoer", "x"],
            exit::USAGE,
            "--stoer",
        ),
        (
            &["apply", "--format=json"],
            exit::USAGE,
            "not provided: <PLAN>",
        ),
        (
            &["list", "--format=json", "--por", "1"],
            exit::USAGE,
            "found; tip: a similar argument exists: '--port'",
        ),
        (
            &["list", "--format=json", "--store", "x.redb"],
            exit::USAGE,
            "type redb:x.redb",
        ),
        (
            &["diff", "--format", "json", "none", "none"],
            exit::NOT_COMPARED,
            "none",
        ),
    ] {
        let output = host.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code.into()),
            "{arguments:?}: {output:?}"
        );
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        let messages = messages(&output);
        let last = &messages.last().unwrap()["error"];
        assert_eq!(last["exit_code"], code, "{arguments:?}");
        assert!(
            last["message"].as_str().unwrap().contains(printed),
            "{arguments:?}: {last}"
        );
    }
    let added = host.run(&[
        "add", "[::]:1", "--hash", NEXT, "--app-id", IIS, "--format", "json",
    ]);
    assert!(
        messages(&added)[0]["warning"]["message"]
            .as_str()
            .unwrap()
            .contains(NEXT)
    );
    // The name of another command among the arguments changes nothing.
    let add = ["add", "[::]:4", "--hash", NEXT, "--app-id", IIS];
    let named = host.run(&[&add[..], &["--message", "import", "--format", "json"]].concat());
    assert_eq!(messages(&named).len(), 1, "{named:?}");
    let quiet = host.run(&["add", "[::]:2", "--hash", NEXT, "--app-id", IIS, "--quiet"]);
    assert_eq!(
        (text(&quiet.stderr).as_str(), quiet.status.code()),
        ("", Some(0))
    );
    let quiet = host.run(&["show", "[::]:3", "--quiet"]);
    assert!(text(&quiet.stderr).contains("is not bound"));
}

#[test]
fn verbose_commands_print_the_events_of_backends() {
    let host = Host::new();
    host.run(&["add", "[::]:1", "--hash", NEXT, "--app-id", IIS]);
    let listed = host.run(&["list", "--verbose", "--format", "json"]);
    let opened = messages(&listed);
    let opened = opened
        .iter()
        .filter_map(|it| it["event"]["message"].as_str());
    let mut opened = opened.filter(|event| event.starts_with("redb: "));
    assert!(
        opened.any(|event| event.contains("open") && event.contains("revision=")),
        "{listed:?}"
    );
    let plain = host.run(&["list"]);
    assert_eq!(text(&plain.stderr), "");
    let both = host.run(&["list", "--verbose", "--quiet"]);
    assert_eq!(both.status.code(), Some(exit::USAGE.into()), "{both:?}");
}

#[test]
fn colours_are_chosen() {
    let host = Host::new();
    for (choice, is_coloured) in [("always", true), ("never", false), ("auto", false)] {
        let output = host.run(&["show", "0.0.0.0:443", "--color", choice]);
        assert_eq!(
            text(&output.stderr).contains('\u{1b}'),
            is_coloured,
            "{choice}"
        );
    }
}

/// Except for a list with missing bindings.
#[test]
fn listed_bindings_can_be_imported() {
    let host = Host::new();
    host.ok(&["import", host.listing(9).to_str().unwrap()]);
    let file = host.file("list.json");
    let listed = host.ok(&["list", "--format", "json"]);
    std::fs::write(&file, &listed).unwrap();
    let other = Host::new();
    other.ok(&["import", file.to_str().unwrap()]);
    assert_eq!(other.ok(&["list", "--format", "json"]), listed);

    let of_hosts = host.ok(&["list", file.to_str().unwrap(), "--format", "json"]);
    std::fs::write(&file, of_hosts).unwrap();
    let third = Host::new();
    third.ok(&["import", file.to_str().unwrap()]);
    assert_eq!(third.ok(&["list", "--format", "json"]), listed);

    for broken in [
        "[{ \"unreadable\": \"a record\" }]",
        "[{ \"host\": \"a\", \"bindings\": [], \"unreadable\": [\"a record\"] }]",
        "[{ \"host\": \"a\", \"bindings\": [] }, { \"host\": \"b\", \"bindings\": [] }]",
        "[{ \"key\": \"0.0.0.0:443\" }]",
    ] {
        std::fs::write(&file, broken).unwrap();
        Host::new().fails(exit::BROKEN_INPUT, &["import", file.to_str().unwrap()]);
    }
}

#[test]
fn json_export_has_bindings_alone() {
    let host = Host::new();
    let listing = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
    host.ok(&["import", listing]);
    let plain = host.json(&["export"]);
    assert_eq!(plain.get("layout"), None);
    let kept = host.json(&["export", "--with-layout"]);
    assert!(kept["layout"].is_object());
    assert_eq!(plain["bindings"], kept["bindings"]);
}

#[test]
fn check_of_a_damaged_store_exits_with_4() {
    let host = Host::new();
    host.ok(&["import", host.listing(300).to_str().unwrap()]);
    let file = host.file("bindings.redb");
    let whole = std::fs::read(&file).unwrap();
    for tenths in [1, 5, 9] {
        let mut damaged = whole.clone();
        damaged.truncate(whole.len() * tenths / 10);
        std::fs::write(&file, &damaged).unwrap();
        let output = host.run(&["check"]);
        assert_eq!(
            output.status.code(),
            Some(exit::DAMAGED.into()),
            "{tenths}: {output:?}"
        );
        assert!(text(&output.stdout).contains("damaged"), "{output:?}");
        let report = json(&host, "check", exit::DAMAGED, &["check"]);
        assert_eq!(report["problems"].as_array().unwrap().len(), 1);
        assert!(std::fs::read(&file).unwrap() == damaged);
    }
}
