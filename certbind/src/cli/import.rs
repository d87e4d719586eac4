//! The arguments of `import`.

use std::path::PathBuf;

use certbind_formats::Encoding;
use certbind_formats::netsh::{Language, Locale};
use clap::{Args, ValueEnum};

use super::output::Format;
use crate::hive_logs::LogOptions;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The export file, also compressed; - for standard input. A folder stands for the SYSTEM hive in it:
    /// the top of a mounted disk, its folder Windows, or System32/config. An archive stands for the one
    /// export in it.
    pub(crate) file: PathBuf,
    /// The format of the file.
    #[arg(long = "input-format", value_name = "FORMAT", value_enum, default_value_t = ImportFormat::Auto)]
    pub(crate) format: ImportFormat,
    /// The handling of keys that are already bound.
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    pub(crate) on_conflict: OnConflict,
    /// Skip records that cannot be parsed, and import the rest.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// The text encoding, if it cannot be detected: windows-1252, gbk, …
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,
    /// The words of an unsupported netsh language for Enabled, Disabled, Set and Not Set.
    #[arg(long, value_name = "W,W,W,W", value_parser = words)]
    pub(crate) words: Option<Locale>,
    /// The language of a listing of netsh: en, de, fr or zh-Hans. A label that no published output of a
    /// host has in that language is an error.
    #[arg(long, value_name = "LANG")]
    pub(crate) language: Option<Language>,
    #[command(flatten)]
    pub(crate) logs: LogOptions,
    /// Show what would be imported, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The output format.
    #[arg(long = "format", alias = "report", value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub(crate) report: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Detect the format.
    Auto,
    Json,
    /// The output of `netsh http show sslcert`.
    Netsh,
    /// A binary file of chunks with checksums.
    Snapshot,
    /// A registry export (.reg).
    Reg,
    /// A SYSTEM hive file of the registry.
    Hive,
    /// A desired state, such as bindings.toml.
    Toml,
    /// The same in YAML.
    Yaml,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Import nothing.
    Fail,
    /// Keep the binding of the store.
    Skip,
    /// Use the binding of the file.
    Replace,
}

fn words(text: &str) -> Result<Locale, &'static str> {
    let words: Vec<_> = text.split(',').map(|word| word.trim().to_owned()).collect();
    let [enabled, disabled, set, not_set] = words
        .try_into()
        .map_err(|_| "four words with commas between them, as in Enabled,Disabled,Set,Not Set")?;
    Ok(Locale {
        enabled,
        disabled,
        set,
        not_set,
    })
}
