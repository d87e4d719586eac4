//! `netsh`: netsh's own command line over a store.

use std::io;

use certbind_backends::Access;
use certbind_formats::Configuration;
use certbind_formats::netsh::{Language, Newline};
use certbind_httpapi_abi::service::TimeoutKey;
use certbind_httpsys::ServiceApi;

use crate::environment;
use crate::error::Error;
use crate::input::{Contents, Input};
use crate::message::warn;
use crate::netsh::{Netsh, Profile};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::{escaped, exact_stdout};
use crate::warnings::warn_of;

/// The variable with the release of netsh, where the command line does not contain it.
const PROFILE: &str = "CERTBIND_NETSH";

pub(crate) fn run(
    url: impl Fn() -> Result<StoreUrl, Error>,
    arguments: &[String],
) -> Result<u8, Error> {
    let NetshArguments {
        from,
        profile,
        crlf,
        language,
        arguments,
    } = NetshArguments::in_front_of(arguments)?;
    let url = &match from {
        Some(_) => StoreUrl::memory(),
        None => url()?,
    };
    let profile = match profile {
        Some(profile) => profile,
        None => match environment(PROFILE)? {
            Some(profile) => profile,
            None => url.netsh_profile().unwrap_or_default(),
        },
    };
    let store = if let Some(export) = from {
        if !Netsh::only_reads(arguments, profile) {
            return Err(Error::NetshChangesExport);
        }
        let (store, configuration) = of_export(&export)?;
        if configuration.is_none() && Netsh::dumps(arguments, profile) {
            warn(&escaped(&format!(
                "{export} has no URL reservations and no listen list; only commands for bindings have output"
            )));
        }
        let object = Netsh::service_object(arguments, profile);
        let configuration = configuration.as_ref();
        let is_exported = |object| match object {
            "urlacl" | "iplisten" => configuration.is_some(),
            "timeout" => configuration.is_some_and(has_timeouts),
            _ => false,
        };
        match object.filter(|object| !is_exported(*object)) {
            Some(object) => Err(Error::NotInExport {
                export: export.to_string(),
                object,
            }),
            None => Ok(store),
        }
    } else if Netsh::only_reads(arguments, profile) {
        // A host without bindings answers as well: a store that does not exist has none.
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
    let netsh = Netsh::new(store.bindings(), profile);
    let mut netsh = netsh.with_newline(newline).with_language(language);
    if let Some(api) = &api {
        netsh = netsh.with_api(api);
    }
    let accounts = store.is_simulated(url).then(|| url.accounts());
    if let Some(accounts) = &accounts {
        netsh = netsh.with_accounts(accounts);
    }
    let done = netsh.run(arguments, &mut io::stdin().lock(), &mut exact_stdout());
    done.map_err(|error| match error.kind() {
        io::ErrorKind::Unsupported if language != Language::English => {
            Error::NoTranslation(error.to_string())
        }
        _ => error.into(),
    })
}

/// A store in memory with the contents of an export: bindings, URL reservations and the listen
/// list. The configuration, if the export has one.
fn of_export(export: &Input) -> Result<(Opened, Option<Configuration>), Error> {
    let Contents { bindings, reading } = export.clone().resolved().read()?;
    reading.iter().for_each(warn_of);
    let store = Opened::open(&StoreUrl::memory(), Access::Create)?;
    for binding in bindings {
        store.bindings().insert(binding)?;
    }
    let configuration = reading.and_then(|reading| reading.export.configuration);
    if let (Some(configuration), Some(api)) = (&configuration, store.api()) {
        let service = ServiceApi::initialize(api)?;
        for record in configuration.records() {
            service.set(&record)?;
        }
    }
    Ok((store, configuration))
}

/// Whether an export has both timeouts, which netsh lists together.
fn has_timeouts(configuration: &Configuration) -> bool {
    let mut keys = TimeoutKey::ALL.into_iter();
    keys.all(|key| configuration.timeout(key).is_some())
}

/// The options before netsh's own arguments, and those arguments.
struct NetshArguments<'a> {
    from: Option<Input>,
    profile: Option<Profile>,
    crlf: bool,
    language: Language,
    arguments: &'a [String],
}

impl<'a> NetshArguments<'a> {
    fn in_front_of(mut arguments: &'a [String]) -> Result<Self, Error> {
        let (mut from, mut profile, mut crlf) = (None, None, false);
        let mut language = Language::English;
        loop {
            match arguments {
                [option, rest @ ..] if option == "--crlf" => {
                    crlf = true;
                    arguments = rest;
                }
                [option, export, rest @ ..] if option == "--from" => {
                    from = Some(export.parse().map_err(|problem| Error::BrokenInput {
                        path: export.into(),
                        problem,
                    })?);
                    arguments = rest;
                }
                [option, name, rest @ ..] if option == "--profile" => {
                    profile = Some(name.parse().map_err(Error::Profile)?);
                    arguments = rest;
                }
                [option, name, rest @ ..] if option == "--language" => {
                    language = name.parse().map_err(Error::Language)?;
                    arguments = rest;
                }
                [option, rest @ ..] if option.starts_with("--language=") => {
                    let (_, name) = option.split_once('=').unwrap_or_default();
                    language = name.parse().map_err(Error::Language)?;
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
            from,
            profile,
            crlf,
            language,
            arguments,
        })
    }
}
