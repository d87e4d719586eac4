//! `timeline`: the registry keys of bindings, URL reservations and the listen list, in the order of the
//! times at which they were last written.

use certbind_audit::{HostExport, NotAssessed};
use certbind_httpapi_abi::service::TimeoutKey;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::audit_targets::{self, HostFrom};
use crate::cli::timeline::{Timeline, TimelineFormat};
use crate::error::Error;
use crate::exit;
use crate::message::{note, report};
use crate::print::{print, print_json};
use crate::terminal::escaped;

/// A registry key that was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Entry {
    time: Timestamp,
    host: String,
    kind: Kind,
    /// The key of a binding, or the registry key under `Parameters`.
    name: String,
    /// The contents.
    holds: String,
    source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Binding,
    UrlReservations,
    Parameters,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::UrlReservations => "url_reservations",
            Self::Parameters => "parameters",
        }
    }
}

pub(crate) fn run(arguments: &Timeline) -> Result<u8, Error> {
    timeline(arguments).map_err(|error| Error::Filter(Box::new(error)))
}

fn timeline(arguments: &Timeline) -> Result<u8, Error> {
    let logs = arguments.logs.choice()?;
    let targets = audit_targets::expand(&arguments.targets).targets;
    let hosts = audit_targets::read_all(targets, HostFrom::Export, &logs, |_, _| ())?;
    let read = hosts.iter().filter(|it| it.not_assessed.is_none());
    logs.check(read.map(|host| Some(&host.reading)))?;
    let mut entries: Vec<_> = hosts.iter().flat_map(entries).collect();
    entries.sort();
    match arguments.format {
        TimelineFormat::Table => print(&table(&entries))?,
        TimelineFormat::Json => print_json(&entries)?,
        TimelineFormat::Csv => print(&csv(&entries))?,
        TimelineFormat::Bodyfile => print(&entries.iter().map(body).collect::<String>())?,
    }
    let mut code = exit::DONE;
    for host in &hosts {
        let source = host.source.as_deref().unwrap_or(&host.name);
        let unread = host.reading.errors.iter().map(ToString::to_string);
        let why = match &host.not_assessed {
            Some(NotAssessed::Unreadable(why)) => Some(why.clone()),
            _ => None,
        };
        for why in unread.chain(why) {
            code = exit::NOT_SEARCHED;
            report(&escaped(&format!("{source}: {why}")));
        }
        if host.not_assessed.is_none() && !has_times(host) {
            note(&escaped(&format!(
                "{source}: no times of registry keys; use a hive, or a JSON export of a hive"
            )));
        }
    }
    Ok(code)
}

fn has_times(host: &HostExport) -> bool {
    let export = &host.reading.export;
    let configuration = export.configuration.as_ref();
    let is_timed = configuration
        .is_some_and(|it| it.reservations_written.is_some() || it.parameters_written.is_some());
    is_timed || !export.times.is_empty()
}

fn entries(host: &HostExport) -> Vec<Entry> {
    let export = &host.reading.export;
    let entry = |time: Timestamp, kind, name: String, holds: String| Entry {
        time,
        host: host.name.clone(),
        kind,
        name,
        holds,
        source: host.source.clone().unwrap_or_default(),
    };
    let bindings = export.bindings.iter().filter_map(|binding| {
        let time = *export.times.get(binding.key())?;
        let certificate = match binding.record().hash() {
            Some(hash) => format!("certificate {hash}"),
            None => "central store".to_owned(),
        };
        let name = binding.key().to_string();
        Some(entry(time, Kind::Binding, name, certificate))
    });
    let mut entries: Vec<_> = bindings.collect();
    if let Some(found) = &export.configuration {
        if let Some(time) = found.reservations_written {
            let urls = found.url_reservations.iter().map(|it| it.url.as_str());
            let urls = urls.collect::<Vec<_>>().join(" ");
            let name = "UrlAclInfo".to_owned();
            entries.push(entry(time, Kind::UrlReservations, name, urls));
        }
        if let Some(time) = found.parameters_written {
            let addresses = found.listen_list.iter().map(ToString::to_string);
            let listens = addresses.collect::<Vec<_>>().join(" ");
            let switches = [
                (found.http2_over_tls, "EnableHttp2Tls"),
                (found.http2_cleartext, "EnableHttp2Cleartext"),
            ];
            let switches = switches
                .iter()
                .filter_map(|(on, name)| Some(format!("{name} {}", u8::from((*on)?))));
            let timeouts = TimeoutKey::ALL.into_iter();
            let timeouts = timeouts
                .filter_map(|key| Some(format!("{} {} s", key.name(), found.timeout(key)?)));
            let listens = (!listens.is_empty()).then(|| format!("listen list {listens}"));
            let holds = listens.into_iter().chain(switches).chain(timeouts);
            let holds: Vec<_> = holds.collect();
            let name = "Parameters".to_owned();
            entries.push(entry(time, Kind::Parameters, name, holds.join(", ")));
        }
    }
    entries
}

fn table(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No times.\n".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["TIME", "HOST", "KEY", "HOLDS"]);
    for entry in entries {
        table.add_row([
            entry.time.to_string(),
            escaped(&entry.host).into_owned(),
            escaped(&entry.name).into_owned(),
            escaped(&entry.holds).into_owned(),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

/// RFC 4180. Text that a spreadsheet would take for a formula begins with an apostrophe.
fn csv(entries: &[Entry]) -> String {
    let cell = |text: &str| {
        let text = escaped(text);
        let formula = text.starts_with(['=', '+', '-', '@']);
        let start = if formula { "'" } else { "" };
        format!("\"{start}{}\"", text.replace('"', "\"\""))
    };
    let mut text = "time,host,kind,key,holds,source\r\n".to_owned();
    for entry in entries {
        let cells = [
            &entry.time.to_string(),
            &entry.host,
            entry.kind.name(),
            &entry.name,
            &entry.holds,
            &entry.source,
        ];
        let cells: Vec<_> = cells.iter().map(|it| cell(it)).collect();
        text.push_str(&format!("{}\r\n", cells.join(",")));
    }
    text
}

/// A line of a body file: `MD5|name|inode|mode|UID|GID|size|atime|mtime|ctime|crtime`, with times
/// in whole seconds since 1970. Only the time of modification is known; the others are 0.
fn body(entry: &Entry) -> String {
    let name = format!("{}: {} ({})", entry.host, entry.name, entry.holds);
    // A bar would end the field.
    let name = escaped(&name).replace('|', "%7C").replace('\n', " ");
    format!("0|{name}|0|0|0|0|0|0|{}|0|0\n", entry.time.as_second())
}
