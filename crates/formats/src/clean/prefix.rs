//! Prefixes of every line: quotation marks, comment marks, times, counters, names of hosts.

use super::lines::{Lines, NumberedLine, label_at};

/// Lines that are string literals of a script, as in `"    IP:port : 0.0.0.0:443",`.
pub(super) fn quoted(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    let (from, to) = block(lines)?;
    let mut left = lines.to_vec();
    for (at, line) in left.iter_mut().enumerate() {
        match unquoted(&line.text) {
            Some(text) => line.text = text,
            None if (from..=to).contains(&at) && !line.text.trim().is_empty() => return None,
            None => {}
        }
    }
    Some((left, "lines are quoted as in a script".to_owned()))
}

/// The contents of a string literal, if a line consists of one.
fn unquoted(line: &str) -> Option<String> {
    let text = line.trim();
    let quote = text.chars().next().filter(|c| *c == '"' || *c == '\'')?;
    let (inside, after) = text[1..].rsplit_once(quote)?;
    let is_end = after
        .trim_matches([',', ';', '+', '\\', ' ', '`', '.'])
        .is_empty();
    let inside = inside.strip_suffix("\\n").unwrap_or(inside);
    let inside = inside.strip_suffix("\\r").unwrap_or(inside);
    (is_end && !inside.contains(['"', '\\'])).then(|| inside.to_owned())
}

/// A prefix that all lines from the first record to the last have, and any lines around them that
/// have it too.
pub(super) fn removed(lines: &[NumberedLine]) -> Option<(Lines, String)> {
    let (from, to) = block(lines)?;
    let inside: Vec<&str> = lines[from..=to]
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    for find in [marks, time, counter, common] {
        let Some((cut, what)) = find(&inside) else {
            continue;
        };
        let left = lines.iter().enumerate().map(|(at, line)| {
            let rest = cut.of(&line.text);
            let text = match rest {
                Some(rest) => rest,
                None if (from..=to).contains(&at) => "",
                None => &line.text,
            };
            NumberedLine {
                number: line.number,
                text: text.to_owned(),
            }
        });
        let left: Lines = left.collect();
        if left
            .iter()
            .zip(lines)
            .any(|(left, line)| left.text != line.text)
        {
            return Some((left, what));
        }
    }
    None
}

/// The lines from the first that has a label to the last that has a colon.
fn block(lines: &[NumberedLine]) -> Option<(usize, usize)> {
    let from = lines
        .iter()
        .position(|line| label_at(&line.text).is_some())?;
    let to = lines.iter().rposition(|line| line.text.contains(" : "))?;
    (from < to).then_some((from, to))
}

/// A prefix, and the way to remove it from a line.
enum Cut {
    Fixed(String),
    /// `Select-String` marks lines that match with `>`, and others with a space.
    Marks,
    Time,
    Counter,
}

impl Cut {
    /// The line without the prefix, if it has it.
    fn of<'a>(&self, line: &'a str) -> Option<&'a str> {
        match self {
            Self::Fixed(prefix) => line.strip_prefix(prefix.as_str()).or_else(|| {
                let is_cut = !prefix.trim_end().is_empty() && line == prefix.trim_end();
                is_cut.then_some("")
            }),
            Self::Marks => line.strip_prefix("> ").or_else(|| line.strip_prefix("  ")),
            Self::Time => after_time(line),
            Self::Counter => after_counter(line).map(|(_, rest)| rest),
        }
    }
}

fn marks(lines: &[&str]) -> Option<(Cut, String)> {
    let has_mark = |line: &&&str| line.starts_with("> ");
    let shown = || lines.iter().filter(|line| !line.trim().is_empty());
    let count = shown().filter(has_mark).count();
    let is_all = shown().all(|line| Cut::Marks.of(line).is_some());
    let is_some = count > 0 && count < shown().count();
    (is_all && is_some).then(|| {
        (
            Cut::Marks,
            "lines are marked as by Select-String".to_owned(),
        )
    })
}

/// The longest prefix of all lines, up to the spaces that belong to the listing.
fn common(lines: &[&str]) -> Option<(Cut, String)> {
    let shown: Vec<&&str> = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let first = **shown.first()?;
    let (cut_first, _) = first.split_at(label_at(first)?);
    let mut prefix = cut_first.trim_end();
    while !prefix.is_empty() {
        let has = |line: &&&str| line.starts_with(prefix);
        let count = shown.iter().filter(|line| has(line)).count();
        if count == shown.len() {
            break;
        }
        let (end, _) = prefix.char_indices().next_back()?;
        prefix = &prefix[..end];
    }
    if prefix.trim().is_empty() {
        return None;
    }
    // One space after it belongs to it, if all lines have one.
    let spaced = format!("{prefix} ");
    let is_spaced = shown
        .iter()
        .all(|line| line.starts_with(&spaced) || **line == prefix);
    let prefix = if is_spaced { spaced } else { prefix.to_owned() };
    let what = format!("lines begin with {prefix:?}");
    Some((Cut::Fixed(prefix), what))
}

fn time(lines: &[&str]) -> Option<(Cut, String)> {
    let is_all = lines.iter().filter(|line| !line.trim().is_empty());
    let is_all = is_all.clone().all(|line| after_time(line).is_some());
    is_all.then(|| (Cut::Time, "lines begin with a time".to_owned()))
}

/// The text after a date and time, or a time, and one space.
fn after_time(line: &str) -> Option<&str> {
    let open = line.strip_prefix('[');
    let start = open.unwrap_or(line);
    let is_part = |c: char| c.is_ascii_digit() || "-/.:,TZ+".contains(c);
    let mut rest = start.trim_start_matches(is_part);
    let mut stamp = &start[..start.len() - rest.len()];
    // A date, a space, a time.
    if let Some(next) = rest.strip_prefix(' ')
        && !stamp.contains(':')
        && next.starts_with(|c: char| c.is_ascii_digit())
    {
        rest = next.trim_start_matches(is_part);
        stamp = &start[..start.len() - rest.len()];
    }
    let digits = stamp.bytes().filter(u8::is_ascii_digit).count();
    if digits < 4 || stamp.matches(':').count() < 1 || stamp.matches('.').count() > 3 {
        return None;
    }
    let is_clock = stamp.split([' ', 'T']).any(|part| {
        let mut numbers = part.split(':');
        let two = |text: Option<&str>| {
            text.is_some_and(|text| {
                text.len() >= 2 && text.as_bytes()[..2].iter().all(u8::is_ascii_digit)
            })
        };
        part.contains(':') && two(numbers.next()) && two(numbers.next())
    });
    if !is_clock {
        return None;
    }
    let rest = match open {
        Some(_) => rest.strip_prefix(']')?,
        None => rest,
    };
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = rest.strip_prefix('\t').or_else(|| rest.strip_prefix(' '))?;
    Some(rest)
}

/// Numbers that go up by one from line to line.
fn counter(lines: &[&str]) -> Option<(Cut, String)> {
    let numbers: Option<Vec<u64>> = lines
        .iter()
        .map(|line| after_counter(line).map(|(number, _)| number))
        .collect();
    let numbers = numbers?;
    let is_rising = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    (is_rising && numbers.len() > 3)
        .then(|| (Cut::Counter, "lines begin with their number".to_owned()))
}

fn after_counter(line: &str) -> Option<(u64, &str)> {
    let start = line.trim_start();
    let rest = start.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = start[..start.len() - rest.len()].parse().ok()?;
    if rest.is_empty() {
        return Some((number, rest));
    }
    let rest = rest.strip_prefix([':', '-', '.', ')', '|', '\t', ' '])?;
    Some((number, rest))
}
