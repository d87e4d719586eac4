//! `list`: the bindings of a store, or of many exports.

use std::collections::BTreeMap;

use certbind_audit::{HostExport, NotAssessed};
use certbind_backends::Access;
use certbind_core::{Binding, BindingStore, Scan};
use jiff::Timestamp;
use serde::Serialize;

use crate::audit_targets::HostFrom;
use crate::cli::list::{Filter, List};
use crate::cli::output::Format;
use crate::error::Error;
use crate::message::{note, report};
use crate::print::{Reader, Stream, print, print_json, print_json_array};
use crate::readable::Readable;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::{audit_targets, changes, exit, table};

pub(crate) fn run(
    url: impl Fn() -> Result<StoreUrl, Error>,
    arguments: &List,
) -> Result<u8, Error> {
    if arguments.targets.is_empty() {
        return searched(arguments, |filter| {
            if arguments.times {
                note_without_times(&url()?.to_string());
            }
            store(&url()?, filter, arguments.output.format)
        });
    }
    targets(arguments).map_err(|error| Error::Filter(Box::new(error)))
}

/// Lists with the filter of the arguments. With one, an error and an empty result have different exit codes.
pub(super) fn searched(
    arguments: &List,
    list: impl FnOnce(&Filter) -> Result<u8, Error>,
) -> Result<u8, Error> {
    let filter = arguments.filter();
    let is_filtered = !filter.as_ref().is_ok_and(Filter::is_empty);
    let listed = filter.and_then(|filter| list(&filter));
    listed.map_err(|error| match is_filtered {
        true => Error::Filter(Box::new(error)),
        false => error,
    })
}

/// The exit code after everything was read.
pub(super) fn code(filter: &Filter, matches: usize) -> u8 {
    match matches {
        0 if !filter.is_empty() => exit::NO_MATCH,
        _ => exit::DONE,
    }
}

/// A binding, or a part of the store that could not be read.
#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    Binding(Binding),
    Unread { unreadable: String },
}

fn store(url: &StoreUrl, filter: &Filter, format: Format) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let store = Readable::new(store.bindings());
    let mut matches = 0;
    let bindings = store.scan(&Scan::all())?.map(|binding| Ok(binding?));
    let mut bindings = bindings.filter(|binding: &Result<Binding, Error>| match binding {
        Ok(binding) if filter.matches(binding) => {
            matches += 1;
            true
        }
        Ok(_) => false,
        Err(_) => true,
    });
    match format {
        Format::Json => {
            let bindings = bindings.map(|binding| Ok(Row::Binding(binding?)));
            // The unreadable parts are known after the last binding.
            let unread = std::iter::once_with(|| store.unread()).flatten();
            let unread = unread.map(|unreadable| Ok(Row::Unread { unreadable }));
            print_json_array(bindings.chain(unread))?;
        }
        Format::Table => print_table(&mut bindings, none_found(filter))?,
    }
    Ok(match store.report() {
        exit::DONE => code(filter, matches),
        unread => unread,
    })
}

fn none_found(filter: &Filter) -> &'static str {
    match filter.is_empty() {
        true => "No bindings.\n",
        false => "No binding matches.\n",
    }
}

/// Prints the rows of a table as they are read.
fn print_table(
    bindings: &mut dyn Iterator<Item = Result<Binding, Error>>,
    none_found: &str,
) -> Result<(), Error> {
    let mut rows = table::Rows::default();
    let mut out = Stream::new();
    loop {
        let mut error = None;
        let ok = |binding: Result<_, _>| binding.map_err(|found| error = Some(found)).ok();
        let some: Vec<_> = bindings.take(table::SCREENFUL).map_while(ok).collect();
        let is_last = some.len() < table::SCREENFUL;
        if !some.is_empty() {
            let text = rows.next(&some) + "\n";
            if out.print(&text)? == Reader::Gone || out.flush()? == Reader::Gone {
                return Ok(());
            }
        } else if error.is_none() && rows.is_empty() {
            out.print(none_found)?;
        }
        // The rows before an error are correct, and printed.
        if let Some(error) = error {
            return Err(error);
        }
        if is_last {
            out.flush()?;
            return Ok(());
        }
    }
}

