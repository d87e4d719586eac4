//! Every exit code of every command, as `certbind help exit-codes` lists them.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use super::outputs::run;
use super::{HASH, Host, IIS, NEXT, text, tracing};

/// A certificate with a short key.
const UNFIT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../crates/audit/tests/fixtures/short-key.pem"
);

/// A command line for each exit code of a command.
const CASES: &[(&str, u8, &str)] = &[
    ("add", 0, "add ccs=443 --app-id IIS"),
    (
        "add",
        0,
        "add 0.0.0.0:443 --hash HASH --app-id IIS --store-name MY",
    ),
    ("add", 1, "add 0.0.0.0:443 --hash NEXT --app-id IIS"),
    ("add", 2, "add 0.0.0.0:80 --app-id IIS"),
    ("add", 3, "add 0.0.0.0:80 --cert broken.json --app-id IIS"),
    ("add", 6, "add 0.0.0.0:80 --cert UNFIT --app-id IIS"),
    ("update", 0, "update 0.0.0.0:443 --hash NEXT"),
    ("update", 1, "update 0.0.0.0:80 --hash NEXT"),
    ("update", 2, "update 0.0.0.0:443"),
    ("update", 3, "update 0.0.0.0:443 --cert broken.json"),
    ("update", 6, "update 0.0.0.0:443 --cert UNFIT"),
    ("set", 0, "set 0.0.0.0:443 --hash HASH"),
    (
        "set",
        1,
        "set 0.0.0.0:443 --hash HASH --store redb:damaged.redb",
    ),
    ("set", 2, "set 0.0.0.0:80 --hash HASH"),
    ("set", 3, "set 0.0.0.0:443 --cert broken.json"),
    ("set", 6, "set 0.0.0.0:443 --cert UNFIT"),
    ("delete", 0, "delete 0.0.0.0:443"),
    ("delete", 1, "delete 0.0.0.0:80"),
    ("delete", 2, "delete 0.0.0.0"),
    ("show", 0, "show 0.0.0.0:443"),
    ("show", 1, "show 0.0.0.0:80"),
    ("show", 2, "show 0.0.0.0"),
    ("show", 3, "show 0.0.0.0:443 --from broken.json"),
    ("rotate", 0, "rotate HASH NEXT"),
    ("rotate", 1, "rotate NEXT UNBOUND"),
    ("rotate", 2, "rotate HASH HASH"),
    ("rotate", 3, "rotate HASH --cert broken.json"),
    ("rotate", 6, "rotate HASH --cert UNFIT"),
    ("heal", 0, "heal --before before.json redb:bindings.redb"),
    ("heal", 1, "heal --before before.json redb:damaged.redb"),
    ("heal", 2, "heal --before before.json before.json"),
    ("heal", 3, "heal --before broken.json redb:bindings.redb"),
    ("export", 0, "export"),
    ("export", 1, "export --store redb:none.redb"),
    ("export", 2, "export --format xml"),
    ("export", 3, "export --from broken.json"),
    ("import", 0, "import before.json --on-conflict skip"),
    ("import", 1, "import wanted.json"),
    ("import", 2, "import before.json --on-conflict ask"),
    ("import", 3, "import broken.json"),
    ("import", 3, "import cut.json --keep-going"),
    ("validate", 0, "validate good.toml before.json"),
    ("validate", 2, "validate"),
    ("validate", 3, "validate good.toml broken.json"),
    ("fmt", 0, "fmt ugly.toml"),
    ("fmt", 3, "fmt broken.json"),
    ("apply", 0, "apply plan.json redb:bindings.redb --yes"),
    ("apply", 0, "apply plan.json redb:bindings.redb --dry-run"),
    ("apply", 1, "apply stale.json redb:bindings.redb --yes"),
    (
        "apply",
        1,
        "apply plan.json redb:bindings.redb --yes --confirm 1s",
    ),
    (
        "apply",
        1,
        "apply plan.json redb:bindings.redb --yes --probe",
    ),
    ("apply", 2, "apply plan.json redb:bindings.redb"),
    ("apply", 3, "apply broken.json redb:bindings.redb --yes"),
    ("confirm", 1, "confirm"),
    ("confirm", 2, "confirm a b"),
    ("log", 0, "log"),
    ("log", 1, "log --store redb:none.redb"),
    ("log", 2, "log --limit none"),
    (
        "record",
        0,
        "record before.json --host web01 --time 2026-01-01 --into redb:recorded",
    ),
    (
        "record",
        1,
        "record redb:none.redb --host web01 --into redb:recorded",
    ),
    ("record", 2, "record before.json --into redb:recorded"),
    (
        "record",
        3,
        "record broken.json --host web01 --into redb:recorded",
    ),
    ("undo", 0, "undo"),
    ("undo", 1, "undo 99"),
    ("undo", 2, "undo last"),
    ("restore", 0, "restore --at 1"),
    ("restore", 1, "restore --at 99"),
    ("restore", 2, "restore"),
    ("serve", 1, "serve --offset 65535"),
    ("serve", 2, "serve --map 443"),
    ("doctor", 1, "doctor"),
    ("doctor", 2, "doctor --write"),
    ("check", 0, "check"),
    ("check", 1, "check --store redb:none.redb"),
    ("check", 2, "check --format xml"),
    ("check", 4, "check --store redb:damaged.redb"),
    ("trace", 0, "trace trace.jsonl"),
    ("trace", 2, "trace"),
    ("trace", 3, "trace broken.json"),
    ("list", 0, "list"),
    ("list", 1, "list --store redb:none.redb"),
    ("list", 2, "list --store none.redb"),
    ("dsc", 0, "dsc export"),
    ("dsc", 1, "dsc export --store redb:damaged.redb"),
    ("dsc", 2, "dsc remove"),
    ("dsc", 3, "dsc get"),
    ("completions", 0, "completions zsh"),
    ("completions", 2, "completions csh"),
    ("man", 0, "man"),
    ("help", 0, "help keys"),
    ("help", 2, "lst"),
    ("diff", 0, "diff before.json redb:bindings.redb"),
    ("diff", 1, "diff wanted.json redb:bindings.redb"),
    ("diff", 2, "diff broken.json redb:bindings.redb"),
    ("drift", 0, "drift good.toml redb:bindings.redb"),
    ("drift", 1, "drift ugly.toml redb:bindings.redb"),
    ("drift", 2, "drift broken.json redb:bindings.redb"),
    ("fmt --check", 0, "fmt --check good.toml"),
    ("fmt --check", 1, "fmt --check ugly.toml"),
    ("fmt --check", 3, "fmt --check broken.json"),
    (
        "plan",
        0,
        "plan before.json redb:bindings.redb --detailed-exitcode",
    ),
    (
        "plan",
        1,
        "plan broken.json redb:bindings.redb --detailed-exitcode",
    ),
    (
        "plan",
        2,
        "plan wanted.json redb:bindings.redb --detailed-exitcode",
    ),
    ("plan", 0, "plan wanted.json redb:bindings.redb"),
    ("plan", 1, "plan before.json redb:damaged.redb"),
    ("plan", 2, "plan before.json"),
    ("plan", 3, "plan broken.json redb:bindings.redb"),
    ("trace --replay", 0, "trace trace.jsonl --replay memory:"),
    (
        "trace --replay",
        1,
        "trace trace.jsonl --replay redb:bindings.redb",
    ),
    (
        "trace --replay",
        2,
        "trace trace.jsonl --replay redb:damaged.redb",
    ),
    ("trace --replay", 3, "trace broken.json --replay memory:"),
    ("audit", 0, "audit before.json"),
    ("audit", 1, "audit before.json --fail-on note"),
    ("audit", 2, "audit broken.json"),
    ("audit (check)", 0, "audit before.json --format check"),
    (
        "audit (check)",
        1,
        "audit before.json --format check --config warning.toml",
    ),
    (
        "audit (check)",
        2,
        "audit before.json --format check --config error.toml",
    ),
    ("audit (check)", 3, "audit broken.json --format check"),
    ("timeline", 0, "timeline before.json"),
    ("timeline", 2, "timeline before.json broken.json"),
    ("probe", 0, "probe --store redb:central"),
    ("probe", 1, "probe 127.0.0.1:1 --store redb:unserved"),
    ("probe", 2, "probe 0.0.0.0:80"),
    ("verify", 0, "verify renewed --plan renewal"),
    ("verify", 1, "verify before.json --plan renewal"),
    ("verify", 2, "verify before.json --plan none"),
    ("explain", 0, "explain 10.0.0.1:443"),
    ("explain", 1, "explain 10.0.0.1:80"),
    ("explain", 2, "explain 10.0.0.1:443 --from broken.json"),
    ("list (filters)", 0, "list --port 443"),
    ("list (filters)", 1, "list --port 80"),
    (
        "list (filters)",
        2,
        "list --port 443 --store redb:none.redb",
    ),
    ("list (targets)", 0, "list before.json"),
    ("list (targets)", 2, "list before.json broken.json"),
];

