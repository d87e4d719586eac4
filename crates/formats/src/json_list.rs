//! The contents of a JSON export, and lists of bindings, as `certbind list --format json` prints them.

use std::collections::BTreeMap;

use certbind_core::BindingKey;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::configuration::Configuration;
use crate::export::Header;
use crate::netsh::layout::Layout;
use crate::report::ParseError;

/// An export whose bindings are not parsed yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document<'a> {
    #[serde(rename = "format")]
    _format: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
    pub(crate) header: Header,
    #[serde(borrow)]
    pub(crate) bindings: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) layout: Option<Layout>,
    pub(crate) times: Option<BTreeMap<BindingKey, Timestamp>>,
    pub(crate) configuration: Option<Configuration>,
    pub(crate) unreadable: Option<Vec<String>>,
}

/// A host of a list of exports.
#[derive(Deserialize)]
struct ListedHost<'a> {
    host: String,
    #[serde(borrow)]
    bindings: Vec<&'a RawValue>,
    #[serde(default)]
    unreadable: Vec<String>,
}

/// Reads a list of bindings, or of one host with its bindings.
pub(crate) fn read(text: &str) -> Result<Document<'_>, ParseError> {
    let at = |error: serde_json::Error| ParseError {
        column: Some(error.column() as u64),
        ..ParseError::at(error.line() as u64, without_place(&error)).caused_by(error)
    };
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(at)?;
    let hosts = items
        .iter()
        .map(|it| serde_json::from_str::<ListedHost<'_>>(it.get()));
    let hosts: Result<Vec<_>, _> = hosts.collect();
    let (host, bindings) = match hosts {
        Ok(mut hosts) if hosts.len() == 1 => {
            let only = hosts.remove(0);
            if let Some(why) = only.unreadable.first() {
                let what = format!("the list is incomplete: {why}");
                return Err(ParseError::in_file(what));
            }
            (Some(only.host), only.bindings)
        }
        Ok(hosts) if hosts.len() > 1 => {
            let what = format!(
                "it lists {} hosts; expected the bindings of one",
                hosts.len()
            );
            return Err(ParseError::in_file(what));
        }
        _ => (None, items),
    };
    Ok(Document {
        _format: IgnoredAny,
        _version: IgnoredAny,
        header: Header {
            host,
            ..Header::default()
        },
        bindings,
        layout: None,
        times: None,
        configuration: None,
        unreadable: None,
    })
}

/// The message of an error without its position, which is reported separately.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}
