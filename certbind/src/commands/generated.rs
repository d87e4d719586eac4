//! What is made of the grammar for the system around: completions and manual pages.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::error::Error;
use crate::exit;
use crate::print::print;
use crate::terminal::escaped;

/// Prints the script that completes commands in a shell.
pub(crate) fn completions(shell: Shell) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "certbind", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(exit::DONE)
}

/// Writes a manual page for the program and one for each command into a folder, which is made; or
/// prints that of the program.
pub(crate) fn man(folder: Option<&Path>) -> Result<u8, Error> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        print(&String::from_utf8_lossy(&page))?;
        return Ok(exit::DONE);
    };
    let failed = |source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    print(&format!(
        "Wrote the manual pages to {}\n",
        escaped(&folder.display().to_string())
    ))?;
    Ok(exit::DONE)
}
