//! The arguments of `add`, `update` and `set`, which differ in the application alone.

use certbind_core::{BindingKey, Uuid};
use clap::Args;

use super::applications;
use super::certificate::{CertificateSource, Checks};
use super::key::key;
use super::output::Output;
use super::record::RecordOptions;

// A doc comment here would become the help of the commands.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct Change<O: Args> {
    /// ipport=ADDRESS:PORT, hostnameport=HOST:PORT, ccs=PORT or scopedccs=HOST:PORT.
    #[arg(value_parser = key)]
    pub(crate) key: BindingKey,
    #[command(flatten)]
    pub(crate) certificate: CertificateSource,
    #[command(flatten)]
    pub(crate) owner: O,
    #[command(flatten)]
    pub(crate) checks: Checks,
    /// Show the change without making it.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) options: RecordOptions,
}

/// The application of `add`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct OwnerOfNew {
    /// The application that owns the binding: any GUID, or the name of a known application, such
    /// as IIS.
    #[arg(long, value_name = "GUID", value_parser = applications::id)]
    pub(crate) app_id: Uuid,
}

/// The application of `update`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct OwnerOfExisting {
    /// The application that owns the binding: any GUID, or the name of a known application.
    #[arg(long, value_name = "GUID", value_parser = applications::id)]
    pub(crate) app_id: Option<Uuid>,
}

/// The application of `set`.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct OwnerOfAny {
    /// The application that owns the binding: any GUID, or the name of a known application.
    /// Required if the key is not bound.
    #[arg(long, value_name = "GUID", value_parser = applications::id)]
    pub(crate) app_id: Option<Uuid>,
}
