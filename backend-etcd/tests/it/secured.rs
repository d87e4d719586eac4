//! TLS, and users.

use std::io::ErrorKind;
use std::time::Duration;

use certbind_core::{BindingStore, StoreError};
use certbind_etcd::{EtcdStore, Fleet, Options, Tls};
use certbind_etcd_server::Server;
use certbind_test_support::require;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tempfile::TempDir;

use crate::samples::{key, marked, new_host};

/// An authority, and what it signed.
struct Authority {
    ca: String,
    server: (String, String),
    client: (String, String),
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let sign = |name: &str, usage| {
            let mut params = CertificateParams::new([name.to_owned()]).unwrap();
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        Self {
            server: sign("127.0.0.1", ExtendedKeyUsagePurpose::ServerAuth),
            client: sign("client", ExtendedKeyUsagePurpose::ClientAuth),
            ca: issuer.pem(),
        }
    }

    fn server(&self, folder: &TempDir) -> Server {
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        Server::with(&[
            &format!("--cert-file={}", file("server.pem", &self.server.0)),
            &format!("--key-file={}", file("server.key", &self.server.1)),
            &format!("--trusted-ca-file={}", file("ca.pem", &self.ca)),
            "--client-cert-auth=true",
        ])
    }
}

#[test]
fn servers_and_clients_prove_who_they_are() {
    require!("etcd");
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    let server = authority.server(&folder);
    let host = new_host();
    let open = |tls: Option<Tls>| {
        let options = Options::new([server.endpoint()]).patience(Duration::from_secs(1));
        let options = match tls {
            Some(tls) => options.tls(tls),
            None => options,
        };
        EtcdStore::open(&options, &host).unwrap()
    };
    let (certificate, key) = authority.client.clone();
    let ours = Tls {
        ca: Some(authority.ca.clone().into_bytes()),
        identity: Some((certificate.into_bytes(), key.into_bytes())),
        server_name: None,
    };
    let store = open(Some(ours.clone()));
    store.insert(marked(1, 1)).unwrap();
    assert_eq!(store.get(marked(1, 1).key()).unwrap(), Some(marked(1, 1)));

    let other = Authority::new();
    let strangers = [
        (
            Tls {
                ca: Some(other.ca.into_bytes()),
                ..ours.clone()
            },
            "invalid peer certificate",
        ),
        // Those that the system trusts.
        (
            Tls {
                ca: None,
                ..ours.clone()
            },
            "UnknownIssuer",
        ),
        (
            Tls {
                server_name: Some("etcd.contoso.com".into()),
                ..ours.clone()
            },
            "not valid for name",
        ),
        (
            Tls {
                identity: None,
                ..ours
            },
            "",
        ),
    ];
    for (tls, why) in strangers {
        let error = open(Some(tls))
            .insert(marked(2, 2))
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{error}");
    }
    assert!(open(None).insert(marked(2, 2)).is_err(), "without TLS");
    assert_eq!(store.get(marked(2, 2).key()).unwrap(), None);
}

#[test]
fn a_user_may_do_what_its_role_says() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    let hosts = [new_host(), new_host()];
    let [one, other] = &hosts;
    for arguments in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["role", "add", "host"],
        &[
            "role",
            "grant-permission",
            "host",
            "readwrite",
            "--prefix=true",
            &format!("/certbind/v1/{one}/"),
        ],
        &[
            "role",
            "grant-permission",
            "host",
            "readwrite",
            &format!("/certbind/v1/.hosts/{one}"),
        ],
        &["user", "add", "web01:the secret"],
        &["user", "grant-role", "web01", "host"],
        &["auth", "enable"],
    ] {
        let _ = server.ctl(arguments);
    }
    let options = Options::new([server.endpoint()]);
    let ours = EtcdStore::open(&options.clone().user("web01", "the secret"), one).unwrap();
    ours.insert(marked(1, 1)).unwrap();
    assert_eq!(ours.get(&key(1)).unwrap(), Some(marked(1, 1)));
    let mut watch = ours.watch(ours.cluster_revision().unwrap());
    ours.put(marked(1, 2)).unwrap();
    let changed = watch.next(std::time::Duration::from_secs(20)).unwrap();
    assert_eq!(changed.expect("it may watch itself").host, *one);
    let fleet = Fleet::open(&options.clone().user("web01", "the secret")).unwrap();
    let error = fleet.watch(1).next(std::time::Duration::from_secs(5));
    assert!(error.is_err(), "and nobody else: {error:?}");

    let refused = [
        ("no user", options.clone(), one),
        (
            "another password",
            options.clone().user("web01", "other"),
            one,
        ),
        ("another host", options.user("web01", "the secret"), other),
    ];
    for (what, options, host) in refused {
        let store = EtcdStore::open(&options, host).unwrap();
        for error in [
            store.insert(marked(2, 2)).unwrap_err(),
            store.get(&key(2)).unwrap_err(),
        ] {
            let StoreError::Io { source, .. } = &error else {
                panic!("{what}: {error:?}");
            };
            assert_eq!(
                source.kind(),
                ErrorKind::PermissionDenied,
                "{what}: {error}"
            );
            assert!(!error.to_string().contains("the secret"), "{what}: {error}");
        }
    }
}

#[test]
fn a_token_that_has_grown_old_is_renewed() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    for arguments in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        let _ = server.ctl(arguments);
    }
    let options = Options::new([server.endpoint()]).user("root", "secret");
    let store = EtcdStore::open(&options, &new_host()).unwrap();
    store.insert(marked(1, 1)).unwrap();
    // Whatever changes who may do what makes every token an old one.
    let _ = server.ctl(&["--user=root:secret", "role", "add", "another"]);
    store.insert(marked(2, 1)).unwrap();
    assert_eq!(store.get(&key(2)).unwrap(), Some(marked(2, 1)));
}
