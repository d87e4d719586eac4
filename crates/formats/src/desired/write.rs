//! Writing the shortest desired state of bindings.

use std::collections::BTreeMap;
use std::io::Write;

use certbind_core::{Binding, BindingKey, Kind};
use serde_json::Value;

use super::canonical::list;
use super::document::{PORT, STORE};
use crate::applications;
use crate::export::Export;
use crate::write::{WriteError, check_whole};

/// The fields of an entry in their order, without those at their defaults.
type Fields = BTreeMap<usize, Value>;

/// The names of the fields, in their canonical order.
const ORDER: &[&str] = &[
    "app",
    "cert",
    "store",
    "check_mode",
    "revocation_freshness_time",
    "url_retrieval_timeout",
    "ctl_identifier",
    "ctl_store_name",
    "flags",
    "extended",
    "host_spelling",
];

/// Bindings that differ in their keys alone.
struct Entry {
    keys: Vec<BindingKey>,
    fields: Fields,
}

/// Writes the shortest file in TOML that gives the same bindings: one entry for all bindings that
/// differ in their keys alone, and each field under `[defaults]` where that saves lines. Of the
/// header it has the host.
///
/// # Errors
/// [`WriteError::NotWhole`] if parts of the store could not be read; [`WriteError::Io`] if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    check_whole(export)?;
    let mut entries = entries(&export.bindings);
    let defaults = hoist(&mut entries);
    let mut sections = Vec::new();
    if let Some(host) = &export.header.host {
        sections.push(format!("host = {}\n", toml(&Value::from(host.as_str()))));
    }
    let port = default_port(&entries);
    let port_line = match port {
        PORT => String::new(),
        other => format!("port = {other}\n"),
    };
    if !defaults.is_empty() || port != PORT {
        sections.push(format!("[defaults]\n{port_line}{}", lines(&defaults)));
    }
    for entry in &entries {
        sections.push(format!(
            "[[binding]]\n{}{}",
            keys(&entry.keys, port),
            lines(&entry.fields)
        ));
    }
    out.write_all(sections.join("\n").as_bytes())?;
    Ok(())
}

fn entries(bindings: &[Binding]) -> Vec<Entry> {
    let mut sorted: Vec<&Binding> = bindings.iter().collect();
    sorted.sort_unstable_by(|a, b| a.key().cmp(b.key()));
    let mut entries: Vec<Entry> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for binding in sorted {
        let fields = fields(binding);
        // Defaults for certificates are of those that name one.
        let named = binding.key().kind().names_certificate();
        let key = binding.key().clone();
        if binding.host_spelling().is_some() {
            entries.push(Entry {
                keys: vec![key],
                fields,
            });
            continue;
        }
        let same = serde_json::json!([named, fields]).to_string();
        match known.get(&same) {
            Some(index) => entries[*index].keys.push(key),
            None => {
                known.insert(same, entries.len());
                entries.push(Entry {
                    keys: vec![key],
                    fields,
                });
            }
        }
    }
    entries
}

fn fields(binding: &Binding) -> Fields {
    let Ok(Value::Object(json)) = serde_json::to_value(binding) else {
        unreachable!("a binding is an object");
    };
    let record = binding.record();
    let mut fields = Fields::new();
    let app = match applications::by_id(&record.app_id) {
        Some(known) => known.name.to_owned(),
        None => record.app_id.to_string(),
    };
    fields.insert(index("app"), app.into());
    if let Some(certificate) = &record.certificate {
        fields.insert(index("cert"), certificate.hash.to_string().into());
        let store = certificate.store_name.as_ref();
        let store = store.map_or("", |name| name.as_str());
        if store != STORE {
            fields.insert(index("store"), store.into());
        }
    }
    for (name, value) in json {
        let is_default = match &value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Number(number) => number.as_u64() == Some(0),
            _ => false,
        };
        let is_option = ORDER.contains(&name.as_str());
        if is_option && !is_default {
            fields.insert(index(&name), value);
        }
    }
    fields
}

fn index(name: &str) -> usize {
    let place = ORDER.iter().position(|known| *known == name);
    place.expect("a field of the order")
}

