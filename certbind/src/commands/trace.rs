//! `trace`: shows or replays the calls of a program to HTTP.sys.

use std::sync::Arc;

use certbind_backends::Access;
use certbind_core::Uuid;
use certbind_formats::applications;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;
use certbind_trace::{Entry, HostTrace, QueryResult, ReplayOutcome, code_name};
use serde::Serialize;

use crate::cli::output::Format;
use crate::cli::trace::Trace;
use crate::error::Error;
use crate::exit;
use crate::input::{Contents, read_file};
use crate::print::{print, print_json};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::warnings::warn_of;

pub(crate) fn run(arguments: &Trace) -> Result<u8, Error> {
    let bytes = read_file(&arguments.file).map_err(|source| Error::Input {
        path: arguments.file.clone(),
        source,
    })?;
    let entries = certbind_trace::read(&bytes).map_err(|error| Error::BrokenInput {
        path: arguments.file.clone(),
        problem: error.to_string(),
    })?;
    let format = arguments.output.format;
    if let Some(windows) = &arguments.contribute {
        return contribute(windows, arguments, entries);
    }
    match &arguments.replay {
        Some(url) => replay(url, &entries, format).map_err(|error| Error::Diff(Box::new(error))),
        None => show(&entries, format),
    }
}

/// Prints the file that can be contributed.
fn contribute(windows: &str, arguments: &Trace, entries: Vec<(usize, Entry)>) -> Result<u8, Error> {
    let before = match &arguments.before {
        Some(export) => {
            let Contents { bindings, reading } = export.clone().resolved().read()?;
            reading.iter().for_each(warn_of);
            bindings
        }
        None => Vec::new(),
    };
    let calls = entries.into_iter().map(|(_, entry)| entry).collect();
    let trace = HostTrace::new(windows, before, calls).and_then(|trace| {
        let is_known = |id| {
            id == Uuid::nil()
                || applications::KNOWN
                    .iter()
                    .any(|application| application.id == id)
        };
        match arguments.keep_names {
            true => Ok(trace),
            false => trace.with_pseudonyms(is_known),
        }
    });
    let trace = trace.map_err(|error| Error::BrokenInput {
        path: arguments.file.clone(),
        problem: error.to_string(),
    })?;
    print_json(&trace)?;
    Ok(exit::DONE)
}

fn show(entries: &[(usize, Entry)], format: Format) -> Result<u8, Error> {
    if format == Format::Json {
        let calls: Vec<_> = entries.iter().map(|(_, entry)| entry).collect();
        print_json(&calls)?;
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    for (_, entry) in entries {
        text.push_str(&format!(
            "{}  {:>6}  {:>7} us  {}\n",
            entry.time.strftime("%F %T%.6fZ"),
            entry.process,
            entry.micros,
            answered(entry, entry.result, entry.found.as_ref()),
        ));
    }
    print(&text)?;
    Ok(exit::DONE)
}

/// The results of the repeated calls, compared with the recorded ones.
#[derive(Default, Serialize)]
struct Replayed<'a> {
    same: u64,
    different: Vec<Different<'a>>,
    not_repeated: u64,
}

/// A repeated call with another result.
#[derive(Serialize)]
struct Different<'a> {
    /// The line of the recording.
    line: usize,
    call: &'a Entry,
    result: u32,
    found: Option<QueryResult>,
}

fn replay(url: &StoreUrl, entries: &[(usize, Entry)], format: Format) -> Result<u8, Error> {
    let api = api(url)?;
    let mut replayed = Replayed::default();
    for ((line, call), outcome) in entries.iter().zip(certbind_trace::replay(&*api, entries)) {
        match outcome {
            ReplayOutcome::Same => replayed.same += 1,
            ReplayOutcome::Left => replayed.not_repeated += 1,
            ReplayOutcome::Differs { result, found } => replayed.different.push(Different {
                line: *line,
                call,
                result,
                found,
            }),
        }
    }
    match format {
        Format::Table => print(&in_words(&replayed))?,
        Format::Json => print_json(&replayed)?,
    }
    Ok(match replayed.different.is_empty() {
        true => exit::DONE,
        false => exit::DIFFERENT,
    })
}

fn in_words(replayed: &Replayed<'_>) -> String {
    let mut text = String::new();
    for different in &replayed.different {
        let call = different.call;
        text.push_str(&format!(
            "line {}: {}\n    {:<22} {}\n",
            different.line,
            answered(call, call.result, call.found.as_ref()),
            "answered here",
            answer(different.result, different.found.as_ref()),
        ));
    }
    text + &format!(
        "{} answered as in the trace, {} otherwise, {} not made again\n",
        replayed.same,
        replayed.different.len(),
        replayed.not_repeated
    )
}

fn api(url: &StoreUrl) -> Result<Arc<dyn HttpApi>, Error> {
    if let Some(api) = url.api() {
        return Ok(api?);
    }
    let store = Opened::open(url, Access::Create)?;
    match store.api() {
        Some(api) => Ok(api),
        None => Ok(Arc::new(Simulator::new(store.into_shared()))),
    }
}

/// A call and an answer to it, escaped.
fn answered(entry: &Entry, result: u32, found: Option<&QueryResult>) -> String {
    format!(
        "{} {} -> {}",
        escaped(entry.call.name()),
        escaped(&entry.argument.to_string()),
        answer(result, found)
    )
}

fn answer(result: u32, found: Option<&QueryResult>) -> String {
    let mut text = match code_name(result) {
        Some(name) => format!("{result} {name}"),
        None => result.to_string(),
    };
    if let Some(found) = found {
        text.push_str(&format!(", {}", escaped(&found.to_string())));
    }
    text
}