/// Codes that need HTTP.sys or etcd: the tests `httpsys` and `etcd` have them.
const ELSEWHERE: &[(&str, &[u8])] = &[("", &[5]), ("sync", &[0, 1, 2, 3, 4])];

/// A folder with the stores and files of the cases.
fn folder(listens: &str) -> Host {
    let host = Host::new();
    let done = |line: &str| {
        let output = run(&host, &words(line, listens));
        assert!(output.status.success(), "{line}: {output:?}");
    };
    let write = |name: &str, text: &str| fs::write(host.file(name), text).unwrap();
    done("add 0.0.0.0:443 --hash HASH --app-id IIS --store-name MY");
    done("export -o before.json");
    fs::create_dir(host.file("renewed")).unwrap();
    done("rotate --from HASH --to NEXT before.json --out renewal");
    fs::copy(
        host.file("renewal/before/after.json"),
        host.file("renewed/before.json"),
    )
    .unwrap();
    done("export --format toml -o good.toml");
    done("add 0.0.0.0:443 --hash NEXT --app-id IIS --store-name MY --store redb:wanted");
    done("add LISTENS --hash NEXT --app-id IIS --store redb:wanted");
    done("export -o wanted.json --store redb:wanted");
    done("add ccs=443 --app-id IIS --store redb:central");
    done("add 127.0.0.1:1 --hash HASH --app-id IIS --store redb:unserved");
    done("plan redb:wanted redb:central -o stale.json --map-address 0.0.0.0=10.0.0.9");
    done("plan redb:wanted redb:bindings.redb -o plan.json");
    let stale = fs::read_to_string(host.file("plan.json")).unwrap();
    write("stale.json", &stale.replace("\"MY\"", "\"WebHosting\""));
    write("broken.json", "{}\n");
    let before = fs::read_to_string(host.file("before.json")).unwrap();
    write("cut.json", &before.replace(HASH, "52"));
    write(
        "ugly.toml",
        &format!("[[binding]]\n  cert='{HASH}'\napp = 'IIS'\nkey='0.0.0.0:1'\n"),
    );
    for severity in ["warning", "error"] {
        let name = format!("{severity}.toml");
        write(&name, &format!("[severities]\nCB012 = \"{severity}\"\n"));
    }
    tracing::trace(&host);
    done("import before.json --store redb:damaged.redb");
    let whole = fs::read(host.file("damaged.redb")).unwrap();
    fs::write(host.file("damaged.redb"), &whole[..whole.len() / 2]).unwrap();
    host
}

