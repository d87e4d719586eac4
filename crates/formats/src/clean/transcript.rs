//! The headers that a PowerShell transcript puts between its parts.

use super::lines::{Lines, NumberedLine};

/// Removes the blocks between lines of asterisks, if all lines in them are of a transcript.
pub(super) fn headers(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    let is_bar = |line: &NumberedLine| {
        let text = line.text.trim();
        text.len() >= 20 && text.bytes().all(|byte| byte == b'*')
    };
    let bars: Vec<usize> = (0..lines.len()).filter(|at| is_bar(&lines[*at])).collect();
    if bars.len() < 2 {
        return None;
    }
    let mut left = Lines::new();
    let mut at = 0;
    for pair in bars.chunks(2) {
        let [start, end] = *pair else {
            break;
        };
        let is_header = |line: &NumberedLine| {
            let text = line.text.trim();
            text.is_empty() || text.contains(": ") || text.ends_with(':') || !text.contains(':')
        };
        let inside = &lines[start + 1..end];
        if inside.len() > 40 || !inside.iter().all(is_header) || inside.iter().any(has_label) {
            return None;
        }
        left.extend_from_slice(&lines[at..start]);
        at = end + 1;
    }
    let rest = lines[at..].iter().filter(|line| !is_bar(line));
    let rest = rest.filter(|line| {
        let text = line.text.trim_start();
        !text.starts_with("Transcript started") && !text.starts_with("Transcript stopped")
    });
    left.extend(rest.cloned());
    Some((left, "the file is a PowerShell transcript".to_owned()))
}

fn has_label(line: &NumberedLine) -> bool {
    super::lines::has_label(&line.text)
}
