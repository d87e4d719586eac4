//! The elements of an XML text.

use roxmltree::{Document, Node, ParsingOptions};

use super::limits;

/// The most nodes that are read. Each takes memory.
const MAX_NODES: u32 = 20_000_000;

pub(super) type Element<'a> = Node<'a, 'a>;

/// Reads a text. Document types are refused, and with them entities.
///
/// # Errors
/// The reason, if it is not well-formed or exceeds a limit.
pub(super) fn document(text: &str) -> Result<Document<'_>, String> {
    limits::check(text)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options)
        .map_err(|error| format!("it is not well-formed XML: {error}"))
}

pub(super) fn elements<'a>(parent: Element<'a>) -> impl Iterator<Item = Element<'a>> {
    parent.children().filter(Node::is_element)
}

pub(super) fn named<'a>(parent: Element<'a>, name: &'a str) -> impl Iterator<Item = Element<'a>> {
    elements(parent).filter(move |it| it.tag_name().name() == name)
}

pub(super) fn descend<'a>(from: Element<'a>, path: &[&str]) -> Option<Element<'a>> {
    path.iter().try_fold(from, |element, name| {
        elements(element).find(|it| it.tag_name().name() == *name)
    })
}
