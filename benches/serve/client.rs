//! The client: threads that make connections, one after the other.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, HandshakeKind, SignatureScheme,
    StreamOwned, SupportedProtocolVersion,
};

use crate::servers::Server;

/// The connections at a time.
const CONNECTIONS: u32 = 16;

/// The work of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// Connections without resumption, closed after the handshake.
    Full,
    /// Connections that resume the session of the one before.
    Resumed,
    /// Requests on open connections, each after the answer to the one before.
    Requests,
}

pub(crate) struct Client {
    to: SocketAddr,
    version: &'static SupportedProtocolVersion,
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

impl Client {
    pub(crate) fn new(server: &Server, version: &'static SupportedProtocolVersion) -> Self {
        Self::to(server.socket, version)
    }

    pub(crate) fn to(to: SocketAddr, version: &'static SupportedProtocolVersion) -> Self {
        Self { to, version }
    }

    /// One connection with this server name.
    pub(crate) fn meet(&self, name: &str) {
        close(self.handshake_as(&self.config(false), name));
    }

    /// The length of the body of an answer.
    pub(crate) fn body_length(&self) -> usize {
        let mut stream = self.handshake(&self.config(false));
        let (head, body) = request(&mut stream, &mut Vec::new());
        assert!(head > 0);
        body
    }

    /// Connections or requests, and the time that they took.
    pub(crate) fn run(&self, load: Load, at_least: Duration) -> (u64, Duration) {
        let started = Instant::now();
        let end = started + at_least;
        let count = thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS)
                .map(|_| scope.spawn(|| self.work(load, end)))
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).sum()
        });
        (count, started.elapsed())
    }

    /// Works until `end`, and does one piece of work at least.
    fn work(&self, load: Load, end: Instant) -> u64 {
        let config = self.config(load == Load::Resumed);
        let repeat = |work: &mut dyn FnMut()| {
            let mut count = 0;
            loop {
                work();
                count += 1;
                if Instant::now() >= end {
                    return count;
                }
            }
        };
        match load {
            Load::Requests => {
                let mut stream = self.handshake(&config);
                let mut buffer = Vec::new();
                repeat(&mut || {
                    request(&mut stream, &mut buffer);
                })
            }
            Load::Full => repeat(&mut || close(self.handshake(&config))),
            Load::Resumed => {
                let mut first = self.handshake(&config);
                self.receive_session(&mut first);
                repeat(&mut || {
                    let mut stream = self.handshake(&config);
                    assert_eq!(stream.conn.handshake_kind(), Some(HandshakeKind::Resumed));
                    self.receive_session(&mut stream);
                    close(stream);
                })
            }
        }
    }

    fn handshake(&self, config: &Arc<ClientConfig>) -> Stream {
        self.handshake_as(config, "www.contoso.com")
    }

    fn handshake_as(&self, config: &Arc<ClientConfig>, name: &str) -> Stream {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut tls = ClientConnection::new(Arc::clone(config), name).unwrap();
        let mut socket = TcpStream::connect(self.to).unwrap();
        socket.set_nodelay(true).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).unwrap();
        }
        StreamOwned::new(tls, socket)
    }

    /// In TLS 1.3 a server sends its sessions after the handshake.
    fn receive_session(&self, stream: &mut Stream) {
        if self.version.version != rustls::ProtocolVersion::TLSv1_3 {
            return;
        }
        while stream.conn.tls13_tickets_received() == 0 {
            assert!(stream.conn.read_tls(&mut stream.sock).unwrap() > 0);
            stream.conn.process_new_packets().unwrap();
        }
    }

    fn config(&self, resumes: bool) -> Arc<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyServer))
            .with_no_client_auth();
        config.resumption = match resumes {
            true => Resumption::in_memory_sessions(16),
            false => Resumption::disabled(),
        };
        Arc::new(config)
    }
}

/// Waits until the server has closed its end as well: it has completed its part of the handshake.
fn close(mut stream: Stream) {
    stream.conn.send_close_notify();
    stream.conn.write_tls(&mut stream.sock).unwrap();
    let _ = stream.sock.shutdown(Shutdown::Write);
    let _ = stream.sock.read_to_end(&mut Vec::new());
}

/// The lengths of the answer's head and body.
fn request(stream: &mut Stream, buffer: &mut Vec<u8>) -> (usize, usize) {
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: www.contoso.com\r\n\r\n")
        .unwrap();
    buffer.clear();
    let mut length = None;
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the server has closed the connection");
        buffer.extend_from_slice(&part[..read]);
        if length.is_none()
            && let Some(head) = buffer.windows(4).position(|part| part == b"\r\n\r\n")
        {
            let head = head + 4;
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            assert!(text.starts_with("http/1.1 200"), "{text}");
            let (_, rest) = text.split_once("content-length: ").unwrap();
            let (body, _) = rest.split_once("\r\n").unwrap();
            length = Some((head, body.parse::<usize>().unwrap()));
        }
        if let Some((head, body)) = length
            && buffer.len() >= head + body
        {
            return (head, body);
        }
    }
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
        ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
