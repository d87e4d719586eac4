//! The TLS configuration of a binding.

use std::sync::Arc;

use certbind_core::{Record, SslFlags};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion, crypto};

use crate::client_certificate::RequestAny;
use crate::sessions::Sessions;
use crate::transcript::provider;

/// The configuration by the flags of a record. Each has its own sessions and ticket keys, so that no
/// session is resumed at another binding.
pub(crate) fn tls_config(
    record: &Record,
    certificate: Arc<CertifiedKey>,
    sessions: &Arc<Sessions>,
) -> Result<ServerConfig, rustls::Error> {
    let flags = record.flags;
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(flags))?;
    let builder = match flags.contains(SslFlags::NEGOTIATE_CLIENT_CERT) {
        true => builder.with_client_cert_verifier(Arc::new(RequestAny(provider))),
        false => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate)));
    if !flags.contains(SslFlags::DISABLE_HTTP2) {
        config.alpn_protocols.push(b"h2".to_vec());
    }
    config.alpn_protocols.push(b"http/1.1".to_vec());
    config.session_storage = match flags.contains(SslFlags::DISABLE_SESSION_ID) {
        true => Arc::new(NoServerSessionStorage {}),
        false => Arc::new(sessions.group()),
    };
    if flags.contains(SslFlags::ENABLE_SESSION_TICKET) {
        config.ticketer = crypto::ring::Ticketer::new()?;
    }
    Ok(config)
}

/// The versions that the flags allow and rustls has.
pub(crate) fn versions(flags: SslFlags) -> Vec<&'static SupportedProtocolVersion> {
    let versions = [
        (&TLS13, SslFlags::DISABLE_TLS13),
        (&TLS12, SslFlags::DISABLE_TLS12),
    ];
    let versions = versions.into_iter();
    let allowed = versions.filter(|(_, disabled)| !flags.contains(*disabled));
    allowed.map(|(version, _)| version).collect()
}

/// A configuration without resumption, for names that rustls does not see as they are: it could not
/// detect that a session belongs to another name.
pub(crate) fn without_resumption(config: &ServerConfig) -> ServerConfig {
    let mut config = config.clone();
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Arc::new(NoTickets);
    config.send_tls13_tickets = 0;
    config
}

#[derive(Debug)]
struct NoTickets;

impl rustls::server::ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
