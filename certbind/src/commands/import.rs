//! `import`: the bindings of an exported store, all of them or none.

use std::path::Path;

use certbind_backends::Access;
use certbind_core::{Binding, BindingKey, BindingStore, Change, Precondition, StoreError};
use certbind_formats::{ConversionWarning, ReadOptions};
use serde_json::json;

use crate::changes::counted;
use crate::cli::import::{Import, ImportFormat, OnConflict};
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::export_files;
use crate::hive_logs;
use crate::import_source::{Bindings, ImportSource};
use crate::message::warn;
use crate::print::{print, print_json};
use crate::progress::Progress;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::warnings::WarningSummary;

pub(crate) fn run(url: &StoreUrl, import: &Import) -> Result<u8, Error> {
    let progress = Progress::new();
    progress.at("reading");
    let file = export_files::only(&import.file)?;
    let mut incoming = ImportSource::open(&file, &options(import), &import.logs.choice()?)?;
    let mut summary = Summary::new(import.report == Format::Json);
    summary.add_warnings(incoming.warnings().to_vec());
    let bindings = incoming.bindings(|warning| summary.add_warnings(vec![warning]))?;
    progress.at("importing");
    let store = open(url, import.dry_run)?;
    let summary = bring_in(bindings, summary, store.bindings(), import)?;
    if let Some(layout) = incoming.layout().filter(|_| !import.dry_run) {
        // The bindings are in: that their listing's layout is not kept takes nothing back.
        if let Err(error) = store.set_layout(layout) {
            let what = "the layout of the listing was not saved";
            warn(&escaped(&format!(
                "{what}; exports use the layout of Windows 2022: {error}"
            )));
        }
    }
    drop(progress);
    report(import, &file, &incoming, summary)?;
    let whole = incoming.problems().is_empty();
    Ok(if whole {
        exit::DONE
    } else {
        exit::BROKEN_INPUT
    })
}

fn options(import: &Import) -> ReadOptions {
    ReadOptions {
        format: match import.format {
            ImportFormat::Auto => None,
            ImportFormat::Json => Some(certbind_formats::Format::Json),
            ImportFormat::Netsh => Some(certbind_formats::Format::Netsh),
            ImportFormat::Snapshot => Some(certbind_formats::Format::Snapshot),
            ImportFormat::Reg => Some(certbind_formats::Format::Reg),
            ImportFormat::Hive => Some(certbind_formats::Format::Hive),
            ImportFormat::Toml => Some(certbind_formats::Format::Toml),
            ImportFormat::Yaml => Some(certbind_formats::Format::Yaml),
        },
        keep_going: import.keep_going,
        encoding: import.encoding,
        locale: import.words.clone(),
        language: import.language,
        ..ReadOptions::default()
    }
}

/// The store to fill.
fn open(url: &StoreUrl, dry_run: bool) -> Result<Opened, Error> {
    match dry_run {
        true => Opened::open_or_empty_for_preview(url),
        false => Opened::open(url, Access::Create),
    }
}

fn bring_in(
    bindings: Bindings<'_>,
    summary: Summary,
    store: &dyn BindingStore,
    import: &Import,
) -> Result<Summary, Error> {
    let mut changes = Changes {
        store,
        on_conflict: import.on_conflict,
        bindings,
        summary,
        conflicts: None,
        stopped: None,
    };
    let done = match import.dry_run {
        true => changes.try_for_each(|change| change.map(drop)),
        false => store.bulk_load(&mut changes).map(drop),
    };
    match changes.stopped {
        Some(error) => Err(error),
        None => Ok(done.map(|()| changes.summary)?),
    }
}

/// The changes of an import, each made when its binding is read.
struct Changes<'a> {
    store: &'a dyn BindingStore,
    on_conflict: OnConflict,
    bindings: Bindings<'a>,
    summary: Summary,
    /// The first key that may not be bound and is, and how many are.
    conflicts: Option<(BindingKey, usize)>,
    /// The reason why the iteration ended, if it is not an error of the store.
    stopped: Option<Error>,
}

