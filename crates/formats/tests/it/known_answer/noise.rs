//! What happens to a listing on its way: lines that are lost, doubled or swapped, and noise.

use super::draw::Draw;

/// A line is deleted, doubled, or swapped with the next.
pub(super) fn damage(draw: &mut Draw<'_>, lines: &mut Vec<String>) {
    let at = draw.below(lines.len().max(2) - 1);
    if lines.len() < 3 {
        return;
    }
    match draw.below(3) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        _ => lines.swap(at, at + 1),
    }
}

/// Noise that can be removed, and leaves every value as it was.
pub(super) fn removable(draw: &mut Draw<'_>, lines: &[String]) -> String {
    let prefix = |prefix: &str| joined(lines.iter().map(|line| format!("{prefix}{line}")));
    match draw.below(13) {
        0 => prefix("> "),
        1 => prefix("# "),
        2 => prefix("web01 | "),
        3 => prefix("VERBOSE: "),
        4 => joined(
            lines
                .iter()
                .enumerate()
                .map(|(at, line)| format!("2024-05-01T10:26:{:02}.6238324Z {line}", at % 60)),
        ),
        5 => joined(
            lines
                .iter()
                .zip(1..)
                .map(|(line, at)| format!("{at:>4}: {line}")),
        ),
        6 => joined(lines.iter().map(|line| format!("\"{line}\","))),
        7 => joined(
            lines
                .iter()
                .map(|line| format!("{}<br />", line.replace(' ', "&nbsp;"))),
        ),
        8 => {
            let stdout = format!("{}\r\n", lines.join("\r\n"));
            let output =
                serde_json::json!({"changed": true, "stdout": stdout, "stdout_lines": lines});
            format!("ok: [web01] => {output:#}\n")
        }
        9 => {
            let bar = "*".repeat(22);
            let head = format!(
                "{bar}\r\nWindows PowerShell transcript start\r\nStart time: 2024\r\n{bar}\r\n"
            );
            format!(
                "{head}{}{bar}\r\nWindows PowerShell transcript end\r\n{bar}\r\n",
                joined(lines.iter().cloned())
            )
        }
        10 => {
            let every = 5 + draw.below(30);
            let lines = lines.iter().enumerate().flat_map(|(at, line)| {
                let more = (at > 0 && at % every == 0).then(|| "-- More  -- ".to_owned());
                more.into_iter().chain([line.clone()])
            });
            joined(lines)
        }
        11 => lines.join("\r\r\n") + "\r\r\n",
        _ => joined(
            lines
                .iter()
                .enumerate()
                .map(|(at, line)| format!("{}{line}", if at % 3 == 0 { "> " } else { "  " })),
        ),
    }
}

/// Noise that may cost values.
pub(super) fn harmful(draw: &mut Draw<'_>, lines: &mut [String]) {
    let at = draw.below(lines.len());
    let line = &mut lines[at];
    // After nothing, as Windows Server 2008 shows it, a remark is a value like any other.
    if line.trim_end().ends_with(':') {
        return;
    }
    match draw.below(7) {
        0 => line.push_str(" ★<<< set by hand"),
        1 => line.push_str("<br />"),
        2 => *line = line.replace("(null)", "(NULL)"),
        3 => line.push_str(" **new**"),
        4 => *line = line.replace(" : ", " = "),
        5 => line.push_str("\u{a0}\u{a0}x"),
        _ => line.insert_str(0, "> "),
    }
}

pub(super) fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\r\n").collect()
}
