//! Certificates with their keys, and servers that have them.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use certbind_core::{Binding, BindingKey, CertHash, Record, SslFlags, Uuid};
use certbind_serve::{BindingSource, PortRule, Ports, Server, ServerBuilder};
use tempfile::TempDir;

use crate::programs::run;

/// A folder with certificates and their keys.
pub(crate) struct Certificates {
    pub(crate) folder: TempDir,
    pub(crate) hashes: Vec<CertHash>,
}

impl Certificates {
    /// One certificate for each of some names.
    pub(crate) fn new(names: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let hashes = names.iter().enumerate().map(|(number, name)| {
            let (pem, hash) = certificate(name);
            std::fs::write(folder.path().join(format!("{number}.pem")), pem).unwrap();
            hash
        });
        let hashes = hashes.collect();
        Self { folder, hashes }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A binding with one of the certificates.
    pub(crate) fn bind(&self, key: &str, certificate: usize, flags: SslFlags) -> Binding {
        let record = Record::new(self.hashes[certificate], None, Uuid::nil());
        binding(key, record.with_flags(flags))
    }

    /// A server on free ports.
    pub(crate) fn serve(&self, source: impl BindingSource) -> ServerBuilder {
        Server::builder(source)
            .certificates(self.path())
            .ports(Ports::new(PortRule::Free))
    }
}

pub(crate) fn binding(key: &str, record: Record) -> Binding {
    Binding::new(key.parse::<BindingKey>().unwrap(), record).unwrap()
}

/// A certificate and its key in PEM, and its hash.
pub(crate) fn certificate(name: &str) -> (String, CertHash) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let hash = certbind_certificates::hash_of_file(made.cert.der()).unwrap();
    let pem = made.cert.pem() + &made.signing_key.serialize_pem();
    (pem, hash)
}

/// Writes a certificate and its key into a PFX file.
pub(crate) fn pfx(pem: &str, path: &Path, password: &str) {
    let source = path.with_extension("source.pem");
    std::fs::write(&source, pem).unwrap();
    let mut command = std::process::Command::new("openssl");
    command.args(["pkcs12", "-export", "-passout", &format!("pass:{password}")]);
    command.arg("-in").arg(&source).arg("-out").arg(path);
    assert!(run(&mut command, "").status.success());
    std::fs::remove_file(source).unwrap();
}

/// The socket that represents an address and port of the host.
pub(crate) fn socket(server: &Server, address: &str, port: u16) -> SocketAddr {
    let address: IpAddr = address.parse().unwrap();
    let endpoints = server.endpoints();
    let found = endpoints
        .iter()
        .find(|endpoint| endpoint.address == address && endpoint.port.get() == port);
    match found {
        Some(endpoint) => endpoint.listens_on,
        None => panic!("{address}:{port} is not among {endpoints:?}"),
    }
}
