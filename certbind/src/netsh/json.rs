//! `json=` of the newest release. `show` prints the same as Windows, as far as its output is known.
//! The format of the files that `add` and `update` take is not known: here it is the JSON export of
//! certbind, which is self-describing and complete.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use certbind_core::{Batch, Binding, BindingKey, BindingStore, Change, StoreError};
use certbind_formats::netsh::key_text;
use certbind_formats::{ReadOptions, json};
use certbind_httpapi_abi::win32::ToWin32;
use serde::Serialize;

use super::grammar::{Given, Refusal};
use super::messages::{self, Answer, DONE};
use super::tags::JSON;
use super::verb::Verb;
use crate::terminal::EscapingJson;

/// `add` and `update` with the bindings of a file, all of them or none. An update replaces extended
/// properties as well, since they are in the file. None if no file is named.
///
/// # Errors
/// [`Refusal::Syntax`] for any other argument, since the file contains everything.
pub(super) fn change(
    store: &dyn BindingStore,
    verb: Verb,
    given: &Given<'_>,
) -> Result<Option<Answer>, Refusal> {
    let Some(file) = given.value(JSON) else {
        return Ok(None);
    };
    if given.count() > 1 {
        return Err(Refusal::Syntax);
    }
    let (change, done, what): (fn(Binding) -> Change, _, _) = match verb {
        Verb::Update => (Change::update, "updated", "update"),
        _ => (Change::insert, "added", "add"),
    };
    let changed = match read(Path::new(file)) {
        Ok(bindings) => applied(store, bindings.into_iter().map(change)),
        Err(why) => return Ok(Some(messages::unreadable(file, &why))),
    };
    Ok(Some(match changed {
        Ok(()) => messages::success(done),
        // A file has many bindings: only the error contains the one that failed.
        Err(error) => messages::failure(what, &error).with_error_line(&error),
    }))
}

fn applied(
    store: &dyn BindingStore,
    changes: impl Iterator<Item = Change>,
) -> Result<(), StoreError> {
    store.apply(&Batch::new(changes)?).map(drop)
}

/// The bindings that a file names, at least one.
fn read(file: &Path) -> Result<Vec<Binding>, String> {
    let bytes = crate::read_file::read(file).map_err(|error| error.to_string())?;
    let reading = json::read(&bytes, &ReadOptions::default());
    let bindings = reading.map_err(|error| error.to_string())?.export.bindings;
    if bindings.is_empty() {
        return Err("there is no binding in it".to_owned());
    }
    Ok(bindings)
}

/// `show` in the form that programs read from Windows Server 2025 (C3D.Extensions.Aspire's
/// `NetshSslCert.cs`, the CI of jborean93/PSWSMan). Members whose names are not known, such as that of
/// a host name or of an option, are left out. The numbers of `ConfigType` are inferred: those of
/// `HTTP_SERVICE_CONFIG_ID`.
#[derive(Serialize)]
struct Shown {
    #[serde(rename = "SslCertificateBindings")]
    bindings: Vec<ShownBinding>,
    message: String,
    status: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownBinding {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_port: Option<String>,
    config_type: u32,
    /// In base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    ssl_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssl_cert_store_name: Option<String>,
    /// In braces.
    guid_string: String,
    app_id: String,
}

impl ShownBinding {
    fn of(binding: &Binding) -> Self {
        let record = binding.record();
        let certificate = record.certificate.as_ref();
        let store_name = certificate.and_then(|certificate| certificate.store_name.as_ref());
        let hash = certificate.map(|certificate| BASE64.encode(certificate.hash.as_bytes()));
        let (ip_port, config_type) = match binding.key() {
            BindingKey::IpPort(_) => (Some(key_text(binding)), 1),
            BindingKey::Sni(_) => (None, 5),
            BindingKey::Ccs(_) => (None, 6),
            BindingKey::ScopedCcs(_) => (None, 11),
        };
        Self {
            ip_port,
            config_type,
            ssl_hash: hash,
            ssl_cert_store_name: store_name.map(ToString::to_string),
            guid_string: format!("{{{}}}", record.app_id),
            app_id: record.app_id.to_string(),
        }
    }
}

pub(super) fn listing(bindings: &[Binding]) -> Answer {
    Answer::done(text(bindings, String::new(), DONE.into()))
}

/// The same where there is nothing to show: no binding, and the system's message.
pub(super) fn not_shown(error: &StoreError) -> Answer {
    let message = messages::reason(error).trim_end().to_owned();
    Answer::failed(text(&[], message, error.win32_code()))
}

fn text(bindings: &[Binding], message: String, status: u32) -> String {
    let shown = Shown {
        bindings: bindings.iter().map(ShownBinding::of).collect(),
        message,
        status,
    };
    let mut text = Vec::new();
    let written = serde_json::to_writer(EscapingJson(&mut text), &shown);
    written.map_or_else(
        |error| format!("{error}\n"),
        |()| format!("{}\n", String::from_utf8_lossy(&text)),
    )
}
