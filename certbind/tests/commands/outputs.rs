//! The JSON output of each command follows its schema, in the states in which it differs. Commands
//! that need etcd or the drop-in library are in the tests of those.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Output, Stdio};

use certbind::exit;
use serde_json::Value;

#[path = "../common/schemas.rs"]
pub(super) mod schemas;

use super::hives::dead_host;
use super::times::hive;
use super::{HASH, Host, NEXT, text, tracing};

/// Each command with JSON output, and its schemas.
const SCHEMAS: [(&str, &[&str]); 34] = [
    ("add", &["change"]),
    ("apply", &["apply"]),
    ("audit", &["audit-report"]),
    ("check", &["check"]),
    ("completions", &["completions"]),
    ("confirm", &["confirm"]),
    ("delete", &["change"]),
    ("diff", &["diff"]),
    ("doctor", &["doctor"]),
    ("drift", &["diff"]),
    ("explain", &["explain"]),
    ("export", &["export-v1", "export-v2", "export-v3"]),
    ("fmt", &["fmt"]),
    ("heal", &["heal"]),
    ("help", &["help"]),
    ("import", &["import"]),
    ("list", &["list"]),
    ("log", &["log"]),
    ("man", &["man"]),
    ("plan", &["plan-v1", "plan-v2"]),
    ("probe", &["probe"]),
    ("record", &["record"]),
    ("restore", &["restore"]),
    ("rotate", &["rotate", "plan-v1", "plan-v2", "fleet-plan"]),
    ("serve", &["serve"]),
    ("set", &["change"]),
    ("show", &["show"]),
    ("sync", &["sync"]),
    ("timeline", &["timeline"]),
    ("trace", &["trace", "host-trace"]),
    ("undo", &["restore"]),
    ("update", &["change"]),
    ("validate", &["validate"]),
    ("verify", &["verify"]),
];

/// Schemas of standard error, of files that are read, and of the JSON lines of `dsc`.
const OTHERS: [&str; 3] = ["message", "bindings", "dsc"];

/// The commands that have an option with the value `json`, by the completions for bash, without `dsc`,
/// which prints JSON alone.
fn with_json(completions: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut command, mut option) = ("", "");
    for line in completions.lines() {
        if let Some(name) = line.strip_prefix("        certbind__subcmd__") {
            command = name.trim_end_matches(')');
        }
        let line = line.trim();
        if line.starts_with("--") || line.starts_with('-') {
            option = line;
        }
        let values = line.split_once("compgen -W \"").map(|(_, values)| values);
        let values = values.and_then(|values| values.split_once('"'));
        let is_json = values.is_some_and(|(values, _)| values.split(' ').any(|it| it == "json"));
        let is_dsc = command.split("__").next() == Some("dsc");
        if is_json && option == "--format)" && !is_dsc {
            found.insert(command.to_owned());
        }
    }
    found
}

/// Whether every object that has fields has no others.
fn is_closed(schema: &Value) -> bool {
    let (fields, others) = (&schema["properties"], &schema["additionalProperties"]);
    let is_open = fields.is_object() && schema["type"] == "object" && *others != false;
    !is_open
        && match schema {
            Value::Object(parts) => parts.values().all(is_closed),
            Value::Array(parts) => parts.iter().all(is_closed),
            _ => true,
        }
}

#[test]
fn every_json_output_has_a_schema_and_every_schema_an_output() {
    let completions = Host::new().ok(&["completions", "bash"]);
    let table = SCHEMAS.iter();
    let commands: BTreeSet<_> = table.clone().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(with_json(&completions), commands);

    let named: BTreeSet<_> = table.flat_map(|(_, schemas)| *schemas).copied().collect();
    let named: BTreeSet<_> = named.into_iter().chain(OTHERS).collect();
    let folder = schemas::path("message");
    let files = fs::read_dir(folder.parent().unwrap()).unwrap();
    for file in files {
        let name = file.unwrap().file_name().into_string().unwrap();
        let name = name.strip_suffix(".json").unwrap();
        assert!(named.contains(name), "no command prints {name}");
    }
    for schema in named {
        let json: Value =
            serde_json::from_slice(&fs::read(schemas::path(schema)).unwrap()).unwrap();
        assert!(json["title"].is_string(), "{schema}");
        assert!(jsonschema::meta::is_valid(&json), "{schema}");
        if schemas::path(schema).parent() == folder.parent() {
            assert!(is_closed(&json), "{schema} allows other fields");
        }
    }
}

