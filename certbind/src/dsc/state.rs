//! The actual state of an instance as JSON, and the properties in which two states differ.

use certbind_core::{Binding, BindingKey, PropertyType};
use serde_json::{Map, Value, json};

use crate::error::Error;

/// The state of a key. All properties of a binding are in it, but for session ticket keys, which are
/// secrets.
pub(crate) fn state(
    key: &BindingKey,
    binding: Option<&Binding>,
) -> Result<Map<String, Value>, Error> {
    let mut state = Map::new();
    state.insert("key".to_owned(), json!(key));
    state.insert("_exist".to_owned(), binding.is_some().into());
    let Some(binding) = binding else {
        return Ok(state);
    };
    let record = binding.record();
    let fields = json!({
        "app_id": record.app_id,
        "check_mode": record.check_mode,
        "revocation_freshness_time": record.revocation_freshness_time,
        "url_retrieval_timeout": record.url_retrieval_timeout,
        "ctl_identifier": text(record.ctl_identifier.as_ref()),
        "ctl_store_name": text(record.ctl_store_name.as_ref()),
        "flags": record.flags,
        "extended": record.extended.without(PropertyType::SessionTicketKeys),
    });
    if let Value::Object(fields) = fields {
        state.extend(fields);
    }
    if let Some(certificate) = &record.certificate {
        let store_name = text(certificate.store_name.as_ref());
        state.insert("hash".to_owned(), json!(certificate.hash));
        state.insert("store_name".to_owned(), json!(store_name));
    }
    Ok(state)
}

/// A name; an empty text means none.
fn text<T: std::fmt::Display>(name: Option<&T>) -> String {
    name.map(ToString::to_string).unwrap_or_default()
}

/// The names of the properties whose values after a change differ from those before it.
pub(crate) fn changed(before: Option<&Binding>, after: Option<&Binding>) -> Vec<&'static str> {
    let Some(after) = after.map(Binding::record) else {
        return match before {
            Some(_) => vec!["_exist"],
            None => Vec::new(),
        };
    };
    let before = before.map(Binding::record);
    let mut names = Vec::new();
    if before.is_none() {
        names.push("_exist");
    }
    if let Some(new) = &after.certificate {
        let old = before.and_then(|it| it.certificate.as_ref());
        if old.map(|it| &it.hash) != Some(&new.hash) {
            names.push("hash");
        }
        if old.map(|it| &it.store_name) != Some(&new.store_name) {
            names.push("store_name");
        }
    }
    macro_rules! compare {
        ($($field:ident),*) => {$(
            if before.map(|it| &it.$field) != Some(&after.$field) {
                names.push(stringify!($field));
            }
        )*};
    }
    compare!(
        app_id,
        check_mode,
        revocation_freshness_time,
        url_retrieval_timeout,
        ctl_identifier,
        ctl_store_name,
        flags,
        extended
    );
    names
}
