//! Probed endpoints: local servers with the bound certificate, another one and none.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use certbind_core::{Binding, CertHash, Record, Uuid};
use certbind_probe::{ProbeOptions, ProbeResult, probe, probe_all};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion, version};

/// A server that chooses its certificate by the requested name.
#[derive(Debug)]
struct Server {
    /// Of `www.contoso.com`, and of names below `shop.contoso.com`.
    named: Arc<CertifiedKey>,
    /// The certificate for clients without a server name, if any.
    nameless: Option<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Server {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match hello.server_name() {
            Some("www.contoso.com" | "certbind-probe.shop.contoso.com") => {
                Some(Arc::clone(&self.named))
            }
            Some(_) => None,
            None => self.nameless.clone(),
        }
    }
}

fn certificate() -> (CertHash, Arc<CertifiedKey>) {
    let made = rcgen::generate_simple_self_signed(["www.contoso.com".to_owned()]).unwrap();
    let der: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let key = ring::sign::any_supported_type(&key).unwrap();
    let hash = certbind_certificates::hash_of_file(&der).unwrap();
    (hash, Arc::new(CertifiedKey::new(vec![der], key)))
}

/// Serves on a free port of the loopback, for as long as the test runs.
fn serve(server: Server, versions: &[&'static SupportedProtocolVersion]) -> SocketAddr {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(server));
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            // A client that closes the connection as TLS requires sends an alert.
            let _ = connection.complete_io(&mut stream);
        }
    });
    address
}

fn bound(key: &str, hash: CertHash) -> Binding {
    let key: certbind_core::BindingKey = key.parse().unwrap();
    let record = match key.kind().names_certificate() {
        true => Record::new(hash, None, Uuid::nil()),
        false => Record::central(Uuid::nil()),
    };
    Binding::new(key, record).unwrap()
}

fn found(key: &str, hash: CertHash) -> ProbeResult {
    probe(&bound(key, hash), &ProbeOptions::default()).found
}

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

#[test]
fn served_certificate_is_compared() {
    for versions in [BOTH, &[&version::TLS12]] {
        let (of_name, named) = certificate();
        let (of_address, nameless) = certificate();
        let server = Server {
            named,
            nameless: Some(nameless),
        };
        let port = serve(server, versions).port();
        let www = format!("hostnameport=www.contoso.com:{port}");
        let shops = format!("hostnameport=*.shop.contoso.com:{port}");
        let [address, any] = ["127.0.0.1", "0.0.0.0"].map(|ip| format!("{ip}:{port}"));
        assert_eq!(found(&www, of_name), ProbeResult::Same);
        assert_eq!(found(&shops, of_name), ProbeResult::Same);
        assert_eq!(found(&address, of_address), ProbeResult::Same);
        assert_eq!(found(&any, of_address), ProbeResult::Same);
        assert_eq!(
            found(&www, of_address),
            ProbeResult::Other { served: of_name }
        );
        assert_eq!(
            found(&any, of_name),
            ProbeResult::Other { served: of_address }
        );
        let central = format!("scopedccs=www.contoso.com:{port}");
        assert_eq!(
            found(&central, of_name),
            ProbeResult::Served { served: of_name }
        );
    }
}

#[test]
fn a_server_without_a_certificate_serves_nothing() {
    let (hash, named) = certificate();
    let server = Server {
        named,
        nameless: None,
    };
    let port = serve(server, BOTH).port();
    for key in [
        format!("0.0.0.0:{port}"),
        format!("hostnameport=other.contoso.com:{port}"),
    ] {
        let found = found(&key, hash);
        let ProbeResult::Nothing { why } = &found else {
            panic!("{found:?}");
        };
        assert!(why.starts_with("TLS handshake failed: "), "{why}");
        assert!(found.is_wrong());
    }
}

