//! The text around the records: titles, prompts and blank lines, which are expected, and the rest.

use super::evidence::{TEXTS, Text};
use super::language::Language;
use super::line_reader::RawLine;
use crate::report::{ConversionWarning, WarningKind};
use crate::rule::{Rule, holds};

/// The observations about the text around the records.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// The first lines that are not blank, shortened.
    first_lines: Vec<String>,
    /// A line that is a title if a rule follows.
    title: Option<(u64, String)>,
    /// The first and the last line of the text that is being skipped.
    skipped: Option<(u64, u64)>,
    has_title: bool,
    has_skipped: bool,
    pub(super) warnings: Vec<ConversionWarning>,
}

/// The title of a listing and the dashes under it, in English.
const TITLE: [&str; 2] = ["SSL Certificate bindings:", "-------------------------"];

const SCRIPT: &str =
    "a script of netsh commands (`certbind netsh -f FILE` carries out those of `netsh dump`)";

/// Other outputs of `netsh http`, by the start of a line in lower case.
const OTHERS: [(&str, &str); 15] = [
    ("netsh http add", SCRIPT),
    ("http add sslcert", SCRIPT),
    ("add sslcert", SCRIPT),
    ("url reservations:", "URL reservations (`show urlacl`)"),
    ("reserved url", "URL reservations (`show urlacl`)"),
    (
        "ip addresses present in the ip listen list",
        "the IP listen list (`show iplisten`)",
    ),
    (
        "snapshot of http service state",
        "the service state (`show servicestate`)",
    ),
    ("global timeout values", "timeouts (`show timeout`)"),
    ("cache parameters", "cache parameters (`show cacheparam`)"),
    ("usage:", "the help of a command"),
    ("commands in this context", "the help of a command"),
    (
        "the following commands are available",
        "the help of a command",
    ),
    (
        "the system cannot find the file specified",
        "the error that a key is not bound",
    ),
    ("ssl certificate add failed", "the error of a command"),
    (
        "ssl certificate successfully",
        "the answer of a command that changes bindings",
    ),
];

impl Surroundings {
    /// Takes in a line that belongs to no record.
    pub(super) fn line(&mut self, line: &RawLine) {
        let text = line
            .text
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if text.is_empty() {
            return;
        }
        if self.first_lines.len() < 4 {
            self.first_lines.push(text.chars().take(80).collect());
        }
        if is_rule(text) {
            if let Some((_, title)) = self.title.take() {
                self.has_title |= is_heading(&title, text);
            }
            return;
        }
        self.flush_title();
        let has_value = line.parts().is_some_and(|parts| !parts.value.is_empty());
        if is_prompt(text) || is_title(text) && !has_value {
            self.end_group();
            if is_title(text) {
                self.title = Some((line.number, text.to_owned()));
            }
        } else if has_value {
            self.skip(line.number);
        } else {
            self.title = Some((line.number, text.to_owned()));
        }
    }

    /// A record begins, or the listing ends.
    pub(super) fn end(&mut self) {
        self.flush_title();
        self.end_group();
    }

    fn flush_title(&mut self) {
        if let Some((number, title)) = self.title.take()
            && !is_title(&title)
        {
            self.skip(number);
        }
    }

    fn skip(&mut self, number: u64) {
        self.has_skipped = true;
        let first = self.skipped.map_or(number, |(first, _)| first);
        self.skipped = Some((first, number));
    }

    fn end_group(&mut self) {
        let Some((first, last)) = self.skipped.take() else {
            return;
        };
        let what = match first == last {
            true => "this line belongs to no record and was ignored".to_owned(),
            false => format!("lines {first} to {last} belong to no record and were ignored"),
        };
        if holds(Rule::TextIsReported) {
            self.warnings
                .push(ConversionWarning::new(WarningKind::Skipped, what).at(first));
        }
    }

    /// Whether this is all that netsh prints for a host without bindings.
    pub(super) fn is_empty_listing(&self) -> bool {
        self.has_title && !self.has_skipped
    }

    /// The other output of netsh that this is, if it is one that is known.
    pub(super) fn other_output(&self) -> Option<&'static str> {
        self.first_lines.iter().find_map(|line| {
            let line = line.to_lowercase();
            let found = OTHERS.iter().find(|(start, _)| line.starts_with(start));
            found.map(|(_, what)| *what)
        })
    }

    /// The first line that is not blank.
    pub(super) fn first_line(&self) -> &str {
        self.first_lines.first().map_or("", String::as_str)
    }
}

/// Whether a line is the title of a listing in a known language.
fn is_title(text: &str) -> bool {
    titles().any(|(title, _)| is_same(title, text))
}

/// Whether a title is known, and these are the dashes under it.
fn is_heading(title: &str, dashes: &str) -> bool {
    titles().any(|(known, rule)| is_same(known, title) && rule.is_none_or(|rule| rule == dashes))
}

/// The known titles, each with the dashes under it. Where these are not known, any number will do.
fn titles() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let others = Language::ALL.into_iter().filter_map(|language| {
        let of = |text| {
            TEXTS
                .iter()
                .find(|known| known.language == language && known.text == text)
        };
        let rule = of(Text::Rule).map(|known| known.spelling);
        Some((of(Text::Title)?.spelling, rule))
    });
    std::iter::once((TITLE[0], Some(TITLE[1]))).chain(others)
}

fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn is_rule(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().unwrap_or_default();
    text.len() >= 3 && b"-=_*".contains(&first) && bytes.all(|byte| byte == first)
}

/// Whether a line is a prompt with or without a command, or a command of netsh.
fn is_prompt(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_drive = text.as_bytes().get(1) == Some(&b':') && text.contains('>');
    let is_shell = lower.starts_with("ps ") && text.contains('>');
    let commands = [
        "netsh",
        "show sslcert",
        "http show sslcert",
        "bye",
        "exit",
        "http",
        "popd",
    ];
    let is_command = commands.iter().any(|command| {
        let rest = lower.strip_prefix(command);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '>', '.']))
    });
    is_drive || is_shell || is_command
}
