//! Messages on standard error: errors, warnings and notes, as text or as JSON objects.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use serde_json::json;

/// Whether messages are JSON objects, one a line.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Whether only errors are printed.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Prints messages as JSON from now on.
pub(crate) fn as_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// Prints no warnings and remarks from now on.
pub(crate) fn quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

pub(crate) fn is_json() -> bool {
    IS_JSON.load(Ordering::Relaxed)
}

/// Prints the error that ends the program. The text must be escaped.
pub(crate) fn report_last(text: &str, code: u8) {
    match is_json() {
        true => print_json(&json!({ "error": { "message": text, "exit_code": code } })),
        false => report(text),
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
    if is_json() {
        return print_json(&json!({ label: { "message": text } }));
    }
    // Ignored: a closed standard error cannot be reported. `anstream` drops colours if it is not a
    // terminal.
    let _ = writeln!(anstream::stderr(), "{}", labelled(color, label, text));
}

fn print_json(message: &serde_json::Value) {
    let _ = writeln!(io::stderr(), "{message}");
}

/// `warning: …` as part of a longer text.
pub(crate) fn warning(text: &str) -> String {
    labelled(AnsiColor::Yellow, "warning", text)
}

fn labelled(color: AnsiColor, label: &str, text: &str) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{label}:{style:#} {text}")
}