/// Runs a command in the folder of the store.
pub(super) fn run(host: &Host, arguments: &[&str]) -> Output {
    let mut command = host.command(arguments);
    let command = command.current_dir(host.0.path()).stdin(Stdio::null());
    command.output().unwrap()
}

/// The JSON of a command, by its schema.
pub(super) fn json(host: &Host, schema: &str, code: u8, arguments: &[&str]) -> Value {
    let output = run(host, &[arguments, &["--format", "json"]].concat());
    schemas::value(schema, code, &output)
}

/// A command that prints only JSON messages, the last of which is its error.
pub(super) fn refused(host: &Host, code: u8, arguments: &[&str]) {
    let output = run(host, &[arguments, &["--format", "json"]].concat());
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert_eq!(output.status.code(), Some(code.into()), "{output:?}");
    let messages = schemas::messages(&output);
    assert_eq!(messages.last().unwrap()["error"]["exit_code"], code);
}

fn write(host: &Host, name: &str, text: impl AsRef<[u8]>) {
    fs::write(host.file(name), text).unwrap();
}

#[test]
fn shown_and_listed_bindings() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.ok(&["update", "0.0.0.0:443", "--hash", NEXT]);
    let shown = json(&host, "show", 0, &["show", "0.0.0.0:443"]);
    assert_eq!(shown["certificate"]["hash"], NEXT);
    let then = json(&host, "show", 0, &["show", "0.0.0.0:443", "--at", "1"]);
    assert_eq!(then["certificate"]["hash"], HASH);
    refused(&host, exit::REFUSED, &["show", "[::]:1"]);
    hive(&host);
    let timed = ["show", "0.0.0.0:443", "--from", "SYSTEM"];
    let timed = json(&host, "show", 0, &timed);
    assert_eq!(timed["key_written"], "2026-11-03T08:30:00Z");
    json(&host, "export-v1", 0, &["export"]);
    json(&host, "export-v3", 0, &["export", "--from", "SYSTEM"]);
    host.ok(&["export", "-o", host.file("export.json").to_str().unwrap()]);
    let untimed = ["show", "0.0.0.0:443", "--from", "export.json"];
    assert_eq!(json(&host, "show", 0, &untimed)["key_written"], Value::Null);

    write(&host, "broken.json", "{}\n");
    json(&host, "list", 0, &["list", "export.json"]);
    let times = json(&host, "list", 0, &["list", "SYSTEM", "--times"]);
    assert_eq!(times[0]["key_times"].as_object().unwrap().len(), 2);
    let partly = json(
        &host,
        "list",
        exit::NOT_SEARCHED,
        &["list", "export.json", "broken.json"],
    );
    assert!(partly[1]["unreadable"][0].is_string(), "{partly}");
    let none = json(&host, "list", exit::NO_MATCH, &["list", "--port", "9"]);
    assert_eq!(none, Value::Array(Vec::new()));

    let entries = json(&host, "timeline", 0, &["timeline", "SYSTEM"]);
    assert_eq!(entries.as_array().unwrap().len(), 4);
    json(&host, "timeline", 0, &["timeline", "export.json"]);
    let partly = ["timeline", "SYSTEM", "broken.json"];
    json(&host, "timeline", exit::NOT_SEARCHED, &partly);
}

/// `netsh` alone has the arguments and the output of another program.
#[test]
fn every_command_takes_an_option_for_json() {
    let host = Host::new();
    let completions = host.ok(&["completions", "bash"]);
    let listed = host.ok(&["--help"]);
    let (listed, _) = listed.split_once("\nOptions:").unwrap();
    let commands = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let with_json = with_json(&completions);
    let others: Vec<_> = commands.filter(|it| !with_json.contains(*it)).collect();
    assert_eq!(others, ["netsh", "dsc"]);
    let mut get = host.command(&["dsc", "get", "--format", "json"]);
    let input = host.file("instance.json");
    fs::write(&input, "{ \"key\": \"0.0.0.0:443\" }").unwrap();
    let got = get.stdin(fs::File::open(input).unwrap()).output().unwrap();
    assert_eq!(got.status.code(), Some(0), "{got:?}");
    let state: Value = serde_json::from_slice(&got.stdout).unwrap();
    schemas::validate("dsc", &state);
}

