//! `show` and `check`.

use std::io;

use certbind_backends::{Access, CheckReport};
use certbind_core::{Binding, BindingKey, BindingStore, MemoryStore, StoreError};
use certbind_resolve::{Connection, Family, LocalAddress, Resolver};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::changes::counted;
use crate::cli::output::Format;
use crate::cli::show::Show;
use crate::error::Error;
use crate::input::{Contents, Input, scan_all};
use crate::message::warn;
use crate::past::{At, Past};
use crate::print::{print, print_json};
use crate::readable::Readable;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::{exit, record};

pub(crate) fn show(
    url: impl Fn() -> Result<StoreUrl, Error>,
    arguments: &Show,
) -> Result<u8, Error> {
    let (key, format) = (&arguments.key, arguments.output.format);
    match arguments.from.clone().map(Input::resolved) {
        None => of_store(&url()?, key, arguments.at.as_ref(), format),
        Some(Input::Store(url)) => of_store(&url, key, arguments.at.as_ref(), format),
        Some(export) => of_export(&export, arguments),
    }
}

/// A binding, with the last-write time of its registry key.
#[derive(Serialize)]
struct Timed<'a> {
    #[serde(flatten)]
    binding: &'a Binding,
    key_written: Option<Timestamp>,
}

fn of_export(export: &Input, arguments: &Show) -> Result<u8, Error> {
    let logs = arguments.logs.choice()?;
    let Contents { bindings, reading } = export.read_with(&logs)?;
    logs.check([reading.as_ref()])?;
    let store = MemoryStore::new();
    for binding in bindings {
        store.insert(binding)?;
    }
    let key = &arguments.key;
    let Some(binding) = store.get(key)? else {
        return Err(not_bound(&store, key)?);
    };
    let times = reading.as_ref().map(|reading| &reading.export.times);
    let key_written = times.and_then(|times| times.get(key)).copied();
    match arguments.output.format {
        Format::Json => print_json(&Timed {
            binding: &binding,
            key_written,
        })?,
        Format::Table => {
            let written = key_written.map_or_else(
                || "unknown: the export does not contain it".to_owned(),
                |time| time.to_string(),
            );
            let text = record::in_full(&binding);
            print(&format!(
                "{text}  {:<22} {written}\n",
                "registry key written"
            ))?;
        }
    }
    Ok(exit::DONE)
}

fn of_store(
    url: &StoreUrl,
    key: &BindingKey,
    at: Option<&At>,
    format: Format,
) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    if let Some(at) = at {
        let past = Past::read(&store, url)?;
        let revision = past.revision_at(at)?;
        let binding = past.state(revision)?.remove(key);
        let binding = binding.ok_or_else(|| Error::NotBoundThen {
            key: key.clone(),
            revision,
        })?;
        print_binding(&binding, format)?;
        return Ok(exit::DONE);
    }
    let store = Readable::new(store.bindings());
    let found = match store.get(key) {
        Err(error @ StoreError::Unreadable { .. }) => {
            match format {
                Format::Json => {
                    print_json(&json!({ "key": key, "unreadable": [error.to_string()] }))?;
                }
                Format::Table => print(&format!("{key}\n  unreadable\n"))?,
            }
            return Ok(store.report());
        }
        found => found?,
    };
    let Some(binding) = found else {
        return Err(not_bound(&store, key)?);
    };
    match format {
        Format::Json => {
            let mut shown = serde_json::to_value(&binding).map_err(io::Error::from)?;
            let unread = store.unread();
            if !unread.is_empty() {
                shown["unreadable"] = json!(unread);
            }
            print_json(&shown)?;
        }
        Format::Table => print(&record::in_full(&binding))?,
    }
    Ok(store.report())
}

fn print_binding(binding: &Binding, format: Format) -> Result<(), Error> {
    match format {
        Format::Json => print_json(binding),
        Format::Table => print(&record::in_full(binding)),
    }
}

/// The error for an unbound key, with the binding that answers such a connection instead.
fn not_bound(store: &dyn BindingStore, key: &BindingKey) -> Result<Error, Error> {
    let unbound = Connection::new(LocalAddress::Unbound(Family::V4), key.port());
    let connection = match key {
        BindingKey::IpPort(endpoint) => Connection::to(endpoint.addr()).unwrap_or(unbound),
        BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
            // One name that the wildcard covers represents it.
            unbound.with_server_name(endpoint.host().as_str().replacen("*.", "certbind.", 1))
        }
        BindingKey::Ccs(_) => unbound.with_server_name("certbind"),
    };
    let host = Resolver::new(scan_all(store)?);
    let answers = host.choose(&connection);
    let answers = answers.map(|(step, binding)| (binding.key().clone(), step.name()));
    Ok(Error::NotBound {
        key: key.clone(),
        answers,
    })
}

pub(crate) fn check(url: &StoreUrl, discard_wal: bool, format: Format) -> Result<u8, Error> {
    let opened = match Opened::open(url, Access::Read) {
        // The WAL is discarded only if the store does not open.
        Err(Error::Store(StoreError::Corrupt { .. })) if discard_wal => {
            let opened = Opened::open_discarding_wal(url)?;
            warn("the WAL was discarded, and with it all commits after the revision shown here");
            opened
        }
        // The damage prevents opening.
        Err(Error::Store(error @ StoreError::Corrupt { .. })) => {
            let problems = vec![error.to_string()];
            match format {
                Format::Json => print_json(&CheckReport {
                    problems,
                    ..CheckReport::default()
                })?,
                Format::Table => print(&format!("{}\n", escaped(&problems[0])))?,
            }
            return Ok(exit::DAMAGED);
        }
        opened => opened?,
    };
    let found = opened.check()?;
    match format {
        Format::Json => print_json(&found)?,
        Format::Table => {
            let url = url.to_string();
            let bindings = usize::try_from(found.bindings).unwrap_or(usize::MAX);
            let mut text = format!("{}: {}", escaped(&url), counted(bindings));
            if let Some(revision) = found.revision {
                text.push_str(&format!(", revision {revision}"));
            }
            text.push_str(if found.problems.is_empty() {
                "; whole\n"
            } else {
                "; damaged\n"
            });
            for problem in &found.problems {
                text.push_str(&format!("  {}\n", escaped(problem)));
            }
            print(&text)?;
        }
    }
    Ok(if found.problems.is_empty() {
        exit::DONE
    } else {
        exit::DAMAGED
    })
}
