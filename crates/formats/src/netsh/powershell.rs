//! A PowerShell script of `netsh http add sslcert` commands.

use std::io::Write;

use certbind_core::Binding;

use super::add::{CommandArguments, Limits, Verb, commands, in_any_script};
use crate::export::Export;
use crate::write::{WriteError, check_whole};

/// A program's command line has at most 32,767 characters (`CreateProcessW`), its own name and the
/// closing NUL among them.
const COMMAND_LINE: usize = 32_000;

/// Writes a PowerShell script (`.ps1`) that adds the bindings of an export, one command each, and
/// stops at the first that fails or is missing afterwards.
///
/// It is for Windows PowerShell 3 and later and for PowerShell 7. Every option is in single quotes,
/// where PowerShell takes each character literally, braces and dollar signs among them, and a
/// quote, typographic ones too, is doubled. Options at their defaults are left out; some hosts
/// refuse explicit zeros. The file is in UTF-8, with a byte order mark where it is not ASCII:
/// without one Windows PowerShell assumes the host's code page.
///
/// # Errors
/// [`WriteError::Inexpressible`], before anything is written, for values without an option of netsh
/// and for text that cannot be passed to a program; [`WriteError::NotWhole`] if parts of the store
/// could not be read; [`WriteError::Io`] if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    check_whole(export)?;
    let limits = Limits {
        refusal: in_any_script,
        command: COMMAND_LINE,
        reader: "a program",
    };
    let commands = commands(export, &limits, command)?;
    if commands.iter().any(|command| !command.is_ascii()) {
        out.write_all("\u{feff}".as_bytes())?;
    }
    for line in start(export.bindings.len()).lines() {
        write!(out, "{line}\r\n")?;
    }
    let properties = |binding: &Binding| !binding.record().extended.is_empty();
    if export.bindings.iter().any(properties) {
        for line in SET_PROPERTY.lines() {
            write!(out, "{line}\r\n")?;
        }
    }
    for command in commands {
        write!(out, "{command}\r\n")?;
    }
    Ok(())
}

/// The text before the commands. The first argument of each is its key.
fn start(count: usize) -> String {
    format!(
        "\
# Adds {count} TLS certificate bindings. Run it as administrator. It stops at the first
# binding that netsh does not add, and keeps those that it added before.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$script:added = 0

function Add-SslCert {{
    netsh http add sslcert @args
    $code = $LASTEXITCODE
    if ($code -eq 0) {{
        # Some hosts report success for an option that they do not have, and add nothing.
        netsh http show sslcert $args[0] | Out-Null
        if ($LASTEXITCODE -eq 0) {{
            $script:added++
            return
        }}
        throw \"$($args[0]): netsh reported success and added nothing; $script:added of {count} added\"
    }}
    throw \"$($args[0]): netsh failed with exit code $code; $script:added of {count} added\"
}}

"
    )
}

/// After [`start`], where a binding has extended properties.
const SET_PROPERTY: &str = "\
function Set-SslProperty {
    netsh http update sslpropertyex @args
    if ($LASTEXITCODE -ne 0) {
        throw \"$($args[0]): netsh failed with exit code $LASTEXITCODE at $($args[1])\"
    }
}

";

fn command(verb: Verb, options: &CommandArguments) -> String {
    let mut command = match verb {
        Verb::Add => "Add-SslCert",
        Verb::SetProperty => "Set-SslProperty",
    }
    .to_owned();
    for (tag, value) in options {
        command.push_str(&format!(" '{tag}={}'", quoted(value)));
    }
    command
}

/// The inside of a single-quoted string: every character that PowerShell treats as a single quote
/// is doubled (`CharTraits.cs` and `EscapeSingleQuotedStringContent`).
fn quoted(value: &str) -> String {
    let mut inside = String::with_capacity(value.len());
    for character in value.chars() {
        inside.push(character);
        if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
            inside.push(character);
        }
    }
    inside
}
