//! `docs/reference/errors.md`: every error and warning of the program, collected from its sources.

mod page;
mod scan;
mod sources;
mod template;

use std::collections::BTreeSet;

use crate::generated::{Page, placed};
use crate::process::{Failure, root};

use page::Sections;
use scan::Message;

const PAGE: &str = "docs/reference/errors.md";
const TEMPLATE: &str = "docs/reference/errors.in";

/// Writes the page, or with `--check` fails if it is not up to date.
pub(crate) fn run(is_check: bool) -> Result<(), Failure> {
    let sections = Sections::read(&root())?;
    let text = placed(TEMPLATE, &[("{{messages}}\n", text(&sections)?)])?;
    crate::generated::run(&[Page::new(PAGE, text)], "messages", is_check)
}

/// The sections with the messages of the program.
fn text(sections: &Sections) -> Result<String, Failure> {
    let mut by_section = vec![Vec::new(); sections.len()];
    let mut unused: BTreeSet<_> = sections.others().collect();
    for source in sources::of_program(&root())? {
        let path = source.path.as_str();
        let other = sections.other(path);
        if let Some(other) = other {
            unused.remove(other);
        }
        let messages = scan::messages(&source.text, other.is_some())
            .map_err(|error| Failure::new(format!("{path}: {error}")))?;
        if messages.is_empty() {
            continue;
        }
        let Some(section) = sections.section(path) else {
            let message = format!(
                "{path} has messages, and {} no section for them",
                page::FILE
            );
            return Err(Failure::new(message));
        };
        by_section[section].extend(messages);
    }
    if let Some(path) = unused.first() {
        let message = format!("{} names {path}, which is not there", page::FILE);
        return Err(Failure::new(message));
    }
    Ok(sections.page(&by_section))
}

#[cfg(test)]
mod tests;
