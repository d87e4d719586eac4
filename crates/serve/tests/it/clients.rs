//! The certificate that the explanation predicts is the one that clients receive.

use certbind_core::{Binding, CertHash, SslFlags};
use certbind_resolve::{Connection, Resolver};
use certbind_serve::Server;
use certbind_test_support::{cases, report_skipped, require};

use crate::certificates::{Certificates, socket};
use crate::programs::{Attempt, curl, gnutls, java, printed_certificate, python, s_client};

const PORT: u16 = 443;

/// The keys that generated hosts choose from.
const KEYS: [&str; 9] = [
    "10.0.0.5:443",
    "0.0.0.0:443",
    "[::]:443",
    "[fd00::5]:443",
    "hostnameport=www.contoso.com:443",
    "hostnameport=*.contoso.com:443",
    "hostnameport=api.contoso.com:443",
    "hostnameport=under_score.contoso.com:443",
    "hostnameport=10.0.0.5:443",
];

const ADDRESSES: [&str; 4] = ["10.0.0.5", "127.0.0.1", "::1", "fd00::5"];

const NAMES: [Option<&str>; 10] = [
    None,
    Some("www.contoso.com"),
    Some("WWW.Contoso.COM"),
    Some("api.contoso.com"),
    Some("other.contoso.com"),
    Some("a.b.contoso.com"),
    Some("under_score.contoso.com"),
    Some("www.fabrikam.com"),
    Some("10.0.0.5"),
    Some("localhost"),
];

/// A generated host, and a connection to each of its addresses with each name.
struct Generated {
    server: Server,
    attempts: Vec<(Attempt, Option<CertHash>)>,
}

fn generate(certificates: &Certificates, seed: u64) -> Generated {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bindings: Vec<Binding> = Vec::new();
    for (number, key) in KEYS.iter().enumerate() {
        // IPv6 addresses have a socket only if a binding names them.
        if number == 3 || random.bool() {
            bindings.push(certificates.bind(key, number, SslFlags::empty()));
        }
    }
    if !bindings
        .iter()
        .any(|binding| binding.key().to_string().contains("10.0.0.5:443"))
    {
        bindings.push(certificates.bind(KEYS[0], 0, SslFlags::empty()));
    }
    let explained = Resolver::new(bindings.clone());
    let server = certificates.serve(bindings.clone()).start().unwrap();
    let has_address = |address: &str| {
        let mut endpoints = server.endpoints().into_iter();
        endpoints.any(|endpoint| endpoint.address.to_string() == address)
    };
    let mut attempts = Vec::new();
    for address in ADDRESSES.into_iter().filter(|address| has_address(address)) {
        for name in NAMES {
            let to = std::net::SocketAddr::new(address.parse().unwrap(), PORT);
            let mut connection = Connection::to(to).unwrap();
            if let Some(name) = name {
                connection = connection.with_server_name(name);
            }
            let chosen = explained.choose(&connection);
            let expected = chosen.and_then(|(_, binding)| binding.record().hash().copied());
            let attempt = Attempt {
                socket: socket(&server, address, PORT),
                name: name.map(ToOwned::to_owned),
            };
            attempts.push((attempt, expected));
        }
    }
    Generated { server, attempts }
}

/// Checks some of the attempts, chosen by the seed, of some generated hosts.
fn check(attempts: usize, meets: impl Fn(&[Attempt]) -> Vec<Option<CertHash>>) {
    let names: Vec<_> = KEYS.iter().map(|_| "www.contoso.com").collect();
    let certificates = Certificates::new(&names);
    for seed in 0..u64::from(cases(2)) {
        let mut host = generate(&certificates, seed);
        fastrand::Rng::with_seed(seed).shuffle(&mut host.attempts);
        host.attempts.truncate(attempts);
        let (tried, expected): (Vec<_>, Vec<_>) = host.attempts.into_iter().unzip();
        let met = meets(&tried);
        for ((attempt, expected), met) in tried.iter().zip(expected).zip(met) {
            assert_eq!(met, expected, "seed {seed}: {attempt:?}");
        }
        host.server.stop();
    }
}

/// Addresses as names are sent by options of s_client only.
fn with_name(attempt: &Attempt) -> bool {
    let name = attempt.name.as_deref();
    name.is_none_or(|name| !name.starts_with(|first: char| first.is_ascii_digit()))
}

