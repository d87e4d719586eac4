//! `docs/fidelity.md` and the pages below it, generated from one file per question in `docs/fidelity/`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::generated::{Page, failure, files, placed};
use crate::markdown::wrapped;
use crate::process::{Failure, root};

const FOLDER: &str = "docs/fidelity";

/// An open question about HTTP.sys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    question: String,
    /// The option of the simulator that answers it; none if the simulator has one answer.
    option: Option<String>,
    /// The option's default.
    default: Option<String>,
    /// The answers of the option, and the behaviour of certbind under each.
    #[serde(default)]
    answers: BTreeMap<String, String>,
    /// The page of a question without an option: `bindings` or `service`.
    area: Option<String>,
    /// The simulator's answer, without an option.
    simulator: Option<String>,
    /// Other answers that Windows may give, without an option.
    others: Option<String>,
    /// The behaviour of certbind under all of them, without an option.
    certbind: Option<String>,
    evidence: String,
    confidence: Confidence,
    check: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    Documented,
    Observed,
    Inferred,
    Unknown,
}

impl Confidence {
    const ALL: [(Self, &str); 4] = [
        (Self::Documented, "documentation of Microsoft"),
        (
            Self::Observed,
            "an observation on a real host that was published",
        ),
        (Self::Inferred, "an inference from either"),
        (Self::Unknown, "no source"),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

type Questions = BTreeMap<String, Question>;

/// Writes the pages, or with `--check` fails if one is not up to date.
pub(crate) fn run(is_check: bool) -> Result<(), Failure> {
    let questions = questions(&root())?;
    let page = |name: &str, placeholder, part| {
        placed(&format!("{FOLDER}/{name}.in"), &[(placeholder, part)])
    };
    let pages = [
        Page::new(
            "docs/fidelity.md",
            page("page", "{{counts}}\n", counts(&questions))?,
        ),
        Page::new(
            "docs/fidelity/bindings.md",
            page("bindings", "{{questions}}\n", area(&questions, "bindings"))?,
        ),
        Page::new(
            "docs/fidelity/options.md",
            page("options", "{{options}}\n", options(&questions))?,
        ),
        Page::new(
            "docs/fidelity/service.md",
            page("service", "{{questions}}\n", area(&questions, "service"))?,
        ),
    ];
    crate::generated::run(&pages, "fidelity", is_check)
}

/// The questions by the names of their files.
fn questions(root: &Path) -> Result<Questions, Failure> {
    let questions: Questions = files(&root.join(FOLDER))?;
    for (name, question) in &questions {
        let (has_option, parts) = (
            question.option.is_some(),
            [
                &question.area,
                &question.simulator,
                &question.others,
                &question.certbind,
            ],
        );
        if parts.iter().any(|part| part.is_some() == has_option) {
            let path = root.join(FOLDER).join(format!("{name}.toml"));
            let needs =
                "an option and its answers, or `area`, `simulator`, `others` and `certbind`";
            return Err(failure(&path, format!("a question has {needs}")));
        }
    }
    Ok(questions)
}

/// The number of questions by the kind of their evidence.
fn counts(questions: &Questions) -> String {
    let mut text = String::from("| evidence | source | questions |\n|---|---|---:|\n");
    for (confidence, source) in Confidence::ALL {
        let of = questions.values().filter(|of| of.confidence == confidence);
        let (name, count) = (confidence.name(), of.count());
        let _ = writeln!(text, "| {name} | {source} | {count} |");
    }
    let _ = writeln!(text, "| | all | {} |", questions.len());
    text
}

/// A section for each question without an option.
fn area(questions: &Questions, area: &str) -> String {
    let of_area = |of: &&Question| of.area.as_deref() == Some(area);
    let mut text = String::new();
    for of in questions.values().filter(of_area) {
        let _ = write!(text, "## {}\n\n", of.question);
        let evidence = format!("{}: {}", of.confidence.name(), of.evidence);
        for (label, value) in [
            ("Simulator", of.simulator.as_deref()),
            ("Evidence", Some(evidence.as_str())),
            ("Windows may answer", of.others.as_deref()),
            ("certbind", of.certbind.as_deref()),
            ("Check on Windows", Some(of.check.as_str())),
        ] {
            let value = value.unwrap_or_default();
            text += &wrapped(&format!("- **{label}:** {value}"), "  ");
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// A section for each option.
fn options(questions: &Questions) -> String {
    let mut text = String::new();
    for of in questions.values() {
        let Some(option) = &of.option else { continue };
        let default = of.default.as_deref().unwrap_or_default();
        let _ = write!(text, "## `{option}`\n\n");
        text += &wrapped(&format!("{}.", of.question), "");
        text += "\n| answer | behaviour of certbind |\n|---|---|\n";
        let is_default = |answer: &&String| answer.as_str() == default;
        let (first, others): (Vec<_>, Vec<_>) = of.answers.keys().partition(is_default);
        for answer in first.into_iter().chain(others) {
            let mark = if answer == default { " (default)" } else { "" };
            let _ = writeln!(text, "| `{answer}`{mark} | {} |", of.answers[answer]);
        }
        text.push('\n');
        let evidence = format!("- **Evidence:** {}: {}", of.confidence.name(), of.evidence);
        text += &wrapped(&evidence, "  ");
        text += &wrapped(&format!("- **Check on Windows:** {}", of.check), "  ");
        text.push('\n');
    }
    text.pop();
    text
}