/// A host of the targets, with its bindings that match.
#[derive(Serialize)]
struct Listed<'a> {
    host: &'a str,
    source: Option<&'a str>,
    bindings: Vec<&'a Binding>,
    /// The last-write times of the registry keys of the bindings, from a hive or a JSON export of one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    key_times: BTreeMap<String, Timestamp>,
    /// The unreadable parts, and the reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<String>,
}

impl<'a> Listed<'a> {
    fn of(export: &'a HostExport, filter: &Filter) -> Self {
        let found = &export.reading.export;
        let bindings = found.bindings.iter();
        let matching = bindings.clone().filter(|it| filter.matches(it));
        let key_times = matching.filter_map(|binding| {
            let time = found.times.get(binding.key())?;
            Some((binding.key().to_string(), *time))
        });
        let key_times = key_times.collect();
        let mut bindings: Vec<_> = bindings.filter(|it| filter.matches(it)).collect();
        bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
        let mut unreadable: Vec<_> = export
            .reading
            .errors
            .iter()
            .map(ToString::to_string)
            .collect();
        if let Some(NotAssessed::Unreadable(why)) = &export.not_assessed {
            unreadable.push(why.clone());
        }
        Self {
            host: &export.name,
            source: export.source.as_deref(),
            bindings,
            key_times,
            unreadable,
        }
    }

    fn has_no_times(&self) -> bool {
        self.key_times.is_empty() && !self.bindings.is_empty()
    }
}

/// A note for `--times`, where there are none.
fn note_without_times(source: &str) {
    let what = "no times of registry keys; use a hive, or a JSON export of a hive";
    note(&escaped(&format!("{source}: {what}")));
}

fn targets(arguments: &List) -> Result<u8, Error> {
    let filter = arguments.filter()?;
    let logs = arguments.logs.choice()?;
    let targets = audit_targets::expand(&arguments.targets).targets;
    let exports = audit_targets::read_all(targets, HostFrom::Export, &logs, |_, _| ())?;
    let read = exports.iter().filter(|it| it.not_assessed.is_none());
    logs.check(read.map(|export| Some(&export.reading)))?;
    let hosts: Vec<_> = exports.iter().map(|it| Listed::of(it, &filter)).collect();
    let matches = hosts.iter().map(|host| host.bindings.len()).sum();
    let is_shown = |host: &&Listed<'_>| {
        filter.is_empty() || !host.bindings.is_empty() || !host.unreadable.is_empty()
    };
    let shown: Vec<_> = hosts.iter().filter(is_shown).collect();
    if arguments.times {
        for host in hosts.iter().filter(|it| it.has_no_times()) {
            note_without_times(host.source.unwrap_or(host.host));
        }
    }
    match arguments.output.format {
        Format::Json => print_json(&shown)?,
        Format::Table => print_hosts(&shown, matches, hosts.len(), arguments.times)?,
    }
    let unread = hosts.iter().filter(|host| !host.unreadable.is_empty());
    let unread = unread.inspect(|host| {
        for why in &host.unreadable {
            let source = host.source.unwrap_or(host.host);
            report(&escaped(&format!("{source}: {why}")));
        }
    });
    match unread.count() {
        0 => Ok(code(&filter, matches)),
        _ => Ok(exit::NOT_SEARCHED),
    }
}

fn print_hosts(
    shown: &[&Listed<'_>],
    matches: usize,
    hosts: usize,
    times: bool,
) -> Result<(), Error> {
    let mut text = String::new();
    for host in shown.iter().filter(|host| !host.bindings.is_empty()) {
        let bindings: Vec<_> = host.bindings.iter().map(|it| (*it).clone()).collect();
        let count = changes::counted(bindings.len());
        let table = match times {
            true => table::with_times(&bindings, &host.key_times),
            false => table::of(&bindings),
        };
        text.push_str(&format!("{}: {count}\n{table}\n\n", escaped(host.host)));
    }
    let hosts = if hosts == 1 {
        "1 host".to_owned()
    } else {
        format!("{hosts} hosts")
    };
    text.push_str(&format!("{} of {hosts}\n", changes::counted(matches)));
    print(&text)
}
