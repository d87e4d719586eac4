//! Lines that were wrapped at a fixed width.

use super::lines::{Lines, NumberedLine, has_label};

/// No console is narrower.
const NARROWEST: usize = 40;

/// Joins a line of the full width with the one after it, if that one is not a line of a listing.
///
/// Every line of the full width has to be followed by such a rest, or end where a line of a listing
/// may: otherwise the wrapped lines cannot be identified.
pub(super) fn joined(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    let width = lines.iter().map(|line| line.text.chars().count()).max()?;
    if width < NARROWEST || !lines.iter().any(|line| has_label(&line.text)) {
        return None;
    }
    let is_rest =
        |text: &str| !text.trim().is_empty() && !text.contains(':') && !text.starts_with("    ");
    let mut left = Lines::new();
    let mut count = 0;
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let mut line = line.clone();
        if line.text.chars().count() == width
            && line.text.trim_start().len() > 1
            && lines
                .peek()
                .is_some_and(|next| is_rest(&next.text) && next.text.chars().count() < width)
            && let Some(next) = lines.next()
        {
            line.text.push_str(&next.text);
            count += 1;
        }
        left.push(line);
    }
    (count > 0).then(|| {
        (
            left,
            format!("lines were wrapped at {width} columns and joined again"),
        )
    })
}
