//! `import`: the bindings of an exported store, all of them or none.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use interchange::{Loss, ReadError, ReadOptions, Reading, netsh};
use serde_json::json;
use store_core::{Batch, Binding, BindingKey, BindingStore, Change, Expect};

use super::{input, is_standard_input, print, print_json};
use crate::changes::counted;
use crate::cli::{Format, Import, ImportFormat, OnConflict};
use crate::error::{Error, warn};
use crate::exit;
use crate::progress::Progress;
use crate::screen::escaped;
use crate::stores::{Access, Opened, StoreUrl};

/// The most warnings that are printed one by one.
const WARNINGS: usize = 20;

pub(crate) fn run(url: &StoreUrl, import: &Import) -> Result<u8, Error> {
    let progress = Progress::new();
    progress.at("reading");
    let (format, reading) = read(import)?;
    progress.at(format!(
        "comparing {} bindings with the store",
        reading.export.bindings.len()
    ));
    let store = open(url, import.dry_run)?;
    let Plan { changes, keys } = Plan::new(
        store.bindings(),
        &reading.export.bindings,
        import.on_conflict,
    )?;
    if !import.dry_run {
        progress.at(format!("writing {} bindings", changes.len()));
        store.bindings().apply(&Batch::new(changes)?)?;
        if let Some(layout) = &reading.export.layout {
            // The bindings are in: that their listing's layout is not kept takes nothing back.
            if let Err(error) = store.set_layout(layout) {
                let what = "the layout of the listing was not kept";
                warn(&escaped(&format!(
                    "{what}; it will print as Windows 2022 does: {error}"
                )));
            }
        }
    }
    drop(progress);
    warn_of(&reading);
    report(import, format, &reading, &keys)?;
    let whole = reading.errors.is_empty();
    Ok(if whole {
        exit::DONE
    } else {
        exit::BROKEN_INPUT
    })
}

fn read(import: &Import) -> Result<(interchange::Format, Reading), Error> {
    let broken = |error: ReadError| Error::BrokenInput {
        path: import.file.clone(),
        problem: error.to_string(),
    };
    let options = ReadOptions {
        format: match import.format {
            ImportFormat::Auto => None,
            ImportFormat::Json => Some(interchange::Format::Json),
            ImportFormat::Netsh => Some(interchange::Format::Netsh),
            ImportFormat::Snapshot => Some(interchange::Format::Snapshot),
            ImportFormat::Reg => Some(interchange::Format::Reg),
            ImportFormat::Hive => Some(interchange::Format::Hive),
        },
        keep_going: import.keep_going,
        encoding: import.encoding,
        words: import.words.clone(),
    };
    if let Some(reading) = listing(&import.file, &options).map_err(broken)? {
        return Ok((interchange::Format::Netsh, reading));
    }
    let bytes = input(&import.file).map_err(|source| Error::Input {
        path: import.file.clone(),
        source,
    })?;
    let reading = interchange::read(&bytes, &options).map_err(broken)?;
    Ok((
        options
            .format
            .unwrap_or_else(|| interchange::detect(&bytes)),
        reading,
    ))
}

/// A listing in a file, read without holding its text, which is several times what it says. None for
/// whatever has to be read as a whole, such as a pipe, which can be read once.
fn listing(path: &Path, options: &ReadOptions) -> Result<Option<Reading>, ReadError> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    if is_standard_input(path) || !is_file {
        return Ok(None);
    }
    let open = || -> io::Result<_> {
        let mut file = File::open(path)?;
        // Where a path such as /dev/stdin stands for a file that is open, it is read on from there.
        file.rewind()?;
        Ok(BufReader::new(file))
    };
    let format = options.format.or_else(|| {
        let mut file = open().ok()?;
        let start = file.fill_buf().ok()?;
        // Behind blanks alone may be anything.
        let is_blank = start.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then(|| interchange::detect(start))
    });
    match format {
        Some(interchange::Format::Netsh) => netsh::read_twice(open, options),
        _ => Ok(None),
    }
}

