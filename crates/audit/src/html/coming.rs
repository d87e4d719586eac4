//! The coming expiries: the bindings whose certificates expire, by the week and the month.

use std::collections::BTreeMap;
use std::fmt::Write;

use certbind_core::CertHash;
use jiff::Timestamp;

use crate::host_export::HostExport;
use crate::inventory::Inventory;
use crate::rules::day;
use crate::summary::counted;

/// The ends of the periods, in days from now. Later ends are one period more.
const PERIODS: [i64; 14] = [
    7, 14, 21, 28, 60, 90, 120, 150, 180, 210, 240, 270, 300, 365,
];

const HEIGHT: f64 = 120.0;
const COLUMN: usize = 72;

/// A column for each period, as high as there are bindings whose certificate expires in it.
pub(super) fn svg(exports: &[HostExport], inventory: &Inventory, now: Timestamp) -> String {
    let mut uses: BTreeMap<&CertHash, usize> = BTreeMap::new();
    let bindings = exports.iter().flat_map(|it| &it.reading.export.bindings);
    for hash in bindings.filter_map(|binding| binding.record().hash()) {
        *uses.entry(hash).or_default() += 1;
    }
    let mut columns = [(0_usize, 0_usize); PERIODS.len() + 1];
    for (hash, bindings) in uses {
        let Some(known) = inventory.get(hash) else {
            continue;
        };
        let left = known.certificate.validity().not_after.duration_since(now);
        if left.is_negative() {
            continue;
        }
        let days = left.as_hours() / 24;
        let column = PERIODS.iter().position(|end| days < *end);
        let (certificates, all) = &mut columns[column.unwrap_or(PERIODS.len())];
        *certificates += 1;
        *all += bindings;
    }
    let most = columns.iter().map(|(_, bindings)| *bindings).max();
    let most = most.unwrap_or_default();
    if most == 0 {
        return "<p class=\"quiet\">No bound certificate expires from now on.</p>".to_owned();
    }
    let width = COLUMN * columns.len();
    let mut svg = format!(
        "<p>Bindings whose certificate expires, by the end of the period.</p>\n\
         <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Bindings by expiry\">\n\
         <svg class=\"wide\" viewBox=\"0 0 {width} 180\" role=\"img\" aria-label=\"Bindings by the expiry of their certificates\">\n"
    );
    for (at, (certificates, bindings)) in columns.into_iter().enumerate() {
        let (x, middle) = (COLUMN * at + 6, COLUMN * at + COLUMN / 2);
        let height = HEIGHT * ratio(bindings, most);
        let (class, label) = match PERIODS.get(at) {
            Some(days) => {
                let end = now + jiff::SignedDuration::from_hours(days * 24);
                let class = if *days <= 28 { "soon" } else { "good" };
                (class, day(end).to_string())
            }
            None => ("good", "later".to_owned()),
        };
        let _ = write!(svg, "<g>");
        if bindings > 0 {
            let _ = write!(
                svg,
                "<title>{} of {}</title><path class=\"{class}\" d=\"M{x} {:.1}h{}v{height:.1}h-{}z\"/>\
                 <text x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">{bindings}</text>",
                counted(bindings, "binding"),
                counted(certificates, "certificate"),
                HEIGHT + 22.0 - height,
                COLUMN - 12,
                COLUMN - 12,
                HEIGHT + 16.0 - height,
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"quiet small\" x=\"{middle}\" y=\"164\" text-anchor=\"middle\">{label}</text></g>"
        );
    }
    svg.push_str("</svg>\n</div>\n");
    svg
}

#[expect(clippy::cast_precision_loss, reason = "the height of a column")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
