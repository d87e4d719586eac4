//! Change scripts: a plan as scripts for a host without certbind.
//!
//! [`ChangeScripts::new`] writes two scripts of `netsh http` commands. `apply` makes the changes of the
//! plan, `rollback` reverts them. Each of them
//!
//! 1. checks every key, and changes nothing unless each has the state before or after the change,
//! 2. makes the changes one by one, with `update` if this netsh has it, otherwise with `delete` and
//!    `add`, and restores a binding whose change fails,
//! 3. reads every key again.
//!
//! With [`ScriptOptions::confirm`] there is a third script. `apply` waits until it is run, and runs
//! `rollback` after the time limit; if `apply` was killed, its next run rolls back.
//!
//! A script that was killed can be run again, or rolled back: before a binding is deleted to be added
//! again, a marker file is written next to the script.

mod cmd;
mod confirm;
mod posix;
mod powershell;
mod step;

use std::num::NonZeroU32;

use certbind_core::{BindingError, BindingKey};
use certbind_formats::WriteError;
use certbind_formats::netsh::Layout;

use crate::plan::Plan;
use step::ScriptStep;

/// The language of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// A batch file for `cmd.exe`.
    Cmd,
    /// A script for Windows PowerShell 3 and later and PowerShell 7.
    PowerShell,
    /// A script for a POSIX shell with a program `netsh`: for simulated hosts.
    Posix,
}

/// Options of the scripts.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ScriptOptions {
    /// The layout of the host's listing. With it, a script compares complete records; without it,
    /// the certificate, the application and the names alone, which are the same in every language.
    pub layout: Option<Layout>,
    /// A PFX file that `apply` imports first, with the password that `certutil` asks for. A relative
    /// name is relative to the script.
    pub import_pfx: Option<ImportPfx>,
    /// Roll the changes back unless they are confirmed within this many seconds.
    pub confirm: Option<NonZeroU32>,
}

/// A PFX file and the certificate store to import it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPfx {
    /// The file name.
    pub file: String,
    /// The certificate store, such as `MY`.
    pub store: String,
}

/// The scripts of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeScripts {
    /// Makes the changes.
    pub apply: String,
    /// Reverts them.
    pub rollback: String,
    /// Keeps changes that would be rolled back: with [`ScriptOptions::confirm`].
    pub confirm: Option<String>,
}

