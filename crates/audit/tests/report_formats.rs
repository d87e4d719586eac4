//! Reports in machine-readable formats, validated by their schemas.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::path::Path;

use certbind_audit::json::JsonReport;
use certbind_audit::{
    Baseline, Config, HostExport, Inventory, NotAssessed, RULES, Report, audit, sarif,
};
use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_formats::{ReadOptions, read};
use serde_json::Value;

const LISTING: &str = include_str!("../../../examples/host-2022.txt");

/// A report with findings about everything that a finding can be about, and a waived one.
fn report() -> Report {
    report_by(false)
}

fn report_by(in_parallel: bool) -> Report {
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let host = |name: &str, text: &str| {
        let mut host = HostExport::new(name, read(text.as_bytes(), &options).unwrap());
        host.source = Some(format!("exports/{name} 1.txt"));
        host
    };
    let usage = "Usage Check                  : Enabled";
    let damaged = LISTING
        .replacen(usage, &usage.replace("Enabled", "Perhaps"), 1)
        .replacen("sni.iis8.com", "<script>.iis8.com", 1)
        .replacen(
            "SSL Certificate bindings:",
            "    Colour                       : blue\r\nSSL Certificate bindings:",
            1,
        );
    let other = LISTING.replace("61d34f532da121bbab64723c4871e72c92f03735", &"ab".repeat(20));
    let mut hosts = [
        host("web-01", LISTING),
        host("web-02", &damaged),
        host("web-03", &other),
        {
            let hive = include_bytes!("../../formats/tests/fixtures/registry/hivex.hive");
            HostExport::new("web-04", read(hive, &options).unwrap())
        },
    ];
    hosts[0].baseline = Baseline::of_bindings(Vec::new());
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let inventory = Inventory::read(&fixtures, &[]).unwrap();
    let config = r#"
        [[waivers]]
        rule = "CB005"
        key = "ipport=0.0.0.0:8443"
        reason = "The old agent goes away."
        until = 2026-12-31
        [[waivers]]
        rule = "CB005"
        key = "ipport=0.0.0.0:1"
        reason = "It was there once."
        until = 2026-01-31
    "#;
    let mut config = Config::parse(config, "2026-06-01T00:00:00Z".parse().unwrap()).unwrap();
    config.in_parallel = in_parallel;
    audit(&hosts, &inventory, &config)
}

#[test]
fn rules_on_several_threads_give_the_same_report() {
    let texts = [false, true].map(|in_parallel| {
        let report = report_by(in_parallel);
        serde_json::to_string(&JsonReport::of(&report)).unwrap()
    });
    assert!(texts[0].contains("\"rule\":\"CB005\""), "{}", texts[0]);
    assert_eq!(texts[0], texts[1]);
}