#[test]
fn texts_about_the_program() {
    let host = Host::new();
    for (about, reported) in [("keys", "scopedccs=HOST:PORT"), ("rotate", "--match-names")] {
        let help = json(&host, "help", 0, &["help", about]);
        assert_eq!(help["about"], about);
        assert_eq!(help["text"], host.ok(&["help", about]));
        assert!(help["text"].as_str().unwrap().contains(reported), "{help}");
    }
    let overview = json(&host, "help", 0, &["help"]);
    assert_eq!(overview["about"], Value::Null);
    assert_eq!(overview["text"], host.ok(&["--help"]));
    refused(&host, exit::USAGE, &["help", "formts"]);
    let made = json(&host, "completions", 0, &["completions", "zsh"]);
    assert_eq!(made["shell"], "zsh");
    assert_eq!(made["script"], host.ok(&["completions", "zsh"]));
    let page = json(&host, "man", 0, &["man"]);
    assert_eq!(page["page"], host.ok(&["man"]));
    let made = json(&host, "man", 0, &["man", "pages"]);
    let files = fs::read_dir(host.file("pages")).unwrap();
    let mut files: Vec<_> = files
        .map(|file| Value::from(file.unwrap().file_name().to_str().unwrap()))
        .collect();
    files.sort_by_key(ToString::to_string);
    assert_eq!(made["files"], Value::Array(files));
}

/// Their number is printed, in every command.
#[test]
fn session_ticket_keys_are_not_printed() {
    let host = Host::new();
    let entry = format!(
        "[[binding]]\nkey = '0.0.0.0:443'\napp = 'IIS'\ncert = '{HASH}'\n\
         extended.session_ticket_keys.keys = [{{ version = 1, id = '{}', material = '{}' }}]\n",
        "0".repeat(32),
        "7e".repeat(32)
    );
    write(&host, "secret.toml", entry);
    json(&host, "import", 0, &["import", "secret.toml"]);
    let shown = json(&host, "show", 0, &["show", "0.0.0.0:443"]);
    assert_eq!(shown["extended"]["session_ticket_keys"]["keys"], 1);
    let deleted = json(&host, "change", 0, &["delete", "0.0.0.0:443"]);
    assert_eq!(
        deleted["before"]["extended"]["session_ticket_keys"]["keys"],
        1
    );
    json(&host, "log", 0, &["log"]);
    let undone = json(&host, "restore", 0, &["undo"]);
    assert_eq!(undone["added"][0], shown);
    assert_eq!(json(&host, "list", 0, &["list"])[0], shown);
    json(&host, "diff", exit::DIFFERENT, &["diff", "--at", "2"]);
}

#[test]
fn undone_and_restored_commits() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    host.ok(&[
        "update",
        "0.0.0.0:443",
        "--hash",
        NEXT,
        "--reject",
        "enable",
    ]);
    let would = json(&host, "restore", 0, &["undo", "--dry-run"]);
    assert_eq!(would["changed"][0]["fields"].as_array().unwrap().len(), 2);
    assert_eq!(json(&host, "restore", 0, &["undo"])["revision"], 3);
    refused(&host, exit::REFUSED, &["undo", "2"]);
    let same = json(&host, "restore", 0, &["restore", "--at", "3"]);
    assert_eq!(same["revision"], Value::Null);
    let gone = json(&host, "restore", 0, &["restore", "--at", "0"]);
    assert_eq!(gone["removed"].as_array().unwrap().len(), 1);
    json(&host, "log", 0, &["log"]);
    refused(&host, exit::REFUSED, &["restore", "--at", "9"]);
}

