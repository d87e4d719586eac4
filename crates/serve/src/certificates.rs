//! Certificates with their private keys, from a folder of PEM and PFX files.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use certbind_certificates::{Certificate, CertificateFile, PrivateKeys};
use certbind_core::CertHash;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SigningKey};

use crate::transcript::provider;

/// The certificates of a folder that have a private key there, in the same file or in another one.
#[derive(Debug, Default)]
pub(crate) struct ServerCertificates {
    by_hash: HashMap<CertHash, Arc<CertifiedKey>>,
    /// The files of which a part could not be used, and why.
    pub(crate) problems: Vec<(PathBuf, String)>,
}

/// One file of certificates and keys.
struct KeyFile {
    /// The certificates, each with its public key as far as it could be parsed.
    certificates: Vec<(Certificate, CertificateDer<'static>)>,
    keys: Vec<Arc<dyn SigningKey>>,
    problems: Vec<String>,
}

impl ServerCertificates {
    /// Reads every file of a folder, but not of the folders in it.
    pub(crate) fn read(folder: &Path, passwords: &[String]) -> io::Result<Self> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                paths.push(path);
            }
        }
        paths.sort();
        let mut read = Self::default();
        let mut files = Vec::new();
        let mut keys = HashMap::new();
        for path in paths {
            let file = KeyFile::of(&std::fs::read(&path)?, passwords);
            let problems = file.problems.iter().cloned();
            read.problems
                .extend(problems.map(|problem| (path.clone(), problem)));
            for key in &file.keys {
                if let Some(public) = key.public_key() {
                    keys.insert(public.as_ref().to_vec(), Arc::clone(key));
                }
            }
            files.push(file);
        }
        for file in files {
            for (certificate, der) in &file.certificates {
                let public = public_key(der);
                let Some(key) = public.and_then(|public| keys.get(&public)) else {
                    continue;
                };
                let chain = file.chain_of(certificate, der);
                let certified = CertifiedKey::new(chain, Arc::clone(key));
                read.by_hash
                    .insert(*certificate.hash(), Arc::new(certified));
            }
        }
        Ok(read)
    }

    /// The certificate with this hash and its key, if the folder has both.
    pub(crate) fn get(&self, hash: &CertHash) -> Option<&Arc<CertifiedKey>> {
        self.by_hash.get(hash)
    }
}

/// The server's certificate of one file with its key.
pub(crate) fn of_file(bytes: &[u8], passwords: &[String]) -> Result<CertifiedKey, String> {
    let file = KeyFile::of(bytes, passwords);
    let found = file.certificates.iter().find_map(|(certificate, der)| {
        let public = public_key(der)?;
        let is_its = |key: &&Arc<dyn SigningKey>| {
            key.public_key()
                .is_some_and(|key| key.as_ref() == public.as_slice())
        };
        let key = file.keys.iter().find(is_its)?;
        let chain = file.chain_of(certificate, der);
        Some(CertifiedKey::new(chain, Arc::clone(key)))
    });
    found.ok_or_else(|| match file.problems.first() {
        Some(problem) => problem.clone(),
        None => "it contains no certificate with its private key".to_owned(),
    })
}

impl KeyFile {
    fn of(bytes: &[u8], passwords: &[String]) -> Self {
        let mut problems = Vec::new();
        let certificates = match CertificateFile::read(bytes, passwords) {
            Ok(file) => {
                problems.extend(file.errors().iter().map(ToString::to_string));
                let each = file.with_ders();
                each.map(|(certificate, der)| (certificate.clone(), der.to_vec().into()))
                    .collect()
            }
            Err(error) => {
                problems.push(error.to_string());
                Vec::new()
            }
        };
        let read = PrivateKeys::read(bytes, passwords);
        problems.extend(read.errors.iter().map(ToString::to_string));
        let mut keys = Vec::new();
        for key in &read.keys {
            let loaded = PrivateKeyDer::try_from(key.der().to_vec())
                .map_err(ToString::to_string)
                .and_then(|der| {
                    let loaded = provider().key_provider.load_private_key(der);
                    loaded.map_err(|error| error.to_string())
                });
            match loaded {
                Ok(key) => keys.push(key),
                Err(error) => problems.push(format!("a private key: {error}")),
            }
        }
        // A file of keys alone has no certificate, and that is no problem.
        if !keys.is_empty() && certificates.is_empty() {
            problems.clear();
        }
        problems.dedup();
        Self {
            certificates,
            keys,
            problems,
        }
    }

    /// A certificate, and after it those of the file that issued it, in order.
    fn chain_of(
        &self,
        leaf: &Certificate,
        der: &CertificateDer<'static>,
    ) -> Vec<CertificateDer<'static>> {
        let mut chain = vec![der.clone()];
        let mut last = leaf;
        while let Some((issuer, der)) = self
            .certificates
            .iter()
            .find(|(it, der)| it.issued(last) && !chain.contains(der))
        {
            chain.push(der.clone());
            last = issuer;
        }
        chain
    }
}

/// The public key of a certificate in DER.
fn public_key(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let parsed = ParsedCertificate::try_from(der).ok()?;
    Some(parsed.subject_public_key_info().as_ref().to_vec())
}
