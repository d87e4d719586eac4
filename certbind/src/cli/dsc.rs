//! The commands of `dsc`, each an operation of the DSC resource.

use clap::{Args, Subcommand, ValueEnum};

/// The output of every operation.
#[derive(Debug, Args)]
pub(crate) struct Lines {
    /// The output format: JSON lines, as DSC reads them.
    #[arg(long, global = true, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dsc {
    /// Print the actual state of the binding whose key standard input has.
    Get,
    /// Bring a binding into the state on standard input. Print the state after it, and the names of the
    /// changed properties.
    Set {
        /// Print the expected state, and change nothing.
        #[arg(long)]
        what_if: bool,
    },
    /// Compare a binding with the state on standard input. Print the actual state, and the names of the
    /// properties that differ.
    Test,
    /// Print the state of every binding, one a line; with properties on standard input, of those that
    /// have them.
    Export,
    /// Print the JSON Schema of an instance.
    Schema,
    /// Print the resource manifest.
    Manifest,
}

impl Dsc {
    /// Whether the operation works on bindings.
    pub(crate) fn works_on_bindings(&self) -> bool {
        !matches!(self, Self::Schema | Self::Manifest)
    }
}
