//! `export`: the bindings in a file that any machine can read.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufReader, BufWriter, IsTerminal, Seek, Write};

use certbind_backends::Access;
use certbind_core::{Binding, BindingKey, BindingStore, MemoryStore, Scan};
use certbind_formats::netsh::{self, Layout};
use certbind_formats::{Configuration, Export, Header, WriteError, desired, json, reg, snapshot};
use jiff::Timestamp;

use crate::cli::export::{self as arguments, ExportFormat};
use crate::error::Error;
use crate::exit;
use crate::input::{Contents, Input, scan_all};
use crate::message::warn;
use crate::output_file;
use crate::readable::Readable;
use crate::stores::{Opened, StoreUrl};
use crate::terminal::{escaped, exact_stdout};
use crate::warnings::warn_of;

pub(crate) fn run(
    url: impl Fn() -> Result<StoreUrl, Error>,
    arguments: &arguments::Export,
) -> Result<u8, Error> {
    if arguments.language.is_some() && arguments.format != ExportFormat::Netsh {
        return Err(Error::LanguageWithoutListing);
    }
    let is_binary = arguments.format == ExportFormat::Snapshot;
    if is_binary && arguments.output.is_none() && io::stdout().is_terminal() {
        return Err(Error::SnapshotToTerminal);
    }
    let url = match arguments.from.clone().map(Input::resolved) {
        None => &url()?,
        Some(Input::Store(url)) => &url.clone(),
        Some(export) => return convert(&export, arguments),
    };
    let store = Opened::open(url, Access::Read)?;
    let kept = store.layout().unwrap_or_else(|error| {
        warn(&escaped(&error.to_string()));
        None
    });
    let header = header(arguments.host.clone(), url.to_string());
    let readable = Readable::new(store.bindings());
    let origin = Origin {
        header,
        layout: kept,
        ..Origin::default()
    };
    let write = |out: &mut dyn Write| write(out, &readable, origin, arguments);
    match &arguments.output {
        Some(path) => output_file::write(path, write)?,
        None => write(&mut exact_stdout())?,
    }
    Ok(readable.report())
}

/// The contents of an export other than its bindings.
#[derive(Default)]
pub(super) struct Origin {
    pub(super) header: Header,
    pub(super) layout: Option<Layout>,
    /// The times of the registry keys.
    pub(super) times: BTreeMap<BindingKey, Timestamp>,
    /// The service configuration other than bindings.
    pub(super) configuration: Option<Configuration>,
}

/// Writes an export in another format.
fn convert(export: &Input, arguments: &arguments::Export) -> Result<u8, Error> {
    let Contents { bindings, reading } = export.read()?;
    reading.iter().for_each(warn_of);
    let found = reading.map(|reading| reading.export).unwrap_or_default();
    let store = MemoryStore::new();
    for binding in bindings {
        store.insert(binding)?;
    }
    let host = arguments.host.clone().or(found.header.host);
    let origin = Origin {
        // When the export was made is not known from the time at which it is read.
        header: Header {
            captured_at: found.header.captured_at,
            ..header(host, export.to_string())
        },
        layout: found.layout,
        times: found.times,
        configuration: found.configuration,
    };
    let store = Readable::new(&store);
    let write = |out: &mut dyn Write| write(out, &store, origin, arguments);
    match &arguments.output {
        Some(path) => output_file::write(path, write)?,
        None => write(&mut exact_stdout())?,
    }
    Ok(exit::DONE)
}

/// The header of an export that is read now.
pub(super) fn header(host: Option<String>, source: String) -> Header {
    Header {
        host,
        captured_at: Some(Timestamp::now()),
        source: Some(source),
        tool: Some(concat!("certbind ", env!("CARGO_PKG_VERSION")).to_owned()),
    }
}

