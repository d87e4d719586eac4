//! The commands that a report gives for its findings, executed: then the findings are gone.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use certbind_test_support::require;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CERTIFICATES, LISTING, text};

const IIS: &str = "4dc3e181-e14b-4a21-b022-59fc669b0914";
const EXPRESS: &str = "214124cd-d05b-4309-9af9-9caa44b2b74a";

/// The hash of a certificate of the fixtures.
fn hash(name: &str) -> String {
    let path = Path::new(CERTIFICATES).join(format!("{name}.pem"));
    let certificates = certbind_certificates::of_file(&std::fs::read(path).unwrap());
    certificates[0].hash().to_string()
}

/// A host, and the files next to its export.
struct Host {
    folder: TempDir,
    /// The assumed day of the audit.
    now: &'static str,
    options: Vec<&'static str>,
    /// The audited target.
    target: &'static str,
}

/// A finding of the CSV report.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    rule: String,
    subject: String,
    condition: String,
    commands: Vec<String>,
}

impl Host {
    fn new(now: &'static str, bindings: &[Value]) -> Self {
        let host = Self {
            folder: TempDir::new().unwrap(),
            now,
            options: vec!["--certificates", CERTIFICATES],
            target: "host.json",
        };
        host.write("host.json", &export(bindings));
        let bin = host.path("bin");
        std::fs::create_dir(&bin).unwrap();
        for name in ["certbind", "netsh"] {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_certbind"), bin.join(name)).unwrap();
        }
        host.new_certificate();
        host.certbind(&["--store", "redb:new.redb", "import", "host.json"]);
        host
    }

    /// `renewed.pem`, whose names are those of the bindings to be renewed.
    fn new_certificate(&self) {
        let output = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90",
            ])
            .args([
                "-keyout",
                "renewed.key",
                "-out",
                "renewed.pem",
                "-subj",
                "/CN=www.contoso.com",
            ])
            .args(["-addext", "extendedKeyUsage=serverAuth", "-addext"])
            .arg(
                "subjectAltName=DNS:www.contoso.com,DNS:*.shop.contoso.com,DNS:other.contoso.com,\
                 DNS:dotted.contoso.com",
            )
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn run(&self, command: &mut Command) -> Output {
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("CERTBIND_STORE", "redb:host.redb")
            .output()
            .unwrap()
    }

    #[track_caller]
    fn certbind(&self, arguments: &[&str]) -> String {
        let output = self.run(Command::new("certbind").args(arguments));
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// The findings, and the commands that fix them.
    fn audit(&self) -> Vec<Found> {
        let arguments = ["audit", self.target, "--now", self.now, "--format", "csv"];
        let output = self.run(Command::new("certbind").args(arguments).args(&self.options));
        assert!(output.status.code() < Some(3), "{}", text(&output.stderr));
        let rows = rows(&text(&output.stdout));
        assert_eq!(rows[0][15..], ["fix_if", "fix"]);
        let findings = rows.into_iter().filter(|row| row[0] == "finding");
        let found = findings.map(|row| Found {
            rule: row[4].clone(),
            subject: row[2].clone(),
            condition: row[15].clone(),
            commands: row[16].lines().map(str::to_owned).collect(),
        });
        found.collect()
    }

    /// Executes the commands of each finding on a host as it was, and audits again: it has to be gone.
    /// Returns the rules whose findings were fixed.
    fn fix_all(&self) -> BTreeSet<String> {
        let mut fixed = BTreeSet::new();
        let export = std::fs::read(self.path("host.json")).unwrap();
        for found in self
            .audit()
            .into_iter()
            .filter(|it| !it.commands.is_empty())
        {
            // The store before: of the host, or the audited one.
            std::fs::copy(self.path("new.redb"), self.path("host.redb")).unwrap();
            for command in &found.commands {
                if let Some(file) = new_file(command) {
                    std::fs::copy(self.path("renewed.pem"), self.path(file)).unwrap();
                }
                let output = self.run(Command::new("sh").args(["-c", command]));
                let (printed, complaint) = (text(&output.stdout), text(&output.stderr));
                assert!(output.status.success(), "{found:?}: {printed}{complaint}");
            }
            if self.target == "host.json" && !self.path("host.txt").exists() {
                self.certbind(&["export", "--format", "json", "-o", "host.json"]);
            }
            let is_left = |it: &Found| (&it.rule, &it.subject) == (&found.rule, &found.subject);
            let left: Vec<_> = self.audit().into_iter().filter(is_left).collect();
            assert_eq!(left, [], "{found:?}");
            std::fs::write(self.path("host.json"), &export).unwrap();
            fixed.insert(found.rule);
        }
        fixed
    }
}

