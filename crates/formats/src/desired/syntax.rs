//! Parsing TOML, YAML and JSON into one tree, by serde.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::tree::{Name, Node, Place, Value};
use crate::report::ParseError;
use crate::toml_size::check_toml_size;

/// The nesting that is read. The format needs 6 levels.
const MAX_DEPTH: usize = 32;

/// The longest line of YAML that is read, in bytes.
const LONGEST_LINE: usize = 32 << 10;

/// Parses TOML 1.0.
pub(super) fn toml(text: &str) -> Result<Node, ParseError> {
    check_toml_size(text).map_err(ParseError::in_file)?;
    let places = Lines::new(text);
    let read = toml::from_str::<<Toml as Spans>::Spanned<Tree<Toml>>>(text);
    let read = read.map_err(|error| {
        let span = error.span().unwrap_or_default();
        let message = match (error.message(), text.get(span.clone())) {
            ("duplicate key", Some(name)) => format!("{name} is given twice; remove one"),
            (message, _) => message.to_owned(),
        };
        at(places.of(span.start), message).caused_by(error)
    })?;
    let (position, tree) = Toml::parts(read);
    let node = Node {
        place: position,
        value: tree.0,
    };
    Ok(node.map(&|offset| places.of(offset)))
}

/// Parses one YAML 1.2 document.
pub(super) fn yaml(text: &str) -> Result<Node, ParseError> {
    // The time that the scanner takes grows with the square of a line.
    let mut lines = text.lines().zip(1..);
    if let Some((_, line)) = lines.find(|(line, _)| line.len() > LONGEST_LINE) {
        let what =
            format!("this line of YAML has more than {LONGEST_LINE} bytes; write it as JSON");
        return Err(ParseError::at(line, what));
    }
    let read = serde_saphyr::from_str_with_options::<<Yaml as Spans>::Spanned<Tree<Yaml>>>(
        text,
        serde_saphyr::options! { budget: serde_saphyr::budget! { max_depth: MAX_DEPTH } },
    );
    let read = read.map_err(|error| {
        let found = error.location();
        let place = found.map_or_else(Place::default, |it| Place {
            line: it.line(),
            column: it.column(),
        });
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default();
        let shown = format!(" at line {}, column {}", place.line, place.column);
        let message = message.strip_suffix(&shown).unwrap_or(message).to_owned();
        at(place, yaml_message(message))
    })?;
    let (place, tree) = Yaml::parts(read);
    Ok(Node {
        place,
        value: tree.0,
    })
}

/// The message of the parser, where it is for programmers in the words of a file.
fn yaml_message(message: String) -> String {
    if message.contains("multiple YAML documents") {
        return "the file has several YAML documents; keep one, and remove the lines ---"
            .to_owned();
    }
    if let Some((_, name)) = message.split_once("duplicate mapping key: ") {
        let name = name.split(", set DuplicateKeyPolicy").next();
        return format!("{:?} is given twice; remove one", name.unwrap_or_default());
    }
    if let Some((_, rest)) = message.split_once("non-finite float `")
        && let Some((number, _)) = rest.split_once('`')
    {
        return format!("YAML reads {number} as a number; put it in quotes");
    }
    message
}

/// Parses JSON.
pub(super) fn json(text: &str) -> Result<Node, ParseError> {
    let places = Lines::new(text);
    let read: &RawValue = serde_json::from_str(text).map_err(|error| {
        let place = Place {
            line: error.line() as u64,
            column: error.column() as u64,
        };
        at(place, without_place(&error)).caused_by(error)
    })?;
    let offset = |part: &str| (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    json_node(read, &offset, 0)
        .map(|node| node.map(&|offset| places.of(offset)))
        .map_err(|(offset, message)| at(places.of(offset), message))
}

fn at(place: Place, message: impl Into<String>) -> ParseError {
    ParseError {
        column: (place.column > 0).then_some(place.column),
        line: (place.line > 0).then_some(place.line),
        ..ParseError::in_file(message)
    }
}

/// The message of an error without its place.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

fn json_node(
    raw: &RawValue,
    offset: &dyn Fn(&str) -> usize,
    depth: usize,
) -> Result<Node<usize>, (usize, String)> {
    let text = raw.get();
    let place = offset(text);
    if depth > MAX_DEPTH {
        return Err((place, "the values are nested too deeply".to_owned()));
    }
    let failed = |error: serde_json::Error| (place, without_place(&error));
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let fields: Fields<'_> = serde_json::from_str(text).map_err(failed)?;
            let fields = fields.0.into_iter().map(|(text, raw)| {
                let node = json_node(raw, offset, depth + 1)?;
                let place = node.place;
                Ok((Name { place, text }, node))
            });
            Value::Table(fields.collect::<Result<_, _>>()?)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(failed)?;
            let items = items.into_iter();
            let items = items.map(|raw| json_node(raw, offset, depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        _ => {
            let scalar: serde_json::Value = serde_json::from_str(text).map_err(failed)?;
            match scalar {
                serde_json::Value::Null => Value::Null,
                serde_json::Value::Bool(value) => Value::Bool(value),
                serde_json::Value::String(value) => Value::Text(value),
                other => match other.as_i64() {
                    Some(value) => Value::Integer(value),
                    None => Value::Other(text.to_owned()),
                },
            }
        }
    };
    Ok(Node { place, value })
}

/// The fields of a JSON object, in their order, repeated ones included.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Collect<'a> {
            type Value = Fields<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Collect(PhantomData))
    }
}

