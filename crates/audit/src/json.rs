//! A report as JSON, for programs. `docs/audit-report.schema.json` is its schema.
//!
//! ```
//! use certbind_audit::json::JsonReport;
//! use certbind_audit::{Config, HostExport, Inventory, audit};
//!
//! let config = Config::at("2026-06-01T00:00:00Z".parse()?);
//! let hosts = [HostExport::of_bindings("web-01", Vec::new())];
//! let report = audit(&hosts, &Inventory::none(), &config);
//! let json = serde_json::to_value(JsonReport::of(&report))?;
//! assert_eq!(json["hosts"][0]["name"], "web-01");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};

use certbind_core::CertHash;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::changes::{ChangeCounts, Changes};
use crate::earlier::{EarlierFinding, EarlierSubject};
use crate::finding::{Finding, FindingLocation, FindingState, Subject};
use crate::fix::Fixes;
use crate::host_export::NotAssessed;
pub use crate::json_version::VERSION;
use crate::report::{Counts, Report};
use crate::rules::RULES;
use crate::severity::Severity;

/// A report, to be serialised.
#[derive(Serialize)]
pub struct JsonReport<'a> {
    format: &'static str,
    version: u32,
    audited_at: Timestamp,
    hosts: Vec<Host<'a>>,
    certificates: Option<usize>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    certificate_files: BTreeMap<String, &'a str>,
    counts: Counts,
    /// The rules with findings, so that findings need not repeat their texts.
    rules: Vec<JsonRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<JsonChanges<'a>>,
    findings: Findings<'a>,
    waived: Vec<JsonWaived<'a>>,
}

/// The findings, each made when it is its turn: there may be many.
struct Findings<'a> {
    report: &'a Report,
    fixes: Option<&'a Fixes<'a>>,
}

/// The commands that fix a finding, and the condition under which they are right.
#[derive(Serialize)]
struct JsonFix {
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    commands: Vec<String>,
}

#[derive(Serialize)]
struct Host<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a str>,
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iis: Option<&'a str>,
    captured_at: Option<Timestamp>,
    bindings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_assessed: Option<&'a str>,
}

/// The changes since an earlier report.
#[derive(Serialize)]
struct JsonChanges<'a> {
    since: Timestamp,
    counts: ChangeCounts,
    renamed: Vec<Renamed<'a>>,
    fixed: Vec<JsonEarlier<'a>>,
    not_assessed: Vec<JsonEarlier<'a>>,
}

#[derive(Serialize)]
struct Renamed<'a> {
    from: &'a str,
    to: &'a str,
}

/// A finding of the earlier report.
#[derive(Serialize)]
struct JsonEarlier<'a> {
    rule: &'a str,
    severity: Severity,
    host: Option<&'a str>,
    subject: &'a EarlierSubject,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct JsonRule {
    id: &'static str,
    title: &'static str,
    why: &'static str,
    remedy: &'static str,
    page: String,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    rule: &'static str,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<FindingState>,
    #[serde(flatten)]
    place: JsonPlace<'a>,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rests_on: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<JsonPlace<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    more_related: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<JsonFix>,
}

#[derive(Serialize)]
struct JsonWaived<'a> {
    #[serde(flatten)]
    finding: JsonFinding<'a>,
    reason: &'a str,
    until: Date,
}

/// A place; without a host if it concerns all of them.
#[derive(Serialize)]
struct JsonPlace<'a> {
    host: Option<&'a str>,
    subject: JsonSubject<'a>,
    /// The file of the line, unless it is the export of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<JsonRegistry<'a>>,
}

