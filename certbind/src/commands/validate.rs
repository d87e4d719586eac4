//! `validate`: whether files can be read.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::changes::counted;
use crate::cli::output::Format;
use crate::desired_state;
use crate::error::Error;
use crate::exit;
use crate::file_error::errors;
use crate::guards::name_warning;
use crate::input::{Contents, Input};
use crate::message::{report, warn};
use crate::print::{print, print_json};
use crate::registry::registry;
use crate::terminal::escaped;
use crate::warnings::warn_of;

pub(crate) fn run(files: &[PathBuf], format: Format) -> Result<u8, Error> {
    let mut code = exit::DONE;
    let mut found = Vec::new();
    for path in files {
        match read(path) {
            Ok(contents) => {
                contents.reading.iter().for_each(warn_of);
                desired_state::warn_of(path, contents.reading.as_ref());
                for warning in contents.bindings.iter().filter_map(name_warning) {
                    warn(&escaped(&format!("{}: {warning}", path.display())));
                }
                let (shown, bindings) = (path.display().to_string(), contents.bindings.len());
                match format {
                    Format::Json => found.push(json!({ "file": shown, "bindings": bindings })),
                    Format::Table => {
                        print(&format!("{}: {}\n", escaped(&shown), counted(bindings)))?;
                    }
                }
            }
            // A broken file hides no other.
            Err(error) => {
                match format {
                    Format::Json => found.push(json!({
                        "file": path.display().to_string(),
                        "problem": error.to_string(),
                        "errors": errors(&error),
                    })),
                    Format::Table => report_each(&error),
                }
                code = exit::BROKEN_INPUT;
            }
        }
    }
    if format == Format::Json {
        print_json(&found)?;
    }
    Ok(code)
}

fn read(path: &Path) -> Result<Contents, Error> {
    let name = path.to_string_lossy();
    if registry().is_url(&name) {
        return Err(Error::BrokenInput {
            path: path.to_owned(),
            problem: format!(
                "it is a store, not a file; `certbind check --store {name}` checks it"
            ),
        });
    }
    Input::File(path.to_owned()).read()
}

/// Reports every error of a file, each with its place.
fn report_each(error: &Error) {
    match error.in_file() {
        Some((path, errors @ [_, _, ..])) => {
            for each in errors {
                report(&escaped(&format!("{}: {each}", path.display())));
            }
        }
        _ => report(&escaped(&error.to_string())),
    }
}
