//! The answering bindings of each port, drawn in the order in which HTTP.sys considers them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use certbind_core::{Binding, Port};

use super::{short, text};
use crate::host_export::HostExport;
use crate::precedence::{self, STAGES};
use crate::report::Report;

/// How many ports of hosts are drawn: those with the most stages.
const MAX_ROWS: usize = 40;

/// How many are drawn if the others have one stage: there is nothing to choose from.
const MAX_PLAIN_ROWS: usize = 8;

const ROW: usize = 46;
const LEFT: usize = 220;
const COLUMN: usize = 160;

/// A row for each port, with a box for each stage with bindings. Bindings that an earlier stage
/// hides on some connections are dashed.
pub(super) fn svg(exports: &[HostExport], report: &Report) -> String {
    let mut ports: BTreeMap<(usize, Port), [Vec<&Binding>; 6]> = BTreeMap::new();
    for (host, export) in exports.iter().enumerate() {
        for binding in &export.reading.export.bindings {
            let stages = ports.entry((host, binding.key().port())).or_default();
            let stage = usize::from(precedence::stage(binding.key()) - 1);
            stages[stage].push(binding);
        }
    }
    if ports.is_empty() {
        return "<p class=\"quiet\">Nothing is bound.</p>".to_owned();
    }
    let mut ports: Vec<_> = ports.into_iter().collect();
    let stages = |stages: &[Vec<&Binding>; 6]| stages.iter().filter(|it| !it.is_empty()).count();
    ports.sort_by_key(|(_, at)| std::cmp::Reverse(stages(at)));
    let several = ports.iter().filter(|(_, at)| stages(at) > 1).count();
    let rows = several.clamp(MAX_PLAIN_ROWS, MAX_ROWS);
    let more = ports.len().saturating_sub(rows);
    ports.truncate(rows);
    let (width, height) = (LEFT + COLUMN * STAGES.len(), ROW * ports.len() + 24);
    let mut svg = format!(
        "<svg class=\"wide\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"What answers at {} ports\">\n",
        ports.len()
    );
    for (stage, name) in STAGES.iter().enumerate() {
        let x = LEFT + COLUMN * stage;
        let _ = writeln!(
            svg,
            "<text class=\"quiet\" x=\"{x}\" y=\"14\">{}. {name}</text>",
            stage + 1
        );
    }
    for (row, ((host, port), stages)) in ports.iter().enumerate() {
        let y = ROW * row + 24;
        let name = report.host(Some(*host)).unwrap_or_default();
        let _ = writeln!(
            svg,
            "<text x=\"0\" y=\"{}\">{} :{port}</text>",
            y + 22,
            text(&short(name, 24))
        );
        draw(&mut svg, y, stages);
    }
    svg.push_str("</svg>\n");
    let _ = writeln!(svg, "<p class=\"quiet\">{}.", text(precedence::ORDER));
    if more > 0 {
        let _ = write!(svg, " {more} more ports are not drawn.");
    }
    svg.push_str("</p>");
    svg
}

fn draw(svg: &mut String, y: usize, stages: &[Vec<&Binding>; 6]) {
    let has_address = !stages[0].is_empty();
    let mut before = None;
    for (stage, bound) in stages.iter().enumerate() {
        let Some(first) = bound.first() else {
            continue;
        };
        let x = LEFT + COLUMN * stage;
        if let Some(end) = before {
            let middle = y + 17;
            let _ = writeln!(
                svg,
                "<line class=\"arrow\" x1=\"{end}\" x2=\"{x}\" y1=\"{middle}\" y2=\"{middle}\"/>"
            );
        }
        let hidden = if has_address && (1..4).contains(&stage) {
            " hidden"
        } else {
            ""
        };
        let certificates: BTreeSet<_> = bound.iter().filter_map(|it| it.record().hash()).collect();
        let what = match bound.len() {
            1 => short(&first.key().value(), 18),
            many => format!("{many} records"),
        };
        let by = match (certificates.first(), certificates.len()) {
            (None, _) => "by name".to_owned(),
            (Some(hash), 1) => short(&hash.to_string(), 12),
            (_, many) => format!("{many} certificates"),
        };
        let _ = writeln!(
            svg,
            "<g><title>{}</title><rect class=\"box{hidden}\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"36\" rx=\"6\"/>\
             <text class=\"small\" x=\"{tx}\" y=\"{}\">{}</text><text class=\"quiet\" x=\"{tx}\" y=\"{}\">{by}</text></g>",
            text(&first.key().to_string()),
            COLUMN - 20,
            y + 15,
            text(&what),
            y + 30,
            tx = x + 8,
        );
        before = Some(x + COLUMN - 20);
    }
}
