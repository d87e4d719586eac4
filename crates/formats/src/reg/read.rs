//! Reading an export.

use std::collections::BTreeMap;

use super::key::Key;
use super::lines::{Line, Lines};
use super::parse::{Content, Item, Parser, Part, PartError, dialect};
use super::path::{Place, Role, canonical, full, has_bindings};
use super::sets;
use crate::encoding::of_start;
use crate::error::ReadError;
use crate::export::Header;
use crate::format::Format;
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;
use crate::registry::{Collected, Found, RESERVATIONS, Value, family_name, is_known, is_setting};
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// Reads a registry export.
///
/// Of several control sets the current one is read: `CurrentControlSet`, or the one that `Select`
/// names.
///
/// # Errors
/// [`ReadError`]: the bytes are not a registry export, the current control set is unknown, or, without
/// `keep_going`, a binding in it is broken.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let lines = Lines::of(bytes, options.encoding);
    let parser = Parser::new(lines).map_err(|found| ReadError::Unrecognised {
        format: Format::Reg,
        found,
    })?;
    let mut reader = Reader {
        parser,
        keys: BTreeMap::new(),
        here: None,
        others: 0,
        has_deleted_keys: false,
        collected: Collected::default(),
    };
    while let Some(part) = reader.parser.next() {
        reader.part(part);
    }
    let (collected, parameters) = reader.end(options)?;
    collected.finish(Header::default(), &parameters, options)
}

/// Whether bytes begin like a registry export.
pub(crate) fn is_reg(bytes: &[u8]) -> bool {
    let encoding = of_start(bytes).0;
    let start = &bytes[..bytes.len().min(4096)];
    Lines::of(start, Some(encoding))
        .find(|line| !line.text.trim().is_empty())
        .is_some_and(|Line { text, .. }| dialect(&text).is_some())
}

struct Reader<'a> {
    parser: Parser<'a>,
    /// The keys that concern bindings, by their canonical paths.
    keys: BTreeMap<String, Key>,
    /// The one of them that the values are of.
    here: Option<String>,
    /// The number of lines that are not part of the format.
    others: u64,
    /// Whether the file deletes a key of bindings that it has itself.
    has_deleted_keys: bool,
    collected: Collected,
}

