//! Reading the fields of a table, with errors that have a place and a hint.

use super::tree::{Name, Node, Place, Value};
use crate::report::ParseError;

/// The fields of a table, each known and given once.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(&'a [(Name, Node)]);

/// Names of other tools and formats, and the field that is meant.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("app_id", "app"),
    ("appid", "app"),
    ("application", "app"),
    ("bindings", "binding"),
    ("cert_hash", "cert"),
    ("certhash", "cert"),
    ("certificate", "cert"),
    ("hash", "cert"),
    ("thumbprint", "cert"),
    ("certstorename", "store"),
    ("certificate_store", "store"),
    ("store_name", "store"),
    ("hostname", "host"),
    ("hosts", "host"),
    ("hostnameport", "host"),
    ("ip", "key"),
    ("ipport", "key"),
    ("keys", "key"),
];

impl<'a> Fields<'a> {
    /// # Errors
    /// If the node is not a table, or a field is not known or given twice.
    pub(super) fn of(
        node: &'a Node,
        what: &str,
        known: Option<&[&str]>,
    ) -> Result<Self, ParseError> {
        let Value::Table(fields) = &node.value else {
            let found = node.kind();
            return Err(error(
                node.place,
                format!("{what} is a table, found {found}"),
            ));
        };
        for (index, (name, _)) in fields.iter().enumerate() {
            if fields[..index]
                .iter()
                .any(|(other, _)| other.text == name.text)
            {
                let message = format!("{:?} is given twice", name.text);
                return Err(error(name.place, message));
            }
            if let Some(known) = known
                && !known.contains(&name.text.as_str())
            {
                let hint = field_hint(&name.text, known);
                let message = format!("{what} has no field {:?}; {hint}", name.text);
                return Err(error(name.place, message));
            }
        }
        Ok(Self(fields))
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.entry(name).map(|(_, node)| node)
    }

    pub(super) fn entry(&self, name: &str) -> Option<&'a (Name, Node)> {
        self.0.iter().find(|(known, _)| known.text == name)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'a, (Name, Node)> {
        self.0.iter()
    }
}

/// An error at a place.
pub(super) fn error(place: Place, message: impl Into<String>) -> ParseError {
    ParseError {
        column: Some(place.column),
        ..ParseError::at(place.line, message)
    }
}

/// A text.
pub(super) fn text<'a>(node: &'a Node, what: &str) -> Result<&'a str, ParseError> {
    match &node.value {
        Value::Text(text) => Ok(text),
        Value::Integer(_) | Value::Other(_) | Value::Bool(_) => Err(error(
            node.place,
            format!("{what} is a text, found {}; put it in quotes", node.kind()),
        )),
        _ => Err(error(
            node.place,
            format!("{what} is a text, found {}", node.kind()),
        )),
    }
}

/// One text, or a list of them.
pub(super) fn texts<'a>(
    node: Option<&'a Node>,
    what: &str,
) -> Result<Vec<(Place, &'a str)>, ParseError> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let items = items.iter();
    items
        .map(|item| Ok((item.place, text(item, what)?)))
        .collect()
}

fn field_hint(found: &str, known: &[&str]) -> String {
    let lower = found.to_lowercase().replace('-', "_");
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == lower);
    match other.filter(|(_, field)| known.contains(field)) {
        Some((_, field)) => format!("use {field:?}"),
        None => hint(&lower, known),
    }
}

/// The most similar name, or all of them.
pub(super) fn hint(found: &str, known: &[&str]) -> String {
    let found = found.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&found, &name.to_lowercase());
    let nearest = known.iter().map(|name| (distance(name), name)).min();
    match (nearest, known) {
        (Some((distance, name)), _) if distance <= 1 + found.len() / 4 => {
            format!("did you mean {name:?}?")
        }
        (_, []) => "there are none".to_owned(),
        (_, known) => format!("expected one of {}", known.join(", ")),
    }
}
