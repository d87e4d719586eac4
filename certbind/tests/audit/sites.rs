//! The sites of IIS next to exports.

use std::fmt::Write;

use serde_json::Value;

use super::{Folder, LISTING, text};
use certbind::exit;

/// A configuration with `https` bindings: name, information, flags.
fn configuration(sites: &[(&str, &str, u32)]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n<system.applicationHost>\r\n<sites>\r\n",
    );
    for (id, (name, information, flags)) in sites.iter().enumerate() {
        let _ = write!(
            text,
            "<site name=\"{name}\" id=\"{}\"><bindings>\
             <binding protocol=\"https\" bindingInformation=\"{information}\" sslFlags=\"{flags}\" />\
             </bindings></site>\r\n",
            id + 1
        );
    }
    text + "</sites>\r\n</system.applicationHost>\r\n</configuration>\r\n"
}

/// Host, subject and line of the findings of the rules about sites.
fn found(report: &Value) -> Vec<(String, String, Option<u64>)> {
    let findings = report["findings"].as_array().unwrap();
    let of_sites = findings
        .iter()
        .filter(|it| it["rule"].as_str().unwrap().starts_with("CB40"));
    of_sites
        .map(|it| {
            let subject = it["subject"]["site"].as_str().unwrap_or("a binding");
            (
                format!(
                    "{} {}",
                    it["rule"].as_str().unwrap(),
                    it["host"].as_str().unwrap()
                ),
                subject.to_owned(),
                it["line"].as_u64().filter(|_| subject != "a binding"),
            )
        })
        .collect()
}

#[test]
fn a_configuration_in_the_folder_of_a_host_is_read() {
    let folder = Folder::new();
    let shop = configuration(&[("Shop", "*:8444:shop.contoso.com", 1)]);
    folder.write("hosts/web-01/netsh.txt", LISTING);
    folder.write("hosts/web-01/ApplicationHost.config", &shop);
    folder.write("hosts/web-02/netsh.txt", LISTING);
    folder.write("hosts/web-02/inetsrv/config/applicationHost.config", &shop);
    folder.write("hosts/web-03/netsh.txt", LISTING);
    let report = folder.json(exit::FOUND, &["hosts", "--host-from", "folder"]);
    let unanswered: Vec<_> = found(&report)
        .into_iter()
        .filter(|(rule, ..)| rule.starts_with("CB401"))
        .collect();
    let site = || "Shop (*:8444:shop.contoso.com)".to_owned();
    assert_eq!(
        unanswered,
        [
            ("CB401 web-01".to_owned(), site(), Some(5)),
            ("CB401 web-02".to_owned(), site(), Some(5)),
        ]
    );
    let iis = |host: usize| report["hosts"][host]["iis"].as_str();
    assert_eq!(iis(0), Some("hosts/web-01/ApplicationHost.config"));
    assert_eq!(iis(2), None);

    // Of a disk, it is where Windows has it.
    let hive = "/../crates/formats/tests/fixtures/registry/hivex.hive";
    let hive = std::fs::read(format!("{}{hive}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    folder.write(
        "disk/Windows/System32/inetsrv/config/applicationHost.config",
        &shop,
    );
    folder.write(
        "disk/Windows/WinSxS/iis/applicationHost.config",
        "a template",
    );
    std::fs::create_dir_all(folder.path("disk/Windows/System32/config")).unwrap();
    std::fs::write(folder.path("disk/Windows/System32/config/SYSTEM"), hive).unwrap();
    let report = folder.json(exit::FOUND, &["disk"]);
    assert_eq!(found(&report)[0].0, "CB401 WEB-01");
    assert_eq!(report["hosts"].as_array().unwrap().len(), 1);
}

#[test]
fn sarif_results_of_sites_are_in_the_configuration() {
    let folder = Folder::new();
    folder.write("web-01/netsh.txt", LISTING);
    folder.write(
        "web-01/applicationHost.config",
        &configuration(&[("Shop", "*:8444:", 0)]),
    );
    let sarif = folder.printed(exit::FOUND, &["web-01", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|it| it["ruleId"] == "CB401").unwrap();
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "web-01/applicationHost.config"
    );
    assert_eq!(place["region"]["startLine"], 5);
}

/// The export has a line of that number as well.
#[test]
fn lines_of_sites_are_printed_with_the_configuration() {
    let folder = Folder::new();
    folder.write("web-01/netsh.txt", LISTING);
    folder.write(
        "web-01/applicationHost.config",
        &configuration(&[("Shop", "*:8444:", 0)]),
    );
    let file = "web-01/applicationHost.config";
    for format in ["text", "markdown"] {
        let printed = folder.printed(exit::FOUND, &["web-01", "--format", format]);
        let printed = printed.replace('\\', "");
        assert!(
            printed.contains(&format!("(line 5 of {file})")),
            "{printed}"
        );
    }
    let csv = folder.printed(exit::FOUND, &["web-01", "--format", "csv"]);
    let row = csv.lines().find(|row| row.contains("\"CB401\"")).unwrap();
    assert!(row.contains(&format!("\"{file}\",\"5\"")), "{row}");
}

#[test]
fn a_file_can_be_named_for_its_host() {
    let folder = Folder::new();
    folder.write("web-01.txt", LISTING);
    folder.write("web-02.txt", LISTING);
    folder.write("iis.config", &configuration(&[("Shop", "*:8444:", 0)]));
    let hosts = ["web-01.txt", "web-02.txt"];
    let with = |given: &[&'static str]| [&hosts[..], given].concat();
    let report = folder.json(exit::FOUND, &with(&["--iis", "WEB-02=iis.config"]));
    let rules: Vec<_> = found(&report).into_iter().map(|it| it.0).collect();
    assert!(rules.contains(&"CB401 web-02".to_owned()), "{rules:?}");
    assert!(!rules.iter().any(|it| it.ends_with("web-01")), "{rules:?}");
    let output = folder.audit(&with(&["--iis", "iis.config"]));
    let complaint = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("--iis HOST=FILE"), "{complaint}");
    // The other hosts are audited.
    let report = folder.json(exit::FOUND, &with(&["--iis", "web-01=none.config"]));
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["host"]),
        (&"CB409".into(), &"web-01".into())
    );
    assert!(
        finding["sentence"]
            .as_str()
            .unwrap()
            .contains("none.config"),
        "{finding}"
    );
    let report = folder.json(exit::NOT_AUDITED, &with(&["--iis", "web-09=iis.config"]));
    assert_eq!(report["hosts"][2]["name"], "web-09");
    assert!(report["hosts"][2]["not_assessed"].is_string());
    let one = folder.json(exit::FOUND, &["web-01.txt", "--iis", "iis.config"]);
    assert!(!found(&one).is_empty());
}