/// The reason why a plan cannot be written as scripts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// netsh cannot set a value of the plan.
    #[error("{0}")]
    Inexpressible(#[from] WriteError),
    /// netsh cannot remove an extended property.
    #[error("{key}: netsh cannot remove extended property {property}")]
    PropertyRemoved {
        /// The key.
        key: BindingKey,
        /// The number of the property.
        property: String,
    },
    /// The name of a PFX file or certificate store has a character that a script cannot contain.
    #[error("the name {0:?} cannot be used in a script")]
    FileName(String),
    /// A binding of the plan is not valid.
    #[error("{0}")]
    Binding(#[from] BindingError),
}

/// The exit codes of the scripts.
pub mod exit {
    /// The changes were made, or had been made before.
    pub const DONE: u8 = 0;
    /// The script could not run: netsh or the folder for temporary files is missing.
    pub const CANNOT_RUN: u8 = 1;
    /// The host does not match the plan; nothing was changed.
    pub const MISMATCH: u8 = 2;
    /// A change failed; every binding is as before.
    pub const FAILED: u8 = 3;
    /// A change failed, and the bindings that were named differ from the state before. Run the script
    /// again, or the other script.
    pub const PARTLY_CHANGED: u8 = 4;
    /// The changes were not confirmed in time, or one of them failed; all were rolled back.
    pub const ROLLED_BACK: u8 = 5;
}

impl ChangeScripts {
    /// Writes the scripts of a plan. Only keys that the plan changes are in them.
    ///
    /// ```
    /// use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Uuid};
    /// use certbind_migrate::rotation;
    /// use certbind_migrate::script::{ChangeScripts, Dialect, ScriptOptions};
    ///
    /// let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
    /// let store = MemoryStore::new();
    /// store.insert(Binding::new("0.0.0.0:443".parse()?, Record::new(old, None, Uuid::nil()))?)?;
    /// let plan = rotation(&store, &old, &new)?;
    /// let scripts = ChangeScripts::new(&plan, Dialect::Cmd, &ScriptOptions::default())?;
    /// assert!(scripts.apply.contains(&format!("certhash={new}")));
    /// assert!(scripts.rollback.contains(&format!("certhash={old}")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ScriptError`], naming the value that netsh cannot set.
    pub fn new(
        plan: &Plan,
        dialect: Dialect,
        options: &ScriptOptions,
    ) -> Result<Self, ScriptError> {
        let script = |plan: &Plan, name: &'static str, other: &'static str| {
            let steps = plan.changes();
            let steps = steps.map(|step| ScriptStep::new(step, options.layout.as_ref()));
            let import_pfx = options.import_pfx.as_ref().filter(|_| name == "apply");
            if let Some(pfx) = import_pfx
                && let Some(text) = [&pfx.file, &pfx.store].into_iter().find(|text| {
                    let is_quoting = |c: char| c == '"' || c.is_control();
                    text.is_empty() || text.contains(is_quoting) || text.ends_with('\\')
                })
            {
                return Err(ScriptError::FileName(text.clone()));
            }
            Ok(Script {
                name,
                other,
                steps: steps.collect::<Result<_, ScriptError>>()?,
                import_pfx: import_pfx.cloned(),
                notes: notes(plan),
                confirm: options.confirm,
            })
        };
        let render = |script: Script| match dialect {
            Dialect::Cmd => cmd::render(&script),
            Dialect::PowerShell => powershell::render(&script),
            Dialect::Posix => posix::render(&script),
        };
        Ok(Self {
            apply: render(script(plan, "apply", "rollback")?),
            rollback: render(script(&plan.inverse(), "rollback", "apply")?),
            confirm: options.confirm.map(|_| confirm::render(dialect)),
        })
    }
}

impl ImportPfx {
    /// Whether the file is relative to the folder of the script. The syntax is that of Windows, and on
    /// simulated hosts of a POSIX system.
    fn is_relative(&self) -> bool {
        let mut chars = self.file.chars();
        let (first, second) = (chars.next(), chars.next());
        let has_drive = first.is_some_and(|c| c.is_ascii_alphabetic()) && second == Some(':');
        !has_drive && !matches!(first, Some('\\' | '/'))
    }
}

impl Dialect {
    /// The extension of a script's file name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Cmd => "cmd",
            Self::PowerShell => "ps1",
            Self::Posix => "sh",
        }
    }
}

/// One script.
#[derive(Debug)]
struct Script {
    name: &'static str,
    other: &'static str,
    steps: Vec<ScriptStep>,
    import_pfx: Option<ImportPfx>,
    /// Further tasks of the operator: a line each.
    notes: Vec<String>,
    confirm: Option<NonZeroU32>,
}

impl Script {
    /// How many seconds the script waits for a confirmation.
    fn waits(&self) -> Option<u32> {
        let seconds = self.confirm.filter(|_| self.name == "apply");
        seconds.map(NonZeroU32::get)
    }

    /// Whether the script ends the wait of the other one.
    fn ends_wait(&self) -> bool {
        self.confirm.is_some() && self.name != "apply"
    }
}

/// The applications that also have to be configured with the certificate, for each binding.
fn notes(plan: &Plan) -> Vec<String> {
    let owned = plan.changes().filter_map(|step| {
        let (application, command) = step.owner_renewal()?;
        let key = step.key();
        Some([
            format!("{key}: {application} keeps the certificate as well; renew it there by:"),
            format!("  {command}"),
        ])
    });
    owned.flatten().collect()
}