fn validate(schema: &str, value: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn json_matches_its_schema() {
    let report = report();
    let json = serde_json::to_value(JsonReport::of(&report)).unwrap();
    let schema = include_str!("../../../docs/audit-report.schema.json");
    validate(schema, &json);
    let findings = json["findings"].as_array().unwrap();
    for kind in [
        "binding",
        "record",
        "export",
        "certificate",
        "name",
        "file",
        "waiver",
    ] {
        let has = findings.iter().any(|it| it["subject"]["kind"] == kind);
        assert!(has, "{kind}");
    }
    assert_eq!(json["waived"].as_array().unwrap().len(), 3);
    assert_eq!(json["counts"]["waived"], 3);
    // The schema refuses other contents.
    let mut wrong = json.clone();
    wrong["findings"][0]["colour"] = "blue".into();
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(!jsonschema::is_valid(&schema, &wrong));
}

/// Its locations are lines of the export.
#[test]
fn json_names_the_file_of_each_bound_certificate() {
    let www = certbind_certificates::of_file(include_bytes!("fixtures/www.pem"))[0].clone();
    let record = Record::new(*www.hash(), None, Uuid::nil());
    let binding = Binding::new("ipport=10.0.0.5:443".parse().unwrap(), record).unwrap();
    let hosts = [HostExport::of_bindings("web-01", vec![binding])];
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let config = Config::at("2026-06-01T00:00:00Z".parse().unwrap());
    let files = |inventory: &Inventory| {
        let report = audit(&hosts, inventory, &config);
        let json = serde_json::to_value(JsonReport::of(&report)).unwrap();
        json["certificate_files"].clone()
    };
    let known = files(&Inventory::read(&fixtures, &[]).unwrap());
    // Of the files with the certificate, the first by its name.
    assert_eq!(known[www.hash().to_string()], "both.p7b", "{known}");
    assert_eq!(files(&Inventory::none()), Value::Null);
}

#[test]
fn sarif_matches_the_published_schema() {
    let report = report();
    let log = serde_json::to_value(sarif::Log::of(&report)).unwrap();
    // One pattern of the published schema has a bracket too many for strict readers. It is that of
    // a property that we have not.
    let schema = include_str!("fixtures/sarif-schema-2.1.0.json");
    let mended = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    assert_ne!(schema, mended);
    validate(&mended, &log);
    let run = &log["runs"][0];
    assert_eq!(
        run["tool"]["driver"]["rules"].as_array().unwrap().len(),
        RULES.len()
    );
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len() + report.waived.len());
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
    }
    // The line of a record is that of its key.
    let nameless = results
        .iter()
        .find(|it| it["ruleId"] == "CB005" && it["suppressions"].is_array())
        .unwrap();
    let place = &nameless["locations"][0];
    let physical = &place["physicalLocation"];
    assert_eq!(
        physical["artifactLocation"]["uri"],
        "exports/web-01%201.txt"
    );
    let line = usize::try_from(physical["region"]["startLine"].as_u64().unwrap()).unwrap();
    let line = LISTING.lines().nth(line - 1).unwrap();
    assert!(
        line.contains("IP:port") && line.contains("0.0.0.0:8443"),
        "{line}"
    );
    assert_eq!(
        place["logicalLocations"][0]["fullyQualifiedName"],
        "web-01/ipport=0.0.0.0:8443"
    );
    // A finding about a name is at the first of its records.
    let name = results.iter().find(|it| it["ruleId"] == "CB110").unwrap();
    let line = &name["locations"][0]["physicalLocation"]["region"]["startLine"];
    let first = &name["relatedLocations"][0]["physicalLocation"]["region"]["startLine"];
    assert!(line.is_u64() && line == first, "{name}");
    let reason = &nameless["suppressions"][0]["justification"];
    assert_eq!(reason, "The old agent goes away. (until 2026-12-31)");
}

