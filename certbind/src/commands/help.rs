//! `certbind help`: of a command, or of a notation.

use clap::Command;
use clap::error::ErrorKind;
use serde_json::json;

use crate::cli::output::Format;
use crate::cli::parser;
use crate::error::Error;
use crate::exit;
use crate::help::TOPICS;
use crate::print::{print, print_json};
use crate::terminal::escaped;

/// Less alike than this, a word is not a typo of another.
const ALIKE: f64 = 0.6;

pub(crate) fn run(about: Option<&str>, format: Format) -> Result<u8, Error> {
    let text = text(about)?;
    match format {
        Format::Table => print(&text)?,
        Format::Json => print_json(&json!({ "about": about, "text": text }))?,
    }
    Ok(exit::DONE)
}

fn text(about: Option<&str>) -> Result<String, Error> {
    let mut program = parser();
    // Options that all commands have are built into them here.
    program.build();
    let Some(about) = about else {
        return Ok(program.render_help().to_string());
    };
    let wanted = about.to_ascii_lowercase();
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| *name == wanted) {
        Ok(text())
    } else if let Some(command) = program.find_subcommand_mut(&wanted) {
        Ok(command.render_long_help().to_string())
    } else {
        Err(Error::Usage(unknown(&mut program, &wanted)))
    }
}

fn unknown(program: &mut Command, about: &str) -> clap::Error {
    let names = program.get_subcommands().map(Command::get_name);
    let names = names.chain(TOPICS.iter().map(|(name, _)| *name));
    let nearest = names
        .map(|name| (strsim::normalized_damerau_levenshtein(name, about), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let tip = match nearest {
        Some((_, name)) => format!("did you mean `certbind help {name}`?"),
        None => "`certbind help` lists the commands".to_owned(),
    };
    let wanted = escaped(about);
    program.error(
        ErrorKind::InvalidSubcommand,
        format!("there is no command and no notation \"{wanted}\"; {tip}"),
    )
}
