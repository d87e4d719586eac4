//! The manual pages: one for the program, and one for each command.

use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use serde_json::json;

use crate::cli::output::Format;
use crate::cli::parser;
use crate::error::Error;
use crate::exit;
use crate::print::{print, print_json};
use crate::terminal::escaped;

/// Writes the pages into a folder, which is made; or prints that of the program.
pub(crate) fn run(folder: Option<&Path>, format: Format) -> Result<u8, Error> {
    let Some(folder) = folder else {
        let page = of_program(parser())?;
        match format {
            Format::Table => print(&page)?,
            Format::Json => print_json(&json!({ "page": page }))?,
        }
        return Ok(exit::DONE);
    };
    let failed = |source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut pages = vec![("certbind.1".to_owned(), of_program(parser())?)];
    let mut program = parser();
    // Names commands below commands, as in certbind-dsc-set, and gives them the options of all.
    program.build();
    let mut pending: Vec<Command> = program.get_subcommands().cloned().collect();
    while let Some(command) = pending.pop() {
        pending.extend(command.get_subcommands().cloned());
        pages.push(of_command(command)?);
    }
    pages.sort();
    for (name, page) in &pages {
        std::fs::write(folder.join(name), page).map_err(failed)?;
    }
    let files: Vec<_> = pages.iter().map(|(name, _)| name).collect();
    let folder = folder.display().to_string();
    match format {
        Format::Table => print(&format!("Wrote the manual pages to {}\n", escaped(&folder)))?,
        Format::Json => print_json(&json!({ "folder": folder, "files": files }))?,
    }
    Ok(exit::DONE)
}

/// The page of the program, with the options of all commands and the exit codes.
fn of_program(program: Command) -> Result<String, Error> {
    let program = program.mut_args(|it| it.hide(false));
    let mut page = Vec::new();
    Man::new(program).render(&mut page)?;
    Ok(with_exit_status(&page, exit::HELP))
}

/// The file name of the page of a command, and the page with the exit codes of the command.
fn of_command(command: Command) -> Result<(String, String), Error> {
    let name = command.get_name().to_owned();
    let man = Man::new(command).source(concat!("certbind ", env!("CARGO_PKG_VERSION")));
    let file = man.get_filename();
    let mut page = Vec::new();
    man.render(&mut page)?;
    let codes = match &*exit::of_command(&name) {
        "" => "The exit codes are those of certbind(1).\n".to_owned(),
        own => format!("{own}\nFurther exit codes are in certbind(1).\n"),
    };
    Ok((file, with_exit_status(&page, &codes)))
}

/// A page with a section about exit codes, whose lines are kept.
fn with_exit_status(page: &[u8], text: &str) -> String {
    let page = String::from_utf8_lossy(page);
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\\\").replace('-', "\\-");
        // A line that starts with a dot or an apostrophe is a request.
        match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}\n"),
            false => format!("{line}\n"),
        }
    });
    let lines: String = lines.collect();
    format!("{page}.SH \"EXIT STATUS\"\n.nf\n{lines}.fi\n")
}
