//! Changes of a listing in transit: lost, duplicated or swapped lines, and noise.

use super::draw::Draw;

/// Lines are deleted, doubled, or swapped with the next.
pub(super) fn damage(draw: &mut Draw<'_>, lines: &mut Vec<String>) {
    if lines.len() < 3 {
        return;
    }
    let at = draw.below(lines.len() - 1);
    match draw.below(8) {
        0 | 1 => drop(lines.remove(at)),
        2 => drop(lines.drain(at..(at + 3).min(lines.len()))),
        3 => lines.insert(at, lines[at].clone()),
        4 | 5 => lines.swap(at, at + 1),
        6 => remove_section(lines, at),
        _ => match record(lines, at) {
            // Two records run together, or one is duplicated.
            Some((from, _)) if from > 1 && draw.one_in(2) => drop(lines.drain(from - 1..=from)),
            Some((from, to)) => {
                let copy = [&[String::new()], &lines[from..to]].concat();
                drop(lines.splice(to..to, copy));
            }
            None => {}
        },
    }
}

/// The lines of the record that a line belongs to.
fn record(lines: &[String], at: usize) -> Option<(usize, usize)> {
    if !lines[at].contains(" :") {
        return None;
    }
    let from = lines[..at].iter().rposition(String::is_empty)? + 1;
    let length = lines[at..].iter().position(String::is_empty)?;
    Some((from, at + length))
}

/// Removes the first Extended Property after a line.
fn remove_section(lines: &mut Vec<String>, at: usize) {
    let is_title = |line: &String| line.starts_with(' ') && line.ends_with("Properties:");
    let Some(title) = lines[at..].iter().position(is_title) else {
        return;
    };
    let from = at + title;
    let length = lines[from + 1..]
        .iter()
        .position(|line| is_title(line) || line.is_empty());
    lines.drain(from..from + 1 + length.unwrap_or_default());
}

/// Noise that can be removed, and does not change any value.
pub(super) fn removable(draw: &mut Draw<'_>, lines: &[String]) -> String {
    let prefix = |prefix: &str| joined(lines.iter().map(|line| format!("{prefix}{line}")));
    let numbered = lines.iter().enumerate();
    match draw.below(20) {
        0 => prefix("> "),
        1 => prefix("# "),
        2 => prefix("web01 | "),
        3 => prefix("VERBOSE: "),
        4 => joined(
            numbered.map(|(at, line)| format!("2024-05-01T10:26:{:02}.6238324Z {line}", at % 60)),
        ),
        5 => joined(numbered.map(|(at, line)| format!("{:>4}: {line}", at + 1))),
        6 => joined(lines.iter().map(|line| format!("\"{line}\","))),
        7 => joined(
            lines
                .iter()
                .map(|line| format!("{}<br />", line.replace(' ', "&nbsp;"))),
        ),
        8 => format!("ok: [web01] => {:#}\n", output(lines)),
        9 => format!("{:#}\n", output(lines)),
        10 => {
            let bar = "*".repeat(22);
            let head = format!(
                "{bar}\r\nWindows PowerShell transcript start\r\nStart time: 2024\r\n{bar}\r\n"
            );
            format!(
                "{head}{}{bar}\r\nWindows PowerShell transcript end\r\n{bar}\r\n",
                joined(lines.iter().cloned())
            )
        }
        11 => {
            let every = 5 + draw.below(30);
            joined(numbered.flat_map(|(at, line)| {
                let more = (at > 0 && at % every == 0).then(|| "-- More  -- ".to_owned());
                more.into_iter().chain([line.clone()])
            }))
        }
        12 => lines.join("\r\r\n") + "\r\r\n",
        13 => joined(
            numbered.map(|(at, line)| format!("{}{line}", if at % 3 == 0 { "> " } else { "  " })),
        ),
        14 => format!("```text\n{}```\n", joined(lines.iter().cloned())),
        15 => joined(lines.iter().map(|line| format!("'{line}' + \\"))),
        16 => joined(numbered.map(|(at, line)| format!("[10:26:{:02}] {line}", at % 60))),
        17 => format!("<pre>{}</pre>\r\n", joined(lines.iter().cloned())),
        18 => joined(lines.iter().map(|line| format!("<p>{line}</p>"))),
        // Markers of `Select-String` with the name of the file and the number of the line.
        _ => joined(numbered.map(|(at, line)| {
            let mark = if at % 3 == 0 { '>' } else { ' ' };
            format!("{mark} listing.txt:{}:{line}", at + 1)
        })),
    }
}

