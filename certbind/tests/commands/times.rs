//! The times of registry keys, and other service configuration, from hives.

use certbind::exit;
use certbind_test_support::hive::{BINARY, EVERYONE, binding, file, key, system_with};

use super::{Host, text};

/// 2026-11-01T08:30:00Z, and days after it.
const fn day(number: u64) -> u64 {
    134_379_954_000_000_000 + number * 864_000_000_000
}

/// A hive of WEB-01 whose second binding is the older one.
pub(super) fn hive(host: &Host) -> String {
    let family = key("SslBindingInfo")
        .key(binding("0.0.0.0:443").written_at(day(2)))
        .key(binding("10.0.0.3:443").written_at(day(1)));
    let reservations =
        key("UrlAclInfo")
            .written_at(day(3))
            .value("http://+:80/a|b/", BINARY, &EVERYONE);
    let parameters = key("Parameters")
        .written_at(day(0))
        .texts("ListenOnlyList", &["10.0.0.1"])
        .dword("EnableHttp2Tls", 0)
        .key(family)
        .key(reservations);
    std::fs::write(host.file("SYSTEM"), file(&system_with(parameters))).unwrap();
    host.file("SYSTEM").to_str().unwrap().to_owned()
}

const NAMES: [&str; 4] = [
    "Parameters",
    "ipport=10.0.0.3:443",
    "ipport=0.0.0.0:443",
    "UrlAclInfo",
];

#[test]
fn a_timeline_is_in_order_of_time_in_every_format() {
    let host = Host::new();
    let hive = hive(&host);
    let entries = host.json(&["timeline", &hive, "--format", "json"]);
    let entries = entries.as_array().unwrap();
    let names: Vec<_> = entries
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, NAMES);
    assert_eq!(entries[0]["time"], "2026-11-01T08:30:00Z");
    assert_eq!(
        entries[0]["holds"],
        "listen list 10.0.0.1, EnableHttp2Tls 0"
    );
    assert_eq!(entries[3]["kind"], "url_reservations");

    let table = host.ok(&["timeline", &hive]);
    let places = NAMES.map(|name| table.find(name).unwrap());
    assert!(places.is_sorted(), "{table}");

    let csv = host.ok(&["timeline", &hive, "--format", "csv"]);
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines[0], "time,host,kind,key,holds,source");
    assert!(
        lines[2].starts_with(
            "\"2026-11-02T08:30:00Z\",\"WEB-01\",\"binding\",\"ipport=10.0.0.3:443\","
        ),
        "{csv}"
    );

    // As mactime of The Sleuth Kit splits it.
    let bodies = host.ok(&["timeline", &hive, "--format", "bodyfile"]);
    let fields: Vec<Vec<_>> = bodies
        .lines()
        .map(|line| line.split('|').collect())
        .collect();
    assert_eq!(fields.len(), 4);
    for (fields, days) in fields.iter().zip(0..) {
        assert_eq!(fields.len(), 11, "{bodies}");
        assert_eq!(fields[8], (1_793_521_800_i64 + days * 86_400).to_string());
    }
    assert!(fields[3][1].contains("http://+:80/a%7Cb/"), "{bodies}");
}

#[test]
fn json_keeps_times_and_configuration() {
    let host = Host::new();
    let hive = hive(&host);
    let json = host.file("web-01.json");
    let json = json.to_str().unwrap();
    host.ok(&["export", "--from", &hive, "-o", json]);
    let printed = |path: &str, arguments: &[&str]| {
        let printed = host.ok(&[arguments, &[path][..]].concat());
        printed.replace(path, "")
    };
    for arguments in [
        &["timeline", "--format", "bodyfile"][..],
        &["list", "--times"],
        &["show", "ipport=10.0.0.3:443", "--from"],
    ] {
        assert_eq!(printed(&hive, arguments), printed(json, arguments));
    }
    let shown = printed(json, &["show", "10.0.0.3:443", "--from"]);
    assert!(shown.contains("2026-11-02T08:30:00Z"), "{shown}");
    let listed = printed(json, &["list", "--times"]);
    assert!(listed.contains("2026-11-03T08:30:00Z"), "{listed}");
    let document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!(document["version"], 3);
    assert_eq!(
        document["configuration"]["url_reservations"][0]["sddl"],
        "D:(A;;GX;;;WD)"
    );
    assert!(document["header"]["captured_at"].is_null());
}