/// Nothing is guessed, and nothing is silent.
#[test]
fn a_configuration_of_which_host_is_not_known_is_a_finding() {
    let folder = Folder::new();
    let shop = configuration(&[("Shop", "*:443:", 0)]);
    folder.write("flat/web-01.txt", LISTING);
    folder.write("flat/web-02.txt", LISTING);
    folder.write("flat/applicationHost.config", &shop);
    let report = folder.json(exit::FOUND, &["flat"]);
    let rules: Vec<_> = found(&report).into_iter().map(|it| it.0).collect();
    assert_eq!(rules, ["CB409 web-01", "CB409 web-02"]);

    folder.write("alone/web-05/applicationHost.config", &shop);
    folder.write("alone/web-01.txt", LISTING);
    let report = folder.json(exit::NOT_AUDITED, &["alone"]);
    assert_eq!(report["hosts"][1]["name"], "web-05");
    assert!(report["hosts"][1]["not_assessed"].is_string());
    folder.write("list.txt", "alone\n");
    for target in ["al*", "@list.txt"] {
        let same = folder.json(exit::NOT_AUDITED, &[target]);
        assert_eq!(same["findings"], report["findings"], "{target}");
    }

    folder.write("shared/netsh.txt", LISTING);
    folder.write("shared/applicationHost.config", &shop);
    folder.write(
        "shared/redirection.config",
        "<configuration><configurationRedirection enabled=\"true\" path=\"\\\\files\\iis\" /></configuration>",
    );
    let report = folder.json(exit::FOUND, &["shared"]);
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "CB409");
    assert!(
        finding["sentence"]
            .as_str()
            .unwrap()
            .contains("redirection.config")
    );
}
