//! The source of an import: an export file, streamed if its format allows it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use certbind_core::Binding;
use certbind_formats::netsh::{Layout, Listing, ListingError};
use certbind_formats::{
    ConversionWarning, Format, ParseError, ReadError, ReadOptions, ReadOutcome, snapshot,
};

use crate::error::Error;
use crate::files;
use crate::hive_logs::{HiveLogs, format_of_name};
use crate::input::is_standard_input;
use crate::read_file;

/// An export that was checked for completeness, whose bindings can be read in canonical order. A
/// snapshot and a listing are not kept in memory: they were read to their end once, and are read
/// again.
pub(crate) struct ImportSource<'a> {
    path: &'a Path,
    pub(crate) format: Format,
    content: Content<'a>,
}

enum Content<'a> {
    Whole(Box<ReadOutcome>),
    Listing(Box<Listing>, Origin<'a>),
    Snapshot(Box<snapshot::Reader<BufReader<File>>>),
}

/// The bindings of an export, each with its conversion warnings.
pub(crate) type Bindings<'a> =
    Box<dyn Iterator<Item = Result<(Binding, Vec<ConversionWarning>), Error>> + Send + 'a>;

impl<'a> ImportSource<'a> {
    /// # Errors
    /// [`Error::Input`] and [`Error::BrokenInput`].
    pub(crate) fn open(
        path: &'a Path,
        options: &ReadOptions,
        logs: &HiveLogs,
    ) -> Result<Self, Error> {
        let (format, content) = match Origin::of(path, options)? {
            Ok(origin) => read(origin, options, logs)?,
            Err(bytes) => {
                let bytes = files::unpacked(bytes).map_err(unread(path))?;
                whole(path, bytes, options, logs)?
            }
        };
        let source = Self {
            path,
            format,
            content,
        };
        logs.check([source.reading()])?;
        Ok(source)
    }

    /// The records that were left out.
    pub(crate) fn problems(&self) -> &[ParseError] {
        match &self.content {
            Content::Whole(reading) => &reading.errors,
            Content::Listing(listing, _) => listing.errors(),
            Content::Snapshot(_) => &[],
        }
    }

    /// The conversion warnings other than those returned with the bindings.
    pub(crate) fn warnings(&self) -> &[ConversionWarning] {
        match &self.content {
            Content::Whole(reading) => &reading.warnings,
            Content::Listing(listing, _) => listing.warnings(),
            Content::Snapshot(reader) => reader.warnings(),
        }
    }

    /// A file that was read completely.
    pub(crate) fn reading(&self) -> Option<&ReadOutcome> {
        match &self.content {
            Content::Whole(reading) => Some(reading),
            Content::Listing(..) | Content::Snapshot(_) => None,
        }
    }

    pub(crate) fn layout(&self) -> Option<&Layout> {
        match &self.content {
            Content::Whole(reading) => reading.export.layout.as_ref(),
            Content::Listing(listing, _) => listing.layout(),
            Content::Snapshot(reader) => reader.layout(),
        }
    }

