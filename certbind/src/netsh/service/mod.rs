//! `netsh http … urlacl`, `iplisten`, `timeout`, `cacheparam` and `setting`: the configuration of
//! HTTP.sys other than certificates.

mod arguments;
mod help;
mod listing;
mod values;

use std::sync::Arc;

use certbind_core::StoreError;
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::service::{
    CacheKey, SecurityDescriptor, ServiceAnswer, ServiceKey, ServiceQuery, ServiceRecord,
    SettingKey, TimeoutKey, UrlReservation,
};
use certbind_httpapi_abi::win32::{self, ToWin32};
use certbind_httpsys::ServiceApi;
use certbind_simulator::Accounts;

use super::grammar::Refusal;
use super::messages::{self, Answer};
use super::object::Object;
use super::verb::Verb;
pub(super) use arguments::Given;
pub(super) use help::{help, purpose};
pub(super) use values::yes_or_no;

/// The client that sets and queries.
type Service = ServiceApi<Arc<dyn HttpApi>>;

/// Connects to the API, after the arguments were parsed.
type Connect<'a> = &'a dyn Fn() -> Result<Service, StoreError>;

/// Executes a command.
pub(super) fn answer(
    api: Option<&Arc<dyn HttpApi>>,
    accounts: &Accounts,
    verb: Verb,
    object: Object,
    arguments: &[String],
) -> Answer {
    let service = &|| match api {
        Some(api) => ServiceApi::initialize(Arc::clone(api)),
        // This store contains only bindings.
        None => Err(StoreError::Unsupported {
            what: "the service configuration".into(),
        }),
    };
    let done = Given::new(arguments, object.tags(verb)).and_then(|given| match verb {
        Verb::Show => show(service, accounts, object, &given),
        Verb::Delete => delete(service, object, &given),
        Verb::Add | Verb::Update => add(service, accounts, object, &given),
    });
    done.unwrap_or_else(|refusal| match refusal {
        Refusal::Value => messages::bad_value(),
        Refusal::Syntax | Refusal::UnknownTag => messages::bad_syntax(&help(verb, object)),
    })
}

fn add(
    service: Connect<'_>,
    accounts: &Accounts,
    object: Object,
    given: &Given<'_>,
) -> Result<Answer, Refusal> {
    let number = |tag| given.needed(tag).and_then(values::number);
    let record = match object {
        Object::UrlAcl => match reservation(given, accounts)? {
            Ok(reservation) => ServiceRecord::Reservation(reservation),
            Err(answer) => return Ok(answer),
        },
        Object::IpListen => ServiceRecord::Listen(values::address(given.needed("ipaddress")?)?),
        Object::Timeout => {
            let key = values::key(
                given.needed("timeouttype")?,
                TimeoutKey::ALL,
                TimeoutKey::name,
            )?;
            let seconds = u16::try_from(number("value")?).map_err(|_| Refusal::Value)?;
            ServiceRecord::Timeout(key, seconds)
        }
        Object::CacheParam => {
            let key = values::key(given.needed("type")?, CacheKey::ALL, CacheKey::name)?;
            ServiceRecord::Cache(key, number("value")?)
        }
        Object::Setting => {
            let key = values::key(
                given.needed("settingtype")?,
                SettingKey::ALL,
                SettingKey::name,
            )?;
            ServiceRecord::Setting(key, number("value")?)
        }
    };
    let added = service().and_then(|service| service.set(&record));
    Ok(match added {
        Ok(()) => success(object, "added"),
        Err(error) => failure(&add_failed(object), &error),
    })
}

/// The reservation to add, or the reason why there is none.
fn reservation(
    given: &Given<'_>,
    accounts: &Accounts,
) -> Result<Result<UrlReservation, Answer>, Refusal> {
    let url = given.needed("url")?;
    let (user, sddl) = (given.value("user"), given.value("sddl"));
    let listen = values::yes_or_no(given.value("listen"), true)?;
    let delegate = values::yes_or_no(given.value("delegate"), false)?;
    // Microsoft's own example gives both; the descriptor alone is sufficient.
    let sddl = match (sddl, user) {
        (Some(sddl), _) => sddl.parse(),
        (None, None) => return Err(Refusal::Syntax),
        (None, Some(user)) => match accounts.sid_of(user) {
            Some(sid) => SecurityDescriptor::allowing(&sid, listen, delegate),
            // Word for word, including the text that does not match the code.
            None => {
                return Ok(Err(messages::failed(
                    "Create SDDL",
                    1332,
                    "The parameter is incorrect.",
                )));
            }
        },
    };
    Ok(match (url.parse(), sddl) {
        (Ok(url), Ok(sddl)) => Ok(UrlReservation { url, sddl }),
        _ => Err(invalid(&add_failed(Object::UrlAcl))),
    })
}

fn delete(service: Connect<'_>, object: Object, given: &Given<'_>) -> Result<Answer, Refusal> {
    let what = delete_failed(object);
    let key = match object {
        Object::UrlAcl => match given.needed("url")?.parse() {
            Ok(url) => ServiceKey::Reservation(url),
            Err(_) => return Ok(invalid(&what)),
        },
        Object::IpListen => ServiceKey::Listen(values::address(given.needed("ipaddress")?)?),
        Object::Timeout => {
            let name = given.needed("timeouttype")?;
            ServiceKey::Timeout(values::key(name, TimeoutKey::ALL, TimeoutKey::name)?)
        }
        Object::Setting => {
            let name = given.needed("settingtype")?;
            ServiceKey::Setting(values::key(name, SettingKey::ALL, SettingKey::name)?)
        }
        Object::CacheParam => return Err(Refusal::Syntax),
    };
    let deleted = service().and_then(|service| service.delete(&key));
    Ok(match deleted {
        Ok(()) => success(object, "deleted"),
        Err(error) => failure(&what, &error),
    })
}

