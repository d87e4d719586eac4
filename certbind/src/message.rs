//! Messages on standard error: errors, warnings and notes, as text or as JSON objects.

use std::io::{self, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::AnsiColor;
use certbind_formats::ParseError;
use serde_json::json;

/// How messages are printed. Without a value, as text.
static STYLE: OnceLock<Style> = OnceLock::new();

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// JSON objects, one a line.
    Json,
    /// JSON objects as DSC reads them from its resources: a level and a text.
    Dsc,
}

/// Whether only errors are printed.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Prints messages as JSON from now on.
pub(crate) fn as_json() {
    let _ = STYLE.set(Style::Json);
}

/// Prints messages as DSC reads them from now on.
pub(crate) fn as_dsc() {
    let _ = STYLE.set(Style::Dsc);
}

/// Prints no warnings and remarks from now on.
pub(crate) fn quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

pub(crate) fn is_text() -> bool {
    STYLE.get().is_none()
}

/// Prints the error that ends the program, as JSON with the file that it is about and the place of its
/// first error. The text must be escaped.
pub(crate) fn report_last(text: &str, code: u8, file: Option<(&Path, &[ParseError])>) {
    match STYLE.get() {
        Some(Style::Json) => {
            let mut error = json!({ "message": text, "exit_code": code });
            if let Some((path, errors)) = file {
                error["file"] = path.display().to_string().into();
                let first = errors.first();
                let line = first.and_then(|it| Some(("line", it.line?)));
                let column = first.and_then(|it| Some(("column", it.column?)));
                for (name, number) in line.into_iter().chain(column) {
                    error[name] = number.into();
                }
            }
            print_json(&json!({ "error": error }));
        }
        Some(Style::Dsc) | None => report(text),
    }
}

/// Prints an error. The text must be escaped.
pub(crate) fn report(text: &str) {
    print(AnsiColor::Red, "error", text);
}

/// Prints a warning. The text must be escaped.
pub(crate) fn warn(text: &str) {
    print(AnsiColor::Yellow, "warning", text);
}

/// Prints a remark. The text must be escaped.
pub(crate) fn note(text: &str) {
    print(AnsiColor::Cyan, "note", text);
}

/// Prints an event of a backend. The text must be escaped.
pub(crate) fn event(text: &str) {
    print(AnsiColor::Blue, "event", text);
}

fn print(color: AnsiColor, label: &str, text: &str) {
    if IS_QUIET.load(Ordering::Relaxed) && label != "error" {
        return;
    }
    match STYLE.get() {
        Some(Style::Json) => return print_json(&json!({ label: { "message": text } })),
        Some(Style::Dsc) => return print_json(&json!({ dsc_level(label): text })),
        None => {}
    }
    // Ignored: a closed standard error cannot be reported. `anstream` drops colours if it is not a
    // terminal.
    let _ = writeln!(anstream::stderr(), "{}", labelled(color, label, text));
}

/// The level of a message in DSC.
fn dsc_level(label: &str) -> &str {
    match label {
        "warning" => "warn",
        "note" => "info",
        "event" => "debug",
        level => level,
    }
}

fn print_json(message: &serde_json::Value) {
    let _ = writeln!(io::stderr(), "{message}");
}

/// `warning: …` as part of a longer text.
pub(crate) fn warning(text: &str) -> String {
    labelled(AnsiColor::Yellow, "warning", text)
}

fn labelled(color: AnsiColor, label: &str, text: &str) -> String {
    let style = anstyle::Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{label}:{style:#} {text}")
}
