//! Line ends that a conversion has doubled: CR CR LF.

use super::lines::{Lines, NumberedLine};

pub(super) fn repeated(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    if !lines.iter().any(|line| line.text.ends_with('\r')) {
        return None;
    }
    let trimmed = lines.iter().map(|line| NumberedLine {
        number: line.number,
        text: line.text.trim_end_matches('\r').to_owned(),
    });
    Some((trimmed.collect(), "lines end in CR CR LF".to_owned()))
}