impl Reader<'_> {
    fn part(&mut self, part: Part) {
        match part.item {
            Ok(Item::Key { path, is_deleted }) => {
                self.key(part.line, part.is_whole, &path, is_deleted);
            }
            Ok(Item::Value { name, content }) => {
                self.value(part.line, part.is_whole, name, content);
            }
            Ok(Item::Other) => self.other(part.line),
            Err(PartError::Local(what)) => match self.here() {
                Some(key) if key.is_of_bindings() => key.found.error(Some(part.line), what),
                Some(_) => {}
                None => self.other(part.line),
            },
            Err(PartError::Unbounded(what)) => {
                let error = ParseError::at(part.line, what);
                match self
                    .here
                    .as_deref()
                    .and_then(|here| self.keys.get_mut(here))
                    .filter(|key| key.is_of_bindings())
                {
                    Some(key) => {
                        let path = key.found.path.clone();
                        key.found.errors.push(|| error.of(path));
                    }
                    None => self.collected.error(error),
                }
            }
        }
    }

    fn here(&mut self) -> Option<&mut Key> {
        self.keys.get_mut(self.here.as_deref()?)
    }

    fn key(&mut self, line: u64, is_whole: bool, path: &str, is_deleted: bool) {
        let path = &*full(path);
        self.here = None;
        self.parser.wants_values = false;
        if is_deleted {
            if has_bindings(path) {
                self.delete(line, path);
            }
            let place = Place::of(path);
            if matches!(place, Some(place) if matches!(place.role, Role::Reservations(_))) {
                self.keys.remove(&canonical(path));
            }
            return;
        }
        let Some(place) = Place::of(path) else {
            return;
        };
        let canonical = canonical(path);
        let not_text = self.not_text();
        let key = self.keys.entry(canonical.clone()).or_insert_with(|| Key {
            found: Found::new(shown(&place.role), Some(line)),
            place,
        });
        if !is_whole && key.is_of_bindings() {
            key.found.error(Some(line), not_text);
        }
        self.parser.wants_values = true;
        self.here = Some(canonical);
    }

    fn delete(&mut self, line: u64, path: &str) {
        let first = canonical(path);
        // The text after a backslash among characters.
        let (below, behind) = (format!("{first}\\"), format!("{first}]"));
        let under = self.keys.range(below..behind);
        let mut gone: Vec<_> = under.map(|(path, _)| path.clone()).collect();
        gone.push(first);
        for path in gone {
            self.has_deleted_keys |= self.keys.remove(&path).is_some();
        }
        let what = "this deletes the key when the file is imported; deletions are not converted";
        self.collected
            .lose(WarningKind::Value, Some(line), path, what);
    }

    fn value(&mut self, line: u64, is_whole: bool, name: String, content: Content) {
        let not_text = self.not_text();
        let Some(key) = self.here() else {
            return;
        };
        let is_wanted = match key.place.role {
            Role::Parameters(_) => is_whole && is_setting(&name),
            _ => is_whole,
        };
        if !key.is_of_bindings() && !is_wanted {
            return;
        }
        let found = &mut key.found;
        match content {
            _ if !is_whole => found.error(Some(line), not_text),
            Content::Data(data) => found.add(Value {
                name: name.into(),
                data,
                line: Some(line),
            }),
            Content::Deleted => {
                found.remove(&name);
                let kind = if is_known(&name) {
                    WarningKind::Default
                } else {
                    WarningKind::Skipped
                };
                let what = format!(
                    "this deletes the value {name:?} when the file is imported; deletions are not \
                     converted"
                );
                let warning = ConversionWarning::new(kind, what)
                    .in_key(&found.path)
                    .at(line);
                found.warnings.push(warning);
            }
        }
    }

    fn not_text(&self) -> String {
        let encoding = self.parser.encoding();
        if encoding.is_unknown() {
            "this has characters of an unknown code page; name the encoding".to_owned()
        } else {
            format!("this is not text in {encoding}; name the encoding")
        }
    }

    /// Reports a line that is not part of the format.
    fn other(&mut self, line: u64) {
        /// The most that are named.
        const MOST: u64 = 100;
        self.others += 1;
        if self.others <= MOST {
            let what = "this line is malformed and was ignored";
            let warning = ConversionWarning::new(WarningKind::Skipped, what).at(line);
            self.collected.warning(if self.others == MOST {
                ConversionWarning {
                    what: format!("{what}, as were others after it"),
                    ..warning
                }
            } else {
                warning
            });
        }
    }

    /// The bindings, and the path of the key that they are under.
    fn end(mut self, options: &ReadOptions) -> Result<(Collected, String), ReadError> {
        let is_in_bindings = self.here().is_some_and(|key| key.is_of_bindings());
        if !self.parser.is_ended && is_in_bindings {
            let what = "the file does not end with a whole line; it may be truncated";
            self.collected
                .warning(ConversionWarning::new(WarningKind::Trimmed, what));
        }
        let keys: Vec<_> = self.keys.into_values().collect();
        let (keys, warnings) = sets::in_force(keys).map_err(ReadError::Malformed)?;
        warnings
            .into_iter()
            .for_each(|warning| self.collected.warning(warning));
        // Errors that ended the search for keys are reported instead.
        let has_errors = self.collected.has_errors() && !options.keep_going;
        let is_reservations = |key: &Key| matches!(key.place.role, Role::Reservations(_));
        if keys.iter().all(is_reservations) && !self.has_deleted_keys && !has_errors {
            let what = "this export has neither the key ...\\Services\\HTTP\\Parameters nor a key of \
                        bindings under it, so the bindings of the host are not known; export that key";
            return Err(ReadError::Malformed(ParseError::in_file(what)));
        }
        let parameters = keys.first().map(|key| key.place.parameters());
        for Key { place, found } in keys {
            match place.role {
                Role::Binding(_, kind, name) => self.collected.key(kind, &name, found),
                Role::Unknown(..) => {
                    self.collected.unknown_key(found.location(), found.line);
                }
                Role::Parameters(_) => self.collected.parameters(&found),
                Role::Reservations(_) => self.collected.reservations(&found),
                Role::Family(..) | Role::Select => self.collected.family(found),
            }
        }
        Ok((self.collected, parameters.unwrap_or_default()))
    }
}

/// The path that a key is reported by.
fn shown(role: &Role) -> String {
    match role {
        Role::Select => "Select".to_owned(),
        Role::Parameters(_) => "Parameters".to_owned(),
        Role::Reservations(_) => RESERVATIONS.to_owned(),
        Role::Family(_, kind) => family_name(*kind).to_owned(),
        Role::Binding(_, kind, name) => format!("{}\\{name}", family_name(*kind)),
        Role::Unknown(_, path) => path.clone(),
    }
}
