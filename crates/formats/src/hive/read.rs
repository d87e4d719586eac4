//! Reading a hive.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use certbind_core::Kind;

use super::base::{Base, Dirty, LENGTH};
use super::cell_error::CellError;
use super::cells::Cells;
use super::children::Children;
use super::contents::{Contents, FileContents};
use super::key::{Key, Under};
use super::log_file::LogFile;
use super::recovery::{Recovery, recover};
use super::value::values;
use crate::error::ReadError;
use crate::export::Header;
use crate::format::Format;
use crate::options::ReadOptions;
use crate::read_outcome::ReadOutcome;
use crate::registry::{
    Collected, ControlSet, Data, Found, PARAMETERS, RESERVATIONS, RegistryLocation, Value, family,
    family_name, is_about_ssl, is_known, is_setting,
};
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// Reads a hive file of `SYSTEM`.
///
/// # Errors
/// [`ReadError`]: the file is not a hive of `SYSTEM`, the path to its bindings is broken, or, without
/// `keep_going`, any other part is.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    read_file(Cow::Borrowed(bytes), options)
}

/// As [`read`]. Transaction logs are replayed in these bytes and not in a copy of them.
///
/// # Errors
/// As [`read`].
pub fn read_owned(bytes: Vec<u8>, options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    read_file(Cow::Owned(bytes), options)
}

fn read_file(bytes: Cow<'_, [u8]>, options: &ReadOptions) -> Result<ReadOutcome, ReadError> {
    let (file, recovery) = recover(bytes, &options.logs).map_err(unrecognised)?;
    let base = Base::of(&file).map_err(unrecognised)?;
    let contents = Contents::Memory(file.get(LENGTH..).unwrap_or_default());
    read_contents(contents, &base, recovery, options)
}

/// Reads a hive file of `SYSTEM`, of which only those parts are read that bindings need: most of a hive is
/// about other things. The whole file is read into memory if transaction logs are replayed.
///
/// # Errors
/// As [`read`]; [`FileError::Io`] if the file cannot be read.
pub fn read_from(
    mut file: impl Read + Seek,
    options: &ReadOptions,
) -> Result<ReadOutcome, FileError> {
    let length = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    let mut start = vec![0; usize::try_from(length).unwrap_or(LENGTH).min(LENGTH)];
    file.read_exact(&mut start)?;
    if !options.logs.is_empty() && !is_clean(&start) {
        let rest = usize::try_from(length).unwrap_or(0) - start.len();
        start.reserve_exact(rest);
        file.read_to_end(&mut start)?;
        return Ok(read_owned(start, options)?);
    }
    let (start, recovery) = recover(Cow::Owned(start), &[]).map_err(unrecognised)?;
    let base = Base::of(&start).map_err(unrecognised)?;
    let contents = FileContents::of(file, length);
    let read = read_contents(Contents::File(&contents), &base, recovery, options);
    match contents.into_error() {
        Some(error) => Err(FileError::Io(error)),
        None => Ok(read?),
    }
}

/// Whether a hive that starts with these bytes is current, so that its transaction logs are not needed.
/// Its first 4,096 bytes are enough.
#[must_use]
pub fn is_clean(start: &[u8]) -> bool {
    Base::of(start).is_ok_and(|base| base.dirty.is_none())
}

