//! The prompts of a pager.

use super::lines::{Lines, NumberedLine};

/// Removes `-- More  --`, which `more` prints at the end of each screen, and the characters that
/// erase it.
pub(super) fn breaks(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    if !lines.iter().any(|line| after_prompt(&line.text).is_some()) {
        return None;
    }
    let left = lines
        .iter()
        .filter_map(|line| match after_prompt(&line.text) {
            Some("") => None,
            rest => Some(NumberedLine {
                number: line.number,
                text: rest.unwrap_or(&line.text).to_owned(),
            }),
        });
    Some((
        left.collect(),
        "there are prompts of a pager (-- More --) between lines".to_owned(),
    ))
}

/// The text after a pager's prompt at the start of a line.
fn after_prompt(line: &str) -> Option<&str> {
    let start = line.trim_start();
    let more = start.strip_prefix("-- More")?.trim_start();
    let more = match more.strip_prefix('(') {
        Some(percent) => percent.split_once(')')?.1.trim_start(),
        None => more,
    };
    let rest = more.strip_prefix("--")?;
    // A carriage return, or backspaces, and spaces over the prompt.
    match rest.rfind(['\r', '\u{8}']) {
        Some(at) => Some(&rest[at + 1..]),
        None if rest.trim().is_empty() => Some(""),
        None => None,
    }
}
