//! The script that completes commands in a shell.

use clap_complete::Shell;
use serde_json::json;

use crate::cli::output::Format;
use crate::cli::parser;
use crate::error::Error;
use crate::exit;
use crate::print::{print, print_json};

pub(crate) fn run(shell: Shell, format: Format) -> Result<u8, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut parser(), "certbind", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let script = match shell {
        Shell::Bash => with_joined_values(&script),
        _ => script,
    };
    match format {
        Format::Table => print(&script)?,
        Format::Json => {
            print_json(&json!({ "shell": shell.to_string(), "script": script }))?;
        }
    }
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
