//! The commands, each from its arguments to its exit code.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod diff;
pub(crate) mod export;
#[cfg(feature = "etcd")]
pub(crate) mod fleet;
#[cfg(feature = "etcd")]
mod fleet_plan;
pub(crate) mod generated;
pub(crate) mod help;
pub(crate) mod import;
pub(crate) mod netsh;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod read;
pub(crate) mod rotate;
#[cfg(feature = "etcd")]
pub(crate) mod sync;
pub(crate) mod trace;

use std::io::{self, Read, Write};
use std::path::Path;

use certbind_core::{BindingStore, Scan};
use serde::Serialize;

use crate::error::Error;
use crate::{screen, secrets};

/// Every binding of a store.
pub(crate) fn everything(store: &dyn BindingStore) -> Result<Vec<certbind_core::Binding>, Error> {
    Ok(store.scan(&Scan::all())?.collect::<Result<_, _>>()?)
}

/// Whether a path stands for standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// The bytes of a file; `-` is standard input.
pub(crate) fn input(path: &Path) -> io::Result<Vec<u8>> {
    if !is_standard_input(path) {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A value as JSON, for programs. Session ticket keys in it are withheld.
fn print_json(value: &impl Serialize) -> Result<(), Error> {
    print(&json_text(value)?)
}

/// JSON that was written already.
fn print_json_text(json: &str) -> Result<(), Error> {
    print(&screen::escaped_json(json))
}

fn json_text(value: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    Ok(screen::escaped_json(&(secrets::withheld(json) + "\n")))
}

/// Text whose data is escaped. Its colours are left out where there is no terminal.
fn print(text: &str) -> Result<(), Error> {
    Ok(print_to_reader(text).or_else(|error| match error.kind() {
        // Who reads no further is answered by the exit code all the same.
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })?)
}

/// The same, for what is of use only while somebody reads.
fn print_to_reader(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
