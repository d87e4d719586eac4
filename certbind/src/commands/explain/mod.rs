//! `explain`: which binding answers a connection, and why.

mod all;
mod client;
mod one;
mod others;

use certbind_certificates::Folder;
use certbind_core::Binding;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::explain::Explain;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::input::Input;
use crate::print::{print, print_json};
use crate::stores::StoreUrl;
use crate::terminal::escaped;
use crate::warnings::warn_of;

/// One host's answer: as text, as JSON, and whether a binding answers.
struct Answer {
    text: String,
    json: Value,
    answered: bool,
}

/// The certificates that are known, and the time at which they are judged.
struct Certificates {
    folder: Option<Folder>,
    now: Timestamp,
}

/// A host's name, in a fleet, and its bindings.
type Host = (Option<String>, Vec<Binding>);

pub(crate) fn run(url: &StoreUrl, arguments: &Explain) -> Result<u8, Error> {
    explain(url, arguments).map_err(|error| Error::Explain(Box::new(error)))
}

fn explain(url: &StoreUrl, arguments: &Explain) -> Result<u8, Error> {
    let connection = arguments.connection().map_err(Error::Connection)?;
    let folder = arguments.certificates.as_deref().map(Folder::read);
    let certificates = Certificates {
        folder: folder.transpose().map_err(|error| Error::Input {
            path: error.path,
            source: error.source,
        })?,
        now: arguments.now(),
    };
    let plan = arguments.changes.as_deref().map(all::read_plan);
    let plan = plan.transpose()?;
    let (hosts, failed) = hosts(url, arguments)?;
    let mut answers = Vec::new();
    for (host, bindings) in hosts {
        let answer = match (&connection, &plan, arguments.all) {
            (Some(connection), _, _) => {
                let mut answer = one::answer(&bindings, connection, &certificates);
                if arguments.other_servers {
                    others::add(&mut answer, &bindings, connection);
                }
                answer
            }
            (None, Some(plan), _) => all::changes(&bindings, plan)?,
            (None, None, Some(port)) => all::of_port(&bindings, port),
            (None, None, None) => continue,
        };
        answers.push((host, answer));
    }
    match arguments.output.format {
        Format::Json => print_json(&as_json(&answers))?,
        Format::Table => print(&in_words(&answers))?,
    }
    if failed > 0 {
        return Ok(exit::NOT_EXPLAINED);
    }
    let answered = !answers.is_empty() && answers.iter().all(|(_, answer)| answer.answered);
    Ok(match answered {
        true => exit::DONE,
        false => exit::UNANSWERED,
    })
}

/// The hosts, and how many could not be read.
fn hosts(url: &StoreUrl, arguments: &Explain) -> Result<(Vec<Host>, usize), Error> {
    #[cfg(feature = "etcd")]
    if let Some(fleet) = &arguments.fleet.fleet {
        let jobs = arguments.fleet.jobs;
        let visited = crate::fleet::visit(fleet, jobs, |_, store| crate::input::scan_all(store))?;
        let hosts = visited.hosts.into_iter();
        let hosts = hosts.map(|(host, bindings)| (Some(host.to_string()), bindings));
        return Ok((hosts.collect(), visited.failed));
    }
    let input = match &arguments.from {
        Some(input) => input.clone().resolved(),
        None => Input::Store(url.clone()),
    };
    let logs = arguments.logs.choice()?;
    let contents = input.read_with(&logs)?;
    logs.check([contents.reading.as_ref()])?;
    contents.reading.iter().for_each(warn_of);
    Ok((vec![(None, contents.bindings)], 0))
}

fn in_words(answers: &[(Option<String>, Answer)]) -> String {
    let mut text = String::new();
    for (host, answer) in answers {
        if let Some(host) = host {
            text.push_str(&format!("{}:\n", escaped(host)));
        }
        text.push_str(&answer.text);
    }
    text
}

/// One answer, or an object with the answer of each host of a fleet.
fn as_json(answers: &[(Option<String>, Answer)]) -> Value {
    if let [(None, answer)] = answers {
        return answer.json.clone();
    }
    let hosts = answers.iter().map(|(host, answer)| {
        let host = host.clone().unwrap_or_default();
        (host, answer.json.clone())
    });
    json!({ "hosts": hosts.collect::<serde_json::Map<_, _>>() })
}
