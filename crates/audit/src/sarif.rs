//! A report as SARIF 2.1.0 (OASIS), which code hosts and editors show.
//!
//! A finding is a result. Its physical location is the export, with the line where that is known,
//! the store, or the file of a certificate; GitHub refuses an upload in which a result has none.
//! Its logical location is the binding; a second one is the registry key, with the offset in the hive
//! in its properties. Waived findings are included, suppressed with their reason.
//!
//! A result names its host and the working directory of the audit in its properties: `merge` of SARIF
//! Multitool 5.7.0 drops a result that equals another one, of whatever run, and keeps the
//! `originalUriBaseIds` and the `automationDetails` of one run alone. The fingerprints contain neither
//! files nor folders, so that a finding stays the same when its export moves.
//!
//! ```
//! use certbind_audit::{Config, HostExport, Inventory, audit, sarif};
//!
//! let config = Config::at("2026-06-01T00:00:00Z".parse()?);
//! let hosts = [HostExport::of_bindings("web-01", Vec::new())];
//! let report = audit(&hosts, &Inventory::none(), &config);
//! let log = serde_json::to_string(&sarif::Log::of(&report))?;
//! assert!(log.contains("\"version\":\"2.1.0\""));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::artifact_uri::artifact_uri;
use crate::earlier::{EarlierFinding, EarlierSubject};
use crate::finding::{Finding, FindingLocation, FindingState, Subject};
use crate::report::Report;
use crate::rules::RULES;
use crate::tags::tags;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const PAGES: &str = "https://github.com/certbind/certbind/blob/main/";

/// A report as a SARIF log with one run, to be serialised.
#[derive(Serialize)]
pub struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    invocations: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    automation_details: Option<Value>,
    column_kind: &'static str,
    results: Results<'a>,
}

/// The results, each made when it is its turn: there may be many.
struct Results<'a>(Audit<'a>);

/// The audit that results are of.
#[derive(Clone)]
struct Audit<'a> {
    report: &'a Report,
    /// The reference of the working directory.
    directory: Option<String>,
    id: Option<String>,
}

impl<'a> Log<'a> {
    /// The contents of a report.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        let rules = RULES.iter().map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.title },
                "fullDescription": { "text": rule.why },
                "help": { "text": rule.remedy },
                "helpUri": format!("{PAGES}{}", rule.page()),
                "properties": { "tags": tags(rule.id) },
                // The severity in force, not the rule's own: SARIF Multitool 5.7.0 drops a result's
                // level if it is `warning`, and the rule's default then applies.
                "defaultConfiguration": {
                    "level": report.config.severity(rule).unwrap_or(rule.severity),
                },
            })
        });
        let run = Run {
            tool: json!({ "driver": {
                "name": "certbind",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.collect::<Vec<_>>(),
            }}),
            invocations: json!([{
                // Hosts that could not be assessed are results; the exit code shows them as well.
                "executionSuccessful": report.hosts.iter().all(|host| host.not_assessed.is_none()),
                "endTimeUtc": format!("{:.3}", report.config.now),
            }]),
            automation_details: None,
            column_kind: "unicodeCodePoints",
            results: Results(Audit {
                report,
                directory: None,
                id: None,
            }),
        };
        Self {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        }
    }

    /// Names the directory that relative paths of the report are relative to: an absolute path.
    #[must_use]
    pub fn in_directory(mut self, path: &str) -> Self {
        let [run] = &mut self.runs;
        let mut directory = artifact_uri(path);
        if !directory.ends_with('/') {
            directory.push('/');
        }
        run.invocations[0]["workingDirectory"] = json!({ "uri": directory });
        run.results.0.directory = Some(directory);
        self
    }

    /// Names the audit, so that its results differ from those of other audits with hosts of the same
    /// names. The name is the category of the run (3.17.3), and a part of the fingerprints: an audit
    /// has to keep it.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        let [run] = &mut self.runs;
        run.automation_details = Some(json!({ "id": format!("{id}/") }));
        run.results.0.id = Some(id.to_owned());
        self
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    /// `open` for a finding that was not assessed: its present state is unknown (3.27.9).
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// The names of severities are SARIF's own.
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ResultProperties>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression; 1]>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

