//! A report as SARIF 2.1.0 (OASIS), which code hosts and editors show.
//!
//! A finding is a result, with the line of the export where that is known, and the binding as a
//! logical location. What is waived is there too, suppressed with its reason.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::finding::{Finding, Place};
use crate::report::Report;
use crate::rules::RULES;

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
    column_kind: &'static str,
    results: Results<'a>,
}

/// The results, each made when it is its turn: there may be many.
struct Results<'a>(&'a Report);

impl<'a> Log<'a> {
    /// What a report says.
    #[must_use]
    pub fn of(report: &'a Report) -> Self {
        let rules = RULES.iter().map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.title },
                "fullDescription": { "text": rule.why },
                "help": { "text": rule.remedy },
                "helpUri": format!("{PAGES}{}", rule.page()),
                "defaultConfiguration": { "level": rule.severity },
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
                "executionSuccessful": true,
                "endTimeUtc": format!("{:.3}", report.audited_at),
            }]),
            column_kind: "unicodeCodePoints",
            results: Results(report),
        };
        Self {
            schema: SCHEMA,
            version: "2.1.0",
            runs: [run],
        }
    }
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let found = report
            .findings
            .iter()
            .map(|finding| result(report, finding));
        let waived = report.waived.iter().map(|waived| {
            let mut result = result(report, &waived.finding);
            result["suppressions"] = json!([{
                "kind": "external",
                "status": "accepted",
                "justification": format!("{} (until {})", waived.reason, waived.until),
            }]);
            result
        });
        serializer.collect_seq(found.chain(waived))
    }
}

fn result(report: &Report, finding: &Finding) -> Value {
    let mut text = format!("{}: {}", finding.place.subject, finding.sentence);
    if let Some(basis) = finding.rests_on {
        text.push_str(&format!(". {basis}."));
    }
    let related = finding.related.places.iter().enumerate();
    let related = related.map(|(id, place)| {
        let mut location = location(report, place);
        location["id"] = json!(id);
        location
    });
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule.id),
        // The names of severities are SARIF's own.
        "level": finding.severity,
        "message": { "text": text },
        "locations": [location_of(report, finding)],
        // The same trouble in the next audit: lines move, and places do not.
        "partialFingerprints": { "place/v1": name(report, &finding.place) },
    });
    if related.len() > 0 {
        result["relatedLocations"] = related.collect();
    }
    result
}

/// Where a finding is. One that is about no line itself, such as of a name, is where the first of the
/// records is that it is about.
fn location_of(report: &Report, finding: &Finding) -> Value {
    let mut own = location(report, &finding.place);
    if own["physicalLocation"].is_null() {
        let mut related = finding.related.places.iter();
        if let Some(physical) = related.find_map(|place| physical(report, place)) {
            own["physicalLocation"] = physical;
        }
    }
    own
}

fn location(report: &Report, place: &Place) -> Value {
    let mut location = json!({
        "logicalLocations": [{
            "name": place.subject.to_string(),
            "fullyQualifiedName": name(report, place),
            "kind": "resource",
        }],
    });
    if let Some(physical) = physical(report, place) {
        location["physicalLocation"] = physical;
    }
    location
}

/// The line of a place. A store has no lines, and a location in a file needs one.
fn physical(report: &Report, place: &Place) -> Option<Value> {
    let file = report.hosts.get(place.host?)?.source.as_ref()?;
    Some(json!({
        "artifactLocation": { "uri": uri(file) },
        "region": { "startLine": place.line? },
    }))
}

fn name(report: &Report, place: &Place) -> String {
    match report.host(place.host) {
        Some(host) => format!("{host}/{}", place.subject),
        None => place.subject.to_string(),
    }
}

/// The reference of a path (RFC 3986): a relative one stays so.
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let is_drive = path.as_bytes().get(1) == Some(&b':');
    let mut uri = match (is_drive, path.starts_with('/')) {
        (true, _) => "file:///".to_owned(),
        (_, true) => "file://".to_owned(),
        _ => String::new(),
    };
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            b':' if is_drive => uri.push(':'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        for (path, expected) in [
            ("exports/web-01.txt", "exports/web-01.txt"),
            ("./a b:c.txt", "./a%20b%3Ac.txt"),
            ("/srv/bücher.txt", "file:///srv/b%C3%BCcher.txt"),
            ("C:\\exports\\web.txt", "file:///C:/exports/web.txt"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
