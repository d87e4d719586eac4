//! Files generated from the grammar: completions and manual pages.

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
    let script = String::from_utf8_lossy(&script).into_owned();
    print(&match shell {
        Shell::Bash => with_joined_values(&script),
        _ => script,
    })?;
    Ok(exit::DONE)
}

/// Bash splits `--format=j` into three words, which the script of clap does not expect.
fn with_joined_values(script: &str) -> String {
    const START: &str = "    prev=\"$3\"\n";
    const JOINED: &str = r#"    if [[ "$prev" == "=" ]]; then
        prev="${COMP_WORDS[COMP_CWORD-2]}"
    elif [[ "${COMP_WORDS[COMP_CWORD]}" == "=" ]]; then
        cur=""
        prev="${COMP_WORDS[COMP_CWORD-1]}"
    fi
"#;
    script.replacen(START, &format!("{START}{JOINED}"), 1)
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
