//! The arguments of `trace`.

use std::path::PathBuf;

use clap::Args;

use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The trace, as CERTBIND_TRACE has the library write it; - for standard input.
    pub(crate) file: PathBuf,
    /// Make the calls again, to this store, and say which are answered otherwise. A library
    /// (httpsys:LIBRARY) is called itself; other stores stand behind a simulated Windows.
    #[arg(long, value_name = "STORE")]
    pub(crate) replay: Option<StoreUrl>,
}