#[test]
fn imports_and_desired_states() {
    let host = Host::new();
    dead_host(host.0.path());
    let done = json(&host, "import", 0, &["import", "SYSTEM"]);
    assert_eq!(done["imported"].as_array().unwrap().len(), 4);
    let again = ["import", "SYSTEM", "--on-conflict", "skip", "--dry-run"];
    assert_eq!(
        json(&host, "import", 0, &again)["skipped"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let listing = fs::read_to_string(host.listing(2)).unwrap();
    write(
        &host,
        "cut.txt",
        listing
            .replace(HASH, "5226")
            .replace("00112233445566778899aabbccddeeff00112233", "zz"),
    );
    let partly = ["import", "cut.txt", "--keep-going"];
    let partly = json(&host, "import", exit::BROKEN_INPUT, &partly);
    assert!(
        !partly["left_out"].as_array().unwrap().is_empty(),
        "{partly}"
    );

    write(&host, "good.toml", host.ok(&["export", "--format", "toml"]));
    write(
        &host,
        "ugly.toml",
        format!("[[binding]]\n  cert='{HASH}'\napp = 'IIS'\nkey='0.0.0.0:1'\n"),
    );
    write(&host, "broken.toml", "[[binding]]\nkye = 1\n");
    json(
        &host,
        "diff",
        0,
        &["drift", "good.toml", "redb:bindings.redb"],
    );
    let drift = json(
        &host,
        "diff",
        exit::DIFFERENT,
        &["drift", "ugly.toml", "redb:bindings.redb"],
    );
    assert!(
        drift["changed"][0]["fields"][0]["field"].is_string(),
        "{drift}"
    );
    let checked = ["fmt", "--check", "good.toml", "ugly.toml"];
    let checked = json(&host, "fmt", exit::DIFFERENT, &checked);
    assert_eq!(
        (&checked[0]["canonical"], &checked[1]["canonical"]),
        (&true.into(), &false.into())
    );
    let written = json(
        &host,
        "fmt",
        exit::BROKEN_INPUT,
        &["fmt", "broken.toml", "ugly.toml"],
    );
    assert!(
        written[0]["problem"].is_string() && written[1]["written"] == true,
        "{written}"
    );
    json(&host, "fmt", 0, &["fmt", "--check", "ugly.toml"]);
    let piped = |options: &[&str]| {
        let mut command = host.command(&[&["fmt", "-"], options].concat());
        let input = fs::File::open(host.file("good.toml")).unwrap();
        command.stdin(input).output().unwrap()
    };
    let good = fs::read_to_string(host.file("good.toml")).unwrap();
    let json = schemas::value("fmt", 0, &piped(&["--format", "json"]));
    assert_eq!(json[0]["text"], good);
    assert_eq!(text(&piped(&[]).stdout), good);
}

/// With each kind of argument that a recording can have.
#[test]
fn recorded_calls() {
    let host = Host::new();
    let trace = tracing::trace(&host);
    let calls = json(&host, "trace", 0, &["trace", &trace]);
    assert_eq!(calls.as_array().unwrap().len(), 5);
    let replay = ["trace", &trace, "--replay", "redb:bindings.redb"];
    let replayed = json(&host, "trace", 0, &replay);
    assert_eq!(
        (&replayed["same"], &replayed["not_repeated"]),
        (&4.into(), &1.into())
    );
    let differs = json(&host, "trace", exit::DIFFERENT, &replay);
    assert_eq!(
        (
            &differs["different"][0]["line"],
            &differs["different"][0]["result"]
        ),
        (&2.into(), &183.into())
    );

    let call = |function: &str, argument: &str, found: &str| {
        format!(
            "{{\"time\":\"2026-11-24T03:53:01Z\",\"micros\":9,\"process\":32,\"call\":\"{function}\",\"id\":1,\"argument\":{argument},\"result\":0{found}}}\n"
        )
    };
    let property =
        r#"{"key":"ipport=0.0.0.0:443","property":{"http2_window":{"receive_window":5}}}"#;
    let arguments: BTreeMap<&str, String> = BTreeMap::from([
        (r#"{"flags":2}"#, String::new()),
        (r#"{"index":0}"#, String::new()),
        (r#"{"service":"url"}"#, String::new()),
        (
            r#"{"property_key":{"key":"ccs=443","property":"performance"}}"#,
            format!(",\"found\":{property}"),
        ),
        (
            r#"{"property_index":{"index":1,"property":"http2_window"}}"#,
            String::new(),
        ),
    ]);
    let mut lines: String = arguments
        .iter()
        .map(|(argument, found)| call("HttpQueryServiceConfiguration", argument, found))
        .collect();
    lines.push_str(&call(
        "HttpSetServiceConfiguration",
        &format!("{{\"property\":{property}}}"),
        "",
    ));
    write(&host, "all.jsonl", lines);
    let calls = json(&host, "trace", 0, &["trace", "all.jsonl"]);
    assert_eq!(calls.as_array().unwrap().len(), 6);
    write(&host, "broken.jsonl", "{\"time\": 5}\n");
    refused(&host, exit::BROKEN_INPUT, &["trace", "broken.jsonl"]);
}
