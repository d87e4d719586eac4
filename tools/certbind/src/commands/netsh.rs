//! `netsh`: netsh's own command line over a store.

use std::io;

use interchange::netsh::Newline;

use crate::error::Error;
use crate::netsh::{Netsh, Profile};
use crate::screen::exact_stdout;
use crate::stores::{Access, Opened, StoreUrl};

/// Which release's netsh it is, where that is not the default.
const PROFILE: &str = "CERTBIND_NETSH";

pub(crate) fn run(url: &StoreUrl, arguments: &[String]) -> Result<u8, Error> {
    let profile = match std::env::var(PROFILE) {
        Ok(name) => name.parse().map_err(|error| Error::Environment {
            variable: PROFILE,
            problem: format!("{error}"),
        })?,
        Err(_) => Profile::default(),
    };
    let store = if Netsh::only_reads(arguments, profile) {
        // A host without bindings answers as well: a store that is not there has none.
        match Opened::open(url, Access::Read) {
            Err(Error::NoStore { .. }) => Opened::open(&StoreUrl::Memory, Access::Read),
            opened => opened,
        }
    } else {
        Opened::open(url, Access::Fill)
    }?;
    let newline = if cfg!(windows) {
        Newline::Crlf
    } else {
        Newline::Lf
    };
    let netsh = Netsh::new(store.bindings(), profile).with_newline(newline);
    Ok(netsh.run(arguments, &mut io::stdin().lock(), &mut exact_stdout())?)
}
