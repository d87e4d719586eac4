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

use serde::Serialize;
use store_core::{BindingStore, Scan};

use crate::error::Error;
use crate::{screen, secrets};

/// Every binding of a store.
pub(crate) fn everything(store: &dyn BindingStore) -> Result<Vec<store_core::Binding>, Error> {
    Ok(store.scan(&Scan::all())?.collect::<Result<_, _>>()?)
}

/// The bytes of a file; `-` is standard input.
pub(crate) fn input(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A value as JSON, for programs. Session ticket keys in it are withheld.
fn print_json(value: &impl Serialize) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    print_json_text(&(secrets::withheld(json) + "\n"))
}

/// JSON that was written already.
fn print_json_text(json: &str) -> Result<(), Error> {
    print(&screen::escaped_json(json))
}

/// Text whose data is escaped. Its colours are left out where there is no terminal.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
