//! `trace`: what a program did to HTTP.sys, shown or done again.

use std::sync::Arc;

use certbind_backends::Access;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;
use certbind_trace::{Entry, QueryResult, ReplayOutcome, code_name};

use crate::cli::trace::Trace;
use crate::error::Error;
use crate::exit;
use crate::input::read_file;
use crate::print::print;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;

pub(crate) fn run(arguments: &Trace) -> Result<u8, Error> {
    let bytes = read_file(&arguments.file).map_err(|source| Error::Input {
        path: arguments.file.clone(),
        source,
    })?;
    let entries = certbind_trace::read(&bytes).map_err(|error| Error::BrokenInput {
        path: arguments.file.clone(),
        problem: error.to_string(),
    })?;
    match &arguments.replay {
        Some(url) => replay(url, &entries).map_err(|error| Error::Diff(Box::new(error))),
        None => show(&entries),
    }
}

fn show(entries: &[(usize, Entry)]) -> Result<u8, Error> {
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

fn replay(url: &StoreUrl, entries: &[(usize, Entry)]) -> Result<u8, Error> {
    let api = api(url)?;
    let [mut same, mut differ, mut left] = [0_u64; 3];
    let mut text = String::new();
    for ((line, entry), replayed) in entries.iter().zip(certbind_trace::replay(&*api, entries)) {
        match replayed {
            ReplayOutcome::Same => same += 1,
            ReplayOutcome::Left => left += 1,
            ReplayOutcome::Differs { result, found } => {
                differ += 1;
                text.push_str(&format!(
                    "line {line}: {}\n    {:<22} {}\n",
                    answered(entry, entry.result, entry.found.as_ref()),
                    "answered here",
                    answer(result, found.as_ref()),
                ));
            }
        }
    }
    text.push_str(&format!(
        "{same} answered as in the trace, {differ} otherwise, {left} not made again\n"
    ));
    print(&text)?;
    Ok(if differ == 0 {
        exit::DONE
    } else {
        exit::DIFFERENT
    })
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
