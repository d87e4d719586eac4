//! `validate`: whether files can be read.

use std::path::PathBuf;

use crate::changes::counted;
use crate::error::{Error, report};
use crate::exit;
use crate::input::Input;
use crate::print::print;
use crate::terminal::escaped;
use crate::warnings::warn_of;

pub(crate) fn run(files: &[PathBuf]) -> Result<u8, Error> {
    let mut code = exit::DONE;
    for path in files {
        match Input::File(path.clone()).read() {
            Ok(contents) => {
                contents.reading.iter().for_each(warn_of);
                let count = counted(contents.bindings.len());
                print(&format!(
                    "{}: {count}\n",
                    escaped(&path.display().to_string())
                ))?;
            }
            // A broken file hides no other.
            Err(error) => {
                report(&escaped(&error.to_string()));
                code = exit::BROKEN_INPUT;
            }
        }
    }
    Ok(code)
}