/// The file of the certificate that a command binds.
fn new_file(command: &str) -> Option<&str> {
    let (_, rest) = command.split_once("--cert ")?;
    rest.split(' ').next()
}

fn export(bindings: &[Value]) -> String {
    let export =
        json!({ "format": "certbind-export", "version": 1, "header": {}, "bindings": bindings });
    export.to_string()
}

/// A binding, which differs from one with defaults by these fields.
fn binding(key: &str, hash: &str, fields: Value) -> Value {
    let mut binding = json!({
        "key": key, "app_id": IIS, "certificate": { "hash": hash, "store_name": "MY" },
    });
    for (name, value) in fields.as_object().unwrap() {
        binding[name] = value.clone();
    }
    binding
}

/// The rows of a table in which each cell is quoted (RFC 4180).
fn rows(table: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = table.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, quoted) {
            ('"', true) if characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            ('\r', false) => {}
            _ => cell.push(c),
        }
    }
    rows
}

fn set(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(ToString::to_string).collect()
}

/// Bindings with a fault of each rule about records.
fn faulty() -> Vec<Value> {
    let www = &hash("www");
    let (unlisted, unknown) = ("11111111-2222-3333-4444-555555555555", "ab".repeat(20));
    vec![
        binding("ipport=10.0.0.5:443", www, json!({})),
        binding(
            "hostnameport=a.shop.contoso.com:443",
            &hash("www-again"),
            json!({}),
        ),
        binding("hostnameport=*.shop.contoso.com:444", www, json!({})),
        binding(
            "ipport=0.0.0.0:8443",
            www,
            json!({ "check_mode": ["no_revocation", "no_usage_check"] }),
        ),
        binding("ipport=10.0.0.5:8443", &unknown, json!({})),
        binding("ipport=[::]:8443", &unknown, json!({ "app_id": unlisted })),
        binding("ipport=0.0.0.0:44301", www, json!({ "app_id": EXPRESS })),
        binding(
            "ipport=0.0.0.0:9001",
            www,
            json!({ "certificate": { "hash": www, "store_name": null } }),
        ),
        binding(
            "ipport=0.0.0.0:9002",
            www,
            json!({ "check_mode": ["cached_revocation"] }),
        ),
        binding(
            "ipport=0.0.0.0:9003",
            www,
            json!({
                "flags": ["disable_tls12", "disable_tls13", "disable_http2", "disable_ocsp_stapling"],
            }),
        ),
        binding(
            "ipport=0.0.0.0:49443",
            www,
            json!({
                "flags": ["negotiate_client_cert"], "ctl_store_name": "AdfsTrustedDevices",
                "app_id": "5d89a20c-beab-4389-9447-324788eb944a",
            }),
        ),
        binding(
            "ipport=0.0.0.0:9004",
            www,
            json!({
                "check_mode": ["no_revocation"], "revocation_freshness_time": 600,
            }),
        ),
        binding("hostnameport=other.contoso.com:9005", www, json!({})),
        binding("ipport=0.0.0.0:9006", &hash("short-key"), json!({})),
        binding("ipport=0.0.0.0:9007", &hash("sha1"), json!({})),
        binding("ipport=0.0.0.0:9008", &hash("client-only"), json!({})),
        binding("ipport=0.0.0.0:9009", &hash("no-san"), json!({})),
        binding("ipport=0.0.0.0:9010", &hash("six-days"), json!({})),
    ]
}

const OF_RECORDS: [&str; 25] = [
    "CB001", "CB002", "CB003", "CB005", "CB007", "CB008", "CB009", "CB010", "CB011", "CB012",
    "CB013", "CB014", "CB015", "CB016", "CB017", "CB019", "CB101", "CB102", "CB104", "CB105",
    "CB106", "CB107", "CB110", "CB112", "CB113",
];

