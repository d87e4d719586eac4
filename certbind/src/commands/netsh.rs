//! `netsh`: netsh's own command line over a store.

use std::io;

use certbind_backends::Access;
use certbind_formats::netsh::Newline;

use crate::environment;
use crate::error::Error;
use crate::netsh::{Netsh, Profile};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::exact_stdout;

/// Which release's netsh it is, where the command line does not say.
const PROFILE: &str = "CERTBIND_NETSH";

pub(crate) fn run(url: &StoreUrl, arguments: &[String]) -> Result<u8, Error> {
    let Options {
        profile,
        crlf,
        arguments,
    } = Options::in_front_of(arguments)?;
    let profile = match profile {
        Some(profile) => profile,
        None => match environment(PROFILE)? {
            Some(profile) => profile,
            None => url.netsh_profile().unwrap_or_default(),
        },
    };
    let store = if Netsh::only_reads(arguments, profile) {
        // A host without bindings answers as well: a store that is not there has none.
        match Opened::open(url, Access::Read) {
            Err(Error::NoStore { .. }) => Opened::open(&StoreUrl::memory(), Access::Read),
            opened => opened,
        }
    } else {
        Opened::open(url, Access::Create)
    }?;
    let newline = if crlf || cfg!(windows) {
        Newline::Crlf
    } else {
        Newline::Lf
    };
    let api = store.api();
    let mut netsh = Netsh::new(store.bindings(), profile).with_newline(newline);
    if let Some(api) = &api {
        netsh = netsh.with_api(api);
    }
    let accounts = store.is_simulated(url).then(|| url.accounts());
    if let Some(accounts) = &accounts {
        netsh = netsh.with_accounts(accounts);
    }
    Ok(netsh.run(arguments, &mut io::stdin().lock(), &mut exact_stdout())?)
}

/// What stands before netsh's own arguments, and those.
struct Options<'a> {
    profile: Option<Profile>,
    crlf: bool,
    arguments: &'a [String],
}

impl<'a> Options<'a> {
    fn in_front_of(mut arguments: &'a [String]) -> Result<Self, Error> {
        let (mut profile, mut crlf) = (None, false);
        loop {
            match arguments {
                [option, rest @ ..] if option == "--crlf" => {
                    crlf = true;
                    arguments = rest;
                }
                [option, name, rest @ ..] if option == "--profile" => {
                    profile = Some(name.parse().map_err(Error::Profile)?);
                    arguments = rest;
                }
                [option, rest @ ..] if option.starts_with("--profile=") => {
                    let (_, name) = option.split_once('=').unwrap_or_default();
                    profile = Some(name.parse().map_err(Error::Profile)?);
                    arguments = rest;
                }
                _ => break,
            }
        }
        Ok(Self {
            profile,
            crlf,
            arguments,
        })
    }
}