impl Changes<'_> {
    fn change(&mut self, binding: Binding) -> Result<Option<Change>, StoreError> {
        let key = binding.key().clone();
        Ok(match (self.store.get(&key)?, self.on_conflict) {
            (None, _) => {
                self.summary.imported.add(key);
                Some(Change::insert(binding))
            }
            (Some(_), OnConflict::Fail) => {
                self.conflicts.get_or_insert((key, 0)).1 += 1;
                None
            }
            (Some(_), OnConflict::Skip) => {
                self.summary.skipped.add(key);
                None
            }
            (Some(found), OnConflict::Replace) => {
                let expect = Precondition::Exactly(Box::new(found));
                self.summary.replaced.add(key.clone());
                Some(Change::new(key, expect, Some(binding))?)
            }
        })
    }

    fn stop(&mut self, error: Error) -> StoreError {
        self.stopped = Some(error);
        StoreError::unavailable("the import ended early")
    }
}

impl Iterator for Changes<'_> {
    type Item = Result<Change, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (binding, warnings) = match self.bindings.next() {
                Some(Ok(found)) => found,
                Some(Err(error)) => return Some(Err(self.stop(error))),
                None => {
                    let (first, count) = self.conflicts.take()?;
                    return Some(Err(self.stop(Error::AlreadyBound { first, count })));
                }
            };
            self.summary.add_warnings(warnings);
            if let Some(change) = self.change(binding).transpose() {
                return Some(change);
            }
        }
    }
}

/// The summary of an import.
struct Summary {
    imported: Keys,
    replaced: Keys,
    skipped: Keys,
    warnings: WarningSummary,
    /// Each of them, where they are listed.
    all_warnings: Option<Vec<ConversionWarning>>,
}

/// Keys that something became of.
struct Keys {
    count: usize,
    /// Each of them, where they are listed.
    all: Option<Vec<BindingKey>>,
}

impl Summary {
    fn new(lists_all: bool) -> Self {
        let keys = || Keys {
            count: 0,
            all: lists_all.then(Vec::new),
        };
        Self {
            imported: keys(),
            replaced: keys(),
            skipped: keys(),
            warnings: WarningSummary::default(),
            all_warnings: lists_all.then(Vec::new),
        }
    }

    fn add_warnings(&mut self, warnings: Vec<ConversionWarning>) {
        for warning in warnings {
            if let Some(all) = &mut self.all_warnings {
                all.push(warning.clone());
            }
            self.warnings.add(warning);
        }
    }
}

impl Keys {
    fn add(&mut self, key: BindingKey) {
        self.count += 1;
        if let Some(all) = &mut self.all {
            all.push(key);
        }
    }
}

fn report(
    import: &Import,
    file: &Path,
    incoming: &ImportSource<'_>,
    summary: Summary,
) -> Result<(), Error> {
    let left_out = incoming.problems();
    summary.warnings.warn(left_out);
    let Summary {
        imported,
        replaced,
        skipped,
        all_warnings,
        ..
    } = summary;
    if let Some(mut warnings) = all_warnings {
        warnings.sort_by_key(ConversionWarning::place);
        let lines = |lines: &mut dyn Iterator<Item = String>| lines.collect::<Vec<_>>();
        return print_json(&json!({
            "file": file.display().to_string(),
            "format": incoming.format.name(),
            "listing_layout": incoming.layout().is_some(),
            "dry_run": import.dry_run,
            "imported": imported.all,
            "replaced": replaced.all,
            "skipped": skipped.all,
            "left_out": lines(&mut left_out.iter().map(ToString::to_string)),
            "warnings": lines(&mut warnings.iter().map(ToString::to_string)),
            "recovery": incoming.reading().and_then(|reading| reading.recovery.as_ref()),
        }));
    }
    if let Some(reading) = incoming.reading() {
        hive_logs::report(file, reading);
    }
    let verb = if import.dry_run {
        "Would import"
    } else {
        "Imported"
    };
    let mut text = format!(
        "{verb} {} from {} ({})",
        counted(imported.count + replaced.count),
        escaped(&file.display().to_string()),
        incoming.format,
    );
    for (keys, what) in [(replaced, "replaced"), (skipped, "skipped: already bound")] {
        if keys.count > 0 {
            text.push_str(&format!("; {} {what}", keys.count));
        }
    }
    if !left_out.is_empty() {
        text.push_str(&format!("; {} left out", left_out.len()));
    }
    text.push('\n');
    if incoming.format != certbind_formats::Format::Netsh && incoming.layout().is_some() {
        text.push_str(
            "The file brings the layout of a listing, in which `export --format netsh` will print\n",
        );
    }
    print(&text)
}