#[test]
fn commands_fix_the_findings_of_records() {
    require!("openssl");
    let host = Host::new("2026-06-01", &faulty());
    let fixed = host.fix_all();
    let missing: Vec<_> = OF_RECORDS
        .into_iter()
        .filter(|it| !fixed.contains(*it))
        .collect();
    assert_eq!(missing, ["CB102", "CB110", "CB113"], "{fixed:?}");
    // The others need another day or another certificate.
    let host = Host::new(
        "2026-12-20",
        &[binding("ipport=0.0.0.0:443", &hash("www"), json!({}))],
    );
    assert!(host.fix_all().contains("CB102"));
    let early = [binding(
        "ipport=0.0.0.0:443",
        &hash("long-lived"),
        json!({}),
    )];
    assert!(Host::new("2026-02-01", &early).fix_all().contains("CB103"));
    let odd = [binding(
        "hostnameport=dotted.contoso.com:443",
        &hash("odd-names"),
        json!({}),
    )];
    let fixed = Host::new("2026-06-01", &odd).fix_all();
    assert!(fixed.contains("CB113"), "{fixed:?}");
    let two = [
        binding(
            "hostnameport=a.shop.contoso.com:443",
            &hash("www"),
            json!({}),
        ),
        binding(
            "hostnameport=a.shop.contoso.com:444",
            &hash("long-lived"),
            json!({}),
        ),
    ];
    let fixed = Host::new("2026-06-01", &two).fix_all();
    assert!(fixed.contains("CB110"), "{fixed:?}");
}

