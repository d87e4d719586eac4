//! An export that is to be imported: opened, and read as far as its form takes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use interchange::netsh::{Layout, Listing};
use interchange::{Export, Format, Loss, Problem, ReadError, ReadOptions, Reading, snapshot};
use store_core::Binding;

use crate::commands::{input, is_standard_input};
use crate::error::Error;

/// An export that is whole as far as it has to be, whose bindings are ready to come in canonical
/// order. A snapshot in a file, and a listing in one that has that order, are read as they come: they
/// were read to their end once, and are not held.
pub(crate) struct Incoming<'a> {
    path: &'a Path,
    pub(crate) format: Format,
    content: Content,
}

enum Content {
    Whole(Reading),
    Listing(Listing),
    Snapshot(Box<snapshot::Reader<BufReader<File>>>),
}

/// The bindings of an export, each with what is lost of it.
pub(crate) type Bindings<'a> =
    Box<dyn Iterator<Item = Result<(Binding, Vec<Loss>), Error>> + Send + 'a>;

impl<'a> Incoming<'a> {
    /// # Errors
    /// [`Error::Input`] and [`Error::BrokenInput`].
    pub(crate) fn open(path: &'a Path, options: &ReadOptions) -> Result<Self, Error> {
        let (format, content) = match out_of_file(path, options)? {
            Some(found) => found,
            None => whole(path, options)?,
        };
        Ok(Self {
            path,
            format,
            content,
        })
    }

    /// The records that were left out.
    pub(crate) fn problems(&self) -> &[Problem] {
        match &self.content {
            Content::Whole(reading) => &reading.errors,
            Content::Listing(listing) => listing.problems(),
            Content::Snapshot(_) => &[],
        }
    }

    /// What is lost beside what comes with the bindings.
    pub(crate) fn losses(&self) -> &[Loss] {
        match &self.content {
            Content::Whole(reading) => &reading.losses,
            Content::Listing(listing) => listing.losses(),
            Content::Snapshot(_) => &[],
        }
    }

    pub(crate) fn layout(&self) -> Option<&Layout> {
        match &self.content {
            Content::Whole(reading) => reading.export.layout.as_ref(),
            Content::Listing(listing) => listing.layout(),
            Content::Snapshot(reader) => reader.layout(),
        }
    }

    /// Once.
    pub(crate) fn bindings(&mut self) -> Result<Bindings<'_>, Error> {
        let path = self.path;
        Ok(match &mut self.content {
            Content::Whole(reading) => {
                let mut bindings = std::mem::take(&mut reading.export.bindings);
                bindings.sort_unstable_by(|a, b| a.key().cmp(b.key()));
                Box::new(
                    bindings
                        .into_iter()
                        .map(|binding| Ok((binding, Vec::new()))),
                )
            }
            Content::Listing(listing) => {
                let records = listing.bindings(start(path).map_err(unread(path))?);
                Box::new(records.map(move |record| {
                    let record = record.map_err(unread(path))?;
                    Ok((record.binding, record.losses))
                }))
            }
            Content::Snapshot(reader) => Box::new(reader.map(move |binding| {
                let binding = binding.map_err(|error| broken(path)(error.into()))?;
                Ok((binding, Vec::new()))
            })),
        })
    }
}

fn unread(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Input {
        path: path.to_owned(),
        source,
    }
}

fn broken(path: &Path) -> impl Fn(ReadError) -> Error {
    move |error| Error::BrokenInput {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

/// A file from its start. Where a path such as /dev/stdin stands for one that is open, it would be
/// read on from where that is.
fn start(path: &Path) -> io::Result<BufReader<File>> {
    let mut file = File::open(path)?;
    file.rewind()?;
    Ok(BufReader::new(file))
}

/// None for whatever has to be read as a whole, such as a pipe, which can be read once.
fn out_of_file(path: &Path, options: &ReadOptions) -> Result<Option<(Format, Content)>, Error> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    if is_standard_input(path) || !is_file {
        return Ok(None);
    }
    let format = options.format.or_else(|| {
        let mut file = start(path).ok()?;
        let bytes = file.fill_buf().ok()?;
        // Behind blanks alone may be anything.
        let is_blank = bytes.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then(|| interchange::detect(bytes))
    });
    match format {
        Some(Format::Netsh) => {
            let listing = Listing::look_through(|| start(path), options);
            let content = match listing.map_err(broken(path))? {
                Some(listing) if listing.is_sorted() => Content::Listing(listing),
                Some(listing) => Content::Whole(held(path, &listing)?),
                None => return Ok(None),
            };
            Ok(Some((Format::Netsh, content)))
        }
        Some(Format::Snapshot) => {
            let reader = snapshot::Reader::verified(start(path).map_err(unread(path))?);
            let reader = reader.map_err(|error| broken(path)(error.into()))?;
            let content = Content::Snapshot(Box::new(reader));
            Ok(Some((Format::Snapshot, content)))
        }
        _ => Ok(None),
    }
}

/// A listing in another order, which has to be sorted.
fn held(path: &Path, listing: &Listing) -> Result<Reading, Error> {
    let mut reading = Reading {
        export: Export {
            layout: listing.layout().cloned(),
            ..Export::default()
        },
        lines: Vec::new(),
        losses: listing.losses().to_vec(),
        errors: listing.problems().to_vec(),
    };
    for record in listing.bindings(start(path).map_err(unread(path))?) {
        let record = record.map_err(unread(path))?;
        reading.export.bindings.push(record.binding);
        reading.losses.extend(record.losses);
    }
    Ok(reading)
}

fn whole(path: &Path, options: &ReadOptions) -> Result<(Format, Content), Error> {
    let bytes = input(path).map_err(unread(path))?;
    let format = options.format;
    let format = format.unwrap_or_else(|| interchange::detect(&bytes));
    let reading = interchange::read(&bytes, options).map_err(broken(path))?;
    Ok((format, Content::Whole(reading)))
}
