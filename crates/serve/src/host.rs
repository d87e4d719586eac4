//! The bindings of a host, ready to answer connections.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use certbind_core::{Binding, BindingKey, CertHash, SslFlags};
use certbind_resolve::{Connection, Resolver, Step};
use rustls::ServerConfig;
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::central_store::CentralStore;
use crate::certificates::ServerCertificates;
use crate::sessions::Sessions;
use crate::tls_config::{tls_config, versions};

/// An immutable index. It is replaced when the bindings change.
#[derive(Debug)]
pub(crate) struct Host {
    resolver: Resolver<Served>,
    certificates: Arc<ServerCertificates>,
    sessions: Arc<Sessions>,
}

/// A binding and its TLS configurations, which are made when the first connection needs them.
#[derive(Clone, Debug)]
struct Served(Arc<ServedBinding>);

#[derive(Debug)]
struct ServedBinding {
    binding: Binding,
    config: OnceLock<Arc<ServerConfig>>,
    /// Those of the central store, by their files.
    central: Mutex<HashMap<String, CentralConfig>>,
}

/// A certificate of the central store, and the configuration with it.
type CentralConfig = (Arc<CertifiedKey>, Arc<ServerConfig>);

/// The choice for a connection.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) step: Step,
    pub(crate) key: BindingKey,
    pub(crate) hash: Option<CertHash>,
    /// The file of the central store.
    pub(crate) file: Option<String>,
    pub(crate) config: Result<Arc<ServerConfig>, Unserved>,
}

/// The reason why a binding that was chosen cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unserved {
    #[error("the binding has the flag reject")]
    Rejected,
    #[error("no file of the folder has the certificate {0} and its private key")]
    NoCertificate(CertHash),
    #[error("there is no folder for the central store")]
    NoCentralStore,
    #[error("{0}")]
    CentralStore(#[from] crate::central_store::CentralStoreError),
    #[error("the binding allows TLS 1.0 and 1.1 only, which are not served")]
    NoVersion,
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}

/// The places of certificates.
#[derive(Clone, Debug, Default)]
pub(crate) struct CertificateFolders {
    pub(crate) certificates: Option<PathBuf>,
    pub(crate) central: Option<Arc<CentralStore>>,
    pub(crate) passwords: Zeroizing<Vec<String>>,
}

impl Borrow<Binding> for Served {
    fn borrow(&self) -> &Binding {
        &self.0.binding
    }
}

impl Host {
    /// Indexes bindings. Those of `before` that are the same keep their sessions.
    pub(crate) fn new(
        bindings: Vec<Binding>,
        certificates: Arc<ServerCertificates>,
        before: Option<&Self>,
    ) -> Self {
        let same_certificates = before.filter(|it| Arc::ptr_eq(&it.certificates, &certificates));
        let known = same_certificates.map(|host| host.resolver.bindings().iter());
        let known: HashMap<_, _> = known
            .into_iter()
            .flatten()
            .map(|served| (served.0.binding.key(), served))
            .collect();
        let served = bindings
            .into_iter()
            .map(|binding| match known.get(binding.key()) {
                Some(served) if served.0.binding == binding => (*served).clone(),
                _ => Served(Arc::new(ServedBinding {
                    binding,
                    config: OnceLock::new(),
                    central: Mutex::default(),
                })),
            });
        Self {
            resolver: Resolver::new(served),
            certificates,
            sessions: before.map_or_else(Arc::default, |host| Arc::clone(&host.sessions)),
        }
    }

    pub(crate) fn certificates(&self) -> Arc<ServerCertificates> {
        Arc::clone(&self.certificates)
    }

    pub(crate) fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.resolver.bindings().iter().map(Borrow::borrow)
    }

    /// The binding that answers a connection; `None` if the connection has to be reset.
    pub(crate) fn choose(
        &self,
        connection: &Connection,
        central: Option<&CentralStore>,
    ) -> Option<Choice> {
        let (step, served) = self.resolver.choose(connection)?;
        let binding = &served.0.binding;
        let mut hash = binding.record().hash().copied();
        let mut file = None;
        let flags = binding.record().flags;
        let config = if flags.contains(SslFlags::REJECT) {
            Err(Unserved::Rejected)
        } else if versions(flags).is_empty() {
            Err(Unserved::NoVersion)
        } else if let Some(hash) = hash {
            served.0.config(&hash, &self.certificates, &self.sessions)
        } else {
            let name = connection.name().unwrap_or_default();
            let find = || served.0.central_config(name, central, &self.sessions);
            // The file may have to be decrypted.
            tokio::task::block_in_place(find).map(|found| {
                hash = found.1.cert.first().and_then(|der| hash_of(der));
                file = Some(found.0);
                found.2
            })
        };
        Some(Choice {
            step,
            key: binding.key().clone(),
            hash,
            file,
            config,
        })
    }

    /// The hashes of bound certificates that are missing with their keys, and the number of their
    /// bindings.
    pub(crate) fn missing_certificates(&self) -> HashMap<CertHash, usize> {
        let mut missing = HashMap::new();
        for hash in self
            .bindings()
            .filter_map(|binding| binding.record().hash())
        {
            if self.certificates.get(hash).is_none() {
                *missing.entry(*hash).or_default() += 1;
            }
        }
        missing
    }
}

impl ServedBinding {
    fn config(
        &self,
        hash: &CertHash,
        certificates: &ServerCertificates,
        sessions: &Arc<Sessions>,
    ) -> Result<Arc<ServerConfig>, Unserved> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let certificate = certificates.get(hash);
        let certificate = certificate.ok_or(Unserved::NoCertificate(*hash))?;
        let config = tls_config(self.binding.record(), Arc::clone(certificate), sessions)?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }

    fn central_config(
        &self,
        name: &str,
        central: Option<&CentralStore>,
        sessions: &Arc<Sessions>,
    ) -> Result<(String, Arc<CertifiedKey>, Arc<ServerConfig>), Unserved> {
        let central = central.ok_or(Unserved::NoCentralStore)?;
        let (file, certificate) = central.get(name)?;
        let mut configs = self.central.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, config)) = configs.get(&file)
            && Arc::ptr_eq(of, &certificate)
        {
            return Ok((file, certificate, Arc::clone(config)));
        }
        let config = tls_config(self.binding.record(), Arc::clone(&certificate), sessions)?;
        let config = Arc::new(config);
        let kept = (Arc::clone(&certificate), Arc::clone(&config));
        configs.insert(file.clone(), kept);
        Ok((file, certificate, config))
    }
}

fn hash_of(der: &[u8]) -> Option<CertHash> {
    let certificate = certbind_certificates::Certificate::of_der(der)?;
    Some(*certificate.hash())
}