/// The spans of a serde data format.
trait Spans: Sized {
    type Position;
    type Spanned<T: DeserializeOwned>: DeserializeOwned;

    fn parts<T: DeserializeOwned>(spanned: Self::Spanned<T>) -> (Self::Position, T);
}

/// Byte offsets.
struct Toml;

impl Spans for Toml {
    type Position = usize;
    type Spanned<T: DeserializeOwned> = toml::Spanned<T>;

    fn parts<T: DeserializeOwned>(spanned: toml::Spanned<T>) -> (usize, T) {
        (spanned.span().start, spanned.into_inner())
    }
}

/// Lines and columns.
struct Yaml;

impl Spans for Yaml {
    type Position = Place;
    type Spanned<T: DeserializeOwned> = serde_saphyr::Spanned<T>;

    fn parts<T: DeserializeOwned>(spanned: serde_saphyr::Spanned<T>) -> (Place, T) {
        let place = Place {
            line: spanned.referenced.line(),
            column: spanned.referenced.column(),
        };
        (place, spanned.value)
    }
}

/// The value of a node, deserialized from any value.
struct Tree<S: Spans>(Value<S::Position>);

impl<'de, S: Spans> Deserialize<'de> for Tree<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(Collect::<S>(PhantomData))
            .map(Self)
    }
}

struct Collect<S>(PhantomData<S>);

impl<'de, S: Spans> Visitor<'de> for Collect<S> {
    type Value = Value<S::Position>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        let integer = i64::try_from(value).map(Value::Integer);
        Ok(integer.unwrap_or_else(|_| Value::Other(value.to_string())))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Self::Value, E> {
        Ok(Value::Other(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
        Ok(Value::Other(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Other(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<S::Spanned<Tree<S>>>()? {
            let (place, tree) = S::parts(item);
            items.push(Node {
                place,
                value: tree.0,
            });
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) =
            map.next_entry::<S::Spanned<String>, S::Spanned<Tree<S>>>()?
        {
            let ((place, text), (value_place, tree)) = (S::parts(name), S::parts(value));
            if text.starts_with("$__toml_private") {
                return Err(A::Error::custom("a date is not a value of a binding"));
            }
            let name = Name { place, text };
            let node = Node {
                place: value_place,
                value: tree.0,
            };
            fields.push((name, node));
        }
        Ok(Value::Table(fields))
    }
}

/// The starts of the lines of a text.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters there are before each block: a line may be as long as the text.
    characters: Vec<u64>,
}

/// How many bytes a block has.
const BLOCK: usize = 256;

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
            characters: text
                .as_bytes()
                .chunks(BLOCK)
                .scan(0, |all, block| {
                    let before = *all;
                    *all += count(block);
                    Some(before)
                })
                .collect(),
        }
    }

    /// How many characters begin before an offset.
    fn characters_before(&self, offset: usize) -> u64 {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        let before = self.characters.get(block).copied();
        let before = before.unwrap_or_else(|| count(self.text.as_bytes()));
        before
            + count(
                self.text
                    .as_bytes()
                    .get(block * BLOCK..offset)
                    .unwrap_or_default(),
            )
    }

    fn of(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts[line - 1];
        Place {
            line: line as u64,
            column: self.characters_before(offset) - self.characters_before(start) + 1,
        }
    }
}

/// How many characters begin in these bytes of UTF-8.
fn count(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = format!("a = 1\n{}b", "\u{e9}\u{1f600}x".repeat(300));
        let lines = Lines::new(&text);
        for (offset, _) in text.char_indices() {
            let before = &text[..offset];
            let start = before.rfind('\n').map_or(0, |end| end + 1);
            let expected = Place {
                line: before.matches('\n').count() as u64 + 1,
                column: text[start..offset].chars().count() as u64 + 1,
            };
            assert_eq!(lines.of(offset), expected, "{offset}");
        }
    }
}