/// Lines wrapped at the width of a console: they are joined, or the listing is refused.
pub(super) fn wrapped(draw: &mut Draw<'_>, lines: &[String]) -> String {
    let width = draw.of(&[60, 72, 80]);
    joined(lines.iter().flat_map(|line| {
        let characters: Vec<char> = line.chars().collect();
        let rows = characters.chunks(width).map(|row| row.iter().collect());
        let rows: Vec<String> = rows.collect();
        if rows.is_empty() {
            vec![String::new()]
        } else {
            rows
        }
    }))
}

/// The outputs of two hosts in one file.
pub(super) fn outputs_of_two(lines: &[String]) -> String {
    let other: Vec<String> = lines
        .iter()
        .map(|line| {
            line.replace("10.0.", "10.9.")
                .replace("contoso", "fabrikam")
        })
        .collect();
    let (first, second) = (output(&other), output(lines));
    format!("ok: [web01] => {first:#}\nok: [web02] => {second:#}\n")
}

fn output(lines: &[String]) -> serde_json::Value {
    let stdout = format!("{}\r\n", lines.join("\r\n"));
    serde_json::json!({"changed": true, "stdout": stdout, "stdout_lines": lines})
}

/// The effect of noise that may lose values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// A line, or a record, was changed.
    Changed,
    /// A label is in the language of another host.
    OtherLanguage,
    /// Every line has a prefix of its own.
    Prefixes,
}

/// Noise that may cost values.
pub(super) fn harmful(draw: &mut Draw<'_>, lines: &mut [String]) -> Harm {
    let at = draw.below(lines.len());
    let kind = draw.below(13);
    match kind {
        9 => {
            if let Some((from, to)) = record(lines, at) {
                for line in &mut lines[from..to] {
                    *line = line.replace(" : ", " = ");
                }
            }
            return Harm::Changed;
        }
        10 => {
            let german = [
                ("Certificate Hash      ", "Zertifikathash        "),
                ("Application ID        ", "Anwendungs-ID         "),
            ];
            let (from, to) = draw.of(&german);
            let hit = lines[at..].iter_mut().find(|line| line.contains(from));
            return match hit {
                Some(line) => {
                    *line = line.replace(from, to);
                    Harm::OtherLanguage
                }
                None => Harm::Changed,
            };
        }
        11 => {
            for (at, line) in lines.iter_mut().enumerate() {
                if !line.is_empty() {
                    let word = ["one", "two", "many"][at % 3];
                    *line = format!("{word}{} {}", at * 7 % 5, line.trim_start());
                }
            }
            return Harm::Prefixes;
        }
        _ => {}
    }
    let Some(line) = lines.get_mut(at) else {
        return Harm::Changed;
    };
    // After nothing, as Windows Server 2008 shows it, a remark is a value like any other.
    if line.trim_end().ends_with(':') {
        return Harm::Changed;
    }
    match kind {
        0 => line.push_str(" ★<<< set by hand"),
        1 => line.push_str("<br />"),
        2 => *line = line.replace("(null)", "(NULL)"),
        3 => line.push_str(" **new**"),
        4 => *line = line.replace(" : ", " = "),
        5 => line.push_str("\u{a0}\u{a0}x"),
        6 => line.insert_str(0, "> "),
        // The last options of the releases, misspelt: without them a record is a complete one of an
        // older release.
        7 => {
            for line in lines {
                for label in ["Reject Connection", "Negotiate Client Certificat"] {
                    *line = line.replace(&format!("{label}s "), &format!("{label}z "));
                    *line = line.replace(&format!("{label}e "), &format!("{label}a "));
                }
            }
        }
        8 => {
            let (from, to) = draw.of(&[
                ("HTTP2", "HTTP4"),
                ("Ticket", "Tocket"),
                ("Client Hello", "Client Hallo"),
            ]);
            for line in lines {
                *line = line.replace(from, to);
            }
        }
        _ => line.push_str(" # old"),
    }
    Harm::Changed
}

pub(super) fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\r\n").collect()
}
