//! `validate`: whether files can be read.

use std::path::PathBuf;

use serde_json::json;

use crate::changes::counted;
use crate::cli::output::Format;
use crate::desired_state;
use crate::error::Error;
use crate::exit;
use crate::guards::name_warning;
use crate::input::Input;
use crate::message::{report, warn};
use crate::print::{print, print_json};
use crate::terminal::escaped;
use crate::warnings::warn_of;

pub(crate) fn run(files: &[PathBuf], format: Format) -> Result<u8, Error> {
    let mut code = exit::DONE;
    let mut found = Vec::new();
    for path in files {
        match Input::File(path.clone()).read() {
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
                let problem = error.to_string();
                match format {
                    Format::Json => found.push(json!({
                        "file": path.display().to_string(), "problem": problem,
                    })),
                    Format::Table => report(&escaped(&problem)),
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
