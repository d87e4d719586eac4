//! A report as one HTML file, for people: it needs no network, and runs no script but its own.
//!
//! Everything that comes from an export or a certificate is text in it: escaped where the page has
//! it, and data, never markup, for its script; characters that cannot be seen are spelled out. A
//! Content-Security-Policy allows the script and the style by their hashes and forbids the rest.
//!
//! ```
//! use certbind_audit::{Config, HostExport, Inventory, audit, html};
//!
//! let config = Config::at("2026-06-01T00:00:00Z".parse()?);
//! let (hosts, inventory) = ([HostExport::of_bindings("web-01", Vec::new())], Inventory::none());
//! let report = audit(&hosts, &inventory, &config);
//! let mut page = Vec::new();
//! html::write(&mut page, &hosts, &inventory, &report)?;
//! assert!(page.starts_with(b"<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod coming;
mod map;
mod since;
mod timeline;
mod todo;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use certbind_core::{Binding, CertHash, Uuid};
use certbind_formats::hidden::visible;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::finding::{Finding, FindingState, Subject};
use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::report::Report;
use crate::rules::day;
use crate::severity::Severity;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most names of a certificate that can be searched for.
const MAX_NAMES: usize = 100;

/// Writes the page of an audit of these exports with this inventory.
///
/// # Errors
/// Those of `out`.
pub fn write(
    out: &mut impl Write,
    exports: &[HostExport],
    inventory: &Inventory,
    report: &Report,
) -> io::Result<()> {
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        source(SCRIPT),
        source(STYLE)
    );
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>TLS bindings audited</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )?;
    head(out, report)?;
    out.write_all(b"<main>\n")?;
    todo::write(out, exports, inventory, report)?;
    since::write(out, report)?;
    if inventory.is_given() {
        let coming = coming::svg(exports, inventory, report.config.now);
        section(out, "coming", "What is still to come", &coming)?;
        let svg = timeline::svg(exports, inventory, &report.config);
        let svg = scrollable("When certificates expire", &svg);
        section(out, "expiries", "When certificates expire", &svg)?;
    }
    out.write_all(HOSTS.as_bytes())?;
    section(
        out,
        "ports",
        "What answers at each port",
        &scrollable("What answers at each port", &map::svg(exports, report)),
    )?;
    out.write_all(TABLES.as_bytes())?;
    out.write_all(b"</main>\n<script type=\"application/json\" id=\"data\">")?;
    let json = serde_json::to_string(&Data::of(exports, inventory, report))?;
    // In a script element only a tag can end it, or a comment begin.
    out.write_all(json.replace('<', "\\u003c").as_bytes())?;
    write!(
        out,
        "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )?;
    out.flush()
}

const HOSTS: &str = "<section>\n<h2 id=\"hosts-title\">Hosts, the worst first</h2>\n\
    <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"hosts-title\">\
    <table id=\"hosts\" aria-labelledby=\"hosts-title\"><thead><tr></tr></thead><tbody></tbody></table></div>\n\
    <button type=\"button\" id=\"more-hosts\" hidden>More hosts</button>\n</section>\n";

const TABLES: &str = "<section>\n<h2 id=\"filters-title\">Filter</h2>\n\
    <form class=\"filters noprint\" aria-labelledby=\"filters-title\">\
    <label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\"></label>\
    <label>Severity <select id=\"by-severity\"><option value=\"\">all</option></select></label>\
    <label>Rule <select id=\"by-rule\"><option value=\"\">all</option></select></label>\
    <label>Host <input id=\"by-host\" type=\"search\" autocomplete=\"off\"></label>\
    <label>Application <input id=\"by-application\" type=\"search\" autocomplete=\"off\" list=\"applications\"></label>\
    <datalist id=\"applications\"></datalist>\
    <button type=\"reset\">Reset</button></form>\n</section>\n\
    <section>\n<h2 id=\"bindings-title\">Bindings</h2>\n\
    <nav aria-label=\"Pages of bindings\"><button type=\"button\" id=\"previous\">Previous</button>\
    <button type=\"button\" id=\"next\">Next</button> <span id=\"shown\" role=\"status\"></span></nav>\n\
    <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"bindings-title\">\
    <table id=\"bindings\" aria-labelledby=\"bindings-title\"><thead><tr></tr></thead>\
    <tbody></tbody></table></div>\n<p id=\"not-printed\"></p>\n</section>\n\
    <section>\n<h2 id=\"findings\">Findings</h2>\n<p id=\"narrowed\"></p>\n<div id=\"findings-of-rules\"></div>\n\
    <noscript><p>The tables need JavaScript; text and JSON reports do not.</p></noscript>\n</section>\n";

