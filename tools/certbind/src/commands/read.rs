//! `list`, `show` and `check`: nothing is changed.

use store_core::{BindingKey, StoreError};

use super::{everything, print, print_json};
use crate::cli::Format;
use crate::error::Error;
use crate::screen::escaped;
use crate::stores::{Access, Opened, StoreUrl};
use crate::{exit, record, table};

pub(crate) fn list(url: &StoreUrl, format: Format) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let bindings = everything(store.bindings())?;
    match format {
        Format::Json => print_json(&bindings)?,
        Format::Table if bindings.is_empty() => print("No bindings.\n")?,
        Format::Table => print(&format!("{}\n", table::of(&bindings)))?,
    }
    Ok(exit::DONE)
}

pub(crate) fn show(url: &StoreUrl, key: &BindingKey, format: Format) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let found = store.bindings().get(key)?;
    let binding = found.ok_or_else(|| StoreError::NotFound { key: key.clone() })?;
    match format {
        Format::Json => print_json(&binding)?,
        Format::Table => print(&record::in_full(&binding))?,
    }
    Ok(exit::DONE)
}

pub(crate) fn check(url: &StoreUrl, format: Format) -> Result<u8, Error> {
    let found = Opened::open(url, Access::Read)?.check()?;
    match format {
        Format::Json => print_json(&found)?,
        Format::Table => {
            let url = url.to_string();
            let mut text = format!("{}: {} bindings", escaped(&url), found.bindings);
            if let Some(revision) = found.revision {
                text.push_str(&format!(", revision {revision}"));
            }
            text.push_str(if found.problems.is_empty() {
                "; whole\n"
            } else {
                "; damaged\n"
            });
            for problem in &found.problems {
                text.push_str(&format!("  {}\n", escaped(problem)));
            }
            print(&text)?;
        }
    }
    Ok(if found.problems.is_empty() {
        exit::DONE
    } else {
        exit::DAMAGED
    })
}