    /// Can be called once. Warnings about bindings that are not returned with them are printed
    /// first.
    pub(crate) fn bindings(
        &mut self,
        mut lost: impl FnMut(ConversionWarning),
    ) -> Result<Bindings<'_>, Error> {
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
            Content::Listing(listing, origin) => {
                if let Some(records) = listing.take_recorded(&mut lost) {
                    return Ok(Box::new(records.map(move |record| {
                        let record = record.map_err(without_room(path))?;
                        Ok((record.binding, record.warnings))
                    })));
                }
                if listing.is_sorted() {
                    let start = origin.start().map_err(unread(path))?;
                    let records = listing.bindings(start).map_err(unread(path))?;
                    return Ok(Box::new(records.map(move |record| {
                        let record = record.map_err(unread(path))?;
                        Ok((record.binding, record.warnings))
                    })));
                }
                let start = origin.start().map_err(unread(path))?;
                let bindings = listing.sorted_bindings(start, &mut lost);
                let bindings = bindings.map_err(unlisted(path))?;
                Box::new(bindings.map(move |binding| {
                    let binding = binding.map_err(without_room(path))?;
                    Ok((binding, Vec::new()))
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

fn without_room(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Temporary {
        path: path.to_owned(),
        source,
    }
}

fn unlisted(path: &Path) -> impl Fn(ListingError) -> Error {
    move |error| match error {
        ListingError::Read(error) => broken(path)(error),
        ListingError::Sort(source) => without_room(path)(source),
        ListingError::Io(source) => unread(path)(source),
        error => unread(path)(io::Error::other(error)),
    }
}

fn broken(path: &Path) -> impl Fn(ReadError) -> Error {
    move |source| Error::BrokenExport {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// Where an export is read from, from its start each time.
struct Origin<'a> {
    path: &'a Path,
    /// For a source that can be read only once, as a pipe, and is too long for memory: a temporary
    /// file, which is removed with the process.
    copy: Option<File>,
}

impl<'a> Origin<'a> {
    /// The same, or all its bytes, where it can be read only once and is short, or has to be in
    /// memory for another reason.
    fn of(path: &'a Path, options: &ReadOptions) -> Result<Result<Self, Vec<u8>>, Error> {
        const LONG: u64 = 16 << 20;
        // Compressed files and archives are held in memory.
        if !is_standard_input(path)
            && (!path.exists() || (path.is_file() && files::is_packed(path)))
        {
            return files::read(path).map(Err).map_err(unread(path));
        }
        let mut once: Box<dyn Read> = if is_standard_input(path) {
            Box::new(io::stdin().lock())
        } else {
            let file = read_file::open(path).map_err(unread(path))?;
            if file.metadata().is_ok_and(|found| found.is_file()) {
                return Ok(Ok(Self { path, copy: None }));
            }
            Box::new(file)
        };
        let mut bytes = Vec::new();
        let start = once.by_ref().take(LONG).read_to_end(&mut bytes);
        start.map_err(unread(path))?;
        if (bytes.len() as u64) < LONG {
            return Ok(Err(bytes));
        }
        if !matches!(
            format_of(&bytes, options),
            Some(Format::Netsh | Format::Snapshot)
        ) {
            let rest = read_file::bounded(&mut once, read_file::MOST_PIPED);
            bytes.extend(rest.map_err(unread(path))?);
            return Ok(Err(bytes));
        }
        let copied = tempfile::tempfile().and_then(|mut copy| {
            let most = read_file::MOST_COPIED;
            let mut whole = bytes.as_slice().chain(once).take(most + 1);
            match io::copy(&mut whole, &mut copy)? > most {
                true => Err(read_file::too_long(most)),
                false => Ok(copy),
            }
        });
        let copy = Some(copied.map_err(without_room(path))?);
        Ok(Ok(Self { path, copy }))
    }

    /// One at a time, since a copy has one position. A path such as /dev/stdin, which refers to an
    /// open file, would be read from the current position of that file.
    fn start(&self) -> io::Result<BufReader<File>> {
        let mut file = match &self.copy {
            Some(copy) => copy.try_clone()?,
            None => File::open(self.path)?,
        };
        file.rewind()?;
        Ok(BufReader::new(file))
    }
}

/// The format of an export by the options, or by its start if that is not blank.
fn format_of(start: &[u8], options: &ReadOptions) -> Option<Format> {
    let is_blank = start.iter().all(u8::is_ascii_whitespace);
    let detected = || (!is_blank).then(|| certbind_formats::detect(start));
    options.format.or_else(detected)
}

/// A listing and a snapshot as a stream, and any other format completely.
fn read<'a>(
    origin: Origin<'a>,
    options: &ReadOptions,
    logs: &HiveLogs,
) -> Result<(Format, Content<'a>), Error> {
    let path = origin.path;
    let start = || origin.start().map_err(unread(path));
    let format = match start()?.fill_buf() {
        Ok(bytes) => match options.format {
            None => format_of_name(path).or_else(|| format_of(bytes, options)),
            named => named,
        },
        Err(error) => return Err(unread(path)(error)),
    };
    match format {
        Some(Format::Netsh) => {
            let listing = Listing::prescan(|| origin.start(), options);
            if let Some(listing) = listing.map_err(unlisted(path))? {
                return Ok((Format::Netsh, Content::Listing(Box::new(listing), origin)));
            }
        }
        Some(Format::Snapshot) => {
            let reader = snapshot::Reader::verified(start()?);
            let reader = reader.map_err(|error| broken(path)(error.into()))?;
            return Ok((Format::Snapshot, Content::Snapshot(Box::new(reader))));
        }
        Some(Format::Hive) => {
            let reading = logs.read_file(path, options)?;
            return Ok((Format::Hive, Content::Whole(Box::new(reading))));
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    start()?.read_to_end(&mut bytes).map_err(unread(path))?;
    whole(path, bytes, options, logs)
}

fn whole(
    path: &Path,
    bytes: Vec<u8>,
    options: &ReadOptions,
    logs: &HiveLogs,
) -> Result<(Format, Content<'static>), Error> {
    let format = options.format.or_else(|| format_of_name(path));
    let format = format.unwrap_or_else(|| certbind_formats::detect(&bytes));
    let reading = logs.read(path, bytes, options)?;
    Ok((format, Content::Whole(Box::new(reading))))
}
