//! The certificate that the explanation predicts is the one that clients receive.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey, CertHash, Record, SslFlags, Uuid};
use certbind_probe::{ProbeOptions, ProbeResult, probe_all};
use certbind_resolve::{Connection, Resolver};
use certbind_serve::Server;
use certbind_test_support::{cases, report_skipped, require};

use crate::certificates::{Certificates, binding, certificate, pfx, socket};
use crate::programs::{
    Attempt, chromium, curl, gnutls, java, printed_certificate, python, s_client,
};

const PORT: u16 = 443;

/// The keys that generated hosts choose from.
const KEYS: [&str; 13] = [
    "10.0.0.5:443",
    "0.0.0.0:443",
    "[::]:443",
    "[fd00::5]:443",
    "hostnameport=www.contoso.com:443",
    "hostnameport=*.contoso.com:443",
    "hostnameport=api.contoso.com:443",
    "hostnameport=under_score.contoso.com:443",
    "hostnameport=10.0.0.5:443",
    "ccs=443",
    "scopedccs=store.fabrikam.com:443",
    "scopedccs=*.fabrikam.com:443",
    "scopedccs=*.contoso.com:443",
];

/// The files of the central store.
const CENTRAL: [&str; 3] = [
    "store.fabrikam.com.pfx",
    "_.fabrikam.com.pfx",
    "_.contoso.com.pfx",
];

const ADDRESSES: [&str; 4] = ["10.0.0.5", "127.0.0.1", "::1", "fd00::5"];

const NAMES: [Option<&str>; 12] = [
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
    Some("store.fabrikam.com"),
    Some("Store.Fabrikam.com"),
];

/// The certificates of generated hosts, and of a client.
struct Folders {
    bound: Certificates,
    central: tempfile::TempDir,
    /// The certificates of the central store by their files.
    central_hashes: BTreeMap<&'static str, CertHash>,
    /// The number of the client's certificate.
    client: usize,
}

impl Folders {
    fn new() -> Self {
        let bound = Certificates::new(&["www.contoso.com"; KEYS.len() + 1]);
        let central = tempfile::tempdir().unwrap();
        let central_hashes = CENTRAL.iter().map(|file| {
            let (pem, hash) = certificate("central");
            pfx(&pem, &central.path().join(file), "");
            (*file, hash)
        });
        let central_hashes = central_hashes.collect();
        Self {
            bound,
            central,
            central_hashes,
            client: KEYS.len(),
        }
    }

    /// The file with the client's certificate and key.
    fn client(&self) -> String {
        let file = self.bound.path().join(format!("{}.pem", self.client));
        file.display().to_string()
    }

    fn binding(&self, number: usize, flags: SslFlags) -> Binding {
        match KEYS[number].parse().unwrap() {
            BindingKey::Ccs(_) | BindingKey::ScopedCcs(_) => {
                binding(KEYS[number], Record::central(Uuid::nil()).with_flags(flags))
            }
            _ => self.bound.bind(KEYS[number], number, flags),
        }
    }

    /// The certificate of a name in the central store. Its file is the name's, or that of the names which
    /// are one label longer.
    fn of_central_store(&self, name: &str) -> Option<CertHash> {
        let name = name.to_lowercase();
        let (_, parent) = name.split_once('.').unwrap_or_default();
        let files = [format!("{name}.pfx"), format!("_.{parent}.pfx")];
        let mut found = files
            .iter()
            .filter_map(|file| self.central_hashes.get(file.as_str()));
        found.next().copied()
    }
}

/// A connection to make, and its outcome.
#[derive(Clone, Debug)]
struct Predicted {
    attempt: Attempt,
    certificate: Option<CertHash>,
    /// Whether the client is asked for a certificate.
    asks: bool,
}

/// A generated host, and a connection to each of its addresses with each name.
struct Generated {
    server: Server,
    bindings: Vec<Binding>,
    predicted: Vec<Predicted>,
}