/// The identity of the same finding in the next audit: lines change, and places do not.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "place/v1")]
    place: String,
}

/// The host, and the working directory of the audit.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties {
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_directory: Option<String>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
}

#[derive(Serialize)]
struct Properties {
    offset: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let audit = &self.0;
        let report = audit.report;
        let found = report.findings.iter();
        let found = found.map(|finding| SarifResult::of(audit, finding));
        let waived = report.waived.iter().map(|waived| SarifResult {
            suppressions: Some([Suppression {
                kind: "external",
                status: "accepted",
                justification: format!("{} (until {})", waived.reason, waived.until),
            }]),
            ..SarifResult::of(audit, &waived.finding)
        });
        let changes = report.changes.iter();
        let gone = changes.clone().flat_map(|it| &it.fixed);
        let gone = gone.filter_map(|finding| SarifResult::of_earlier(audit, finding, None));
        let open = changes.flat_map(|it| &it.not_assessed);
        let open =
            open.filter_map(|(finding, why)| SarifResult::of_earlier(audit, finding, Some(why)));
        serializer.collect_seq(found.chain(waived).chain(gone).chain(open))
    }
}

impl Audit<'_> {
    fn fingerprints(&self, place: &str) -> Fingerprints {
        Fingerprints {
            place: match &self.id {
                Some(id) => format!("{id}/{place}"),
                None => place.to_owned(),
            },
        }
    }

    fn properties(&self, host: Option<&str>) -> Option<ResultProperties> {
        let properties = ResultProperties {
            host: host.map(str::to_owned),
            working_directory: self.directory.clone(),
        };
        (properties.host.is_some() || properties.working_directory.is_some()).then_some(properties)
    }
}

impl SarifResult {
    fn of(audit: &Audit<'_>, finding: &Finding) -> Self {
        let report = audit.report;
        let mut text = format!("{}: {}", finding.place.subject, finding.sentence);
        if let Some(basis) = finding.rests_on {
            text.push_str(". ");
            text.push_str(basis);
            text.push('.');
        }
        let related = finding.related.places.iter().enumerate();
        let related = related.map(|(id, place)| Location {
            id: Some(id),
            ..Location::of(report, place)
        });
        let rule = finding.rule.id;
        let index = RULES.iter().position(|it| it.id == rule);
        Self {
            rule_id: rule,
            rule_index: index.expect("findings are of these rules"),
            kind: None,
            level: finding.severity.name(),
            baseline_state: finding.state.map(FindingState::name),
            message: Message { text: plain(&text) },
            locations: [Location::of_finding(report, finding)],
            related_locations: related.collect(),
            partial_fingerprints: audit.fingerprints(&identity(report, &finding.place)),
            properties: audit.properties(report.host(finding.place.host)),
            suppressions: None,
        }
    }
}

impl SarifResult {
    /// A finding of the earlier report that is fixed (`absent`), or that was not assessed. None for
    /// a rule that this version does not have.
    fn of_earlier(audit: &Audit<'_>, finding: &EarlierFinding, why: Option<&str>) -> Option<Self> {
        let report = audit.report;
        let index = RULES.iter().position(|it| it.id == finding.rule)?;
        let subject = &finding.subject;
        let mut text = format!("{subject}: {}", finding.sentence);
        if let Some(why) = why {
            text.push_str(&format!(". Not assessed: {why}."));
        }
        let mut hosts = report.hosts.iter();
        let host = finding.host.as_ref();
        let known =
            hosts.find(|it| host.is_some_and(|name| *name == it.identity || *name == it.name));
        let name = match host {
            Some(host) => format!("{}/{subject}", known.map_or(host, |it| &it.identity)),
            None => subject.to_string(),
        };
        let artifact = match (known, subject) {
            (Some(host), EarlierSubject::Site { .. }) => host.iis.clone(),
            (Some(host), _) => host.source.clone(),
            (None, EarlierSubject::File { file }) => Some(report.certificate_file(file)),
            (None, _) => None,
        };
        let place = artifact.or_else(|| host.cloned());
        let place = place.map(|artifact| PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: artifact_uri(&artifact),
            },
            region: None,
        });
        Some(Self {
            rule_id: RULES[index].id,
            rule_index: index,
            kind: why.map(|_| "open"),
            level: why.map_or(finding.severity.name(), |_| "none"),
            baseline_state: Some(if why.is_some() { "unchanged" } else { "absent" }),
            message: Message { text: plain(&text) },
            locations: [Location {
                id: None,
                logical_locations: vec![LogicalLocation::resource(
                    subject.to_string(),
                    name.clone(),
                )],
                physical_location: Some(
                    place.unwrap_or_else(|| PhysicalLocation::of_configuration(report)),
                ),
            }],
            related_locations: Vec::new(),
            partial_fingerprints: audit.fingerprints(&name),
            properties: audit.properties(host.map(String::as_str)),
            suppressions: None,
        })
    }
}