pub(super) fn write(
    mut out: &mut dyn Write,
    store: &Readable<'_>,
    origin: Origin,
    arguments: &arguments::Export,
) -> Result<(), Error> {
    let Origin {
        header,
        layout,
        times,
        configuration,
    } = origin;
    let collected = |header, layout| -> Result<Export, Error> {
        Ok(Export {
            header,
            bindings: scan_all(store)?,
            layout,
            times,
            configuration,
            unreadable: store.unread(),
        })
    };
    match arguments.format {
        ExportFormat::Json => {
            let layout = layout.filter(|_| arguments.with_layout);
            json::write(&mut out, &collected(header, layout)?)?;
        }
        ExportFormat::Netsh => {
            let release = arguments.layout.unwrap_or_default();
            let layout = match (arguments.language, layout) {
                (None, Some(kept)) if arguments.layout.is_none() => kept,
                (language, _) => release
                    .layout_in(language.unwrap_or_default())
                    .map_err(|missing| Error::NoTranslation(missing.to_string()))?,
            };
            listing(out, store, &layout)?;
        }
        ExportFormat::NetshScript => netsh::write_script(&mut out, &collected(header, layout)?)?,
        ExportFormat::NetshPowershell => {
            netsh::write_powershell(&mut out, &collected(header, layout)?)?;
        }
        ExportFormat::Reg => reg::write(&mut out, &collected(header, layout)?)?,
        ExportFormat::Toml => desired::write(&mut out, &collected(header, None)?)?,
        // Of as many bindings as there are: they go from the scan to the file.
        ExportFormat::Snapshot => {
            let mut snapshot = snapshot::Writer::new(&mut out, &header, layout.as_ref())?;
            for binding in store.scan(&Scan::all())? {
                snapshot.push(&binding?)?;
            }
            check_whole(store)?;
            snapshot.finish()?;
        }
    }
    Ok(out.flush()?)
}

/// Refuses a store of which parts could not be read, for a format that cannot represent that.
fn check_whole(store: &Readable<'_>) -> Result<(), WriteError> {
    match store.unread() {
        none if none.is_empty() => Ok(()),
        unreadable => Err(WriteError::NotWhole { unreadable }),
    }
}

/// Prints a listing of any number of bindings to a temporary file, and reads it back before it is
/// written to `out`. If one of them cannot be printed, none is. The bindings that are first in the
/// order of the host are kept in memory. If others write to the store at the same time, the rest
/// may be of a later time.
fn listing(mut out: &mut dyn Write, store: &Readable<'_>, layout: &Layout) -> Result<(), Error> {
    let places: HashMap<_, _> = layout.order().iter().zip(0_usize..).collect();
    let mut first = BTreeMap::new();
    let mut refused = Vec::new();
    for binding in store.scan(&Scan::all())? {
        let binding = binding?;
        refused.extend(layout.refusals(&binding));
        if let Some(place) = places.get(binding.key()) {
            first.insert(*place, binding);
        }
    }
    if !refused.is_empty() {
        return Err(WriteError::Inexpressible(refused).into());
    }
    let is_first = |binding: &Binding| {
        let place = places.get(binding.key());
        place.is_some_and(|place| first.contains_key(place))
    };
    let rest = store.scan(&Scan::all())?;
    let rest = rest.filter(|found| !matches!(found, Ok(binding) if is_first(binding)));
    let mut file = tempfile::tempfile()?;
    let mut writer = netsh::Writer::new(BufWriter::new(&file), layout)?;
    for binding in first.values().cloned().map(Ok).chain(rest) {
        let binding = binding?;
        writer.push(&binding)?;
        for warning in layout.warnings(&binding) {
            warn(&escaped(&warning.to_string()));
        }
    }
    let printed = writer.finish()?;
    let start = || {
        (&file).rewind()?;
        Ok(BufReader::new(&file))
    };
    check_whole(store)?;
    printed.check(start, layout)?;
    file.rewind()?;
    io::copy(&mut file, &mut out)?;
    Ok(())
}
