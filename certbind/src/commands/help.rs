//! `certbind help`: of a command, or of a notation.

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use crate::cli::Cli;
use crate::error::Error;
use crate::exit;
use crate::help::TOPICS;
use crate::print::print;
use crate::terminal::escaped;

/// Less alike than this, a word is no slip for another.
const ALIKE: f64 = 0.6;

pub(crate) fn run(about: Option<&str>) -> Result<u8, Error> {
    let mut program = Cli::command();
    // Options that all commands have are built into them here.
    program.build();
    let Some(about) = about else {
        print(&program.render_help().to_string())?;
        return Ok(exit::DONE);
    };
    let wanted = about.to_ascii_lowercase();
    if let Some((_, text)) = TOPICS.iter().find(|(name, _)| *name == wanted) {
        print(&text())?;
    } else if let Some(command) = program.find_subcommand_mut(&wanted) {
        print(&command.render_long_help().to_string())?;
    } else {
        return Err(Error::Usage(unknown(&mut program, &wanted)));
    }
    Ok(exit::DONE)
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
