//! Removing the noise around a listing: additions of mail programs, logs, pages and tools to the
//! lines of netsh.
//!
//! Each kind of noise is a step of its own. A step changes nothing unless all that it removes fits
//! its pattern, and reports the removed text once. The remaining text is read as strictly as any
//! listing.

mod escaped_json;
mod line_ends;
mod lines;
mod markup;
mod page;
mod prefix;
mod transcript;
mod wrapped;

use self::lines::{Lines, NumberedLine};
use crate::report::{ConversionWarning, WarningKind};

/// A text without noise.
#[derive(Debug)]
pub(crate) struct Cleaned {
    pub(crate) text: String,
    /// The line of the file that each line is from.
    lines: Vec<u64>,
    /// The warnings about removed text.
    pub(crate) warnings: Vec<ConversionWarning>,
}

impl Cleaned {
    /// The line of the file that a line of the text is from, both counted from 1.
    pub(crate) fn line(&self, number: u64) -> u64 {
        let at = usize::try_from(number)
            .unwrap_or(usize::MAX)
            .saturating_sub(1);
        self.lines
            .get(at)
            .or(self.lines.last())
            .copied()
            .unwrap_or(number)
    }
}

/// A step: the remaining lines, and a sentence about the removed text.
type Step = fn(&[NumberedLine]) -> Option<(Lines, String)>;

/// The steps, in their order. They are repeated until none changes anything.
const STEPS: [Step; 8] = [
    line_ends::repeated,
    escaped_json::outputs,
    markup::html,
    transcript::headers,
    page::breaks,
    prefix::quoted,
    prefix::removed,
    wrapped::joined,
];

/// The most layers of noise that are removed.
const MOST_LAYERS: usize = 6;

/// The most lines that are searched for noise. Each takes two hundred bytes.
const MOST_LINES: usize = 200_000;

/// The text without noise, if there is any that can be removed.
pub(crate) fn clean(text: &str) -> Option<Cleaned> {
    if text.bytes().filter(|byte| *byte == b'\n').count() > MOST_LINES {
        return None;
    }
    let mut lines: Lines = text
        .split('\n')
        .zip(1..)
        .map(|(line, number)| NumberedLine {
            number,
            text: line.strip_suffix('\r').unwrap_or(line).to_owned(),
        })
        .collect();
    let mut removed: Vec<(u64, String)> = Vec::new();
    for _ in 0..MOST_LAYERS {
        let changed = STEPS.iter().find_map(|step| step(&lines));
        let Some((left, what)) = changed else {
            break;
        };
        let pairs = lines.iter().zip(&left);
        let first = pairs
            .clone()
            .find(|(old, new)| old != new)
            .map(|(old, _)| old.number);
        removed.push((first.unwrap_or(1), what));
        lines = left;
    }
    if removed.is_empty() {
        return None;
    }
    let warning = |(line, what)| ConversionWarning::new(WarningKind::Spelling, what).at(line);
    Some(Cleaned {
        text: lines
            .iter()
            .map(|line| line.text.as_str())
            .collect::<Vec<_>>()
            .join("\r\n"),
        lines: lines.iter().map(|line| line.number).collect(),
        warnings: removed.into_iter().map(warning).collect(),
    })
}
