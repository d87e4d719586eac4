//! Versions, HTTP/2, client certificates and sessions by the flags of a binding; the central store.

use std::process::Command;

use certbind_core::{Record, SslFlags, Uuid};
use certbind_serve::{Event, Notice, PortRule, Ports, Server};
use certbind_test_support::require;

use crate::certificates::{Certificates, binding, certificate, pfx, socket};
use crate::programs::{Attempt, curl, printed_certificate, run, s_client};

fn attempt(server: &Server, name: &str) -> Attempt {
    Attempt {
        socket: socket(server, "127.0.0.1", 443),
        name: Some(name.to_owned()),
    }
}

/// A server with one binding with these flags for every name.
fn flagged(certificates: &Certificates, flags: SslFlags) -> Server {
    let bindings = vec![certificates.bind("0.0.0.0:443", 0, flags)];
    certificates.serve(bindings).start().unwrap()
}

#[test]
fn flags_choose_versions_and_http2() {
    require!("openssl", "curl");
    let certificates = Certificates::new(&["www.contoso.com"]);
    let without_13 = flagged(&certificates, SslFlags::DISABLE_TLS13);
    let without_12 = flagged(&certificates, SslFlags::DISABLE_TLS12);
    for (server, version, met) in [
        (&without_13, "-tls1_3", false),
        (&without_13, "-tls1_2", true),
        (&without_12, "-tls1_3", true),
        (&without_12, "-tls1_2", false),
    ] {
        let output = s_client(&attempt(server, "www.contoso.com"), &[version]);
        assert_eq!(printed_certificate(&output).is_some(), met, "{version}");
    }
    let http1 = flagged(&certificates, SslFlags::DISABLE_HTTP2);
    let (_, answer) = curl(&attempt(&http1, "www.contoso.com"), &["--http2"]).unwrap();
    assert_eq!(answer["connection"]["tls"]["alpn"], "http/1.1");
}

#[test]
fn client_certificates_are_requested_and_reported() {
    require!("curl");
    let certificates = Certificates::new(&["www.contoso.com", "client"]);
    let server = flagged(&certificates, SslFlags::NEGOTIATE_CLIENT_CERT);
    let client = certificates.path().join("1.pem");
    let client = client.to_str().unwrap();
    for version in ["1.2", "1.3"] {
        let shown = ["--cert", client, "--key", client, "--tls-max", version];
        let to = attempt(&server, "www.contoso.com");
        let (_, answer) = curl(&to, &shown).unwrap();
        let found = &answer["connection"]["tls"]["client_certificate"];
        assert_eq!(found["hash"], certificates.hashes[1].to_string());
        let (_, answer) = curl(&to, &["--tls-max", version]).unwrap();
        let found = &answer["connection"]["tls"]["client_certificate"];
        assert!(found.is_null());
    }
    let not_asking = flagged(&certificates, SslFlags::empty());
    let to = attempt(&not_asking, "www.contoso.com");
    let (_, answer) = curl(&to, &["--cert", client, "--key", client]).unwrap();
    assert!(answer["connection"]["tls"]["client_certificate"].is_null());
}

