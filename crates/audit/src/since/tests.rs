use certbind_core::{Binding, CertHash, Record};
use certbind_formats::ParseError;

use super::*;
use crate::applications::IIS;
use crate::json::JsonReport;
use crate::{Config, NotAssessed, RenameError, audit, sarif};

/// A binding without a store name: CB005, at any key.
fn nameless(key: &str) -> Binding {
    let record = Record::new(CertHash::new([1; 20]), None, IIS);
    Binding::new(key.parse().unwrap(), record).unwrap()
}

fn host(name: &str, keys: &[&str]) -> HostExport {
    HostExport::of_bindings(name, keys.iter().map(|key| nameless(key)).collect())
}

/// CB005 alone is on.
fn config() -> Config {
    let off = crate::RULES
        .iter()
        .filter(|rule| !["CB005", "CB027"].contains(&rule.id));
    let mut config = Config::at("2026-06-01T00:00:00Z".parse().unwrap());
    config.severities = off.map(|rule| (rule.id, None)).collect();
    config
}

fn report(hosts: &[HostExport]) -> Report {
    audit(hosts, &Inventory::none(), &config())
}

fn json(report: &Report) -> String {
    serde_json::to_string(&JsonReport::of(report)).unwrap()
}

fn since(earlier: &[HostExport], now: &[HostExport]) -> Report {
    let earlier = EarlierReport::parse(&json(&report(earlier))).unwrap();
    let mut report = report(now);
    report.compare(&earlier, now, &Inventory::none());
    report
}

/// New, fixed, unchanged, not assessed.
fn counts(report: &Report) -> [usize; 4] {
    let counts = report.change_counts().unwrap();
    [
        counts.new,
        counts.fixed,
        counts.unchanged,
        counts.not_assessed,
    ]
}

fn reasons(report: &Report) -> Vec<&str> {
    let changes = report.changes.as_ref().unwrap();
    changes
        .not_assessed
        .iter()
        .map(|(_, why)| why.as_str())
        .collect()
}

const A: &str = "ipport=10.0.0.1:443";
const B: &str = "ipport=10.0.0.2:443";
const C: &str = "ipport=10.0.0.3:443";

#[test]
fn findings_are_new_fixed_or_unchanged() {
    let found = since(&[host("web-01", &[A, B])], &[host("web-01", &[B, C])]);
    assert_eq!(counts(&found), [1, 1, 1, 0]);
    assert_eq!(
        found
            .new_findings()
            .next()
            .unwrap()
            .place
            .subject
            .to_string(),
        C
    );
    assert_eq!(found.changes.unwrap().fixed[0].subject.to_string(), A);
}

#[test]
fn a_finding_keeps_its_identity_when_lines_move() {
    let mut now = host("WEB-01", &[A]);
    now.reading.lines = vec![99];
    now.source = Some("moved/web-01.txt".to_owned());
    assert_eq!(
        counts(&since(&[host("web-01", &[A])], &[now])),
        [0, 0, 1, 0]
    );
}

