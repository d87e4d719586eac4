//! The JSON Schema of an instance. Options and extended properties are those of desired states.

use certbind_formats::desired;
use serde_json::{Map, Value, json};

use crate::error::Error;

/// The definitions of the schema of desired states that an instance has no use for.
const ENTRIES: [&str; 2] = ["defaults", "entry"];

/// The schema, in draft 2020-12, without references to other files.
pub(crate) fn schema() -> Result<Value, Error> {
    let mut desired: Value = serde_json::from_str(desired::SCHEMA)?;
    let mut definitions = desired["$defs"].take();
    let mut properties = own();
    for name in [
        "check_mode",
        "flags",
        "revocation_freshness_time",
        "url_retrieval_timeout",
        "extended",
    ] {
        properties.insert(
            name.to_owned(),
            definitions["entry"]["properties"][name].take(),
        );
    }
    if let Value::Object(definitions) = &mut definitions {
        for name in ENTRIES {
            definitions.remove(name);
        }
    }
    if let Value::Object(extended) = &mut definitions["extended"]["properties"] {
        for property in extended.values_mut() {
            let value = property.take();
            *property = json!({ "anyOf": [value, { "type": "null" }] });
        }
    }
    definitions["extended"]["description"] =
        "The extended properties that are named, by type; null for one that is not set.".into();
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "TLS certificate binding of HTTP.sys",
        "type": "object",
        "required": ["key"],
        "additionalProperties": false,
        "not": { "required": ["cert", "hash"] },
        "properties": properties,
        "$defs": definitions,
    }))
}

/// The properties that desired states do not have, or write differently.
fn own() -> Map<String, Value> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let path = |description: &str| {
        json!({
            "type": "string", "minLength": 1, "writeOnly": true, "description": description,
        })
    };
    let properties = [
        (
            "key",
            json!({
                "type": "string", "minLength": 1, "description":
                "ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.",
            }),
        ),
        (
            "_exist",
            json!({
                "type": "boolean", "default": true, "description": "Whether the key is bound.",
            }),
        ),
        (
            "_inDesiredState",
            json!({
                "type": "boolean", "readOnly": true,
                "description": "Whether the binding is in the desired state.",
            }),
        ),
        (
            "hash",
            json!({
                "type": "string", "pattern": "^[0-9A-Fa-f]{40}$",
                "description": "The SHA-1 thumbprint of the certificate.",
            }),
        ),
        (
            "cert",
            path("The certificate as a PEM, DER or PFX file, by its absolute path."),
        ),
        (
            "passwords",
            path("A file with passwords for the PFX file, one per line, by its absolute path."),
        ),
        (
            "certificates",
            path("A folder with certificates that the checks need, by its absolute path."),
        ),
        (
            "force",
            json!({
                "type": "boolean", "default": false, "writeOnly": true,
                "description": "Bind the certificate although the checks refuse it.",
            }),
        ),
        (
            "store_name",
            text("The certificate store: MY, WebHosting, …; an empty text for none."),
        ),
        (
            "app_id",
            json!({
                "type": "string", "minLength": 1, "description":
                "The application that owns the binding: a GUID, or the name of a known application.",
            }),
        ),
        (
            "ctl_identifier",
            text("pDefaultSslCtlIdentifier; an empty text for none."),
        ),
        (
            "ctl_store_name",
            text("pDefaultSslCtlStoreName; an empty text for none."),
        ),
    ];
    let properties = properties.into_iter();
    properties
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}