/// In TLS 1.2 the client signs the messages, the one with its server name among them.
#[test]
fn clients_prove_their_key_for_names_that_rustls_refuses() {
    require!("openssl");
    let certificates = Certificates::new(&["www.contoso.com", "client"]);
    let server = flagged(&certificates, SslFlags::NEGOTIATE_CLIENT_CERT);
    let client = certificates.path().join("1.pem");
    let client = client.to_str().unwrap();
    for version in ["-tls1_2", "-tls1_3"] {
        let mut command = Command::new("openssl");
        let socket = socket(&server, "127.0.0.1", 443).to_string();
        command.args([
            "s_client",
            "-connect",
            &socket,
            "-servername",
            "a-.example",
            version,
        ]);
        command.args(["-quiet", "-cert", client, "-key", client]);
        let output = run(&mut command, "GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains(&certificates.hashes[1].to_string()),
            "{output:?}"
        );
        assert!(text.contains(r#""sni":"a-.example""#), "{output:?}");
    }
}

/// Names below one wildcard share a binding and its sessions.
#[test]
fn sessions_are_resumed_under_the_same_name_only() {
    require!("openssl");
    let certificates = Certificates::new(&["www.contoso.com"]);
    let session = certificates.path().join("session");
    let session = session.to_str().unwrap();
    for flags in [SslFlags::empty(), SslFlags::ENABLE_SESSION_TICKET] {
        let key = "hostnameport=*.contoso.com:443";
        let bindings = vec![certificates.bind(key, 0, flags)];
        let server = certificates.serve(bindings).start().unwrap();
        // TLS 1.3 has its sessions after the handshake; a request waits for them.
        let connect = |name: &str, version: &str, option: &str| {
            let to = attempt(&server, name);
            let mut command = Command::new("openssl");
            command.args(["s_client", "-connect", &to.socket.to_string()]);
            command.args(["-servername", name, version, option, session, "-ign_eof"]);
            let output = run(&mut command, "GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let resumed = text.contains(r#""resumed":true"#);
            assert!(resumed || text.contains(r#""resumed":false"#), "{text}");
            resumed
        };
        for version in ["-tls1_2", "-tls1_3"] {
            assert!(!connect("a.contoso.com", version, "-sess_out"));
            assert!(connect("a.contoso.com", version, "-sess_in"), "{version}");
            assert!(!connect("a.contoso.com", version, "-sess_out"));
            assert!(!connect("b.contoso.com", version, "-sess_in"), "{version}");
        }
        server.stop();
    }
}

/// rustls does not see these names, and could not tell them apart.
#[test]
fn sessions_of_addresses_and_dots_are_not_resumed_elsewhere() {
    require!("openssl");
    let certificates = Certificates::new(&["www.contoso.com"]);
    let session = certificates.path().join("session");
    for flags in [SslFlags::empty(), SslFlags::ENABLE_SESSION_TICKET] {
        let server = flagged(&certificates, flags);
        let connect = |name: Option<&str>, version: &str, option: &str| {
            let to = socket(&server, "127.0.0.1", 443).to_string();
            let mut command = Command::new("openssl");
            command.args(["s_client", "-connect", &to, version, "-ign_eof"]);
            match name {
                Some(name) => command.args(["-servername", name]),
                None => command.arg("-noservername"),
            };
            command.arg(option).arg(&session);
            let output = run(&mut command, "GET / HTTP/1.0\r\nConnection: close\r\n\r\n");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let resumed = text.contains(r#""resumed":true"#);
            assert!(resumed || text.contains(r#""resumed":false"#), "{output:?}");
            resumed
        };
        let names = [
            Some("10.0.0.5"),
            Some("10.0.0.6"),
            Some("::1"),
            None,
            Some("www.contoso.com"),
            Some("www.contoso.com."),
            Some("a-.example"),
        ];
        for version in ["-tls1_2", "-tls1_3"] {
            for first in names {
                for second in names.into_iter().filter(|second| *second != first) {
                    let _ = std::fs::remove_file(&session);
                    assert!(!connect(first, version, "-sess_out"));
                    // Without a session there is nothing to resume.
                    if session.exists() {
                        let resumed = connect(second, version, "-sess_in");
                        assert!(!resumed, "{first:?}, then {second:?}: {version}, {flags:?}");
                    }
                }
            }
        }
        server.stop();
    }
}

#[test]
fn the_central_store_answers_by_files_named_after_hosts() {
    require!("openssl");
    let folder = tempfile::tempdir().unwrap();
    let pfx = |file: &str, password: &str| {
        let (pem, hash) = certificate("central");
        pfx(&pem, &folder.path().join(file), password);
        hash
    };
    let www = pfx("www.contoso.com.pfx", "secret");
    let wildcard = pfx("_.contoso.com.pfx", "");
    let record = Record::central(Uuid::nil());
    let server = Server::builder(vec![binding("ccs=443", record)])
        .central_store(folder.path())
        .passwords(["secret".to_owned()])
        .ports(Ports::new(PortRule::Free))
        .start()
        .unwrap();
    let met = |name| printed_certificate(&s_client(&attempt(&server, name), &[]));
    assert_eq!(met("www.contoso.com"), Some(www));
    assert_eq!(met("WWW.contoso.com"), Some(www));
    assert_eq!(met("shop.contoso.com"), Some(wildcard));
    assert_eq!(met("a.shop.contoso.com"), None);
    assert_eq!(met("../www.contoso.com"), None);
    let renewed = pfx("www.contoso.com.pfx", "secret");
    assert_eq!(met("www.contoso.com"), Some(renewed));
}

#[test]
fn differences_from_windows_are_reported_at_start() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let absent = Record::new([7; 20].into(), None, Uuid::nil());
    let absent = absent.with_flags(SslFlags::DISABLE_LEGACY_TLS);
    let bindings = vec![
        certificates.bind("0.0.0.0:443", 0, SslFlags::empty()),
        binding("hostnameport=a.example:443", absent),
    ];
    let (notices, kept) = std::sync::mpsc::channel();
    let server = certificates
        .serve(bindings)
        .on_event(move |event| {
            if let Event::Notice(notice) = event {
                notices.send(notice.clone()).unwrap();
            }
        })
        .start()
        .unwrap();
    let expected = [
        Notice::MissingCertificate {
            hash: [7; 20].into(),
            bindings: 1,
        },
        Notice::LegacyTls { bindings: 1 },
    ];
    assert_eq!(kept.try_iter().collect::<Vec<_>>(), expected);
    server.stop();
}
