//! The arguments of `import`.

use std::path::PathBuf;

use certbind_formats::Encoding;
use certbind_formats::netsh::Locale;
use clap::{Args, ValueEnum};

use super::output::Format;

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The export; - for standard input.
    pub(crate) file: PathBuf,
    /// What the file is.
    #[arg(long, value_enum, default_value_t = ImportFormat::Auto)]
    pub(crate) format: ImportFormat,
    /// What to do with a key that is bound already.
    #[arg(long, value_enum, default_value_t = OnConflict::Fail)]
    pub(crate) on_conflict: OnConflict,
    /// Import what can be read, and leave out what cannot.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// The encoding of the text, where it cannot be told: windows-1252, gbk, …
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<Encoding>,
    /// netsh's words in a language that is not known, for Enabled, Disabled, Set and Not Set.
    #[arg(long, value_name = "W,W,W,W", value_parser = words)]
    pub(crate) words: Option<Locale>,
    /// Say what would be imported, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How to tell what was done.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) report: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Tell it from the content.
    Auto,
    Json,
    /// What `netsh http show sslcert` prints.
    Netsh,
    /// A binary file of chunks with check sums.
    Snapshot,
    /// A registry export (.reg).
    Reg,
    /// The registry's SYSTEM hive, as a file.
    Hive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Import nothing.
    Fail,
    /// Keep what the store has.
    Skip,
    /// Take what the file has.
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