/// GitHub refuses a whole upload in which a result has no artifact (rule GH1001 of the SARIF SDK), and
/// shows a result without a line at the top of the file.
#[test]
fn every_sarif_result_has_an_artifact() {
    let mut hosts = [
        HostExport::unassessed("web-04", NotAssessed::Unreadable("it is empty".to_owned())),
        HostExport::of_bindings("live", Vec::new()),
        HostExport::unassessed("gone", NotAssessed::OnlyInBaseline),
    ];
    hosts[0].source = Some("exports/web-04.txt".to_owned());
    hosts[1].source = Some("redb:live.redb".to_owned());
    hosts[1].baseline = Baseline::Missing("this host has no baseline".to_owned());
    let config = Config::at("2026-06-01T00:00:00Z".parse().unwrap());
    let second = audit(&hosts, &Inventory::none(), &config);
    for report in [report(), second] {
        let log = serde_json::to_value(sarif::Log::of(&report)).unwrap();
        let run = &log["runs"][0];
        let assessed = report.not_assessed() == 0;
        assert_eq!(run["invocations"][0]["executionSuccessful"], assessed);
        let results = run["results"].as_array().unwrap();
        assert!(!results.is_empty());
        for result in results {
            for field in ["ruleId", "level"] {
                assert!(result[field].is_string(), "{field}: {result}");
            }
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let physical = &result["locations"][0]["physicalLocation"];
            let uri = physical["artifactLocation"]["uri"].as_str();
            assert!(uri.is_some_and(|uri| !uri.is_empty()), "{result}");
            if let Some(region) = physical.get("region") {
                assert!(region["startLine"].as_u64() > Some(0), "{result}");
            }
        }
    }
    let log = serde_json::to_value(sarif::Log::of(&audit(&hosts, &Inventory::none(), &config)));
    let log = log.unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let places: Vec<_> = results
        .iter()
        .map(|it| &it["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .collect();
    assert_eq!(places, ["exports/web-04.txt", "gone", "redb%3Alive.redb"]);
}

/// The file of an unused certificate, and the configuration of a waiver.
#[test]
fn sarif_names_the_files_of_certificates_and_waivers() {
    let report = report();
    let log = serde_json::to_value(sarif::Log::of(&report)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let places = |rule: &str| {
        let of_rule = results.iter().filter(|it| it["ruleId"] == rule);
        let uri = |it: &Value| {
            let place = &it["locations"][0]["physicalLocation"]["artifactLocation"];
            place["uri"].as_str().unwrap().to_owned()
        };
        of_rule.map(uri).collect::<Vec<_>>()
    };
    // A consumer finds the file: its folder is that of the inventory.
    let of = |name: &str| {
        let folder = env!("CARGO_MANIFEST_DIR");
        format!("file://{folder}/tests/fixtures/{name}")
    };
    assert!(places("CB109").contains(&of("no-san.pem")));
    assert_eq!(places("CB302"), ["certbind-audit.toml"]);
    assert!(places("CB111").contains(&of("locked.pfx")));
}

/// SARIF Multitool 5.7.0 drops the level `warning` of results; a consumer then takes the default of
/// the rule, which has to be the same.
#[test]
fn a_rule_declares_the_level_of_its_results() {
    let text = "[severities]\nCB101 = \"warning\"";
    let config = Config::parse(text, "2027-06-01T00:00:00Z".parse().unwrap()).unwrap();
    let report = audit(&[], &Inventory::none(), &config);
    let log = serde_json::to_value(sarif::Log::of(&report)).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "CB101").unwrap();
    assert_eq!(rule["defaultConfiguration"]["level"], "warning");
}

/// It is neither a link nor a placeholder.
#[test]
fn export_text_is_escaped_in_sarif() {
    let bound = |store: &str| {
        let record = Record::new(
            CertHash::new([7; 20]),
            Some(store.parse().unwrap()),
            Uuid::from_u128(7),
        );
        Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap()
    };
    let hostile = bound("[renew it](https://evil.example/{0})");
    let mut host = HostExport::of_bindings("web-01", vec![hostile]);
    host.baseline = Baseline::of_bindings(vec![bound("MY")]);
    let config = Config::at("2026-06-01T00:00:00Z".parse().unwrap());
    let report = audit(&[host], &Inventory::none(), &config);
    let log = serde_json::to_value(sarif::Log::of(&report)).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap().iter();
    let said: Vec<_> = results
        .map(|it| (it["ruleId"].as_str(), it["message"]["text"].as_str()))
        .collect();
    let changed = "ipport=0.0.0.0:443: it was changed: store name MY -> \
                   [renew it] (https://evil.example/{{0}})";
    assert!(said.contains(&(Some("CB203"), Some(changed))), "{said:?}");
    let unknown = "ipport=0.0.0.0:443: no known application has the id \
                   {{00000000-0000-0000-0000-000000000007}}";
    assert!(said.contains(&(Some("CB007"), Some(unknown))), "{said:?}");
}

#[test]
fn the_same_audit_gives_the_same_report() {
    let json = || serde_json::to_string(&JsonReport::of(&report())).unwrap();
    assert_eq!(json(), json());
}

#[test]
fn the_worst_comes_first() {
    let severities: Vec<_> = report().findings.iter().map(|it| it.severity).collect();
    assert!(severities.windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(severities.first() > severities.last());
}
