//! `serve`: TLS endpoints that answer as HTTP.sys would choose.

mod log;
mod source;

use std::path::Path;

use certbind_serve::{Limits, Server};
use zeroize::Zeroizing;

use self::log::report;
use self::source::{Source, source};
use crate::cli::certificate::Passwords;
use crate::cli::serve::Serve;
use crate::error::Error;
use crate::exit;
use crate::input::{Input, read_file};
use crate::stores::StoreUrl;

pub(crate) fn run(url: &StoreUrl, arguments: &Serve) -> Result<u8, Error> {
    let input = match &arguments.from {
        Some(input) => input.clone().resolved(),
        None => Input::Store(url.clone()),
    };
    let limits = Limits {
        connections: usize::try_from(arguments.max_connections).unwrap_or(usize::MAX),
        ..Limits::default()
    };
    let format = arguments.output.format;
    let ready_file = arguments.ready_file.clone();
    let server = match source(input)? {
        Source::Files(files) => Server::builder(files),
        Source::Store(store) => Server::builder(store),
    };
    let mut server = server
        .passwords(passwords(arguments.passwords.as_deref())?.iter().cloned())
        .ports(arguments.ports())
        .limits(limits)
        .on_event(move |event| report(event, format, ready_file.as_deref()));
    if let Some(folder) = &arguments.certificates {
        server = server.certificates(folder);
    }
    if let Some(folder) = &arguments.central_store {
        server = server.central_store(folder);
    }
    if let Some(upstream) = &arguments.upstream {
        server = server.upstream(upstream);
    }
    let server = server.start()?;
    server.wait_for_signal()?;
    server.stop();
    if let Some(file) = &arguments.ready_file {
        // It may be a device, or removed already.
        let _ = std::fs::remove_file(file);
    }
    Ok(exit::DONE)
}

fn passwords(file: Option<&Path>) -> Result<Passwords, Error> {
    let Some(path) = file else {
        return Ok(Passwords::default());
    };
    let bytes = read_file(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let bytes = Zeroizing::new(bytes);
    let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Zeroizing::new(
        text.lines().map(ToOwned::to_owned).collect(),
    ))
}
