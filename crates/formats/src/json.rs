//! The JSON format: one object, versioned, each version described by a JSON Schema
//! (`schema/export-v1.json` to `export-v3.json`).
//!
//! A list is read as well: the output of `certbind list --format json`.
//!
//! The object contains every field of a binding. A version is closed: an unknown field is an error,
//! since ignoring it would lose its value. Version 2 has extended properties, version 3 times,
//! other configuration of HTTP.sys and the parts of the store that could not be read; the lowest
//! sufficient version is written: every release reads version 1. An export with parts that could
//! not be read is refused, unless `keep_going` is set: the missing bindings may exist.
//!
//! ```
//! use certbind_formats::{Export, ReadOptions, json};
//!
//! let mut text = Vec::new();
//! json::write(&mut text, &Export::default())?;
//! let reading = json::read(&text, &ReadOptions::default())?;
//! assert_eq!(reading.export, Export::default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use certbind_core::{Binding, BindingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::configuration::Configuration;
use crate::desired;
use crate::encoding::{Encoding, of_start};
use crate::error::ReadError;
use crate::error_list::ErrorList;
use crate::export::{Export, Header};
use crate::format::Format;
use crate::json_list::{self, Document, without_place};
use crate::netsh::layout::Layout;
use crate::netsh::layout_check;
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;
use crate::report::ParseError;
use crate::write::WriteError;

/// The value of `format` in every version.
pub const FORMAT: &str = crate::format::JSON_FORMAT;

/// The newest version that is read.
pub const VERSION: u64 = crate::format::JSON_VERSION;

/// The version without extended properties.
const PLAIN: u64 = 1;
/// The version without times, configuration and unreadable parts.
const BINDINGS: u64 = 2;

/// The JSON Schemas of versions 1 to 3 (draft 2020-12).
pub const SCHEMAS: [&str; 3] = [
    include_str!("../schema/export-v1.json"),
    include_str!("../schema/export-v2.json"),
    include_str!("../schema/export-v3.json"),
];

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u64,
    header: &'a Header,
    bindings: &'a [Binding],
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'a Layout>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    times: &'a BTreeMap<BindingKey, Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<&'a Configuration>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unreadable: &'a [String],
}

/// Writes an export as JSON, in UTF-8, with a line end after it.
///
/// # Errors
/// [`WriteError::Io`] if `out` fails.
pub fn write(out: &mut impl Write, export: &Export) -> Result<(), WriteError> {
    let is_extended = |binding: &Binding| !binding.record().extended.is_empty();
    let shows = export.layout.as_ref().is_some_and(Layout::shows_properties);
    let is_plain = !shows && !export.bindings.iter().any(is_extended);
    let configuration = export.configuration.as_ref();
    let configuration = configuration.filter(|found| !found.is_empty());
    let is_whole = export.unreadable.is_empty();
    let version = match is_plain {
        _ if configuration.is_some() || !export.times.is_empty() || !is_whole => VERSION,
        true => PLAIN,
        false => BINDINGS,
    };
    let written = Written {
        format: FORMAT,
        version,
        header: &export.header,
        bindings: &export.bindings,
        layout: export.layout.as_ref(),
        times: &export.times,
        configuration,
        unreadable: &export.unreadable,
    };
    serde_json::to_writer_pretty(&mut *out, &written).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Stamp {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
    binding: Option<serde::de::IgnoredAny>,
    defaults: Option<serde::de::IgnoredAny>,
}

impl Stamp {
    fn is_desired_state(&self) -> bool {
        self.format.is_none() && (self.binding.is_some() || self.defaults.is_some())
    }
}

/// Reads a JSON export.
///
/// # Errors
/// [`ReadError`]: the bytes are not a JSON export of a known version, or, without `keep_going`, a
/// binding in it is broken.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let encoding = options
        .encoding
        .map_or_else(|| of_start(bytes).0, |named| named.marked_as(bytes));
    let text = decode(bytes, encoding)?;
    let malformed = |error: serde_json::Error| {
        ReadError::Malformed(ParseError {
            column: Some(error.column() as u64),
            ..ParseError::at(error.line() as u64, without_place(&error)).caused_by(error)
        })
    };
    let (version, read): (u64, Document<'_>) = if text.trim_start().starts_with('[') {
        (
            BINDINGS,
            json_list::read(&text).map_err(ReadError::Malformed)?,
        )
    } else {
        let stamp: Stamp = serde_json::from_str(&text).map_err(malformed)?;
        if stamp.is_desired_state() {
            return desired::read(bytes, Format::Json, options);
        }
        // First: another format, or a newer version, has other fields.
        let version = version(&stamp)?;
        (version, serde_json::from_str(&text).map_err(malformed)?)
    };

    for (field, is_there) in [
        ("times", read.times.is_some()),
        ("configuration", read.configuration.is_some()),
        ("unreadable", read.unreadable.is_some()),
    ] {
        if is_there && version < VERSION {
            let what = format!("version {version} has no field {field:?}");
            return Err(ReadError::Malformed(ParseError::in_file(what)));
        }
    }
    let mut export = Export {
        header: read.header,
        configuration: read.configuration,
        unreadable: read.unreadable.unwrap_or_default(),
        ..Export::default()
    };
    let mut warnings = Vec::new();
    export.layout = layout_check::checked(read.layout, &mut warnings);
    let mut lines = Vec::new();
    let mut errors = ErrorList::default();
    let mut seen: HashMap<BindingKey, usize> = HashMap::new();
    let mut places = Places::new(&text);
    for (index, raw) in read.bindings.into_iter().enumerate() {
        let start = places.of(raw.get());
        match serde_json::from_str::<Binding>(raw.get()) {
            Ok(binding) if version == PLAIN && !binding.record().extended.is_empty() => {
                let what = "it has extended properties, which version 1 does not have".to_owned();
                errors.push(|| start.error(1, 1, what).of(name(index, raw)));
            }
            Ok(binding) => match seen.get(binding.key()) {
                Some(earlier) => {
                    let what =
                        format!("this key is bindings[{earlier}] already; expected each key once");
                    errors.push(|| start.error(1, 1, what).of(name(index, raw)));
                }
                None => {
                    seen.insert(binding.key().clone(), index);
                    export.bindings.push(binding);
                    lines.push(start.line);
                }
            },
            Err(error) => {
                let (line, column) = (error.line() as u64, error.column() as u64);
                errors.push(|| {
                    let what = without_place(&error);
                    let error = start.error(line, column, what).caused_by(error);
                    error.of(name(index, raw))
                });
            }
        }
    }
    for (key, time) in read.times.into_iter().flatten() {
        if seen.contains_key(&key) {
            export.times.insert(key, time);
        } else if errors.is_empty() {
            let what = format!("times has {key}, which is not a binding key");
            errors.push(|| ParseError::in_file(what));
        }
    }
    for why in &export.unreadable {
        errors.push(|| ParseError::in_file(format!("the export is incomplete: {why}")));
    }
    let errors = errors.into_errors();
    if !errors.is_empty() && !options.keep_going {
        return Err(ReadError::Broken(errors));
    }
    Ok(ReadOutcome {
        export,
        lines,
        warnings,
        errors,
        registry: BTreeMap::new(),
        parameters: None,
        reservations: None,
        recovery: None,
        managed: None,
    })
}

fn decode(bytes: &[u8], encoding: Encoding) -> Result<std::borrow::Cow<'_, str>, ReadError> {
    encoding
        .decode(bytes)
        .map_err(|place| ReadError::Encoding { encoding, place })
}

