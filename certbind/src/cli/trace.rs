//! The arguments of `trace`.

use std::path::PathBuf;

use clap::Args;

use super::output::Output;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The recording, written by the library if CERTBIND_TRACE is set; - for standard input.
    pub(crate) file: PathBuf,
    /// Repeat the calls on this store, and show which results differ. A library (httpsys:LIBRARY)
    /// is called directly; other stores are called through the simulator.
    #[arg(long, value_name = "STORE")]
    pub(crate) replay: Option<StoreUrl>,
    #[command(flatten)]
    pub(crate) output: Output,
}