fn generate(folders: &Folders, seed: u64) -> Generated {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bindings: Vec<Binding> = Vec::new();
    for number in 0..KEYS.len() {
        // Other addresses than loopback have a socket only if a binding names them.
        if matches!(number, 0 | 3) || random.bool() {
            let flags = match random.bool() {
                true => SslFlags::NEGOTIATE_CLIENT_CERT,
                false => SslFlags::empty(),
            };
            bindings.push(folders.binding(number, flags));
        }
    }
    let explained = Resolver::new(bindings.clone());
    let server = folders.bound.serve(bindings.clone());
    let server = server
        .central_store(folders.central.path())
        .start()
        .unwrap();
    let mut predicted = Vec::new();
    for address in ADDRESSES {
        for name in NAMES {
            let to = std::net::SocketAddr::new(address.parse().unwrap(), PORT);
            let mut connection = Connection::to(to).unwrap();
            if let Some(name) = name {
                connection = connection.with_server_name(name);
            }
            let chosen = explained.choose(&connection);
            let record = chosen.map(|(_, binding)| binding.record());
            let certificate = record.and_then(|record| match record.hash() {
                Some(hash) => Some(*hash),
                None => folders.of_central_store(name.unwrap_or_default()),
            });
            let asks = |record: &Record| record.flags.contains(SslFlags::NEGOTIATE_CLIENT_CERT);
            predicted.push(Predicted {
                attempt: Attempt {
                    socket: socket(&server, address, PORT),
                    name: name.map(ToOwned::to_owned),
                },
                certificate,
                asks: record.is_some_and(asks),
            });
        }
    }
    Generated {
        server,
        bindings,
        predicted,
    }
}

/// Checks some of the connections that `can_make` accepts, chosen by the seed, of some generated hosts.
fn check(
    number: usize,
    can_make: impl Fn(&Attempt) -> bool,
    meets: impl Fn(&Folders, &[Predicted]) -> Vec<Option<CertHash>>,
) {
    let folders = Folders::new();
    for seed in 0..u64::from(cases(2)) {
        let mut host = generate(&folders, seed);
        host.predicted.retain(|it| can_make(&it.attempt));
        fastrand::Rng::with_seed(seed).shuffle(&mut host.predicted);
        host.predicted.truncate(number);
        let met = meets(&folders, &host.predicted);
        assert_eq!(met.len(), host.predicted.len());
        for (predicted, met) in host.predicted.iter().zip(met) {
            assert_eq!(met, predicted.certificate, "seed {seed}: {predicted:?}");
        }
        host.server.stop();
    }
}

fn attempts(predicted: &[Predicted]) -> Vec<Attempt> {
    predicted.iter().map(|it| it.attempt.clone()).collect()
}

/// Addresses as names are sent by options of s_client and gnutls-cli only.
fn is_no_address(attempt: &Attempt) -> bool {
    let name = attempt.name.as_deref();
    name.is_none_or(|name| !name.starts_with(|first: char| first.is_ascii_digit()))
}

#[test]
fn openssl_receives_the_predicted_certificate() {
    require!("openssl");
    check(
        16,
        |_| true,
        |folders, predicted| {
            let client = folders.client();
            let each = predicted.iter().enumerate();
            each.map(|(number, it)| {
                let version = ["-tls1_2", "-tls1_3"][number % 2];
                let shown = ["-cert", &client, "-key", &client, version];
                printed_certificate(&s_client(&it.attempt, &shown))
            })
            .collect()
        },
    );
}

#[test]
fn gnutls_receives_the_predicted_certificate() {
    require!("gnutls-cli", "openssl");
    check(
        8,
        |_| true,
        |_, predicted| predicted.iter().map(|it| gnutls(&it.attempt)).collect(),
    );
}

#[test]
fn python_receives_the_predicted_certificate() {
    require!("python3", "openssl");
    check(20, is_no_address, |_, predicted| {
        python(&attempts(predicted))
    });
}