/// The words of a command line, with the constants of this file in them.
fn words<'a>(line: &'a str, listens: &'a str) -> Vec<&'a str> {
    let words = line.split(' ').map(|word| match word {
        "HASH" => HASH,
        "NEXT" => NEXT,
        "IIS" => IIS,
        "UNFIT" => UNFIT,
        "UNBOUND" => "abababababababababababababababababababab",
        "LISTENS" => listens,
        word => word,
    });
    words.collect()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn commands_exit_with_these_codes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listens = listener.local_addr().unwrap().to_string();
    // A client that connects is answered by nothing, and at once.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let folder = folder(&listens);
    let mut wrong = Vec::new();
    for (_, code, line) in CASES {
        let host = Host::new();
        copy(folder.0.path(), host.0.path());
        let output = run(&host, &words(line, &listens));
        if output.status.code() != Some(i32::from(*code)) {
            wrong.push(format!("{code}: {line}: {output:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of the table: a command, and a code. General codes have an empty name.
fn rows(help: &str) -> BTreeSet<(&str, u8)> {
    let (general, commands) = help.split_once("\n\n").unwrap();
    let code = |cell: &str| {
        let (number, _) = cell.split_once(' ')?;
        number.parse().ok()
    };
    let general = general.lines().filter_map(|line| code(line.trim_start()));
    let mut rows: BTreeSet<_> = general.map(|code| ("", code)).collect();
    let mut name = "";
    for line in commands.lines().filter(|line| line.starts_with("  ")) {
        let (start, cells) = line.split_at(18);
        if !start.trim().is_empty() {
            name = start.trim();
        }
        // Cells are two spaces apart, or begin at their column.
        let cells = cells
            .split("  ")
            .flat_map(|cell| match cell.split_once(" 2 ") {
                Some((first, _)) => vec![first, "2 error"],
                None => vec![cell],
            });
        rows.extend(cells.filter_map(|cell| Some((name, code(cell.trim())?))));
    }
    rows
}

#[test]
fn every_command_has_cases() {
    let help = Host::new().run(&["--help"]);
    let help = text(&help.stdout).to_owned();
    let (commands, _) = help.split_once("\nOptions:").unwrap();
    let commands = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let without: Vec<_> = commands
        .filter(|command| !CASES.iter().any(|(_, _, line)| line.starts_with(command)))
        .collect();
    assert_eq!(without, ["sync", "netsh"], "commands without a case");
}

#[test]
fn help_lists_the_codes_that_are_returned() {
    let help = Host::new().run(&["help", "exit-codes"]);
    let help = text(&help.stdout);
    let listed = rows(&help);
    assert!(
        listed.contains(&("verify", 1)) && listed.contains(&("audit", 2)),
        "{listed:?}"
    );
    let elsewhere = ELSEWHERE.iter();
    let elsewhere = elsewhere.flat_map(|(name, codes)| codes.iter().map(|code| (*name, *code)));
    let names: BTreeSet<_> = listed.iter().map(|(name, _)| *name).collect();
    let tested = CASES
        .iter()
        .map(|(name, code, _)| match names.contains(name) {
            true => (*name, *code),
            false => ("", *code),
        });
    let tested: BTreeSet<_> = tested.chain(elsewhere).collect();
    // Without --detailed-exitcode `plan` has the general codes.
    let tested: BTreeSet<_> = tested.into_iter().filter(|it| *it != ("plan", 3)).collect();
    assert_eq!(listed, tested);
}
