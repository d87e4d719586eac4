//! The JSON object on standard input: its properties, each given once.

use std::fmt;
use std::io;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::read_file;

/// The longest input. Windows limits each part of an instance to far less.
const MOST: u64 = 16 << 20;

/// The reason why an input is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("standard input: {0}")]
    Syntax(String),
    #[error("property {name:?}: {problem}")]
    Property { name: String, problem: String },
}

impl InputError {
    pub(crate) fn property(name: &str, problem: impl fmt::Display) -> Self {
        Self::Property {
            name: name.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// The text on standard input.
pub(crate) fn read() -> Result<String, InputError> {
    let bytes = read_file::bounded(&mut io::stdin().lock(), MOST);
    let bytes = bytes.map_err(|error| InputError::Syntax(error.to_string()))?;
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| InputError::Syntax("it is not UTF-8".to_owned()))?;
    // Windows PowerShell writes a byte order mark into pipes.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// The fields of a JSON object, in their order, each given once.
#[derive(Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The fields of the one object that a text has.
    pub(crate) fn parse(text: &str) -> Result<Self, InputError> {
        if text.trim().is_empty() {
            let problem =
                "expected a JSON object such as {\"key\": \"ipport=0.0.0.0:443\"}, found nothing";
            return Err(InputError::Syntax(problem.to_owned()));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = Self::deserialize(&mut json);
        let fields = fields.map_err(|error| InputError::Syntax(error.to_string()))?;
        json.end().map_err(|error| {
            let (line, column) = (error.line(), error.column());
            InputError::Syntax(format!(
                "expected one JSON object, found more after it at line {line} column {column}"
            ))
        })?;
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap)
    }
}

struct OfMap;

impl<'de> Visitor<'de> for OfMap {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("{name:?} is given twice")));
            }
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}