fn read_contents(
    contents: Contents<'_>,
    base: &Base,
    recovery: Recovery,
    options: &ReadOptions,
) -> Result<ReadOutcome, ReadError> {
    let cells = Cells::of(contents, base);
    let truncation = cells.truncation(base);
    let mut hive = Hive {
        cells,
        minor: base.minor,
        collected: Collected::default(),
    };
    for pending in pending(base, &recovery) {
        hive.collected
            .warning(ConversionWarning::new(WarningKind::Pending, pending));
    }
    let (header, parameters) =
        hive.walk(base.root)
            .map_err(|error| match (error, &truncation) {
                // A truncated hive has later errors, too: the first one is reported.
                (ReadError::Malformed(error), Some(cause)) => ReadError::Malformed(ParseError {
                    what: format!("{cause}; {}", error.what),
                    ..error
                }),
                (error, _) => error,
            })?;
    // Every cell that belongs to the bindings was found, or is an error of its own.
    if let Some(what) = truncation {
        let what = format!("damage outside of the bindings: {what}");
        hive.collected
            .warning(ConversionWarning::new(WarningKind::Skipped, what));
    }
    let mut reading = hive.collected.finish(header, &parameters, options)?;
    reading.recovery = Some(recovery);
    Ok(reading)
}

/// The hive with its transaction logs replayed, and a report of that. A hive that is clean, or
/// whose logs cannot be applied, is returned unchanged.
///
/// # Errors
/// [`ReadError::Unrecognised`]: the file is not a hive.
pub fn recovered<'a>(
    bytes: &'a [u8],
    logs: &[LogFile],
) -> Result<(Cow<'a, [u8]>, Recovery), ReadError> {
    recover(Cow::Borrowed(bytes), logs).map_err(unrecognised)
}

/// Warnings of changes that are missing.
fn pending(base: &Base, recovery: &Recovery) -> Vec<String> {
    let dirty = base.dirty.map(Dirty::warning);
    let missing = recovery
        .missing
        .iter()
        .map(|what| format!("changes of the host may be missing: {what}"));
    dirty.into_iter().chain(missing).collect()
}

fn unrecognised(found: String) -> ReadError {
    ReadError::Unrecognised {
        format: Format::Hive,
        found,
    }
}

/// The reason why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its contents are not those of a hive of `SYSTEM`, or are damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
}

struct Hive<'a> {
    cells: Cells<'a>,
    minor: u32,
    collected: Collected,
}

/// A control set's key, and its path.
struct Set<'a> {
    key: Key<'a>,
    path: String,
}

impl<'a> Hive<'a> {
    /// Takes the bindings of the current control set, and returns their source and the path of the key
    /// that they are under.
    fn walk(&mut self, root: u32) -> Result<(Header, String), ReadError> {
        let root = Key::at(&mut self.cells, root).map_err(|fault| {
            let what = format!("the root key: {fault}");
            ReadError::Malformed(ParseError::in_file(what).caused_by(fault))
        })?;
        let mut children = root.children(&mut self.cells);
        let under_root = children.all(&mut self.cells);
        let select = self.child(&mut children, "Select", "")?;
        let set = self.control_set(&under_root, select)?.ok_or_else(|| {
            let names: Vec<_> = under_root.whole.iter().map(Key::name).take(8).collect();
            unrecognised(format!(
                "a hive without control sets; its keys are {names:?}"
            ))
        })?;
        let in_force = set.path.clone();
        let host = self.bindings_of(set)?;
        self.other_sets(&under_root, &in_force);
        let header = Header {
            host,
            ..Header::default()
        };
        let parameters = PARAMETERS.join("\\");
        Ok((header, format!("SYSTEM\\{in_force}\\{parameters}")))
    }

