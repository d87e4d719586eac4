//! Errors.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use certbind_core::Port;

/// The reason why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The bindings cannot be read.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// A folder of certificates cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// There is nothing to listen on.
    #[error("there are no bindings, so there is no port to listen on")]
    NoBindings,
    /// The port of a binding is mapped to no port.
    #[error("port {port} is mapped to no valid port; choose another offset or port")]
    Mapping {
        /// The port of the binding.
        port: Port,
    },
    /// An address cannot be listened on.
    #[error("cannot listen for {address}, port {port}: {source}; choose another port by a mapping")]
    Listen {
        /// The address of the host.
        address: IpAddr,
        /// The port of the host.
        port: Port,
        /// The system's error.
        source: io::Error,
    },
    /// The URL of the application is invalid.
    #[error("{url}: expected http://HOST:PORT")]
    Upstream {
        /// The URL.
        url: String,
    },
    /// The system refuses threads or signals.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
}
