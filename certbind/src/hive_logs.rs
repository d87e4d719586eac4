//! The transaction logs of a hive: those next to it, those of an option, or none.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use certbind_formats::hive::{self, FileError, LogFile};
use certbind_formats::{Format, ReadError, ReadOptions, ReadOutcome};
use clap::Args;

use crate::error::Error;
use crate::files;
use crate::message::note;
use crate::terminal::escaped;

/// The option.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct LogOptions {
    /// A transaction log to replay over a hive; none to ignore the logs. Repeat it for several.
    /// Default: the hive's .LOG, .LOG1 and .LOG2 files in the same folder.
    #[arg(long, value_name = "FILE|none")]
    logs: Vec<PathBuf>,
}

/// Where the logs of a hive are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum HiveLogs {
    /// In the folder of the hive.
    #[default]
    NextToHive,
    /// They are ignored.
    Ignored,
    /// In these files.
    Named(Vec<PathBuf>),
}

impl LogOptions {
    pub(crate) fn choice(&self) -> Result<HiveLogs, Error> {
        let none = Path::new("none");
        match self.logs.as_slice() {
            [] => Ok(HiveLogs::NextToHive),
            [only] if only == none => Ok(HiveLogs::Ignored),
            logs if logs.iter().any(|log| log == none) => Err(Error::Logs {
                problem: "none cannot be combined with files",
            }),
            logs => Ok(HiveLogs::Named(logs.to_vec())),
        }
    }
}

impl HiveLogs {
    /// Reads the export in a file, with the logs if it is a hive.
    pub(crate) fn read_file(
        &self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<ReadOutcome, Error> {
        match self.read_hive(path, options)? {
            Some(reading) => Ok(reading),
            None => self.read(path, files::read(path).map_err(unreadable(path))?, options),
        }
    }

    /// Reads a hive on the disk, with its logs: only those parts of it that bindings need. Nothing for any
    /// other export.
    pub(crate) fn read_hive(
        &self,
        path: &Path,
        options: &ReadOptions,
    ) -> Result<Option<ReadOutcome>, Error> {
        let format = options.format.or_else(|| format_of_name(path));
        if format.is_some_and(|format| format != Format::Hive) {
            return Ok(None);
        }
        let Some(mut file) = files::open_hive(path) else {
            return Ok(None);
        };
        let mut start = [0; hive::START];
        let is_clean = file.read_exact(&mut start).is_ok() && hive::is_clean(&start);
        let options = ReadOptions {
            format: Some(Format::Hive),
            logs: self.files(path, is_clean)?,
            ..options.clone()
        };
        match hive::read_from(file, &options) {
            Ok(reading) => Ok(Some(reading)),
            Err(FileError::Read(source)) => Err(broken(path)(source)),
            Err(FileError::Io(source)) => Err(unreadable(path)(source)),
            Err(error) => Err(unreadable(path)(io::Error::other(error))),
        }
    }

    /// Reads an export, with the logs if it is a hive.
    pub(crate) fn read(
        &self,
        path: &Path,
        bytes: Vec<u8>,
        options: &ReadOptions,
    ) -> Result<ReadOutcome, Error> {
        let format = options.format.or_else(|| format_of_name(path));
        let format = format.unwrap_or_else(|| certbind_formats::detect(&bytes));
        let options = ReadOptions {
            format: Some(format),
            folder: path.parent().map(Path::to_owned),
            logs: if format == Format::Hive {
                self.files(path, hive::is_clean(&bytes))?
            } else {
                Vec::new()
            },
            ..options.clone()
        };
        certbind_formats::read_owned(bytes, &options).map_err(broken(path))
    }

    /// Logs that are named belong to one hive.
    pub(crate) fn check<'a>(
        &self,
        readings: impl IntoIterator<Item = Option<&'a ReadOutcome>>,
    ) -> Result<(), Error> {
        let readings = readings.into_iter().flatten();
        let hives = readings
            .filter(|reading| reading.recovery.is_some())
            .count();
        match (self, hives) {
            (Self::Named(_), 0) => Err(Error::Logs {
                problem: "only a hive has transaction logs",
            }),
            (Self::Named(_), 2..) => Err(Error::Logs {
                problem: "named logs belong to one hive; read one hive at a time",
            }),
            _ => Ok(()),
        }
    }

    /// The logs of a hive. Those next to a hive that is clean are of no use, and are not read.
    fn files(&self, hive: &Path, is_clean: bool) -> Result<Vec<LogFile>, Error> {
        match self {
            Self::NextToHive if is_clean || hive == Path::new("-") => Ok(Vec::new()),
            Self::NextToHive => next_to(hive).map_err(unreadable(hive)),
            Self::Ignored => Ok(Vec::new()),
            Self::Named(paths) => {
                let logs = paths.iter().map(|path| {
                    let bytes = files::read(path).map_err(unreadable(path))?;
                    Ok(LogFile::new(path.display().to_string(), bytes))
                });
                logs.collect()
            }
        }
    }
}

fn unreadable(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Input {
        path: path.to_owned(),
        source,
    }
}

fn broken(path: &Path) -> impl Fn(ReadError) -> Error {
    move |source| Error::BrokenExport {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// The logs in the folder or the archive of a hive, in any case. Empty ones are left out.
fn next_to(hive: &Path) -> io::Result<Vec<LogFile>> {
    let folder = match hive.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let name = hive.file_name().unwrap_or_default().to_string_lossy();
    let name = files::without_compression(&name);
    let mut logs = Vec::new();
    for entry in files::entries(folder)? {
        let file = entry.name();
        if !entry.is_folder && LogFile::is_of(files::without_compression(&file), name) {
            let bytes = files::read(&entry.path)?;
            if !bytes.is_empty() {
                logs.push(LogFile::new(file, bytes));
            }
        }
    }
    logs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(logs)
}

/// The format of a desired state by its file name, since an empty file has no other indication.
pub(crate) fn format_of_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    match Path::new(files::without_compression(name))
        .extension()?
        .to_str()?
    {
        "toml" => Some(Format::Toml),
        "yaml" | "yml" => Some(Format::Yaml),
        _ => None,
    }
}

/// Reports the replay of a hive's logs on standard error.
pub(crate) fn report(path: &Path, reading: &ReadOutcome) {
    let Some(recovery) = &reading.recovery else {
        return;
    };
    let path = path.display();
    if !recovery.applied.is_empty() {
        note(&escaped(&format!("{path}: {recovery}")));
    }
    for what in &recovery.notes {
        note(&escaped(&format!("{path}: {what}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_files_or_none() {
        let choice = |logs: &[&str]| {
            let logs = logs.iter().map(PathBuf::from).collect();
            LogOptions { logs }.choice().ok()
        };
        assert_eq!(choice(&[]), Some(HiveLogs::NextToHive));
        assert_eq!(choice(&["none"]), Some(HiveLogs::Ignored));
        let named = HiveLogs::Named(vec!["a".into(), "b".into()]);
        assert_eq!(choice(&["a", "b"]), Some(named));
        assert_eq!(choice(&["a", "none"]), None);
    }
}