fn head(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let counts = report.counts();
    let bindings: usize = report.hosts.iter().map(|host| host.bindings).sum();
    let hosts: Vec<_> = report
        .hosts
        .iter()
        .take(8)
        .map(|host| text(&host.name))
        .collect();
    let more = match report.hosts.len() - hosts.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    write!(
        out,
        "<header>\n<h1>TLS bindings audited</h1>\n<p class=\"quiet\">{}{more} · as of <span class=\"day\">{:.0}</span></p>\n\
         <ul class=\"tiles\">\n",
        hosts.join(", "),
        report.config.now
    )?;
    let mut tile = |class: &str, count: usize, what: &str| {
        writeln!(out, "<li><b class=\"{class}\">{count}</b>{what}</li>")
    };
    tile("error", counts.error, "errors")?;
    tile("warning", counts.warning, "warnings")?;
    tile("note", counts.note, "notes")?;
    tile("quiet", counts.waived, "waived")?;
    tile("", report.hosts.len(), "hosts")?;
    tile("", bindings, "bindings")?;
    if report.not_assessed() > 0 {
        tile("error", report.not_assessed(), "hosts not assessed")?;
    }
    if let Some(certificates) = report.certificates {
        tile("", certificates, "certificates")?;
    }
    out.write_all(b"</ul>\n</header>\n")
}

/// A drawing that is wider than a small screen, to be scrolled by keyboard as well.
fn scrollable(label: &str, svg: &str) -> String {
    format!(
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n{svg}</div>"
    )
}

fn section(out: &mut impl Write, id: &str, title: &str, content: &str) -> io::Result<()> {
    writeln!(
        out,
        "<section>\n<h2 id=\"{id}\">{title}</h2>\n{content}\n</section>"
    )
}

/// The data that the script shows.
#[derive(Serialize)]
struct Data<'a> {
    hosts: Vec<Cow<'a, str>>,
    rules: BTreeMap<&'a str, RuleOf>,
    findings: Vec<PageFinding<'a>>,
    bindings: Vec<Row<'a>>,
    /// The bound certificates of the inventory, by their hashes.
    certificates: BTreeMap<String, CertificateOf<'a>>,
    /// The hosts that could not be assessed.
    unassessed: Vec<usize>,
}

/// A certificate: its subject, its names, the day of its end, its file.
type CertificateOf<'a> = (Cow<'a, str>, String, String, Cow<'a, str>);

/// A binding: host, key, hash, store name, application, and the time at which its registry key was
/// written.
type Row<'a> = (
    usize,
    String,
    Option<String>,
    Option<Cow<'a, str>>,
    String,
    Option<String>,
);

#[derive(Serialize)]
struct RuleOf {
    title: &'static str,
    severity: Severity,
    why: &'static str,
    remedy: &'static str,
}

#[derive(Serialize)]
struct PageFinding<'a> {
    rule: &'static str,
    host: Option<usize>,
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    /// The bindings of a finding about all hosts, if it has no certificate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<(usize, String)>,
    subject: String,
    line: Option<String>,
    sentence: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<FindingState>,
}