/// Installed on few machines, and too large to be installed for one test.
#[test]
fn java_receives_the_predicted_certificate() {
    require!("openssl");
    let found = std::process::Command::new("java").arg("-version").output();
    let version = found.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    if !version
        .is_ok_and(|version| version.contains("version \"17") || version.contains("version \"2"))
    {
        report_skipped("needs Java 17 or newer");
        return;
    }
    // SNIHostName takes no address and no underscore.
    let can_make = |attempt: &Attempt| {
        let name = attempt.name.as_deref();
        is_no_address(attempt) && name.is_none_or(|name| !name.contains('_'))
    };
    check(24, can_make, |_, predicted| java(&attempts(predicted)));
}

#[test]
fn curl_receives_the_predicted_certificate_and_its_description() {
    require!("curl", "openssl");
    check(12, is_no_address, |folders, predicted| {
        let client = folders.client();
        let client_hash = folders.bound.hashes[folders.client].to_string();
        let each = predicted.iter().enumerate();
        each.map(|(number, it)| {
            let http = ["--http1.1", "--http2"][number % 2];
            let tls = ["1.2", "1.3"][number / 2 % 2];
            let shown = ["--cert", &client, "--key", &client];
            let options = [&[http, "--tls-max", tls], &shown[..]].concat();
            let (hash, answer) = curl(&it.attempt, &options)?;
            let described = &answer["connection"];
            assert_eq!(described["certificate"], hash.to_string());
            // curl sends names in lower case.
            let name = it.attempt.name.as_deref().map(str::to_ascii_lowercase);
            assert_eq!(described["sni"], serde_json::json!(name));
            let alpn = ["http/1.1", "h2"][number % 2];
            assert_eq!(described["tls"]["alpn"], alpn);
            let version = ["TLSv1_2", "TLSv1_3"][number / 2 % 2];
            assert_eq!(described["tls"]["version"], version);
            let client = described["tls"]["client_certificate"]["hash"].as_str();
            assert_eq!(client, it.asks.then_some(client_hash.as_str()), "{it:?}");
            assert_eq!(answer["request"]["path"], "/path?query");
            Some(hash)
        })
        .collect()
    });
}

#[test]
fn chromium_receives_the_predicted_certificate() {
    require!("chromium", "openssl");
    // It answers for localhost by itself.
    let can_make =
        |attempt: &Attempt| is_no_address(attempt) && attempt.name.as_deref() != Some("localhost");
    check(4, can_make, |_, predicted| {
        predicted.iter().map(|it| chromium(&it.attempt)).collect()
    });
}

/// The probe reaches every binding of a host.
#[test]
fn the_probe_finds_generated_hosts_as_bound() {
    require!("openssl");
    let folders = Folders::new();
    for seed in 0..u64::from(cases(8)) {
        let host = generate(&folders, seed);
        let mut redirects = BTreeMap::new();
        for endpoint in host.server.endpoints() {
            let of_host = std::net::SocketAddr::new(endpoint.address, endpoint.port.get());
            redirects.insert(of_host, endpoint.listens_on);
        }
        let options = ProbeOptions {
            redirects: Some(redirects),
            ..ProbeOptions::default()
        };
        let reports = probe_all(&host.bindings, &host.bindings, &options);
        for (binding, report) in host.bindings.iter().zip(reports) {
            let name = match binding.key() {
                BindingKey::ScopedCcs(at) => at.host().as_str().replace('*', "certbind-probe"),
                _ => String::new(),
            };
            match binding.key().to_string().as_str() {
                // It cannot ask for these.
                "ccs=443" | "hostnameport=10.0.0.5:443" => {
                    assert!(matches!(report.found, ProbeResult::NotProbed { .. }));
                }
                "scopedccs=*.contoso.com:443"
                    if host
                        .bindings
                        .iter()
                        .any(|it| it.key().to_string() == KEYS[5]) =>
                {
                    assert!(
                        matches!(report.found, ProbeResult::Hidden { .. }),
                        "{report:?}"
                    );
                }
                key if key.starts_with("scopedccs=") => {
                    let served = folders.of_central_store(&name).unwrap();
                    assert_eq!(
                        report.found,
                        ProbeResult::Served { served },
                        "{seed}: {key}"
                    );
                }
                key => assert_eq!(report.found, ProbeResult::Same, "{seed}: {key}"),
            }
        }
        host.server.stop();
    }
}
