//! A batch file of `netsh http add sslcert` commands.

use std::io::Write;

use super::add::{CommandArguments, Limits, Verb, commands, in_any_script};
use crate::export::Export;
use crate::write::{WriteError, check_whole};

/// cmd reads no longer lines (`Command prompt line string limitation`, Microsoft).
const LINE: usize = 8191;

/// The text after each command.
const ELSE_STOP: &str = " || exit /b 1";

/// Writes a batch file (`.cmd`) that adds the bindings of an export, one command each and one for
/// each of its extended properties, and stops at the first that fails.
///
/// Options at their defaults are left out; some hosts refuse explicit zeros. The file is in UTF-8
/// and selects that code page where it is not ASCII.
///
/// # Errors
/// [`WriteError::Inexpressible`], before anything is written, for values without an option of netsh
/// and for text that a batch file cannot contain; [`WriteError::NotWhole`] if parts of the store
/// could not be read; [`WriteError::Io`] if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    check_whole(export)?;
    let limits = Limits {
        refusal: in_any_script,
        command: LINE - ELSE_STOP.len(),
        reader: "cmd",
    };
    let commands = commands(export, &limits, command)?;
    out.write_all(b"@echo off\r\nsetlocal DisableDelayedExpansion\r\n")?;
    if commands.iter().any(|command| !command.is_ascii()) {
        out.write_all(b"chcp 65001 >nul\r\n")?;
    }
    for command in commands {
        write!(out, "{command}{ELSE_STOP}\r\n")?;
    }
    Ok(())
}

fn command(verb: Verb, options: &CommandArguments) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".:-_[]*{}".contains(c);
    let mut command = match verb {
        Verb::Add => "netsh http add sslcert",
        Verb::SetProperty => "netsh http update sslpropertyex",
    }
    .to_owned();
    for (tag, value) in options {
        if value.chars().all(plain) {
            command.push_str(&format!(" {tag}={value}"));
        } else {
            command.push_str(&format!(" {tag}=\"{}\"", value.replace('%', "%%")));
        }
    }
    command
}
