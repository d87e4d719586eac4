//! Clients that are slow, numerous, or use another protocol.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use certbind_core::SslFlags;
use certbind_probe::{ProbeOptions, ProbeResult, probe};
use certbind_serve::{Limits, Server};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::certificates::{Certificates, socket};

fn limits() -> Limits {
    Limits {
        connections: 8,
        ..Limits::default()
    }
}

fn server(certificates: &Certificates, limits: Limits) -> Server {
    let bindings = vec![certificates.bind("0.0.0.0:443", 0, SslFlags::empty())];
    certificates.serve(bindings).limits(limits).start().unwrap()
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
}

/// Whether the other end closes or resets the connection. Data that it sends before is skipped.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

#[test]
fn silent_clients_make_room_for_others() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let server = server(&certificates, limits());
    let to = socket(&server, "127.0.0.1", 443);
    // Some have sent nothing, some the start of a message.
    let mut silent: Vec<_> = (0..40).map(|_| connect(to)).collect();
    for stream in silent.iter_mut().step_by(2) {
        let _ = stream.write_all(&[22, 3, 1, 2, 0, 1, 0]);
    }
    let started = Instant::now();
    handshake(to, "www.contoso.com").unwrap();
    assert!(
        started.elapsed() < limits().handshake,
        "it waited for the silent ones"
    );
    assert!(is_closed(&mut silent[0]));
    server.stop();
}

#[test]
fn slow_handshakes_end() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let mut limits = limits();
    limits.handshake = Duration::from_millis(200);
    let server = server(&certificates, limits);
    let to = socket(&server, "127.0.0.1", 443);
    let mut slow = connect(to);
    slow.write_all(&[22, 3, 1, 2, 0, 1, 0]).unwrap();
    assert!(is_closed(&mut slow));
    server.stop();
}

#[test]
fn idle_connections_end() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let mut limits = limits();
    limits.request_head = Duration::from_millis(200);
    let server = server(&certificates, limits);
    let to = socket(&server, "127.0.0.1", 443);
    let (mut tls, mut stream) = handshake(to, "www.contoso.com").unwrap();
    tls.writer()
        .write_all(b"GET / HTTP/1.1\r\nHost: www.con")
        .unwrap();
    tls.write_tls(&mut stream).unwrap();
    assert!(is_closed(&mut stream));
    server.stop();
}

#[test]
fn other_protocols_and_garbage_are_reset() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let server = server(&certificates, limits());
    let to = socket(&server, "127.0.0.1", 443);
    let mut random = fastrand::Rng::with_seed(1);
    let mut messages = vec![
        b"GET / HTTP/1.1\r\nHost: www.contoso.com\r\n\r\n".to_vec(),
        vec![0; 100_000],
        [22, 3, 1, 0, 1, 1].repeat(5_000),
        vec![22, 3, 1, 0, 4, 1, 255, 255, 255],
    ];
    messages.extend((0..20).map(|_| (0..300).map(|_| random.u8(..)).collect()));
    for message in messages {
        let mut stream = connect(to);
        // It may be reset before everything is sent.
        let _ = stream.write_all(&message);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        assert!(is_closed(&mut stream), "{message:?}");
    }
    handshake(to, "www.contoso.com").unwrap();
    server.stop();
}

#[test]
fn huge_headers_are_refused() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let server = server(&certificates, limits());
    let to = socket(&server, "127.0.0.1", 443);
    let (tls, stream) = handshake(to, "www.contoso.com").unwrap();
    let mut stream = rustls::StreamOwned::new(tls, stream);
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: www.contoso.com\r\n")
        .unwrap();
    let line = [b"X-Header: ".to_vec(), vec![b'a'; 8_000], b"\r\n".to_vec()].concat();
    let sent = (0..1000)
        .take_while(|_| stream.write_all(&line).is_ok())
        .count();
    assert!(sent < 1000, "8 MB of headers were accepted");
    handshake(to, "www.contoso.com").unwrap();
    server.stop();
}

#[test]
fn stopped_servers_leave_no_socket() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let server = server(&certificates, limits());
    let to = socket(&server, "127.0.0.1", 443);
    let mut open = connect(to);
    let (_, mut idle) = handshake(to, "www.contoso.com").unwrap();
    server.stop();
    assert!(is_closed(&mut open) && is_closed(&mut idle));
    assert!(TcpStream::connect(to).is_err());
}

#[test]
fn the_probe_of_a_served_binding_is_as_bound() {
    // The probe connects to the port of the key.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let key = format!("ipport={}", free.local_addr().unwrap());
    drop(free);
    let certificates = Certificates::new(&["www.contoso.com"]);
    let binding = certificates.bind(&key, 0, SslFlags::empty());
    let server = Server::builder(vec![binding.clone()]).certificates(certificates.path());
    let server = server.start().unwrap();
    assert_eq!(
        probe(&binding, &ProbeOptions::default()).found,
        ProbeResult::Same
    );
    server.stop();
}

/// A complete handshake that accepts any certificate.
pub(crate) fn handshake(to: SocketAddr, name: &str) -> io::Result<(ClientConnection, TcpStream)> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyServer))
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = connect(to);
    while tls.is_handshaking() {
        tls.complete_io(&mut stream)?;
    }
    Ok((tls, stream))
}

#[derive(Debug)]
struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
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
        let provider = ring::default_provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
