//! Findings since an earlier report.

use serde_json::Value;

use super::{Folder, LISTING, text};
use certbind::exit;

/// A folder with a report of last month, `before.json`, in which one binding had no store name.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("now/web-01.txt", LISTING);
    folder.printed(exit::DONE, &["now", "-o", "before.json"]);
    folder
}

/// The listing, with a changed binding: one finding is fixed, and another one is new.
fn changed() -> String {
    LISTING
        .replacen("0.0.0.0:8443", "0.0.0.0:8444", 1)
        .replacen("IP:port", "\r\n\r\nIP:port", 1)
}

const SINCE: [&str; 3] = ["now", "--since", "before.json"];

#[test]
fn unchanged_findings_do_not_fail() {
    let folder = folder();
    let code = |code, more: &[&str]| folder.printed(code, &[&SINCE[..], more].concat());
    let strict = ["--fail-on", "warning"];
    code(exit::FOUND, &strict);
    let printed = code(exit::DONE, &[&strict[..], &["--fail-on-new"]].concat());
    assert!(
        printed.contains(": 0 new, 0 fixed, 12 unchanged\n"),
        "{printed}"
    );

    folder.write("now/web-01.txt", &changed());
    let printed = code(exit::FOUND, &[&strict[..], &["--fail-on-new"]].concat());
    assert!(
        printed.contains("\n  new: ipport=0.0.0.0:8444 "),
        "{printed}"
    );
    assert!(
        printed.contains("\nfixed since the earlier report\n  CB005 web-01  ipport=0.0.0.0:8443: "),
        "{printed}"
    );
    code(exit::DONE, &["--fail-on-new"]);

    // A host that is missing is not a host without findings.
    folder.write(
        "now/web-01.txt",
        &LISTING.replace("0.0.0.0:8443", "0.0.0.0:9"),
    );
    std::fs::rename(folder.path("now/web-01.txt"), folder.path("now/other.txt")).unwrap();
    folder.write(
        "now/other.txt",
        r#"{ "format": "certbind-export", "version": 1, "header": {}, "bindings": [] }"#,
    );
    let printed = code(exit::FOUND, &[&strict[..], &["--fail-on-new"]].concat());
    assert!(
        printed.contains(": 0 new, 0 fixed, 0 unchanged, 12 not assessed\n"),
        "{printed}"
    );
    assert!(printed.contains("(the host was not audited)"), "{printed}");
}

#[test]
fn every_format_has_the_changes() {
    let folder = folder();
    folder.write("now/web-01.txt", &changed());
    let mut arguments = SINCE.to_vec();
    for file in ["a.json", "a.sarif", "a.csv", "a.md", "a.prom", "a.html"] {
        arguments.extend(["-o", file]);
    }
    folder.printed(exit::DONE, &arguments);
    let read = |file: &str| std::fs::read_to_string(folder.path(file)).unwrap();
    let report: Value = serde_json::from_str(&read("a.json")).unwrap();
    let counts = &report["changes"]["counts"];
    let new = counts["new"].as_u64().unwrap();
    assert!(
        new > 0 && counts["fixed"] == new && counts["not_assessed"] == 0,
        "{counts}"
    );
    let schema: Value =
        serde_json::from_str(include_str!("../../../docs/audit-report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&report)
        .map(|it| it.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");

    let sarif: Value = serde_json::from_str(&read("a.sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let states = |state: &str| {
        let of_state = results.iter().filter(|it| it["baselineState"] == state);
        of_state.count() as u64
    };
    assert_eq!((states("new"), states("absent")), (new, new));
    assert_eq!(results.len() as u64, 2 * new + states("unchanged"));
    for result in results {
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert!(place["uri"].is_string(), "{result}");
    }
    let csv = read("a.csv");
    assert_eq!(
        csv.matches("\"fixed\",\"\",\"\",\"\",\"\",\"\"\r\n")
            .count() as u64,
        new
    );
    assert_eq!(csv.matches("\"new\",\"\",").count() as u64, new);
    let markdown = read("a.md");
    assert!(
        markdown.contains("- **new** web\\-01, ipport=0.0.0.0:8444"),
        "{markdown}"
    );
    assert!(
        markdown.contains("- **fixed** CB005, web\\-01"),
        "{markdown}"
    );
    assert!(read("a.prom").contains(&format!("certbind_findings_since{{state=\"new\"}} {new}\n")));
    let line = folder.audit(&[&SINCE[..], &["--format", "check"]].concat());
    assert!(text(&line.stdout).contains(&format!(": {new} new, {new} fixed")));
}

#[test]
fn other_files_are_refused_as_reports() {
    let folder = folder();
    folder.write("other.json", "{}");
    for (arguments, said) in [
        (
            &["now", "--since", "other.json"][..],
            "JSON report of certbind audit",
        ),
        (&["now", "--since", "none.json"], "none.json"),
        (&["now", "--fail-on-new"], "--since"),
    ] {
        let output = folder.audit(arguments);
        let complaint = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(said), "{complaint}");
    }
}