#[test]
fn refused_foreign_and_silent_endpoints_differ() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ports = [&stranger, &silent].map(|it| it.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in stranger.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 16]);
            let _ = std::io::Write::write_all(&mut stream, b"220 mail.contoso.com ESMTP\r\n");
        }
    });
    let options = ProbeOptions {
        timeout: Duration::from_millis(200),
        ..ProbeOptions::default()
    };
    for (port, said) in [
        (closed.port(), "connection failed: connection refused"),
        (ports[0], "TLS handshake failed: "),
        (ports[1], "TLS handshake failed: timed out"),
    ] {
        let key = format!("0.0.0.0:{port}");
        let probed = probe(&bound(&key, CertHash::new([1; 20])), &options);
        let ProbeResult::Nothing { why } = probed.found else {
            panic!("{probed:?}");
        };
        assert!(why.starts_with(said), "{why}");
    }
}

#[test]
fn keys_without_an_endpoint_are_not_probed() {
    let central = found("ccs=443", CertHash::new([1; 20]));
    assert!(matches!(&central, ProbeResult::NotProbed { .. }) && !central.is_wrong());
    // Names that the TLS library cannot send unchanged: no verdict is given, and no name was sent.
    for name in [
        "a*b",
        "a-.example",
        "www.contoso.com.",
        "10.0.0.5",
        "example.123",
    ] {
        let binding = bound(&format!("hostnameport={name}:443"), CertHash::new([1; 20]));
        let probed = probe(&binding, &ProbeOptions::default());
        assert_eq!(probed.name, None, "{name}");
        let ProbeResult::NotProbed { why } = &probed.found else {
            panic!("{name}: {probed:?}");
        };
        assert!(why.contains(name), "{why}");
        assert!(!probed.found.is_wrong());
    }
}

/// A binding of the address that is probed answers for every name: its certificate is no mismatch of
/// the names that it hides, and any other certificate is.
#[test]
fn hidden_bindings_are_recognised() {
    let (of_name, named) = certificate();
    let (of_address, _) = certificate();
    let server = Server {
        named: Arc::clone(&named),
        nameless: Some(named),
    };
    let port = serve(server, BOTH).port();
    let address = bound(&format!("127.0.0.1:{port}"), of_name);
    let name = bound(&format!("hostnameport=www.contoso.com:{port}"), of_address);
    let central = bound(&format!("scopedccs=www.contoso.com:{port}"), of_address);
    let elsewhere = bound(&format!("127.0.0.2:{port}"), of_name);
    let host = [address.clone(), name.clone(), central.clone()];
    let probed = probe_all(&host, &host, &ProbeOptions::default());
    let hidden = ProbeResult::Hidden {
        by: address.key().clone(),
        served: of_name,
    };
    assert!(!hidden.is_wrong());
    assert_eq!(
        probed.iter().map(|it| &it.found).collect::<Vec<_>>(),
        [&ProbeResult::Same, &hidden, &hidden]
    );
    let host = [elsewhere, name.clone()];
    let probed = probe_all(&[name], &host, &ProbeOptions::default());
    assert_eq!(probed[0].found, ProbeResult::Other { served: of_name });
}

#[test]
fn results_are_in_the_order_of_the_bindings() {
    let (hash, key) = certificate();
    let server = Server {
        named: Arc::clone(&key),
        nameless: Some(key),
    };
    let served = serve(server, BOTH).port();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let bindings: Vec<_> = (0..40)
        .map(|n| {
            bound(
                &format!("127.0.0.1:{}", if n % 3 == 0 { closed } else { served }),
                hash,
            )
        })
        .collect();
    let probed = probe_all(&bindings, &bindings, &ProbeOptions::default());
    assert_eq!(probed.len(), 40);
    for (n, probed) in probed.iter().enumerate() {
        assert_eq!(
            probed.found == ProbeResult::Same,
            n % 3 != 0,
            "{n}: {probed:?}"
        );
    }
    assert!(probe_all(&[], &[], &ProbeOptions::default()).is_empty());
}
