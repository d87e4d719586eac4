//! `docs/fidelity.md`, generated from one file per question in `docs/fidelity/`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Deserialize;

use crate::process::{Failure, root};

/// The page, and the folder of its parts.
const PAGE: &str = "docs/fidelity.md";
const FOLDER: &str = "docs/fidelity";

/// The prose of the page, with a placeholder for each table.
const TEMPLATE: &str = "page.in";

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
    /// The table of a question without an option: `bindings` or `service`.
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

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    Documented,
    Observed,
    Inferred,
    Unknown,
}

impl Confidence {
    fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// Writes the page, or with `--check` fails if it is not up to date.
pub(crate) fn run(is_check: bool) -> Result<(), Failure> {
    let page = page(&root())?;
    let path = root().join(PAGE);
    if !is_check {
        return std::fs::write(&path, page).map_err(|error| failure(&path, error));
    }
    let found = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
    match found == page {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "{PAGE} is out of date; run `cargo xtask fidelity`"
        ))),
    }
}

fn page(root: &Path) -> Result<String, Failure> {
    let folder = root.join(FOLDER);
    let questions = questions(&folder)?;
    let template = folder.join(TEMPLATE);
    let template = std::fs::read_to_string(&template).map_err(|error| failure(&template, error))?;
    let mut page = template;
    for (placeholder, table) in [
        ("{{bindings}}\n", table(&questions, "bindings")),
        ("{{options}}\n", options(&questions)),
        ("{{service}}\n", table(&questions, "service")),
    ] {
        if !page.contains(placeholder) {
            return Err(Failure::new(format!(
                "{FOLDER}/{TEMPLATE} lacks {placeholder}"
            )));
        }
        page = page.replace(placeholder, &table);
    }
    Ok(page)
}

/// The questions by the names of their files.
fn questions(folder: &Path) -> Result<BTreeMap<String, Question>, Failure> {
    let mut questions = BTreeMap::new();
    for entry in folder.read_dir().map_err(|error| failure(folder, error))? {
        let path = entry.map_err(|error| failure(folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
        let question: Question = toml::from_str(&text).map_err(|error| failure(&path, error))?;
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
            let needs =
                "an option and its answers, or `area`, `simulator`, `others` and `certbind`";
            return Err(failure(&path, format!("a question has {needs}")));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        questions.insert(name.into_owned(), question);
    }
    Ok(questions)
}

fn table(questions: &BTreeMap<String, Question>, area: &str) -> String {
    let mut text = String::from(
        "| question | what the simulator does | evidence | other answers | what certbind does | how to check on Windows |\n\
         |---|---|---|---|---|---|\n",
    );
    for of in questions
        .values()
        .filter(|of| of.area.as_deref() == Some(area))
    {
        let _ = writeln!(
            text,
            "| {} | {} | {}: {} | {} | {} | {} |",
            of.question,
            of.simulator.as_deref().unwrap_or_default(),
            of.confidence.name(),
            of.evidence,
            of.others.as_deref().unwrap_or_default(),
            of.certbind.as_deref().unwrap_or_default(),
            of.check
        );
    }
    text
}

/// A section for each option.
fn options(questions: &BTreeMap<String, Question>) -> String {
    let mut text = String::new();
    for of in questions.values() {
        let Some(option) = &of.option else { continue };
        let default = of.default.as_deref().unwrap_or_default();
        let _ = write!(
            text,
            "### `{option}`\n\n{}.\n\n| answer | what certbind does |\n|---|---|\n",
            of.question
        );
        let is_default = |answer: &&String| answer.as_str() == default;
        let (first, others): (Vec<_>, Vec<_>) = of.answers.keys().partition(is_default);
        for answer in first.into_iter().chain(others) {
            let mark = if answer == default { " (default)" } else { "" };
            let _ = writeln!(text, "| `{answer}`{mark} | {} |", of.answers[answer]);
        }
        let _ = write!(
            text,
            "\nEvidence ({}): {}.\nCheck: {}.\n\n",
            of.confidence.name(),
            of.evidence,
            of.check
        );
    }
    text.pop();
    text
}

fn failure(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
