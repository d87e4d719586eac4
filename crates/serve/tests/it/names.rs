//! Names that TLS libraries change or refuse.

use certbind_core::SslFlags;
use certbind_serve::Server;
use certbind_test_support::require;

use crate::certificates::{Certificates, socket};
use crate::programs::{Attempt, printed_certificate, s_client};

/// Real clients send all of these. rustls ends the handshake for most of them.
#[test]
fn names_reach_the_choice_as_they_are_sent() {
    require!("openssl");
    let certificates = Certificates::new(&["default", "a-.example", "127.1", "wildcard"]);
    let bindings = vec![
        certificates.bind("[::]:443", 0, SslFlags::empty()),
        certificates.bind("0.0.0.0:443", 0, SslFlags::empty()),
        certificates.bind("hostnameport=a-.example:443", 1, SslFlags::empty()),
        certificates.bind("hostnameport=127.1:443", 2, SslFlags::empty()),
        certificates.bind("hostnameport=*.example:443", 3, SslFlags::empty()),
    ];
    let server = certificates.serve(bindings).start().unwrap();
    // The last client offers a key exchange first that rustls lacks, and is asked for another one.
    let retried: &[&str] = &["-tls1_3", "-groups", "P-521:P-256"];
    let long = format!("{}.com", "x".repeat(240));
    for options in [&["-tls1_2"], &["-tls1_3"], retried] {
        for (name, certificate) in [
            ("a-.example", 1),
            ("A-.Example", 1),
            ("127.1", 2),
            ("b-.example", 3),
            ("example.123", 0),
            ("*.x", 0),
            ("[::1]", 0),
            ("10.0.0.5", 0),
            ("a..b", 0),
            ("a-.example.", 0),
            ("space in name", 0),
            (&long, 0),
        ] {
            let attempt = attempt(&server, name);
            let met = printed_certificate(&s_client(&attempt, options));
            assert_eq!(
                met,
                Some(certificates.hashes[certificate]),
                "{name} {options:?}"
            );
        }
    }
}

#[test]
fn connections_without_a_binding_are_reset() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let bindings = vec![
        certificates.bind("hostnameport=www.contoso.com:443", 0, SslFlags::empty()),
        certificates.bind("hostnameport=rejected.contoso.com:443", 0, SslFlags::REJECT),
    ];
    let server = certificates.serve(bindings).start().unwrap();
    for name in ["www.fabrikam.com", "rejected.contoso.com"] {
        let error = crate::hostile::handshake(socket(&server, "127.0.0.1", 443), name);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{name}");
    }
    crate::hostile::handshake(socket(&server, "127.0.0.1", 443), "www.contoso.com").unwrap();
}

fn attempt(server: &Server, name: &str) -> Attempt {
    Attempt {
        socket: socket(server, "127.0.0.1", 443),
        name: Some(name.to_owned()),
    }
}