/// Moves the values that most entries share to the defaults, where that saves lines.
fn hoist(entries: &mut [Entry]) -> Fields {
    let mut defaults = Fields::new();
    let names = ORDER.iter().filter(|name| **name != "host_spelling");
    for name in names.copied() {
        let field = index(name);
        let of_certificate = ["cert", "store"].contains(&name);
        let names_certificate = |entry: &Entry| entry.keys[0].kind().names_certificate();
        let takes = |entry: &&Entry| !of_certificate || names_certificate(entry);
        let mut counts: BTreeMap<String, (usize, Value)> = BTreeMap::new();
        for value in entries.iter().filter_map(|entry| entry.fields.get(&field)) {
            counts
                .entry(value.to_string())
                .or_insert((0, value.clone()))
                .0 += 1;
        }
        let Some((count, value)) = counts.into_values().max_by_key(|(count, _)| *count) else {
            continue;
        };
        // Entries with the built-in default need an explicit field.
        let others = entries.iter().filter(takes);
        let others = others
            .filter(|entry| !entry.fields.contains_key(&field))
            .count();
        if count < 2 + others || (others > 0 && built_in(name).is_none()) {
            continue;
        }
        for entry in &mut *entries {
            if entry.fields.get(&field) == Some(&value) {
                entry.fields.remove(&field);
            } else if !entry.fields.contains_key(&field) && takes(&&*entry) {
                entry
                    .fields
                    .extend(built_in(name).map(|value| (field, value)));
            }
        }
        defaults.insert(field, value);
    }
    defaults
}

/// The value that a field has without defaults, where a file can name it.
fn built_in(name: &str) -> Option<Value> {
    match name {
        "store" => Some(STORE.into()),
        "flags" | "check_mode" => Some(Value::Array(Vec::new())),
        "revocation_freshness_time" | "url_retrieval_timeout" => Some(0.into()),
        _ => None,
    }
}

/// The port under `[defaults]`: the one that most entries would name, where that saves lines.
fn default_port(entries: &[Entry]) -> u16 {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    for entry in entries {
        let lines = keys(&entry.keys, PORT);
        let port = lines.lines().find_map(|line| line.strip_prefix("port = "));
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            *counts.entry(port).or_default() += 1;
        }
    }
    let Some((port, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else {
        return PORT;
    };
    let lines = |port: u16| -> usize {
        let entries = entries.iter();
        entries
            .map(|entry| keys(&entry.keys, port).lines().count())
            .sum()
    };
    match lines(port) + 1 < lines(PORT) {
        true => port,
        false => PORT,
    }
}

/// The lines for the keys of an entry, with this port under `[defaults]`.
fn keys(keys: &[BindingKey], default: u16) -> String {
    let hosts = |port: u16| -> Vec<String> {
        let of_port = keys.iter().filter(|key| key.port().get() == port);
        let sni = of_port.filter(|key| key.kind() == Kind::Sni);
        sni.filter_map(|key| key.host())
            .map(|host| host.as_str().to_owned())
            .collect()
    };
    // Host names of one port need it only once.
    let mut port = default;
    let mut named = hosts(port);
    if named.is_empty()
        && let Some(first) = keys.iter().find(|key| key.kind() == Kind::Sni)
    {
        let other = hosts(first.port().get());
        if other.len() > 1 {
            (port, named) = (first.port().get(), other);
        }
    }
    let rest = keys
        .iter()
        .filter(|key| named.is_empty() || key.kind() != Kind::Sni || key.port().get() != port);
    let rest: Vec<String> = rest.map(short_key).collect();
    let mut text = String::new();
    for (name, values) in [("key", &rest), ("host", &named)] {
        match values.as_slice() {
            [] => {}
            [only] => text.push_str(&format!("{name} = {}\n", toml(&only.as_str().into()))),
            [..] => {
                text.push_str(&format!("{name} = [\n"));
                for value in values {
                    text.push_str(&format!("    {},\n", toml(&value.as_str().into())));
                }
                text.push_str("]\n");
            }
        }
    }
    if port != default {
        text.push_str(&format!("port = {port}\n"));
    }
    text
}

/// A key without its kind, where that reads back.
fn short_key(key: &BindingKey) -> String {
    let whole = key.to_string();
    let short = whole.strip_prefix("ipport=").unwrap_or(&whole);
    short.to_owned()
}

fn lines(fields: &Fields) -> String {
    let fields = fields.iter();
    let line = |(field, value): (&usize, &Value)| {
        let name = ORDER[*field];
        let value = match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(toml).collect();
                list(&items, name.len(), false)
            }
            other => toml(other),
        };
        format!("{name} = {value}\n")
    };
    fields.map(line).collect()
}

/// A value in TOML, on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(toml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields: Vec<_> = fields
                .map(|(name, value)| format!("{} = {}", toml_key(name), toml(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::String(text) => toml::Value::from(text.as_str()).to_string(),
        other => other.to_string(),
    }
}

fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match !name.is_empty() && name.chars().all(is_bare) {
        true => name.to_owned(),
        false => toml::Value::from(name).to_string(),
    }
}
