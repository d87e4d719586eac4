//! `add`, `update`, `delete` and `show` over a store.

use std::io::{self, BufWriter, Write};

use certbind_core::{Binding, BindingKey, BindingStore, Scan, StoreError};
use certbind_formats::WriteError;
use certbind_formats::netsh::{Newline, Writer};
use certbind_httpapi_abi::win32::{self, ToWin32};

use super::grammar::{self, Given, Refusal};
use super::json;
use super::messages::{self, Answer, DONE, FAILED};
use super::profile::Profile;
use super::property;
use super::request::{self, Request};
use super::tags::{self, JSON};
use super::usage;
use super::verb::Verb;

/// Executes a command on certificates.
pub(super) fn sslcert(
    store: &dyn BindingStore,
    profile: Profile,
    verb: Verb,
    arguments: &[String],
) -> Answer {
    let done = match verb {
        Verb::Add | Verb::Update => change(store, profile, verb, arguments),
        Verb::Delete => delete(store, profile, arguments),
        Verb::Show => show(store, profile, arguments),
    };
    done.unwrap_or_else(|refusal| refused(refusal, profile, verb))
}

fn refused(refusal: Refusal, profile: Profile, verb: Verb) -> Answer {
    match refusal {
        Refusal::Syntax => messages::bad_syntax(&usage::help(verb, profile)),
        Refusal::UnknownTag => hidden(
            messages::bad_syntax(&usage::help(verb, profile)),
            profile,
            verb,
        ),
        Refusal::Value => messages::bad_value(),
    }
}

/// The answer to an option that was refused. Server 2019 exits as if all were well.
fn hidden(answer: Answer, profile: Profile, verb: Verb) -> Answer {
    let is_change = matches!(verb, Verb::Add | Verb::Update);
    if is_change && profile.hides_refused_options() {
        return Answer {
            code: DONE,
            ..answer
        };
    }
    answer
}

fn change(
    store: &dyn BindingStore,
    profile: Profile,
    verb: Verb,
    arguments: &[String],
) -> Result<Answer, Refusal> {
    let given = Given::new(arguments, &tags::of_record(profile))?;
    if let Some(answer) = json::change(store, verb, &given)? {
        return Ok(answer);
    }
    let Request {
        binding,
        has_options,
    } = Request::read(&given, profile)?;
    let (changed, done, what) = match verb {
        Verb::Update => (update(store, &binding), "updated", "update"),
        _ => (store.insert(binding), "added", "add"),
    };
    Ok(match changed {
        Ok(()) => messages::success(done),
        Err(error) => {
            let answer = messages::failure(what, &error);
            if has_options && error.win32_code() == win32::INVALID_PARAMETER {
                hidden(answer, profile, verb)
            } else {
                answer
            }
        }
    })
}

/// Replaces a record. The extended properties of its key are not part of it.
fn update(store: &dyn BindingStore, binding: &Binding) -> Result<(), StoreError> {
    property::change(store, binding.key(), |found| {
        let mut record = binding.record().clone();
        record.extended = found.record().extended.clone();
        Ok(binding.clone().with_record(record)?)
    })
}

fn delete(
    store: &dyn BindingStore,
    profile: Profile,
    arguments: &[String],
) -> Result<Answer, Refusal> {
    let given = Given::new(arguments, &tags::of_key(profile))?;
    let key = grammar::key(given.key()?.ok_or(Refusal::Syntax)?)?;
    Ok(match store.remove(&key) {
        Ok(_) => messages::success("deleted"),
        Err(error) => messages::failure("deletion", &error),
    })
}

fn show(
    store: &dyn BindingStore,
    profile: Profile,
    arguments: &[String],
) -> Result<Answer, Refusal> {
    let mut tags = tags::of_key(profile);
    tags.extend(profile.has_json().then_some(JSON));
    let given = Given::new(arguments, &tags)?;
    let as_json = given.value(JSON).map_or(Ok(false), request::is_enabled)?;
    let key = given.key()?.map(grammar::key).transpose()?;
    Ok(match found(store, key) {
        Ok(bindings) if as_json => json::listing(&bindings),
        Ok(bindings) => listing(bindings, profile),
        Err(error) if as_json => json::not_shown(&error),
        Err(error) => messages::not_shown(&error),
    })
}

fn found(store: &dyn BindingStore, key: Option<BindingKey>) -> Result<Vec<Binding>, StoreError> {
    match key {
        None => store.scan(&Scan::all())?.collect(),
        Some(key) => match store.get(&key)? {
            Some(binding) => Ok(vec![binding]),
            None => Err(StoreError::NotFound { key }),
        },
    }
}

/// The listing of all bindings, or of the one of a key.
fn listing(bindings: Vec<Binding>, profile: Profile) -> Answer {
    let mut text = Vec::new();
    let bindings = bindings.into_iter().map(Ok);
    let written = write_listing(bindings, profile, Newline::Lf, &mut text);
    match written {
        Ok(code) => Answer {
            text: String::from_utf8_lossy(&text).into_owned(),
            code,
        },
        Err(error) => messages::unreadable("show sslcert", &error.to_string()),
    }
}

/// Lists all bindings while they are read, if the arguments request that; none otherwise.
///
/// # Errors
/// Those of `out`.
pub(super) fn list_all(
    store: &dyn BindingStore,
    profile: Profile,
    newline: Newline,
    arguments: &[String],
    out: &mut dyn Write,
) -> io::Result<Option<u8>> {
    if !arguments.is_empty() {
        return Ok(None);
    }
    let Ok(scan) = store.scan(&Scan::all()) else {
        return Ok(None);
    };
    let mut bindings = scan.peekable();
    if matches!(bindings.peek(), Some(Err(_))) {
        return Ok(None);
    }
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let code = write_listing(bindings, profile, newline, &mut out)?;
    out.flush()?;
    Ok(Some(code))
}

/// How much of a listing is written at a time, in bytes.
const BUFFER: usize = 1 << 14;

/// Writes the bindings as Windows lists them, and returns the exit code. A binding with a text that
/// a listing cannot show, such as a store name with a line end in it, is named after the others,
/// and the command has failed; so has it where the bindings end with an error.
fn write_listing(
    bindings: impl Iterator<Item = Result<Binding, StoreError>>,
    profile: Profile,
    newline: Newline,
    out: &mut impl Write,
) -> io::Result<u8> {
    let layout = profile.release().layout().with_newline(newline);
    let mut problems = Vec::new();
    let mut writer = Writer::new(&mut *out, &layout).map_err(of_output)?;
    for binding in bindings {
        match binding {
            Ok(binding) => match writer.push(&binding) {
                Err(WriteError::Inexpressible(values)) => {
                    problems.extend(values.iter().map(ToString::to_string));
                }
                pushed => pushed.map_err(of_output)?,
            },
            Err(error) => {
                problems.push(messages::reason(&error).trim_end().to_owned());
                break;
            }
        }
    }
    writer.finish().map_err(of_output)?;
    for problem in &problems {
        let line = format!("{problem}\n");
        match newline {
            Newline::Lf => out.write_all(line.as_bytes())?,
            Newline::Crlf => out.write_all(line.replace('\n', "\r\n").as_bytes())?,
        }
    }
    Ok(if problems.is_empty() { DONE } else { FAILED })
}

fn of_output(error: WriteError) -> io::Error {
    match error {
        WriteError::Io(error) => error,
        other => io::Error::other(other),
    }
}