/// A registry key, and the offset of its cell in a hive.
#[derive(Serialize)]
struct JsonRegistry<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum JsonSubject<'a> {
    Binding { key: String },
    Record { record: &'a str },
    Export,
    Certificate { hash: &'a CertHash },
    Name { name: &'a str },
    File { file: &'a str },
    Site { site: &'a str },
    Waiver { waiver: &'a str },
}

impl<'a> JsonReport<'a> {
    /// The contents of a report.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        let hosts = report.hosts.iter().map(|host| Host {
            name: &host.name,
            identity: (host.identity != host.name).then_some(&host.identity),
            source: host.source.as_deref(),
            iis: host.iis.as_deref(),
            captured_at: host.captured_at,
            bindings: host.bindings,
            not_assessed: host.not_assessed.as_ref().map(|reason| match reason {
                NotAssessed::Unreadable(why) => why.as_str(),
                NotAssessed::OnlyInBaseline => "this host is only in the baseline",
            }),
        });
        let waived = report.waived.iter().map(|waived| JsonWaived {
            finding: finding(report, &waived.finding),
            reason: &waived.reason,
            until: waived.until,
        });
        let waived_findings = report.waived.iter().map(|waived| &waived.finding);
        let found: BTreeSet<_> = report
            .findings
            .iter()
            .chain(waived_findings)
            .map(|finding| finding.rule.id)
            .collect();
        let rules = RULES.iter().filter(|rule| found.contains(rule.id));
        let rules = rules.map(|rule| JsonRule {
            id: rule.id,
            title: rule.title,
            why: rule.why,
            remedy: rule.remedy,
            page: rule.page(),
        });
        Self {
            format: "certbind-audit",
            version: VERSION,
            audited_at: report.config.now,
            hosts: hosts.collect(),
            certificates: report.certificates,
            certificate_files: report
                .certificate_files
                .iter()
                .map(|(hash, file)| (hash.to_string(), file.as_str()))
                .collect(),
            counts: report.counts(),
            rules: rules.collect(),
            changes: report.changes.as_ref().map(|it| changes(report, it)),
            findings: Findings {
                report,
                fixes: None,
            },
            waived: waived.collect(),
        }
    }

    /// Adds the commands that fix findings: the member `fix` of a finding. Waived findings have none.
    #[must_use]
    pub fn with_fixes(mut self, fixes: &'a Fixes<'a>) -> Self {
        self.findings.fixes = Some(fixes);
        self
    }
}

fn changes<'a>(report: &Report, changes: &'a Changes) -> JsonChanges<'a> {
    let renamed = changes.renamed.iter();
    let not_assessed = changes.not_assessed.iter();
    JsonChanges {
        since: changes.since,
        counts: report.change_counts().unwrap_or_default(),
        renamed: renamed.map(|(from, to)| Renamed { from, to }).collect(),
        fixed: changes.fixed.iter().map(|it| earlier(it, None)).collect(),
        not_assessed: not_assessed
            .map(|(finding, why)| earlier(finding, Some(why)))
            .collect(),
    }
}

fn earlier<'a>(finding: &'a EarlierFinding, reason: Option<&'a str>) -> JsonEarlier<'a> {
    JsonEarlier {
        rule: &finding.rule,
        severity: finding.severity,
        host: finding.host.as_deref(),
        subject: &finding.subject,
        sentence: &finding.sentence,
        reason,
    }
}

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let findings = self.report.findings.iter().map(|found| {
            let fix = self.fixes.and_then(|fixes| fixes.of(found));
            JsonFinding {
                fix: fix.map(|fix| JsonFix {
                    condition: fix.condition,
                    commands: fix.commands,
                }),
                ..finding(self.report, found)
            }
        });
        serializer.collect_seq(findings)
    }
}

fn finding<'a>(report: &'a Report, finding: &'a Finding) -> JsonFinding<'a> {
    JsonFinding {
        rule: finding.rule.id,
        severity: finding.severity,
        state: finding.state,
        place: place(report, &finding.place),
        sentence: &finding.sentence,
        rests_on: finding.rests_on,
        related: finding
            .related
            .places
            .iter()
            .map(|it| place(report, it))
            .collect(),
        more_related: finding.related.more,
        fix: None,
    }
}

fn place<'a>(report: &'a Report, place: &'a FindingLocation) -> JsonPlace<'a> {
    JsonPlace {
        host: report.host(place.host),
        subject: match &place.subject {
            Subject::Binding(binding) => JsonSubject::Binding {
                key: binding.key().to_string(),
            },
            Subject::Record(record) => JsonSubject::Record { record },
            Subject::Export => JsonSubject::Export,
            Subject::Certificate(hash) => JsonSubject::Certificate { hash },
            Subject::Name(name) => JsonSubject::Name { name },
            Subject::File(file) => JsonSubject::File { file },
            Subject::Site(site) => JsonSubject::Site { site },
            Subject::Waiver(waiver) => JsonSubject::Waiver { waiver },
        },
        file: match place.subject {
            Subject::Site(_) => report.file_of(place),
            _ => None,
        },
        line: place.line,
        registry: place.registry.as_deref().map(|it| JsonRegistry {
            key: &it.path,
            offset: it.offset,
        }),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
