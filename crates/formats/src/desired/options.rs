//! Mistakes in the options of a binding: the messages have the correct input.

use certbind_core::{CertCheckMode, SslFlags};

use super::fields::{error, hint, text};
use super::tree::{Node, Value};
use crate::report::ParseError;

/// The error for the value of an option, if the mistake is a known one.
pub(super) fn problem(name: &str, node: &Node) -> Option<ParseError> {
    match name {
        "flags" => {
            let known = SslFlags::all();
            names(name, node, known.iter_names().map(|(name, _)| name))
        }
        "check_mode" => {
            let known = CertCheckMode::all();
            names(name, node, known.iter_names().map(|(name, _)| name))
        }
        "revocation_freshness_time" => number(name, node, "seconds"),
        "url_retrieval_timeout" => number(name, node, "milliseconds"),
        _ => None,
    }
}

fn names(name: &str, node: &Node, known: impl Iterator<Item = &'static str>) -> Option<ParseError> {
    let known: Vec<String> = known.map(str::to_ascii_lowercase).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let Value::List(items) = &node.value else {
        let found = node.kind();
        let message = match &node.value {
            Value::Text(text) => {
                format!("{name} is a list of names, found {found}; write [{text:?}]")
            }
            _ => format!("{name} is a list of names, found {found}"),
        };
        return Some(error(node.place, message));
    };
    items.iter().find_map(|item| {
        let found = match text(item, &format!("a name in {name}")) {
            Ok(found) => found,
            Err(problem) => return Some(problem),
        };
        let is_known = known.iter().any(|it| it.eq_ignore_ascii_case(found));
        let number = found.strip_prefix("0x");
        let is_number = number.is_some_and(|hex| u32::from_str_radix(hex, 16).is_ok());
        (!is_known && !is_number).then(|| {
            let message = format!("{name}: there is no {found:?}; {}", hint(found, &known));
            error(item.place, message)
        })
    })
}

fn number(name: &str, node: &Node, unit: &str) -> Option<ParseError> {
    let is_number = matches!(node.value, Value::Integer(it) if u32::try_from(it).is_ok());
    (!is_number).then(|| {
        let message = format!(
            "{name} is a number of {unit} up to {}, without quotes; found {}",
            u32::MAX,
            node.kind()
        );
        error(node.place, message)
    })
}
