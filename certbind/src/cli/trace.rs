//! The arguments of `trace`.

use std::path::PathBuf;

use certbind_trace::{HostTrace, HostTraceError};
use clap::Args;

use super::output::Output;
use crate::input::Input;
use crate::stores::StoreUrl;

#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// The recording, written by the library if CERTBIND_TRACE is set; - for standard input.
    pub(crate) file: PathBuf,
    /// Repeat the calls on this store, and show which results differ. A library (httpsys:LIBRARY)
    /// is called directly; other stores are called through the simulator.
    #[arg(long, value_name = "STORE")]
    pub(crate) replay: Option<StoreUrl>,
    /// Print the recording of a real Windows as a file for `fidelity/traces`, with the version that
    /// `ver` prints, such as 10.0.20348.2849. Names of hosts, addresses, hashes, application ids,
    /// certificate stores and domains are replaced by pseudonyms.
    #[arg(long, value_name = "VERSION", conflicts_with = "replay", value_parser = version)]
    pub(crate) contribute: Option<String>,
    /// An export of the bindings that the host had before the recording.
    #[arg(long, value_name = "EXPORT", requires = "contribute")]
    pub(crate) before: Option<Input>,
    /// Keep the names instead of pseudonyms.
    #[arg(long, requires = "contribute")]
    pub(crate) keep_names: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// # Errors
/// The text is not a version of Windows.
fn version(text: &str) -> Result<String, HostTraceError> {
    HostTrace::check_version(text).map(|()| text.to_owned())
}
