//! One connection, from its first byte to its last.

use std::io;
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use certbind_certificates::Certificate;
use certbind_core::Port;
use certbind_resolve::{Connection, LocalAddress};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::answer::{Described, answer};
use crate::client_hello::{ClientHello, MAX_HELLO, NotTls, Parsed, in_records};
use crate::limits::Slot;
use crate::report::{ClientCertificate, ConnectionReport, Event, Outcome, Tls};
use crate::second_hello::SecondHello;
use crate::shared::{Shared, stopped};
use crate::tls_config::without_resumption;
use crate::transcript::Substitution;

/// Serves a connection to an address of the host.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    client: SocketAddr,
    (address, port): (IpAddr, Port),
    slot: Slot,
) {
    let started = Instant::now();
    let mut report = ConnectionReport {
        time: jiff::Timestamp::now().to_string(),
        client,
        address,
        port,
        sni: None,
        outcome: Outcome::Served,
        binding: None,
        step: None,
        certificate: None,
        file: None,
        tls: None,
        error: None,
        milliseconds: 0,
    };
    let _ = stream.set_nodelay(true);
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(
            shared.limits.handshake,
            handshake(&shared, stream, &mut report),
        ) => shaken,
        () = slot.evicted() => Ok(Err((Outcome::Evicted, None))),
    };
    report.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        failed => {
            (report.outcome, report.error) = match failed {
                Ok(Err((outcome, error))) => (outcome, error),
                _ => (Outcome::Timeout, None),
            };
            (shared.events)(Event::Connection(&report));
            return;
        }
    };
    (shared.events)(Event::Connection(&report));
    let slot = Arc::new(slot);
    tokio::select! {
        () = http(&shared, stream, report, Arc::clone(&slot)) => {}
        () = slot.evicted() => {}
    }
}

/// The reason why a connection ends before HTTP.
type Ended = (Outcome, Option<String>);

async fn handshake(
    shared: &Shared,
    mut stream: TcpStream,
    report: &mut ConnectionReport,
) -> Result<TlsStream<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>, Ended> {
    let read = read_hello(&mut stream).await;
    let (bytes, hello) = match read {
        Ok(read) => read,
        Err(error) => {
            reset(&stream);
            return Err((Outcome::NotTls, Some(error.to_string())));
        }
    };
    let name = hello.server_name().map(String::from_utf8_lossy);
    report.sni = name.as_deref().map(ToOwned::to_owned);
    let config = match choose(shared, report).await {
        Ok(config) => config,
        Err(ended) => {
            reset(&stream);
            return Err(ended);
        }
    };
    let failed = |error: io::Error| (Outcome::HandshakeFailed, Some(error.to_string()));
    let (read, write) = stream.into_split();
    let config = match hello.has_plain_name() {
        true => config,
        false => Arc::new(without_resumption(&config)),
    };
    let substitution = Substitution::of(&hello);
    let bytes = match &substitution {
        None => bytes,
        Some(substitution) => in_records(substitution.given()),
    };
    let read = SecondHello::new(read, substitution.clone());
    let stream = tokio::io::join(Cursor::new(bytes).chain(read), write);
    let accept = TlsAcceptor::from(config).accept(stream);
    let accepted = match substitution {
        None => accept.await,
        Some(substitution) => substitution.scope(accept).await,
    };
    let stream = accepted.map_err(failed)?;
    report.tls = Some(tls_of(stream.get_ref().1));
    Ok(stream)
}

/// The bytes that have arrived, and the ClientHello that they are.
async fn read_hello(stream: &mut TcpStream) -> io::Result<(Vec<u8>, ClientHello)> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut bytes = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match ClientHello::read(&bytes).map_err(invalid)? {
            Parsed::Complete(hello) => return Ok((bytes, hello)),
            Parsed::Incomplete if bytes.len() > MAX_HELLO => return Err(invalid(NotTls::TooLong)),
            Parsed::Incomplete => {}
        }
    }
}

/// The configuration of the binding that answers, after every change that was made before.
async fn choose(
    shared: &Shared,
    report: &mut ConnectionReport,
) -> Result<Arc<ServerConfig>, Ended> {
    for notice in shared.current.refresh().await {
        (shared.events)(Event::Notice(&notice));
    }
    let connection = Connection::new(LocalAddress::Address(report.address), report.port);
    let connection = match &report.sni {
        Some(name) => connection.with_server_name(name.as_str()),
        None => connection,
    };
    let central = shared.current.folders().central.as_deref();
    let host = shared.current.host();
    let Some(choice) = host.choose(&connection, central) else {
        return Err((Outcome::NoBinding, None));
    };
    report.binding = Some(choice.key);
    report.step = Some(choice.step.id());
    report.certificate = choice.hash;
    report.file = choice.file;
    choice
        .config
        .map_err(|error| (Outcome::NotServed, Some(error.to_string())))
}

/// Ends a connection by a reset, as HTTP.sys does where no binding answers.
fn reset(stream: &TcpStream) {
    // If that fails, the connection is closed in the usual way.
    let _ = stream.set_zero_linger();
}

fn tls_of(session: &ServerConnection) -> Tls {
    let client = session.peer_certificates().and_then(<[_]>::first);
    let client = client.and_then(|der| Certificate::of_der(der));
    Tls {
        version: match session.protocol_version() {
            Some(version) => format!("{version:?}"),
            None => String::new(),
        },
        cipher_suite: match session.negotiated_cipher_suite() {
            Some(suite) => format!("{:?}", suite.suite()),
            None => String::new(),
        },
        alpn: session
            .alpn_protocol()
            .map(|name| String::from_utf8_lossy(name).into_owned()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
        client_certificate: client.map(|certificate| ClientCertificate {
            hash: *certificate.hash(),
            subject: certificate.subject().to_owned(),
        }),
    }
}

async fn http<S>(
    shared: &Arc<Shared>,
    stream: TlsStream<S>,
    report: ConnectionReport,
    slot: Arc<Slot>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let described = Arc::new(Described::new(report));
    let upstream = shared.upstream.clone();
    let service = service_fn(move |request| {
        slot.activate();
        let answered = answer(request, Arc::clone(&described), upstream.clone());
        async move { Ok::<_, std::convert::Infallible>(answered.await) }
    });
    let io = TokioIo::new(stream);
    // An error means that the client has closed the connection.
    let mut stopping = shared.stopping.clone();
    if is_http2 {
        let mut server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server
            .timer(TokioTimer::new())
            .max_concurrent_streams(64)
            .max_header_list_size(64 * 1024)
            .keep_alive_interval(shared.limits.request_head)
            .keep_alive_timeout(shared.limits.handshake);
        let mut connection = std::pin::pin!(server.serve_connection(io, service));
        tokio::select! {
            _ = connection.as_mut() => {}
            () = stopped(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    } else {
        let mut server = hyper::server::conn::http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.request_head)
            .max_buf_size(64 * 1024);
        let mut connection = std::pin::pin!(server.serve_connection(io, service));
        tokio::select! {
            _ = connection.as_mut() => {}
            () = stopped(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}