fn show(
    service: Connect<'_>,
    accounts: &Accounts,
    object: Object,
    given: &Given<'_>,
) -> Result<Answer, Refusal> {
    let shown = service().and_then(|service| shown(&service, accounts, object, given.value("url")));
    Ok(shown.unwrap_or_else(|error| {
        let (title, reason) = (listing::title(object), messages::reason(&error));
        Answer::failed(format!("{title}{reason}\n"))
    }))
}

fn shown(
    service: &Service,
    accounts: &Accounts,
    object: Object,
    url: Option<&str>,
) -> Result<Answer, StoreError> {
    let mut text = listing::title(object);
    let ask = |query: ServiceQuery| {
        let found = service.query(&query)?;
        found.ok_or_else(|| win32_error(win32::FILE_NOT_FOUND))
    };
    match (object, url) {
        (Object::UrlAcl, None) => {
            for reservation in service.reservations()? {
                listing::reservation(&mut text, &reservation, accounts);
            }
        }
        (Object::UrlAcl, Some(url)) => {
            let url = url
                .parse()
                .map_err(|_| win32_error(win32::INVALID_PARAMETER))?;
            // A URL that is not reserved is no error: Chef's `windows_http_acl` relies on that.
            if let Some(ServiceAnswer::Reservation(found)) =
                service.query(&ServiceQuery::Reservation(url))?
            {
                listing::reservation(&mut text, &found, accounts);
            }
        }
        (Object::IpListen, _) => {
            if let ServiceAnswer::ListenList(addresses) = ask(ServiceQuery::ListenList)? {
                for address in addresses {
                    text.push_str(&format!("    {}\n", listing::address(&address)));
                }
            }
            text.push('\n');
        }
        (Object::Timeout, _) => {
            for key in TimeoutKey::ALL {
                listing::number(
                    &mut text,
                    listing::timeout(key),
                    ask(ServiceQuery::Timeout(key))?,
                );
            }
            text.push('\n');
        }
        (Object::CacheParam, _) => {
            for key in CacheKey::ALL {
                listing::number(
                    &mut text,
                    listing::cache(key),
                    ask(ServiceQuery::Cache(key))?,
                );
            }
            text.push('\n');
        }
        (Object::Setting, _) => {
            for key in SettingKey::ALL {
                listing::number(
                    &mut text,
                    listing::setting(key),
                    ask(ServiceQuery::Setting(key))?,
                );
            }
            text.push('\n');
        }
    }
    Ok(Answer::done(text))
}

/// The commands that restore reservations, the listen list, and numbers that are not at their defaults:
/// verb and object, and tags with their values.
///
/// # Errors
/// Those of the API.
pub(super) fn dump(api: &Arc<dyn HttpApi>) -> Result<Vec<Dumped>, StoreError> {
    let service = ServiceApi::initialize(Arc::clone(api))?;
    let mut commands: Vec<Dumped> = Vec::new();
    if let Some(ServiceAnswer::ListenList(addresses)) = service.query(&ServiceQuery::ListenList)? {
        for address in addresses {
            commands.push((
                "add iplisten",
                vec![("ipaddress", listing::address(&address))],
            ));
        }
    }
    for reservation in service.reservations()? {
        let url = reservation.url.as_str().to_owned();
        let options = vec![("url", url), ("sddl", reservation.sddl.to_string())];
        commands.push(("add urlacl", options));
    }
    let mut number = |command, tag, name: &str, query, default: u32| {
        let value = match service.query(&query)? {
            Some(ServiceAnswer::Timeout(seconds)) => seconds.into(),
            Some(ServiceAnswer::Number(number)) => number,
            _ => default,
        };
        if value != default {
            let options = vec![(tag, name.to_owned()), ("value", value.to_string())];
            commands.push((command, options));
        }
        Ok::<(), StoreError>(())
    };
    for key in TimeoutKey::ALL {
        let (query, default) = (ServiceQuery::Timeout(key), TimeoutKey::DEFAULT.into());
        number("add timeout", "timeouttype", key.name(), query, default)?;
    }
    for key in CacheKey::ALL {
        let query = ServiceQuery::Cache(key);
        number(
            "add cacheparam",
            "type",
            key.name(),
            query,
            CacheKey::DEFAULT,
        )?;
    }
    for key in SettingKey::ALL {
        let query = ServiceQuery::Setting(key);
        number(
            "add setting",
            "settingtype",
            key.name(),
            query,
            SettingKey::DEFAULT,
        )?;
    }
    Ok(commands)
}

/// A command of a dump: verb and object, and tags with their values.
pub(super) type Dumped = (&'static str, Vec<(&'static str, String)>);

fn win32_error(code: u32) -> StoreError {
    win32::Win32Error { code }.during(None, "showing it")
}

/// The words before "failed". Those of URL reservations are known, and not alike.
fn add_failed(object: Object) -> String {
    match object {
        Object::UrlAcl => "Url reservation add".to_owned(),
        other => format!("{} add", other.noun()),
    }
}

fn delete_failed(object: Object) -> String {
    format!("{} delete", object.noun())
}

fn success(object: Object, done: &str) -> Answer {
    let noun = object.noun();
    Answer::done(format!("\n{noun} successfully {done}\n\n"))
}

fn failure(what: &str, error: &StoreError) -> Answer {
    messages::failed(what, error.win32_code(), &messages::reason(error))
}

fn invalid(what: &str) -> Answer {
    messages::failed(
        what,
        win32::INVALID_PARAMETER,
        "The parameter is incorrect.",
    )
}