impl<'a> Data<'a> {
    fn of(exports: &'a [HostExport], inventory: &'a Inventory, report: &'a Report) -> Self {
        let rules = report.findings.iter().map(|finding| {
            let rule = finding.rule;
            let of = RuleOf {
                title: rule.title,
                severity: finding.severity,
                why: rule.why,
                remedy: rule.remedy,
            };
            (rule.id, of)
        });
        let findings = report.findings.iter().map(|finding| PageFinding {
            rule: finding.rule.id,
            host: finding.place.host,
            key: match &finding.place.subject {
                Subject::Binding(binding) => Some(key(binding)),
                _ => None,
            },
            certificate: match &finding.place.subject {
                Subject::Certificate(hash) => Some(hash.to_string()),
                _ => None,
            },
            related: match finding.place.host {
                Some(_) => Vec::new(),
                None => related(finding),
            },
            subject: visible(&finding.place.subject.to_string()).into_owned(),
            line: report
                .line_of(&finding.place)
                .map(|line| visible(&line).into_owned()),
            sentence: visible(&finding.sentence),
            state: finding.state,
        });
        let bindings = exports.iter().enumerate().flat_map(|(host, export)| {
            export.reading.export.bindings.iter().map(move |binding| {
                let record = binding.record();
                let certificate = record.certificate.as_ref();
                let store = certificate.and_then(|it| it.store_name.as_ref());
                let written = export.reading.export.times.get(binding.key());
                (
                    host,
                    key(binding),
                    record.hash().map(ToString::to_string),
                    store.map(|name| visible(name.as_str())),
                    application(&record.app_id, &report.config),
                    written.map(|time| format!("{time:.0}")),
                )
            })
        });
        let used = used(exports);
        let bound = inventory
            .iter()
            .filter(|held| used.contains(held.certificate.hash()));
        let certificates = bound.map(|held| {
            let certificate = &held.certificate;
            let end = day(certificate.validity().not_after).to_string();
            let names = certificate.names().iter().take(MAX_NAMES);
            let names: Vec<_> = names.map(ToString::to_string).collect();
            let names = visible(&names.join(" ")).into_owned();
            let subject = visible(certificate.subject());
            let of = (subject, names, end, visible(&held.file));
            (certificate.hash().to_string(), of)
        });
        let hosts = report.hosts.iter().enumerate();
        let unassessed = hosts.filter(|(_, host)| host.not_assessed.is_some());
        Self {
            hosts: report.hosts.iter().map(|it| visible(&it.name)).collect(),
            rules: rules.collect(),
            findings: findings.collect(),
            bindings: bindings.collect(),
            certificates: certificates.collect(),
            unassessed: unassessed.map(|(at, _)| at).collect(),
        }
    }
}

/// The bindings that a finding is related to.
fn related(finding: &Finding) -> Vec<(usize, String)> {
    let places = finding.related.places.iter();
    let bindings = places.filter_map(|place| match (&place.subject, place.host) {
        (Subject::Binding(binding), Some(host)) => Some((host, key(binding))),
        _ => None,
    });
    bindings.collect()
}

fn key(binding: &Binding) -> String {
    visible(&binding.key().to_string()).into_owned()
}

fn application(id: &Uuid, config: &Config) -> String {
    let name = config.application(id).map(visible);
    name.map_or_else(|| format!("{{{id}}}"), Cow::into_owned)
}

/// The certificates that are bound.
fn used(exports: &[HostExport]) -> BTreeSet<&CertHash> {
    let bindings = exports
        .iter()
        .flat_map(|host| &host.reading.export.bindings);
    bindings
        .filter_map(|binding| binding.record().hash())
        .collect()
}

/// Text, escaped for any surrounding markup.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// No more than so many characters of a text.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The source that a policy allows a text by.
fn source(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut base64 = String::from("sha256-");
    for bytes in Sha256::digest(text).chunks(3) {
        let group = bytes
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - bytes.len()));
        for at in 0..4 {
            match at <= bytes.len() {
                true => base64.push(char::from(LETTERS[(group >> (18 - 6 * at) & 63) as usize])),
                false => base64.push('='),
            }
        }
    }
    base64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_the_digests_in_base64() {
        let known = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(source(""), known);
        let known = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
        assert_eq!(source("abc"), known);
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(
            text("<a href='x'>&\"\u{202e}\u{1b}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\u{202e}\\u{1b}"
        );
    }
}
