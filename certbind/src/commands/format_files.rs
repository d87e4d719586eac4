//! `fmt`: desired states in their canonical form.

use std::io;
use std::path::Path;

use certbind_formats::{Format as ExportFormat, ReadOptions, desired, detect};
use serde::Serialize;

use crate::cli::fmt::Fmt;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::file_error::{FileError, errors};
use crate::hive_logs::format_of_name;
use crate::input::{is_standard_input, read_file};
use crate::message::report;
use crate::output_file;
use crate::print::{print, print_json};
use crate::terminal::escaped;

/// A file, as JSON has it.
#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    Read(Formatted),
    Unread {
        file: String,
        problem: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        errors: Vec<FileError>,
    },
}

#[derive(Serialize)]
struct Formatted {
    file: String,
    /// Whether it was in the canonical form.
    canonical: bool,
    written: bool,
    /// The canonical form of standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

pub(crate) fn run(arguments: &Fmt) -> Result<u8, Error> {
    let is_json = arguments.output.format == Format::Json;
    let mut code = exit::DONE;
    let mut rows = Vec::new();
    for path in &arguments.files {
        match format(path, arguments.check) {
            Ok(formatted) => {
                if arguments.check && !formatted.canonical && code == exit::DONE {
                    code = exit::DIFFERENT;
                }
                if !is_json {
                    print(&in_words(&formatted, arguments.check))?;
                }
                rows.push(Row::Read(formatted));
            }
            // A broken file hides no other.
            Err(error) => {
                report(&escaped(&error.to_string()));
                code = error.exit_code();
                rows.push(Row::Unread {
                    file: path.display().to_string(),
                    errors: errors(&error),
                    problem: error.reason(),
                });
            }
        }
    }
    if is_json {
        print_json(&rows)?;
    }
    Ok(code)
}

/// Formats a file; with `is_check` it is only read.
fn format(path: &Path, is_check: bool) -> Result<Formatted, Error> {
    let text = text(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let found = format_of_name(path).unwrap_or_else(|| detect(text.as_bytes()));
    if !matches!(found, ExportFormat::Toml | ExportFormat::Netsh) {
        return Err(Error::BrokenInput {
            path: path.to_owned(),
            problem: format!(
                "fmt writes desired states in TOML, found the format {found}; \
                 `certbind validate` checks files of every format"
            ),
        });
    }
    let options = ReadOptions {
        folder: path.parent().map(Path::to_owned),
        ..ReadOptions::default()
    };
    let formatted = desired::canonical(&text, &options).map_err(|source| Error::BrokenExport {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let canonical = formatted == text;
    let is_input = is_standard_input(path);
    let written = !is_check && !is_input && !canonical;
    if written {
        output_file::write(path, |out| Ok(out.write_all(formatted.as_bytes())?))?;
    }
    Ok(Formatted {
        file: path.display().to_string(),
        canonical,
        written,
        text: (!is_check && is_input).then_some(formatted),
    })
}

fn text(path: &Path) -> io::Result<String> {
    let text = String::from_utf8(read_file(path)?);
    text.map_err(|_| {
        let what = "it is not UTF-8; save it so (`>` of PowerShell 5 writes UTF-16, -o of certbind does not)";
        io::Error::new(io::ErrorKind::InvalidData, what)
    })
}

fn in_words(formatted: &Formatted, is_check: bool) -> String {
    let file = escaped(&formatted.file);
    match &formatted.text {
        Some(text) => text.clone(),
        None if formatted.written => format!("{file}: formatted\n"),
        None if is_check && !formatted.canonical => format!("{file}: not in canonical form\n"),
        None => String::new(),
    }
}