#[test]
fn openssl_receives_the_predicted_certificate() {
    require!("openssl");
    check(12, |attempts| {
        let each = attempts.iter().enumerate();
        each.map(|(number, attempt)| {
            let version = ["-tls1_2", "-tls1_3"][number % 2];
            let output = s_client(attempt, &[version]);
            printed_certificate(&output)
        })
        .collect()
    });
}

#[test]
fn gnutls_receives_the_predicted_certificate() {
    require!("gnutls-cli");
    check(6, |attempts| attempts.iter().map(gnutls).collect());
}

#[test]
fn python_receives_the_predicted_certificate() {
    require!("python3", "openssl");
    check(12, |attempts| {
        // For an address Python sends no name.
        let sent: Vec<_> = attempts
            .iter()
            .filter(|it| with_name(it))
            .cloned()
            .collect();
        let mut met = python(&sent).into_iter();
        let each = attempts.iter().map(|attempt| match with_name(attempt) {
            true => met.next().unwrap(),
            // The others are left to another client.
            false => printed_certificate(&s_client(attempt, &[])),
        });
        each.collect()
    });
}

/// Installed on few machines, and too large to be installed for one test.
#[test]
fn java_receives_the_predicted_certificate() {
    let found = std::process::Command::new("java").arg("-version").output();
    let version = found.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    if !version
        .is_ok_and(|version| version.contains("version \"17") || version.contains("version \"2"))
    {
        report_skipped("needs Java 17 or newer");
        return;
    }
    check(20, |attempts| {
        // SNIHostName takes no address and no underscore.
        let possible = |attempt: &&Attempt| {
            with_name(attempt)
                && attempt
                    .name
                    .as_deref()
                    .is_none_or(|name| !name.contains('_'))
        };
        let (mut met, sent): (Vec<_>, Vec<_>) = (
            vec![None; attempts.len()],
            attempts.iter().filter(possible).cloned().collect(),
        );
        let mut answers = java(&sent).into_iter();
        for (at, attempt) in attempts.iter().enumerate() {
            met[at] = match possible(&attempt) {
                true => answers.next().unwrap(),
                // The others are left to the other clients.
                false => printed_certificate(&s_client(attempt, &[])),
            };
        }
        met
    });
}

#[test]
fn curl_receives_the_predicted_certificate_and_its_description() {
    require!("curl", "openssl");
    check(10, |attempts| {
        let each = attempts.iter().enumerate();
        each.map(|(number, attempt)| {
            // For an address curl sends no name, so it cannot send an address as one.
            if !with_name(attempt) {
                return printed_certificate(&s_client(attempt, &[]));
            }
            let http = ["--http1.1", "--http2"][number % 2];
            let tls = ["1.2", "1.3"][number / 2 % 2];
            let (hash, answer) = curl(attempt, &[http, "--tls-max", tls])?;
            let described = &answer["connection"];
            assert_eq!(described["certificate"], hash.to_string());
            // curl sends names in lower case.
            let name = attempt.name.as_deref().map(str::to_ascii_lowercase);
            assert_eq!(described["sni"], serde_json::json!(name));
            let alpn = ["http/1.1", "h2"][number % 2];
            assert_eq!(described["tls"]["alpn"], alpn);
            let version = ["TLSv1_2", "TLSv1_3"][number / 2 % 2];
            assert_eq!(described["tls"]["version"], version);
            assert_eq!(answer["request"]["path"], "/path?query");
            Some(hash)
        })
        .collect()
    });
}

#[test]
fn chromium_receives_the_predicted_certificate() {
    require!("chromium");
    let certificates = Certificates::new(&["a", "b"]);
    let bindings = vec![
        certificates.bind("0.0.0.0:443", 0, SslFlags::empty()),
        certificates.bind("hostnameport=*.contoso.com:443", 1, SslFlags::empty()),
    ];
    let server = certificates.serve(bindings).start().unwrap();
    let socket = socket(&server, "127.0.0.1", PORT);
    let profile = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--ignore-certificate-errors",
        ])
        .args([
            "--disable-background-networking",
            "--no-first-run",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--host-resolver-rules=MAP * {socket}"))
        .arg("https://www.contoso.com/")
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    assert!(
        page.contains(&certificates.hashes[1].to_string()),
        "{output:?}"
    );
    assert!(page.contains(r#""alpn":"h2""#), "{page}");
    server.stop();
}