fn version(stamp: &Stamp) -> Result<u64, ReadError> {
    if stamp.format.as_ref().and_then(|format| format.as_str()) != Some(FORMAT) {
        return Err(ReadError::Unrecognised {
            format: Format::Json,
            found: stamp.format.as_ref().map_or_else(
                || "no \"format\"; a desired state has \"binding\" or \"defaults\"".to_owned(),
                std::string::ToString::to_string,
            ),
        });
    }
    match stamp.version.as_ref().and_then(serde_json::Value::as_u64) {
        Some(known @ PLAIN..=VERSION) => Ok(known),
        Some(found) if found > VERSION => Err(ReadError::NewerVersion {
            found,
            supported: VERSION,
        }),
        _ => Err(ReadError::Unrecognised {
            format: Format::Json,
            found: stamp
                .version
                .as_ref()
                .map_or("no \"version\"".to_owned(), |found| {
                    format!("version {found}")
                }),
        }),
    }
}

/// A binding's index, and its key as far as it can be made out.
fn name(index: usize, raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Named {
        key: String,
    }
    match serde_json::from_str::<Named>(raw.get()) {
        Ok(named) => format!("bindings[{index}] ({:?})", named.key),
        Err(_) => format!("bindings[{index}]"),
    }
}

/// Finds the lines and columns of parts of a text, in ascending order.
struct Places<'a> {
    text: &'a str,
    offset: usize,
    place: Place,
}

#[derive(Clone, Copy)]
struct Place {
    line: u64,
    column: u64,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            place: Place { line: 1, column: 1 },
        }
    }

    /// The place of `part`, which is a part of the text, after those of earlier calls.
    fn of(&mut self, part: &str) -> Place {
        let target = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let passed = self
            .text
            .as_bytes()
            .get(self.offset..target)
            .unwrap_or_default();
        for byte in passed {
            if *byte == b'\n' {
                self.place.line += 1;
                self.place.column = 1;
            } else {
                self.place.column += 1;
            }
        }
        self.offset = self.offset.max(target);
        self.place
    }
}

impl Place {
    /// A error at a line and column counted from here.
    fn error(self, line: u64, column: u64, what: String) -> ParseError {
        let column = if line <= 1 {
            self.column + column.saturating_sub(1)
        } else {
            column
        };
        ParseError {
            column: Some(column),
            ..ParseError::at(self.line + line.saturating_sub(1), what)
        }
    }
}
