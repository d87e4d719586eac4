//! TLS endpoints of a harness.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use certbind_core::Port;
use serde::Deserialize;

use crate::config::STORE;
use crate::error::HarnessError;
use crate::harness::Harness;

/// A running `certbind serve` over the store of a harness. It ends when this is dropped.
///
/// The bindings are those of the store, also after programs change them.
#[derive(Debug)]
pub struct Serving {
    process: Child,
    ready_file: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Ready {
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    address: IpAddr,
    port: u16,
    listens_on: SocketAddr,
}

/// How long the server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

impl Harness {
    /// Serves the bindings by TLS on free ports of the loopback address, with the certificates and
    /// private keys of a folder of PEM and PFX files. Something must be bound.
    ///
    /// # Errors
    /// [`HarnessError::Serve`] with the message of `certbind serve`.
    pub fn serve(&self, certificates: impl AsRef<Path>) -> Result<Serving, HarnessError> {
        let folder = tempfile::TempDir::with_prefix_in("serve-", self.folder())
            .map_err(|error| HarnessError::file(self.folder(), error))?
            // It is removed with the folder of the harness.
            .keep();
        let ready_file = folder.join("ready.json");
        let messages = folder.join("messages.txt");
        let file = std::fs::File::create(&messages)
            .map_err(|error| HarnessError::file(&messages, error))?;
        let program = self.path("bin");
        let program = program.join(format!("certbind{}", std::env::consts::EXE_SUFFIX));
        let certificates = std::path::absolute(certificates.as_ref())
            .map_err(|error| HarnessError::file(certificates.as_ref(), error))?;
        let mut process = Command::new(&program)
            .args(["serve", "--free-ports", "--from", STORE, "--certificates"])
            .arg(certificates)
            .current_dir(self.folder())
            .arg("--ready-file")
            .arg(&ready_file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| HarnessError::file(&program, error))?;
        let end = Instant::now() + START_TIMEOUT;
        while !ready_file.exists() {
            let ended = process.try_wait();
            let ended = ended.map_err(|error| HarnessError::file(&program, error))?;
            if ended.is_some() || Instant::now() > end {
                let _ = process.kill();
                let _ = process.wait();
                let message = std::fs::read_to_string(&messages).unwrap_or_default();
                return Err(HarnessError::Serve {
                    message: message.trim_end().to_owned(),
                });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Serving {
            process,
            ready_file,
        })
    }
}

impl Serving {
    /// The socket that represents an address and port of the host, if the server listens on them. A
    /// port that is bound later is opened within a fraction of a second.
    #[must_use]
    pub fn socket(&self, address: IpAddr, port: Port) -> Option<SocketAddr> {
        let ready = std::fs::read(&self.ready_file).ok()?;
        let ready: Ready = serde_json::from_slice(&ready).ok()?;
        let mut endpoints = ready.endpoints.into_iter();
        let found = endpoints.find(|it| it.address == address && it.port == port.get())?;
        Some(found.listens_on)
    }

    /// The URL of a port at 127.0.0.1, without a slash at its end: `https://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self, port: Port) -> Option<String> {
        let socket = self.socket(Ipv4Addr::LOCALHOST.into(), port)?;
        Some(format!("https://{socket}"))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only if it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
