//! The arguments of commands that write change scripts.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use certbind_migrate::script::{Dialect, ImportPfx};
use clap::{Args, ValueEnum};

use super::apply::time_limit;

#[derive(Debug, Args)]
#[command(next_help_heading = "Change scripts")]
pub(crate) struct Scripts {
    /// Write the scripts `apply` and `rollback` for a host without certbind. Default: cmd.
    #[arg(long, value_enum, value_name = "LANGUAGE", requires = "out")]
    pub(crate) script: Option<Language>,
    /// The folder for the scripts and other output files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Let `apply` import this PFX file first, with certutil, which asks for the password. A relative
    /// name is relative to the script.
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) import_pfx: Option<String>,
    /// Let `apply` wait for the script `confirm`, and run `rollback` after this time: 60s, 5m. If `apply`
    /// is killed, its next run rolls back.
    #[arg(long, value_name = "TIME", value_parser = time_limit, requires = "out")]
    confirm: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Batch files for cmd.exe.
    Cmd,
    /// PowerShell scripts.
    Powershell,
    /// Scripts for a POSIX shell and a program `netsh`, for simulated hosts.
    Sh,
}

impl Scripts {
    pub(crate) fn dialect(&self) -> Dialect {
        match self.script {
            None | Some(Language::Cmd) => Dialect::Cmd,
            Some(Language::Powershell) => Dialect::PowerShell,
            Some(Language::Sh) => Dialect::Posix,
        }
    }

    /// The seconds that `apply` waits, rounded up.
    pub(crate) fn confirm(&self) -> Option<NonZeroU32> {
        let time = self.confirm?;
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        Some(NonZeroU32::new(seconds).unwrap_or(NonZeroU32::MIN))
    }

    /// The PFX file, to be imported to this certificate store.
    pub(crate) fn import_pfx(&self, store: Option<&str>) -> Option<ImportPfx> {
        Some(ImportPfx {
            file: self.import_pfx.clone()?,
            store: store.unwrap_or("MY").to_owned(),
        })
    }
}