/// The certificates of two findings differ, and so do the files in their commands.
#[test]
fn each_requested_certificate_has_a_file_of_its_own() {
    require!("openssl");
    let of = |key: &str, name: &str| binding(key, &hash(name), json!({}));
    let host = Host::new(
        "2026-06-01",
        &[
            of("hostnameport=dotted.contoso.com:443", "odd-names"),
            of("ipport=0.0.0.0:9009", "no-san"),
            of("hostnameport=other.contoso.com:443", "www"),
            of("hostnameport=mail.contoso.com:443", "www"),
        ],
    );
    let found = host.audit();
    let with_file = found.iter().filter_map(|it| {
        let file = new_file(it.commands.first()?)?;
        assert!(it.condition.starts_with(&format!("{file} is ")), "{it:?}");
        Some((file, it.rule.as_str(), it.subject.as_str()))
    });
    let (odd, nameless) = (&hash("odd-names")[..8], &hash("no-san")[..8]);
    let (odd, nameless) = (
        format!("renewed-{odd}.pem"),
        format!("renewed-{nameless}.pem"),
    );
    let expected = [
        (&*nameless, "CB112", "ipport=0.0.0.0:9009"),
        (
            "renewed-mail.contoso.com.pem",
            "CB107",
            "hostnameport=mail.contoso.com:443",
        ),
        (
            "renewed-other.contoso.com.pem",
            "CB107",
            "hostnameport=other.contoso.com:443",
        ),
        (&*odd, "CB113", "hostnameport=dotted.contoso.com:443"),
    ];
    assert_eq!(with_file.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
}

/// The inventory is searched for a certificate without the weakness of the bound one, and without
/// another one.
#[test]
fn weak_certificates_are_replaced_by_one_of_the_inventory() {
    require!("openssl");
    let weak = ["short-key", "sha1", "client-only"];
    let ports = ["ipport=0.0.0.0:1", "ipport=0.0.0.0:2", "ipport=0.0.0.0:3"];
    let bindings = [0, 1, 2].map(|at| binding(ports[at], &hash(weak[at]), json!({})));
    let host = Host::new("2026-06-01", &bindings);
    let of_certificates = ["CB104", "CB105", "CB106"];
    let found = host.audit();
    let found = found
        .iter()
        .filter(|it| of_certificates.contains(&&*it.rule));
    let commands: Vec<_> = found.flat_map(|it| it.commands.clone()).collect();
    let expected = weak.map(|old| format!("certbind rotate {} {}", hash(old), hash("long-lived")));
    assert_eq!(commands, expected);
}

/// JSON has the commands of CSV.
#[test]
fn json_has_the_commands_of_every_finding() {
    require!("openssl");
    let host = Host::new("2026-06-01", &faulty());
    let arguments = ["audit", host.target, "--now", host.now, "--format", "json"];
    let output = host.run(Command::new("certbind").args(arguments).args(&host.options));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_json = findings.map(|it| {
        let commands = it["fix"]["commands"].as_array().into_iter().flatten();
        let commands = commands.map(|it| it.as_str().unwrap().to_owned());
        let condition = it["fix"]["if"].as_str().unwrap_or_default().to_owned();
        (
            it["rule"].as_str().unwrap().to_owned(),
            condition,
            commands.collect::<Vec<_>>(),
        )
    });
    let of_csv = host.audit().into_iter();
    let of_csv: Vec<_> = of_csv
        .map(|it| (it.rule, it.condition, it.commands))
        .collect();
    assert_eq!(of_json.collect::<Vec<_>>(), of_csv);
    assert!(of_csv.iter().any(|(_, condition, _)| !condition.is_empty()));
    assert!(of_csv.iter().any(|(.., commands)| commands.is_empty()));
}

/// A store is named by the commands.
#[test]
fn commands_fix_the_findings_of_a_store() {
    require!("openssl");
    let mut host = Host::new("2026-06-01", &faulty());
    std::fs::copy(host.path("new.redb"), host.path("host.redb")).unwrap();
    host.target = "redb:host.redb";
    let found = host.audit();
    let of_record = |it: &Found| !it.commands.is_empty() && it.rule != "CB110";
    for found in found.iter().filter(|it| of_record(it)) {
        for command in &found.commands {
            assert!(
                command.starts_with("certbind --store redb:host.redb "),
                "{command}"
            );
        }
    }
    let fixed = host.fix_all();
    assert!(
        fixed.is_superset(&set(&["CB005", "CB101", "CB107"])),
        "{fixed:?}"
    );
}

#[test]
fn commands_revert_changes_since_a_baseline() {
    require!("openssl");
    let (www, again) = (&hash("www"), &hash("www-again"));
    let mutual = json!({
        "flags": ["negotiate_client_cert", "disable_http2"], "check_mode": ["no_usage_check"],
        "ctl_store_name": "Partners of ours", "url_retrieval_timeout": 5000,
        "revocation_freshness_time": 0,
    });
    let mut host = Host::new(
        "2026-06-01",
        &[
            binding("ipport=0.0.0.0:443", again, json!({})),
            binding(
                "ipport=0.0.0.0:444",
                www,
                json!({ "flags": ["disable_quic"] }),
            ),
            binding("ipport=0.0.0.0:445", www, json!({})),
            binding(
                "ipport=0.0.0.0:446",
                www,
                json!({ "app_id": "11111111-2222-3333-4444-555555555555" }),
            ),
        ],
    );
    host.write(
        "before.json",
        &export(&[
            binding("ipport=0.0.0.0:443", www, mutual.clone()),
            binding("ipport=0.0.0.0:444", www, mutual.clone()),
            binding("hostnameport=*.shop.contoso.com:447", www, mutual),
            json!({ "key": "ccs=448", "app_id": IIS, "certificate": null }),
        ]),
    );
    host.options.extend(["--baseline", "before.json"]);
    let fixed = host.fix_all();
    let expected = set(&["CB201", "CB202", "CB203", "CB204", "CB207"]);
    assert!(fixed.is_superset(&expected), "{fixed:?}");
    // Restored options keep the new certificate.
    let found = host.audit();
    let of = |rule: &str| found.iter().find(|it| it.rule == rule).unwrap();
    assert!(!of("CB207").commands[0].contains("--hash"), "{found:?}");
    assert!(of("CB203").commands[0].contains("--hash"), "{found:?}");
}

#[test]
fn commands_fix_the_findings_of_sites() {
    require!("openssl");
    let mut host = Host::new(
        "2026-06-01",
        &[
            binding("ipport=0.0.0.0:443", &hash("www"), json!({})),
            binding("ipport=0.0.0.0:446", &hash("www"), json!({})),
        ],
    );
    let sites = [
        ("*:443:", 4 | 64),
        ("*:443:www.contoso.com", 1),
        ("*:444:b.shop.contoso.com", 1),
        ("10.0.0.7:445:", 0),
        ("*:447:", 2),
    ];
    let bindings = sites.map(|(information, flags)| {
        format!(
            "<binding protocol=\"https\" bindingInformation=\"{information}\" sslFlags=\"{flags}\"/>\n"
        )
    });
    host.write("applicationHost.config", &format!(
        "<configuration><system.applicationHost><sites><site name=\"Shop\" id=\"1\"><bindings>\n{}\
         </bindings></site></sites></system.applicationHost></configuration>",
        bindings.concat()
    ));
    host.options.extend(["--iis", "applicationHost.config"]);
    let fixed = host.fix_all();
    let expected = set(&["CB401", "CB402", "CB403", "CB404", "CB408"]);
    assert!(fixed.is_superset(&expected), "{fixed:?}");
}

/// The export is taken again by the host's own netsh.
#[test]
fn commands_take_exports_again() {
    require!("openssl");
    let mut host = Host::new(
        "2026-06-01",
        &[binding("ipport=0.0.0.0:443", &hash("www"), json!({}))],
    );
    host.target = "host.txt";
    host.write("host.txt", "");
    assert_eq!(host.fix_all(), set(&["CB027"]));
    let title = "SSL Certificate bindings:";
    let orphan = LISTING.replacen(
        title,
        &format!("    Colour                       : blue\r\n{title}"),
        1,
    );
    host.write("host.txt", &orphan);
    let of_rule = |host: &Host, rule: &str| host.audit().into_iter().find(|it| it.rule == rule);
    let taken_again = |host: &Host, rule: &str| {
        let found = of_rule(host, rule).unwrap();
        let output = host.run(Command::new("sh").args(["-c", &found.commands[0]]));
        assert!(output.status.success(), "{}", text(&output.stderr));
        found.commands
    };
    assert_eq!(
        taken_again(&host, "CB025"),
        ["netsh http show sslcert >host.txt"]
    );
    assert_eq!(of_rule(&host, "CB025"), None);

    // Of a host that only the baseline has, the new export is put to the others.
    host.target = "exports";
    host.options = vec!["--baseline", "before"];
    for folder in ["exports", "before"] {
        std::fs::create_dir(host.path(folder)).unwrap();
        host.write(&format!("{folder}/web-01.json"), &export(&[]));
    }
    host.write("before/web-77.json", &export(&[]));
    let commands = taken_again(&host, "CB206");
    assert_eq!(commands, ["netsh http show sslcert >web-77.txt"]);
    std::fs::rename(host.path("web-77.txt"), host.path("exports/web-77.txt")).unwrap();
    assert_eq!(of_rule(&host, "CB206"), None);
}

/// The simulated host listens on the address then.
#[test]
fn commands_add_an_address_to_the_listen_list() {
    require!("openssl");
    let mut host = Host::new(
        "2026-06-01",
        &[binding("ipport=10.0.0.5:443", &hash("www"), json!({}))],
    );
    std::fs::copy(host.path("new.redb"), host.path("host.redb")).unwrap();
    host.certbind(&["export", "--format", "reg", "-o", "host.reg"]);
    let bytes = std::fs::read(host.path("host.reg")).unwrap();
    let units = bytes[2..]
        .chunks(2)
        .map(|it| u16::from_le_bytes([it[0], it[1]]));
    let reg = String::from_utf16(&units.collect::<Vec<_>>()).unwrap();
    let list = "10.0.0.9\0\0".encode_utf16().flat_map(u16::to_le_bytes);
    let list: Vec<_> = list.map(|byte| format!("{byte:02x}")).collect();
    let parameters = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters]";
    let list = format!(
        "{parameters}\r\n\"ListenOnlyList\"=hex(7):{}\r\n",
        list.join(",")
    );
    host.write("host.reg", &format!("{reg}\r\n{list}"));
    host.target = "host.reg";
    let found = host.audit();
    let unheard = found.iter().find(|it| it.rule == "CB032");
    let unheard = unheard.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(unheard.condition, "the host has the address");
    let output = host.run(Command::new("sh").args(["-c", &unheard.commands[0]]));
    assert!(output.status.success(), "{}", text(&output.stdout));
    let listens = host.run(Command::new("netsh").args(["http", "show", "iplisten"]));
    let listens = text(&listens.stdout);
    assert!(listens.contains("10.0.0.5"), "{listens}");
}

/// Names of an export are words of the command, and nothing else.
#[test]
fn hostile_names_have_no_command() {
    require!("openssl");
    let www = &hash("www");
    let keys = [
        "a$(id>hit)",
        "`id>hit`",
        "a;id>hit;",
        "a&id>hit",
        "$HOME",
        "it's",
        "a%PATH%",
    ];
    let keys = keys.map(|name| format!("hostnameport={name}:443"));
    let bindings: Vec<_> = keys
        .iter()
        .filter(|key| key.parse::<certbind_core::BindingKey>().is_ok())
        .map(|key| binding(key, www, json!({ "check_mode": ["no_revocation"] })))
        .collect();
    assert!(bindings.len() > 3, "{bindings:?}");
    let mut host = Host::new("2026-06-01", &bindings);
    host.options.clear();
    assert!(host.fix_all().contains("CB009"));
    assert!(!host.path("hit").exists());
    let found = host.audit();
    let of_check = found.iter().filter(|it| it.rule == "CB009");
    let (with, without): (Vec<_>, Vec<_>) = of_check.partition(|it| !it.commands.is_empty());
    assert!(!with.is_empty() && !without.is_empty(), "{found:?}");
}