impl Location {
    /// The location of a finding. One that concerns no file itself, such as of a name, is at the
    /// first of its records.
    fn of_finding(report: &Report, finding: &Finding) -> Self {
        let mut own = Self::of(report, &finding.place);
        if own.physical_location.is_none() {
            let mut related = finding.related.places.iter();
            let related = related.find_map(|it| PhysicalLocation::of(report, it));
            let other = || PhysicalLocation::of_configuration(report);
            own.physical_location = Some(related.unwrap_or_else(other));
        }
        own
    }

    fn of(report: &Report, place: &FindingLocation) -> Self {
        Self {
            id: None,
            logical_locations: LogicalLocation::of(report, place),
            physical_location: PhysicalLocation::of(report, place),
        }
    }
}

impl LogicalLocation {
    fn resource(name: String, fully_qualified_name: String) -> Self {
        Self {
            name,
            fully_qualified_name,
            kind: "resource",
            properties: None,
        }
    }

    fn of(report: &Report, place: &FindingLocation) -> Vec<Self> {
        let mut locations = vec![Self::resource(
            place.subject.to_string(),
            name(report, place),
        )];
        if let Some(key) = &place.registry {
            let (_, name) = key.path.rsplit_once('\\').unwrap_or(("", &key.path));
            locations.push(Self {
                name: name.to_owned(),
                fully_qualified_name: key.path.clone(),
                kind: "registryKey",
                properties: key.offset.map(|offset| Properties { offset }),
            });
        }
        locations
    }
}

impl PhysicalLocation {
    /// The file or store of a place, and the line where there is one.
    fn of(report: &Report, place: &FindingLocation) -> Option<Self> {
        let artifact = match (&place.subject, place.host) {
            (Subject::Site(_), Some(_)) => report.file_of(place)?.to_owned(),
            (_, Some(_)) => {
                let file = report.file_of(place).or_else(|| report.host(place.host));
                file?.to_owned()
            }
            (Subject::File(file), None) => report.certificate_file(file),
            (Subject::Certificate(hash), None) => {
                report.certificate_file(report.certificate_files.get(hash)?)
            }
            (Subject::Waiver(_), None) => return Some(Self::of_configuration(report)),
            _ => return None,
        };
        Some(Self {
            artifact_location: ArtifactLocation {
                uri: artifact_uri(&artifact),
            },
            region: place.line.map(|start_line| Region { start_line }),
        })
    }

    /// The configuration, which waivers are in. Without a file it has the name that is documented.
    fn of_configuration(report: &Report) -> Self {
        let file = report.config.source.as_deref();
        Self {
            artifact_location: ArtifactLocation {
                uri: artifact_uri(file.unwrap_or("certbind-audit.toml")),
            },
            region: None,
        }
    }
}

/// A text in the syntax of messages (3.11.5, 3.11.6): braces, which would be placeholders, are
/// doubled; a bracket and a parenthesis, which would form a link, are separated.
fn plain(text: &str) -> String {
    text.replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (")
}

fn name(report: &Report, place: &FindingLocation) -> String {
    match report.host(place.host) {
        Some(host) => format!("{host}/{}", place.subject),
        None => place.subject.to_string(),
    }
}

/// The place by the name that its host had first: it stays when the host is renamed.
fn identity(report: &Report, place: &FindingLocation) -> String {
    match place.host.and_then(|host| report.hosts.get(host)) {
        Some(host) => format!("{}/{}", host.identity, place.subject),
        None => place.subject.to_string(),
    }
}
