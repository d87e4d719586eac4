//! Each row of the table of commands in `docs/netsh.md` is executed.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::{Binding, MemoryStore, Record};
use certbind_formats::{Export, json};
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;
use tempfile::TempDir;

use crate::bench::{HASH, IIS};

/// Rows of the table, each with commands of its form. They run in this order over one host, so that a
/// key is bound before it is shown. `DIR` is a folder with `host.json`, `KEY`, `HASH` and `GUID` a
/// binding of it.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "http add sslcert KEY appid=GUID [option=value …]",
        &["http add sslcert KEY appid=GUID certhash=HASH certstorename=MY"],
    ),
    (
        "http update sslcert KEY appid=GUID [option=value …]",
        &["http update sslcert KEY appid=GUID certhash=HASH disablehttp2=enable"],
    ),
    (
        "http update sslpropertyex KEY propertyid=0 receivewindow=BYTES",
        &["http update sslpropertyex KEY propertyid=0 receivewindow=65536"],
    ),
    (
        "http update sslpropertyex KEY propertyid=1 maxsettingsperframe=N maxsettingsperminute=N",
        &[
            "http update sslpropertyex KEY propertyid=1 maxsettingsperframe=10 maxsettingsperminute=100",
        ],
    ),
    (
        "http show sslcert [KEY]",
        &["http show sslcert", "http show sslcert KEY"],
    ),
    (
        "http show sslcert [KEY] json=enable",
        &[
            "http show sslcert json=enable",
            "http show sslcert KEY json=enable",
        ],
    ),
    ("http dump", &["http dump"]),
    ("http delete sslcert KEY", &["http delete sslcert KEY"]),
    (
        "http add sslcert json=FILE",
        &["http add sslcert json=DIR/host.json"],
    ),
    (
        "http update sslcert json=FILE",
        &["http update sslcert json=DIR/host.json"],
    ),
    (
        "http add|delete|show urlacl",
        &[
            "http add urlacl url=http://+:80/ user=Everyone",
            "http show urlacl",
            "http delete urlacl url=http://+:80/",
        ],
    ),
    (
        "iplisten",
        &[
            "http add iplisten ipaddress=10.0.0.1",
            "http show iplisten",
            "http delete iplisten ipaddress=10.0.0.1",
        ],
    ),
    (
        "timeout",
        &[
            "http add timeout timeouttype=idleconnectiontimeout value=120",
            "http show timeout",
            "http delete timeout timeouttype=idleconnectiontimeout",
        ],
    ),
    ("setting", &["http show setting"]),
    ("http add|show cacheparam", &["http show cacheparam"]),
    ("http show servicestate", &["http show servicestate"]),
    ("show cachestate", &["http show cachestate"]),
    ("delete cache", &["http delete cache"]),
    ("flush logbuffer", &["http flush logbuffer"]),
    (
        "http VERB sslcert help",
        &["http add sslcert help", "http show sslcert help"],
    ),
    ("?", &["http delete sslcert ?", "?"]),
    ("/?", &["http update sslcert /?"]),
    (
        "http update sslpropertyex help",
        &["http update sslpropertyex help"],
    ),
    ("http", &["http ?"]),
    ("http VERB", &["http show", "http add"]),
    ("help", &["help"]),
];

/// The commands in the first column of the table.
fn documented() -> BTreeSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/netsh.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| command | |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split(" | ").next().unwrap().replace("\\|", "|"));
    let spans = cells.flat_map(|cell| {
        let spans: Vec<_> = cell
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        spans
    });
    spans.collect()
}

#[test]
fn table_of_commands_is_complete() {
    let examples: BTreeSet<_> = EXAMPLES.iter().map(|(row, _)| (*row).to_owned()).collect();
    assert_eq!(documented(), examples);
}

#[test]
fn each_command_of_the_table_succeeds() {
    let folder = TempDir::new().unwrap();
    let simulator = Arc::new(Simulator::new(Arc::new(MemoryStore::new())));
    let api = Arc::clone(&simulator) as Arc<dyn HttpApi>;
    let run = |command: &str| {
        let command = command
            .replace("KEY", "ipport=0.0.0.0:443")
            .replace("GUID", IIS)
            .replace("HASH", HASH)
            .replace("DIR", &folder.path().display().to_string());
        let words: Vec<_> = command.split(' ').map(String::from).collect();
        let netsh = Netsh::new(&*simulator, Profile::Server2025).with_api(&api);
        let mut printed = Vec::new();
        let code = netsh.run(&words, &mut std::io::empty(), &mut printed);
        (code.unwrap(), String::from_utf8(printed).unwrap())
    };
    let record = Record::new(HASH.parse().unwrap(), None, IIS.parse().unwrap());
    let export = Export {
        bindings: vec![Binding::new("ipport=0.0.0.0:8443".parse().unwrap(), record).unwrap()],
        ..Export::default()
    };
    let mut file = std::fs::File::create(folder.path().join("host.json")).unwrap();
    json::write(&mut file, &export).unwrap();
    for (row, commands) in EXAMPLES {
        for command in *commands {
            let (code, printed) = run(command);
            assert_eq!(code, 0, "{row}: {command}\n{printed}");
        }
    }
}
