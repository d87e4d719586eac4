//! Text and JSON on standard output.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::Error;
use crate::{secrets, terminal};

/// A value as JSON, for programs. Session ticket keys in it are withheld.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print(&json_text(value)?)
}

/// JSON that was written already.
pub(crate) fn print_json_text(json: &str) -> Result<(), Error> {
    print(&terminal::escaped_json(json))
}

pub(crate) fn json_text(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    Ok(terminal::escaped_json(&(secrets::withheld(json) + "\n")))
}

/// Text whose data is escaped. Its colours are left out where there is no terminal.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    Ok(print_to_reader(text).or_else(|error| match error.kind() {
        // Who reads no further is answered by the exit code all the same.
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })?)
}

/// The same, for what is of use only while somebody reads.
pub(crate) fn print_to_reader(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
