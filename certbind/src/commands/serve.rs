//! `serve`: TLS endpoints that answer as HTTP.sys would choose.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use certbind_backends::Access;
use certbind_core::{Binding, BindingStore, Scan, StoreError};
use certbind_serve::{BindingSource, ConnectionReport, Endpoint, Event, Limits, Outcome, Server};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::certificate::Passwords;
use crate::cli::output::Format;
use crate::cli::serve::Serve;
use crate::error::Error;
use crate::exit;
use crate::input::{Input, read_file};
use crate::message::warn;
use crate::output_file;
use crate::print::print_to_reader;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::{escaped, escaped_json};
use crate::warnings::warn_of;

/// How long another process may keep a store to itself before that is an error.
const IN_USE: Duration = Duration::from_secs(2);

/// Timestamps of files may be this coarse: a younger file may change once more without a new one.
const TIMESTAMP: Duration = Duration::from_millis(100);

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

fn report(event: Event<'_>, format: Format, ready_file: Option<&Path>) {
    match event {
        Event::Connection(connection) => {
            let line = match format {
                Format::Json => serde_json::to_string(connection).unwrap_or_default(),
                Format::Table => in_words(connection),
            };
            print_line(&line, format);
        }
        Event::Notice(notice) => warn(&escaped(&notice.to_string())),
        Event::Endpoints(endpoints) => {
            let json = json!({ "process": std::process::id(), "endpoints": endpoints });
            match format {
                Format::Json => print_line(&json.to_string(), format),
                Format::Table => {
                    for endpoint in endpoints {
                        print_line(&listening(endpoint), format);
                    }
                }
            }
            if let Some(path) = ready_file {
                let written = output_file::write(path, |out| Ok(writeln!(out, "{json:#}")?));
                if let Err(error) = written {
                    warn(&escaped(&error.to_string()));
                }
            }
        }
        _ => {}
    }
}

fn print_line(line: &str, format: Format) {
    let line = match format {
        Format::Json => escaped_json(line),
        Format::Table => escaped(line).into_owned(),
    };
    // A reader that has closed the output does not end the server.
    let _ = print_to_reader(&(line + "\n"));
}

fn listening(endpoint: &Endpoint) -> String {
    let address = std::net::SocketAddr::new(endpoint.address, endpoint.port.get());
    match address == endpoint.listens_on {
        true => format!("listening on {address}"),
        false => format!("listening on {} for {address}", endpoint.listens_on),
    }
}

fn in_words(connection: &ConnectionReport) -> String {
    let address = std::net::SocketAddr::new(connection.address, connection.port.get());
    let name = connection.sni.as_deref().unwrap_or("no server name");
    let mut line = format!(
        "{} {} {address}, {name}: ",
        connection.time, connection.client
    );
    let binding = connection.binding.as_ref().map(ToString::to_string);
    let binding = binding.unwrap_or_else(|| "no binding".to_owned());
    line += &match (connection.outcome, &connection.tls) {
        (Outcome::Served, Some(tls)) => {
            let alpn = tls.alpn.as_deref().unwrap_or("no ALPN");
            let resumed = if tls.resumed { ", resumed" } else { "" };
            format!("{binding}, {}, {alpn}{resumed}", tls.version)
        }
        (Outcome::NoBinding, _) => "reset, no binding matches".to_owned(),
        (Outcome::NotServed, _) => format!("reset, {binding}"),
        (Outcome::NotTls, _) => "reset, not TLS".to_owned(),
        (Outcome::HandshakeFailed, _) => format!("{binding}, the handshake failed"),
        (Outcome::Timeout, _) => "closed, the handshake took too long".to_owned(),
        (Outcome::Evicted, _) => "closed, too many connections".to_owned(),
        _ => "closed".to_owned(),
    };
    match &connection.error {
        Some(error) => format!("{line}: {error}"),
        None => line,
    }
}

/// The bindings of an input.
enum Source {
    Files(Files),
    Store(Arc<dyn BindingStore>),
}

/// A store that stays open reads its bindings from its server or library; one that is a file is opened
/// when the file has changed, so that others may write to it.
fn source(input: Input) -> Result<Source, Error> {
    let files = match &input {
        Input::File(path) => vec![path.clone()],
        Input::Store(url) => url.files(),
    };
    match input {
        Input::Store(url) if files.is_empty() => {
            let store = Opened::open(&url, Access::Read)?;
            Ok(Source::Store(store.into_shared()))
        }
        input => Ok(Source::Files(Files {
            input,
            files,
            seen: None,
            is_first: true,
        })),
    }
}

/// Files that contain bindings.
struct Files {
    input: Input,
    files: Vec<PathBuf>,
    /// Of each file, its time and length; `None` if it must be read again.
    seen: Option<Vec<Version>>,
    is_first: bool,
}

type Version = Option<(SystemTime, u64)>;

impl BindingSource for Files {
    fn may_have_changed(&mut self) -> bool {
        let now: Vec<_> = self.files.iter().map(|path| version(path)).collect();
        let changed = self.seen.as_ref() != Some(&now);
        let is_young =
            |(time, _): &(SystemTime, u64)| time.elapsed().is_ok_and(|age| age < TIMESTAMP);
        let settled = !now.iter().flatten().any(is_young);
        self.seen = settled.then_some(now);
        changed
    }

    fn read(&mut self) -> Result<Vec<Binding>, Box<dyn std::error::Error + Send + Sync>> {
        let end = Instant::now() + IN_USE;
        loop {
            match read(&self.input, self.is_first) {
                Err(Error::Store(StoreError::InUse { .. })) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Ok(bindings) => {
                    self.is_first = false;
                    return Ok(bindings);
                }
                Err(error) => {
                    // It is tried again, whether the file changes or not.
                    self.seen = None;
                    return Err(error.to_string().into());
                }
            }
        }
    }
}

fn version(path: &Path) -> Version {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(input: &Input, warns: bool) -> Result<Vec<Binding>, Error> {
    match input {
        Input::Store(url) => {
            let store = Opened::open(url, Access::Read)?;
            let bindings = store.bindings().scan(&Scan::all())?;
            Ok(bindings.collect::<Result<_, _>>()?)
        }
        input => {
            let contents = input.read()?;
            if warns {
                contents.reading.iter().for_each(warn_of);
            }
            Ok(contents.bindings)
        }
    }
}
