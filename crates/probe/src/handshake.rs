//! The handshake with a server, which shows its certificate.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use certbind_certificates::hash_of_file;
use certbind_core::CertHash;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::endpoint::Endpoint;

/// Whether the TLS library sends exactly this name. It refuses labels with a hyphen at either end and
/// names that end in a number, sends no address, and leaves out a dot at the end.
pub(crate) fn can_ask_for(name: &str) -> bool {
    !name.ends_with('.') && matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_)))
}

/// The hash of the certificate that the server shows, or the reason why there is none.
pub(crate) fn certificate(endpoint: &Endpoint, timeout: Duration) -> Result<CertHash, String> {
    let name = match &endpoint.name {
        Some(name) => ServerName::try_from(name.clone()).map_err(|error| error.to_string())?,
        None => ServerName::from(endpoint.address.ip()),
    };
    let provider = Arc::new(ring::default_provider());
    let witness = Arc::new(Witness {
        provider: Arc::clone(&provider),
        shown: OnceLock::new(),
    });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    config.enable_sni = endpoint.name.is_some();
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;

    let mut stream = TcpStream::connect_timeout(&endpoint.address, timeout)
        .map_err(|error| format!("connection failed: {}", words(&error)))?;
    let shaken = shake(&mut connection, &mut stream, timeout);
    // If a certificate was shown, it is the result, with or without a later error.
    match (witness.shown.get(), shaken) {
        (Some(certificate), _) => hash_of_file(certificate)
            .map_err(|_| "the certificate of the server cannot be parsed".to_owned()),
        (None, Ok(())) => Err("the server sent no certificate".to_owned()),
        (None, Err(error)) => Err(format!("TLS handshake failed: {}", words(&error))),
    }
}

/// The whole handshake, and an orderly end of the connection: servers log connections that break
/// off.
fn shake(
    connection: &mut ClientConnection,
    stream: &mut TcpStream,
    timeout: Duration,
) -> io::Result<()> {
    let mut stream = Until {
        stream,
        end: Instant::now() + timeout,
    };
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    connection.send_close_notify();
    while connection.wants_write() {
        connection.write_tls(&mut stream)?;
    }
    Ok(())
}

/// A stream with a deadline, for any number of small reads.
struct Until<'a> {
    stream: &'a mut TcpStream,
    end: Instant,
}

impl Until<'_> {
    fn left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(left),
        }
    }
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(into)
    }
}

impl Write for Until<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        // Systems name the end of a timeout in two ways.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "timed out".to_owned(),
        io::ErrorKind::ConnectionRefused => "connection refused, nothing listens there".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            "the connection was closed".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Keeps the certificate that is shown, and accepts all of them: it is compared, not trusted.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    shown: OnceLock<CertificateDer<'static>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let _ = self.shown.set(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