/// The store to fill. A dry run makes none, and takes one that is not there for an empty one.
fn open(url: &StoreUrl, dry_run: bool) -> Result<Opened, Error> {
    if !dry_run {
        return Opened::open(url, Access::Fill);
    }
    match Opened::open(url, Access::Read) {
        Err(Error::NoStore { .. }) => Opened::open(&StoreUrl::Memory, Access::Fill),
        opened => opened,
    }
}

/// What an import is going to do.
struct Plan {
    changes: Vec<Change>,
    keys: Keys,
}

/// What becomes of each key of an export.
#[derive(Default)]
struct Keys {
    imported: Vec<BindingKey>,
    replaced: Vec<BindingKey>,
    skipped: Vec<BindingKey>,
}

impl Plan {
    fn new(
        store: &dyn BindingStore,
        bindings: &[Binding],
        on_conflict: OnConflict,
    ) -> Result<Self, Error> {
        let mut changes = Vec::with_capacity(bindings.len());
        let mut keys = Keys::default();
        let mut conflicts = Vec::new();
        for binding in bindings {
            let key = binding.key().clone();
            match (store.get(&key)?, on_conflict) {
                (None, _) => {
                    changes.push(Change::insert(binding.clone()));
                    keys.imported.push(key);
                }
                (Some(_), OnConflict::Fail) => conflicts.push(key),
                (Some(_), OnConflict::Skip) => keys.skipped.push(key),
                (Some(found), OnConflict::Replace) => {
                    let expect = Expect::Exactly(Box::new(found));
                    changes.push(Change::new(key.clone(), expect, Some(binding.clone()))?);
                    keys.replaced.push(key);
                }
            }
        }
        match conflicts.first() {
            Some(first) => Err(Error::AlreadyBound {
                first: first.clone(),
                count: conflicts.len(),
            }),
            None => Ok(Self { changes, keys }),
        }
    }
}

pub(super) fn warn_of(reading: &Reading) {
    // What is the same in every record is one thing to know, not hundreds.
    let mut alike: Vec<(&Loss, usize)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for loss in &reading.losses {
        let place = *places.entry(&loss.what).or_insert(alike.len());
        match alike.get_mut(place) {
            Some((_, count)) => *count += 1,
            None => alike.push((loss, 1)),
        }
    }
    let losses = alike.into_iter().map(|(first, count)| match count {
        1 => first.to_string(),
        all => format!("{first} (and {} more like it)", all - 1),
    });
    let errors = reading.errors.iter();
    let warnings = errors
        .map(|problem| format!("left out: {problem}"))
        .chain(losses);
    let mut more = 0;
    for (i, warning) in warnings.enumerate() {
        if i < WARNINGS {
            warn(&escaped(&warning));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        warn(&format!(
            "and {more} more; `certbind import --dry-run --report json` lists them all"
        ));
    }
}

fn report(
    import: &Import,
    format: interchange::Format,
    reading: &Reading,
    keys: &Keys,
) -> Result<(), Error> {
    let Keys {
        imported,
        replaced,
        skipped,
    } = keys;
    if import.report == Format::Json {
        let lines = |lines: &mut dyn Iterator<Item = String>| lines.collect::<Vec<_>>();
        return print_json(&json!({
            "file": import.file.display().to_string(),
            "format": format.name(),
            "dry_run": import.dry_run,
            "imported": imported,
            "replaced": replaced,
            "skipped": skipped,
            "left_out": lines(&mut reading.errors.iter().map(ToString::to_string)),
            "losses": lines(&mut reading.losses.iter().map(ToString::to_string)),
        }));
    }
    let verb = if import.dry_run {
        "Would import"
    } else {
        "Imported"
    };
    let mut text = format!(
        "{verb} {} from {} ({})",
        counted(imported.len() + replaced.len()),
        escaped(&import.file.display().to_string()),
        format,
    );
    for (keys, what) in [
        (replaced, "replaced"),
        (skipped, "skipped, being bound already"),
    ] {
        if !keys.is_empty() {
            text.push_str(&format!("; {} {what}", keys.len()));
        }
    }
    if !reading.errors.is_empty() {
        text.push_str(&format!("; {} left out", reading.errors.len()));
    }
    text.push('\n');
    print(&text)
}
