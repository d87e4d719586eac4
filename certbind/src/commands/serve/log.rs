//! The log of a server: a line for each connection, the endpoints, and warnings.

use std::path::Path;

use certbind_serve::{ConnectionReport, Endpoint, Event, Outcome};
use serde_json::json;

use crate::cli::output::Format;
use crate::message::warn;
use crate::output_file;
use crate::print::print_to_reader;
use crate::terminal::{escaped, escaped_json};

pub(super) fn report(event: Event<'_>, format: Format, ready_file: Option<&Path>) {
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