#[test]
fn an_export_without_times_says_so() {
    let host = Host::new();
    let listing = host.listing(2);
    let listing = listing.to_str().unwrap();
    host.ok(&["import", listing]);
    for arguments in [
        &["timeline", listing][..],
        &["list", listing, "--times"],
        &["list", "--times"],
    ] {
        let output = host.run(arguments);
        assert_eq!(output.status.code(), Some(exit::DONE.into()));
        let error = text(&output.stderr);
        assert!(
            error.contains("no times of registry keys"),
            "{arguments:?}: {error}"
        );
    }
    let output = host.run(&["timeline", "nowhere.json"]);
    assert_eq!(output.status.code(), Some(exit::NOT_SEARCHED.into()));
}

#[test]
fn netsh_shows_reservations_and_listen_list_of_an_export() {
    let host = Host::new();
    let hive = hive(&host);
    let netsh =
        |words: &[&str]| host.ok(&[&["netsh", "--from", &hive, "http"][..], words].concat());
    let reserved = netsh(&["show", "urlacl"]);
    assert!(
        reserved.contains("Reserved URL            : http://+:80/a|b/"),
        "{reserved}"
    );
    assert!(reserved.contains("SDDL: D:(A;;GX;;;WD)"), "{reserved}");
    assert!(netsh(&["show", "iplisten"]).contains("    10.0.0.1\n"));
    assert!(netsh(&["show", "sslcert"]).contains("10.0.0.3:443"));
    let add = [
        "netsh", "--from", &hive, "http", "add", "iplisten", "10.0.0.9",
    ];
    let output = host.run(&add);
    assert_eq!(output.status.code(), Some(exit::USAGE.into()));
    assert!(text(&output.stderr).contains("an export cannot be changed"));
}

/// The defaults of the simulator are no answer.
#[test]
fn netsh_shows_no_setting_that_an_export_does_not_have() {
    let host = Host::new();
    let hive = hive(&host);
    let listing = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/host-2022.txt");
    for (export, object) in [
        (listing, "urlacl"),
        (listing, "iplisten"),
        (listing, "timeout"),
        (hive.as_str(), "timeout"),
        (hive.as_str(), "cacheparam"),
        (hive.as_str(), "setting"),
    ] {
        let output = host.run(&["netsh", "--from", export, "http", "show", object]);
        assert_eq!(output.status.code(), Some(exit::USAGE.into()), "{object}");
        assert_eq!(text(&output.stdout), "", "{object}");
        let problem = format!("does not have the {object} of its host");
        assert!(text(&output.stderr).contains(&problem), "{output:?}");
    }
    let bound = host.ok(&["netsh", "--from", listing, "http", "show", "sslcert"]);
    assert!(bound.contains("IP:port"), "{bound}");
    for (export, warns) in [(listing, true), (hive.as_str(), false)] {
        let output = host.run(&["netsh", "--from", export, "http", "dump"]);
        assert!(output.status.success() && text(&output.stdout).contains("add sslcert"));
        let warning = text(&output.stderr).contains("has no URL reservations");
        assert_eq!(warning, warns, "{output:?}");
    }
}

/// Both timeouts of a hive, which JSON keeps.
#[test]
fn timeouts_are_shown_and_audited() {
    let host = Host::new();
    let parameters = key("Parameters")
        .written_at(day(0))
        .dword("IdleConnectionTimeout", 600)
        .dword("HeaderWaitTimeout", 60)
        .key(key("SslBindingInfo").key(binding("0.0.0.0:443")));
    let hive = host.file("SYSTEM");
    std::fs::write(&hive, file(&system_with(parameters))).unwrap();
    let hive = hive.to_str().unwrap();
    let json = host.file("web-01.json");
    let json = json.to_str().unwrap();
    host.ok(&["export", "--from", hive, "-o", json]);
    for export in [hive, json] {
        let shown = host.ok(&["netsh", "--from", export, "http", "show", "timeout"]);
        let numbers: Vec<_> = shown
            .split_whitespace()
            .filter(|it| it.parse::<u16>().is_ok())
            .collect();
        assert_eq!(numbers, ["600", "60"], "{shown}");
        let entries = host.json(&["timeline", export, "--format", "json"]);
        let holds = "idleconnectiontimeout 600 s, headerwaittimeout 60 s";
        assert_eq!(entries[0]["holds"], holds);
        let report = host.json(&["audit", export, "--fail-on", "never", "--format", "json"]);
        let findings = report["findings"].as_array().unwrap();
        let long = findings.iter().find(|it| it["rule"] == "CB033").unwrap();
        assert_eq!(long["subject"]["record"], "idleconnectiontimeout");
        let place = (export == hive).then_some(r"SYSTEM\ControlSet002\Services\HTTP\Parameters");
        assert_eq!(long["registry"]["key"].as_str(), place);
        let partly = findings.iter().filter(|it| it["rule"] == "CB024").count();
        assert_eq!(partly, if export == hive { 2 } else { 0 });
    }
}