    /// The current control set; none if the hive has no control set at all.
    fn control_set(
        &mut self,
        root: &Under<Key<'a>>,
        select: Option<Key<'a>>,
    ) -> Result<Option<Set<'a>>, ReadError> {
        let sets = || {
            root.whole.iter().filter_map(|key| {
                let set = ControlSet::named(&key.name())?;
                matches!(set, ControlSet::Numbered(_)).then_some((set, *key))
            })
        };
        let current = match select {
            Some(key) => self.current(&key)?,
            None => None,
        };
        let found = |(set, key): (ControlSet, Key<'a>)| Set {
            key,
            path: set.to_string(),
        };
        if let Some(number) = current {
            let set = ControlSet::Numbered(number);
            return match sets().find(|(found, _)| *found == set) {
                Some(set) => Ok(Some(found(set))),
                None => {
                    let error = match root.broken.first() {
                        Some(fault) => {
                            let what =
                                format!("{set}, the current control set, cannot be read: {fault}");
                            in_key("Select", what).caused_by(*fault)
                        }
                        None => {
                            let what =
                                format!("there is no {set}, which is the current control set");
                            in_key("Select", what)
                        }
                    };
                    Err(ReadError::Malformed(error))
                }
            };
        }
        let mut sets = sets();
        match (sets.next(), sets.next()) {
            (Some(only), None) => {
                let what = format!(
                    "Select\\Current is missing, so the current control set is unknown; {}, the \
                     only one, was used",
                    only.0
                );
                self.collected
                    .lose(WarningKind::Inferred, None, "Select", what);
                Ok(Some(found(only)))
            }
            (Some(_), Some(_)) => {
                let what = "Select\\Current is missing, and there are several control sets, so \
                    the current one is unknown";
                Err(ReadError::Malformed(in_key("Select", what)))
            }
            (None, _) => match root.broken.first() {
                Some(fault) => {
                    let what = format!("the keys under the root key: {fault}");
                    let error = ParseError::in_file(what).caused_by(*fault);
                    Err(ReadError::Malformed(error))
                }
                None => Ok(None),
            },
        }
    }

    /// The number of the current control set.
    fn current(&mut self, select: &Key<'a>) -> Result<Option<u32>, ReadError> {
        let found = self.found("Select", select, |name| {
            name.eq_ignore_ascii_case("Current")
        });
        if let Some(error) = found.errors.kept().first() {
            return Err(ReadError::Malformed(error.clone()));
        }
        let current = found.value("Current").map(|value| value.data.as_dword());
        current
            .transpose()
            .map_err(|error| in_key("Select", format!("Current: {error}")).caused_by(error))
            .map_err(ReadError::Malformed)
    }

    /// Reports the control sets that have bindings as well. Damage in them is of no interest.
    fn other_sets(&mut self, root: &Under<Key<'a>>, in_force: &str) {
        for key in &root.whole {
            let set = match ControlSet::named(&key.name()) {
                Some(set) if set.to_string() != in_force => set,
                _ => continue,
            };
            let parameters = PARAMETERS.iter().try_fold(*key, |key, name| {
                let mut children = key.children(&mut self.cells);
                self.child(&mut children, name, "").ok().flatten()
            });
            let Some(parameters) = parameters else {
                continue;
            };
            let mut count = 0;
            for key in parameters
                .children(&mut self.cells)
                .all(&mut self.cells)
                .whole
            {
                if family(&key.name()).is_some() {
                    count += key.children(&mut self.cells).listed();
                }
            }
            if count > 0 {
                let what = format!(
                    "the bindings of {set} ({count}) were ignored; {in_force} is the current control set"
                );
                self.collected
                    .warning(ConversionWarning::new(WarningKind::Skipped, what));
            }
        }
    }

    /// Takes the bindings of a control set, and returns the name of its host.
    fn bindings_of(&mut self, set: Set<'a>) -> Result<Option<String>, ReadError> {
        let mut children = set.key.children(&mut self.cells);
        let host = self.host(&mut children);
        let mut path = set.path;
        let mut parameters = set.key;
        for name in PARAMETERS {
            let Some(key) = self.child(&mut children, name, &path)? else {
                return Err(unrecognised(format!(
                    "a hive without the key {path}\\{name}, under which HTTP.sys has its bindings"
                )));
            };
            path = format!("{path}\\{name}");
            children = key.children(&mut self.cells);
            parameters = key;
        }
        let mut found = self.found("Parameters", &parameters, is_setting);
        found.time = parameters.last_written();
        self.collected.parameters(&found);
        let under = children.all(&mut self.cells);
        self.report(&under.broken, "");
        for key in under.whole {
            let name = key.name();
            match family(&name) {
                Some(kind) => self.family(kind, &key),
                None if name.eq_ignore_ascii_case(RESERVATIONS) => {
                    let mut found = self.found(RESERVATIONS, &key, |_| true);
                    found.time = key.last_written();
                    self.collected.reservations(&found);
                }
                None if is_about_ssl(&name) => {
                    self.collected.unknown_key(location(&name, &key), None);
                }
                None => {}
            }
        }
        Ok(host)
    }

    /// The host's name. It is not part of the bindings: that it cannot be read is nothing to stop at.
    fn host(&mut self, set: &mut Children<'a>) -> Option<String> {
        let mut key = self.child(set, "Control", "").ok()??;
        for _ in 0..2 {
            let mut children = key.children(&mut self.cells);
            key = self.child(&mut children, "ComputerName", "").ok()??;
        }
        let name = "ComputerName";
        let found = self.found(name, &key, |value| value.eq_ignore_ascii_case(name));
        found.value(name)?.data.as_text().ok()?
    }

    /// Takes the bindings of a kind.
    fn family(&mut self, kind: Kind, key: &Key<'a>) {
        let path = family_name(kind);
        let found = self.found(path, key, |_| false);
        self.collected.family(found);
        let under = key.children(&mut self.cells).all(&mut self.cells);
        self.report(&under.broken, path);
        for key in under.whole {
            let name = key.name();
            let path = [path, &*name].join("\\");
            let mut found = self.found(&path, &key, is_known);
            found.time = key.last_written();
            self.collected.key(kind, &name, found);
            let under = key.children(&mut self.cells).all(&mut self.cells);
            self.report(&under.broken, &path);
            for key in under.whole {
                let path = format!("{path}\\{}", key.name());
                self.collected.unknown_key(location(&path, &key), None);
            }
        }
    }

    /// A key and its values; for the wanted names, with their data.
    fn found(&mut self, path: &str, key: &Key<'a>, is_wanted: impl Fn(&str) -> bool) -> Found<'a> {
        let mut found = Found::new(path, None);
        found.offset = Some(key.offset());
        let under = values(key, &mut self.cells);
        for fault in under.broken {
            found.error_at(fault.in_file(), fault.to_string(), fault);
        }
        for value in under.whole {
            let data = if is_wanted(&value.name) {
                value.data(&mut self.cells, self.minor)
            } else {
                Ok(Data {
                    kind: value.kind(),
                    bytes: Cow::Borrowed(&[]),
                })
            };
            match data {
                Ok(data) => found.add(Value {
                    name: value.name,
                    data,
                    line: None,
                }),
                Err(fault) => {
                    let what = format!("{}: {fault}", value.name);
                    found.error_at(fault.in_file(), what, fault);
                }
            }
        }
        found
    }

    /// The key of a name among others. That it may be one of those that are broken is an error.
    fn child(
        &mut self,
        children: &mut Children<'a>,
        name: &str,
        path: &str,
    ) -> Result<Option<Key<'a>>, ReadError> {
        children.named(name, &mut self.cells).map_err(|fault| {
            let what = format!("there may be a key {name}: {fault}");
            ReadError::Malformed(in_key(path, what).caused_by(fault))
        })
    }

    fn report(&mut self, broken: &[CellError], path: &str) {
        for fault in broken {
            self.collected.error_with(|| {
                let error = in_key(path, fault.to_string());
                error.at_offset(fault.in_file()).caused_by(*fault)
            });
        }
    }
}

fn location(path: &str, key: &Key<'_>) -> RegistryLocation {
    RegistryLocation::new(path).at(Some(key.offset()))
}

fn in_key(path: &str, what: impl Into<String>) -> ParseError {
    if path.is_empty() {
        ParseError::in_file(what)
    } else {
        ParseError::in_key(None, path.to_owned(), what)
    }
}
