//! When the certificates that are bound expire, drawn.

use std::collections::BTreeMap;
use std::fmt::Write;

use certbind_core::CertHash;

use jiff::Timestamp;

use super::{short, text};
use crate::config::Config;
use crate::host_export::HostExport;
use crate::inventory::{Inventory, InventoryCertificate};
use crate::rules::day;
use crate::summary::counted;

/// How many certificates are drawn, of those that do not expire soon or have expired.
const MAX_ROWS: usize = 30;

/// How many are drawn of those that expire soon.
const MAX_SOON: usize = 200;

const ROW: usize = 20;
const LEFT: f64 = 330.0;
const WIDTH: f64 = 740.0;
const DAY: f64 = 86_400.0;

/// A bar for each certificate, from its first day to its last, with its end and the number of bindings.
pub(super) fn svg(exports: &[HostExport], inventory: &Inventory, config: &Config) -> String {
    let now = config.now;
    let mut uses: BTreeMap<&CertHash, usize> = BTreeMap::new();
    let bindings = exports.iter().flat_map(|it| &it.reading.export.bindings);
    for hash in bindings.filter_map(|binding| binding.record().hash()) {
        *uses.entry(hash).or_default() += 1;
    }
    let mut bound: Vec<_> = inventory
        .iter()
        .filter(|held| uses.contains_key(held.certificate.hash()))
        .collect();
    if bound.is_empty() {
        return "<p class=\"quiet\">No certificate of the inventory is bound.</p>".to_owned();
    }
    // Future expiries come first: expired certificates, which are findings, hide none of them.
    let has_expired = |held: &InventoryCertificate| held.certificate.validity().not_after < now;
    let is_soon = |held: &InventoryCertificate| config.ends_soon(held.certificate.validity());
    bound.sort_by_key(|held| {
        let end = held.certificate.validity().not_after;
        (has_expired(held), !is_soon(held), end)
    });
    let soon = bound.iter().filter(|held| is_soon(held)).count();
    let hidden = bound.split_off(bound.len().min(MAX_ROWS.max(soon.min(MAX_SOON))));
    let expired = hidden.iter().filter(|held| has_expired(held)).count();
    let hidden_soon = hidden.iter().filter(|held| is_soon(held)).count();
    let later = hidden.len() - expired - hidden_soon;
    let seconds = |time: Timestamp| time.as_second() as f64;
    // From a quarter before now or the first end to the last end, or a quarter from now.
    let ends = || {
        bound
            .iter()
            .map(|held| seconds(held.certificate.validity().not_after))
    };
    let first = ends().fold(seconds(now), f64::min) - 90.0 * DAY;
    let last = ends().fold(seconds(now), f64::max) + 90.0 * DAY;
    let x =
        |time: Timestamp| LEFT + WIDTH * ((seconds(time) - first) / (last - first)).clamp(0.0, 1.0);
    let height = ROW * bound.len() + 30;
    let mut svg = format!(
        "<svg class=\"wide\" viewBox=\"0 0 1200 {height}\" role=\"img\" aria-label=\"Expiry of {} certificates\">\n",
        bound.len()
    );
    for (row, held) in bound.iter().enumerate() {
        let bindings = uses.get(held.certificate.hash()).copied();
        draw(&mut svg, row, held, bindings.unwrap_or_default(), config, x);
    }
    let at = x(now);
    let _ = writeln!(
        svg,
        "<line class=\"now\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"0\" y2=\"{}\"/>\
         <text class=\"quiet\" x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        height - 20,
        height - 5,
        day(now)
    );
    svg.push_str("</svg>\n");
    for (count, printed) in [
        (
            hidden_soon,
            "more expire soon and are not drawn; CB102 lists them.",
        ),
        (later, "more expire later."),
        (expired, "have expired and are not drawn; CB101 lists them."),
    ] {
        if count > 0 {
            let _ = writeln!(svg, "<p class=\"quiet\">{count} {printed}</p>");
        }
    }
    svg
}

fn draw(
    svg: &mut String,
    row: usize,
    held: &InventoryCertificate,
    bindings: usize,
    config: &Config,
    x: impl Fn(Timestamp) -> f64,
) {
    let validity = held.certificate.validity();
    let (from, to) = (x(validity.not_before), x(validity.not_after));
    let class = match validity.not_after {
        end if end < config.now => "past",
        _ if config.ends_soon(validity) => "soon",
        _ => "good",
    };
    let y = ROW * row;
    let subject = held.certificate.subject();
    let _ = writeln!(
        svg,
        "<g><title>{} {}, {}</title><text x=\"0\" y=\"{}\">{}</text>\
         <rect class=\"{class}\" x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"10\" rx=\"3\"/>\
         <text class=\"quiet\" x=\"1078\" y=\"{}\">{}</text></g>",
        held.certificate.hash(),
        text(subject),
        counted(bindings, "binding"),
        y + 14,
        text(&short(subject, 48)),
        y + 5,
        (to - from).max(3.0),
        y + 14,
        format_args!("{} · {bindings}", day(validity.not_after))
    );
}
