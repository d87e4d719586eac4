//! `fmt`: desired states in their canonical form.

use std::path::Path;

use certbind_formats::{ReadOptions, desired};

use crate::cli::fmt::Fmt;
use crate::error::Error;
use crate::exit;
use crate::input::is_standard_input;
use crate::message::report;
use crate::output_file;
use crate::print::print;
use crate::read_file;
use crate::terminal::escaped;

pub(crate) fn run(arguments: &Fmt) -> Result<u8, Error> {
    let mut code = exit::DONE;
    for path in &arguments.files {
        match format(path, arguments.check) {
            Ok(is_canonical) if arguments.check && !is_canonical && code == exit::DONE => {
                code = exit::DIFFERENT;
            }
            Ok(_) => {}
            // A broken file hides no other.
            Err(error) => {
                report(&escaped(&error.to_string()));
                code = error.exit_code();
            }
        }
    }
    Ok(code)
}

/// Whether the file was in the canonical form.
fn format(path: &Path, is_check: bool) -> Result<bool, Error> {
    let text = read_file::read_text(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let options = ReadOptions {
        folder: path.parent().map(Path::to_owned),
        ..ReadOptions::default()
    };
    let formatted = desired::canonical(&text, &options).map_err(|error| Error::BrokenInput {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    let is_canonical = formatted == text;
    let shown = path.display().to_string();
    let shown = escaped(&shown);
    if is_check {
        if !is_canonical {
            print(&format!("{shown}: not in canonical form\n"))?;
        }
    } else if is_standard_input(path) {
        print(&formatted)?;
    } else if !is_canonical {
        output_file::write(path, |out| Ok(out.write_all(formatted.as_bytes())?))?;
        print(&format!("{shown}: formatted\n"))?;
    }
    Ok(is_canonical)
}