#[test]
fn a_finding_keeps_its_identity_when_its_host_is_renamed() {
    let earlier = [host("old", &[A, B]), host("other", &[C])];
    let now = [host("new", &[A, B]), host("other", &[C])];
    let mut found = since(&earlier, &now);
    assert_eq!(counts(&found), [0, 0, 3, 0]);
    let renamed = [("old".to_owned(), "new".to_owned())];
    assert_eq!(found.changes.as_ref().unwrap().renamed, renamed);
    let fingerprint = |report: &Report| {
        let log = serde_json::to_value(sarif::Log::of(report)).unwrap();
        log["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    let first = fingerprint(&report(&earlier));
    assert_eq!(fingerprint(&found), first);
    // Renamed again, it is still the same host.
    let second = EarlierReport::parse(&json(&found)).unwrap();
    let again = [host("newest", &[A, B]), host("other", &[C])];
    found = report(&again);
    found.compare(&second, &again, &Inventory::none());
    assert_eq!(fingerprint(&found), first);
    assert_eq!(counts(&found), [0, 0, 3, 0]);
}

/// A missing host and a new one may be two hosts, where all hosts are similar.
#[test]
fn a_host_of_a_farm_is_not_taken_for_another() {
    let earlier = [host("web-01", &[A]), host("web-02", &[A])];
    let now = [host("web-01", &[A]), host("web-03", &[A])];
    let found = since(&earlier, &now);
    assert_eq!(counts(&found), [1, 0, 1, 1]);
    assert_eq!(reasons(&found), ["the host was not audited"]);
    let hint = |report: &Report| report.changes.as_ref().unwrap().rename_hint();
    assert_eq!(
        hint(&found).unwrap(),
        "web-02 was not audited, and web-03 is new: if it was renamed, add --renamed web-02=web-03"
    );
    let now = [now[0].clone(), host("web-03", &[A]), host("web-04", &[A])];
    assert_eq!(
        hint(&since(&earlier, &now)).unwrap(),
        "1 host of the earlier report not audited, 2 are new: name those that were renamed with --renamed \
         OLD=NEW"
    );
    // No host is new: none was renamed.
    assert_eq!(hint(&since(&earlier, &now[..1])), None);
    assert_eq!(hint(&since(&earlier[..1], &now)), None);
}

/// The operator knows which of two similar hosts was renamed.
#[test]
fn a_named_rename_keeps_the_identity_in_a_farm() {
    let earlier = report(&[host("web-01", &[A]), host("web-02", &[A])]);
    let mut before = EarlierReport::parse(&json(&earlier)).unwrap();
    before.rename_host("WEB-02", "web-03").unwrap();
    let now = [host("web-01", &[A]), host("web-03", &[A])];
    let mut found = report(&now);
    found.compare(&before, &now, &Inventory::none());
    assert_eq!(counts(&found), [0, 0, 2, 0]);
    let identities: Vec<_> = found.hosts.iter().map(|it| it.identity.as_str()).collect();
    assert_eq!(identities, ["web-01", "web-02"]);
    assert_eq!(
        before.rename_host("web-02", "web-04"),
        Err(RenameError::Unknown("web-02".to_owned()))
    );
    assert_eq!(
        before.rename_host("web-01", "Web-03"),
        Err(RenameError::Taken("Web-03".to_owned()))
    );
}

#[test]
fn not_assessed_is_never_fixed() {
    let earlier = [host("web-01", &[A, B])];
    let unreadable = HostExport::unassessed("web-01", NotAssessed::Unreadable("empty".to_owned()));
    let found = since(&earlier, &[unreadable]);
    assert_eq!(counts(&found), [1, 0, 0, 2]);
    assert_eq!(reasons(&found)[0], "the host could not be assessed");
    let mut partly = host("web-01", &[A]);
    partly
        .reading
        .errors
        .push(ParseError::of_record("10.0.0.2:443", "damaged"));
    let found = since(&earlier, &[partly]);
    assert_eq!(reasons(&found), ["a record of the export cannot be read"]);
    assert_eq!(counts(&found)[1], 0);
    let mut off = report(&earlier);
    let before = EarlierReport::parse(&json(&off)).unwrap();
    let mut config = config();
    config.severities.insert("CB005", None);
    off = audit(&earlier, &Inventory::none(), &config);
    off.compare(&before, &earlier, &Inventory::none());
    assert_eq!(reasons(&off), ["the rule is off"; 2]);
    let text = json(&report(&earlier)).replace("CB005", "CB101");
    let mut none = report(&earlier);
    none.compare(
        &EarlierReport::parse(&text).unwrap(),
        &earlier,
        &Inventory::none(),
    );
    assert_eq!(reasons(&none), ["the rule is off"; 2]);
    for (rule, why) in [
        ("CB101", "no certificates were given"),
        ("CB203", "no baseline was given"),
        ("CB401", "no configuration of IIS was given"),
        ("CB999", "this version has no such rule"),
    ] {
        let text = json(&report(&earlier)).replace("CB005", rule);
        let all = Config::at("2026-06-01T00:00:00Z".parse().unwrap());
        let mut now = audit(&earlier, &Inventory::none(), &all);
        now.compare(
            &EarlierReport::parse(&text).unwrap(),
            &earlier,
            &Inventory::none(),
        );
        assert_eq!(reasons(&now), [why; 2]);
    }
}

#[test]
fn waived_findings_are_not_new_when_their_waiver_ends() {
    let hosts = [host("web-01", &[A])];
    let mut decided = config();
    decided.waivers.push(crate::Waiver {
        rule: "CB005",
        scope: crate::Scope::Key(A.parse().unwrap()),
        host: None,
        reason: "known".to_owned(),
        until: "2026-12-31".parse().unwrap(),
    });
    let waived = audit(&hosts, &Inventory::none(), &decided);
    let mut open = report(&hosts);
    open.compare(
        &EarlierReport::parse(&json(&waived)).unwrap(),
        &hosts,
        &Inventory::none(),
    );
    assert_eq!(counts(&open), [0, 0, 1, 0]);
    let mut now_waived = waived;
    let earlier = EarlierReport::parse(&json(&report(&hosts))).unwrap();
    now_waived.compare(&earlier, &hosts, &Inventory::none());
    assert_eq!(
        counts(&now_waived),
        [0, 0, 0, 0],
        "it is neither fixed nor new"
    );
}

#[test]
fn only_reports_are_read() {
    let refused = |text: &str| EarlierReport::parse(text).unwrap_err().to_string();
    let report = json(&report(&[]));
    assert!(refused("[]").contains("JSON report"));
    assert!(
        refused(&report.replace("certbind-audit", "certbind-export")).contains("certbind-export")
    );
    assert!(refused(&report.replace("\"version\":1", "\"version\":2")).contains("version 2"));
    assert!(EarlierReport::parse(&format!("\u{feff}{report}")).is_ok());
}