#[test]
fn findings_of_a_hive_have_their_registry_key() {
    let host = Host::new();
    let hive = hive(&host);
    let audit = |format| {
        [
            "audit",
            hive.as_str(),
            "--fail-on",
            "never",
            "--format",
            format,
        ]
    };
    let path = r"SYSTEM\ControlSet002\Services\HTTP\Parameters\SslBindingInfo\10.0.0.3:443";
    let bytes = std::fs::read(&hive).unwrap();
    let offset = certbind_test_support::hive::place_of(&bytes, "10.0.0.3:443");
    let report = host.json(&audit("json"));
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|it| it["rule"] == "CB032").unwrap();
    let registry = serde_json::json!({ "key": path, "offset": offset });
    assert_eq!(finding["registry"], registry);
    let log = host.json(&audit("sarif"));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|it| it["ruleId"] == "CB032").unwrap();
    let logical = &result["locations"][0]["logicalLocations"][1];
    assert_eq!(logical["fullyQualifiedName"], path);
    assert_eq!(logical["kind"], "registryKey");
    assert_eq!(logical["properties"]["offset"], offset);
    assert!(result["locations"][0]["physicalLocation"].is_object());
    let csv = host.ok(&audit("csv"));
    let registry = format!(",\"{path}\",\"{offset}\",");
    let row = csv.lines().find(|row| row.contains("\"CB032\"")).unwrap();
    assert!(row.contains(&registry), "{csv}");

    // A reservation is a value of a key of its own.
    let offset = certbind_test_support::hive::place_of(&bytes, "UrlAclInfo");
    let path = r"SYSTEM\ControlSet002\Services\HTTP\Parameters\UrlAclInfo";
    let finding = findings.iter().find(|it| it["rule"] == "CB031").unwrap();
    let registry = serde_json::json!({ "key": path, "offset": offset });
    assert_eq!(finding["registry"], registry);
}

/// A damaged record, which the text names with its offset.
#[test]
fn an_audit_reads_around_damage_and_says_where_it_is() {
    let host = Host::new();
    let hive = hive(&host);
    let mut bytes = std::fs::read(&hive).unwrap();
    let at = certbind_test_support::hive::place_of(&bytes, "10.0.0.3:443");
    bytes[at + 4] = b'x';
    std::fs::write(&hive, bytes).unwrap();
    let output = host.run(&["audit", &hive, "--fail-on", "never"]);
    let report = text(&output.stdout);
    assert!(output.status.success(), "{report}");
    let damaged = format!("SslBindingInfo (offset {at:#x}): ");
    assert!(report.contains(&damaged), "{report}");
    assert!(report.contains("ipport=0.0.0.0:443"), "{report}");
    let imported = host.run(&["import", &hive, "--keep-going", "--dry-run"]);
    assert_eq!(imported.status.code(), Some(exit::BROKEN_INPUT.into()));
    let imported = text(&imported.stdout);
    assert!(imported.contains("Would import 1 binding "), "{imported}");
}

#[test]
fn an_audit_checks_service_configuration() {
    let host = Host::new();
    let hive = hive(&host);
    let audit = ["audit", &hive, "--fail-on", "never", "--format", "json"];
    let report = host.json(&audit);
    let findings = report["findings"].as_array().unwrap();
    let subject = |rule: &str| {
        let mut of_rule = findings.iter().filter(|it| it["rule"] == rule);
        of_rule.next().map(|it| it["subject"].to_string())
    };
    assert!(subject("CB031").unwrap().contains("http://+:80/a|b/"));
    assert!(subject("CB032").unwrap().contains("10.0.0.3:443"));
    assert!(subject("CB030").is_some(), "HTTP/2 is off");
    let csv = host.ok(&["audit", &hive, "--fail-on", "never", "--format", "csv"]);
    let mut bindings = csv.lines().filter(|line| line.starts_with("\"binding"));
    let first = bindings.next().unwrap();
    assert!(first.contains("2026-11-03T08:30:00Z"), "{csv}");
}
