//! TLS, and users.

use std::time::Duration;

use certbind_core::{BindingStore, StoreError};
use certbind_etcd::{EtcdError, EtcdErrorKind, EtcdStore, Tls};
use certbind_etcd_server::Server;
use certbind_test_support::require;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tempfile::TempDir;

use crate::samples::{key, marked, new_host};

/// The kind of etcd's error.
fn kind(error: &StoreError) -> Option<EtcdErrorKind> {
    let StoreError::Backend { source, .. } = error else {
        return None;
    };
    source.downcast_ref().map(EtcdError::kind)
}

/// An authority, and the certificates that it signed.
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
        Server::start_with(&[
            &format!("--cert-file={}", file("server.pem", &self.server.0)),
            &format!("--key-file={}", file("server.key", &self.server.1)),
            &format!("--trusted-ca-file={}", file("ca.pem", &self.ca)),
            "--client-cert-auth=true",
        ])
    }
}

#[test]
fn both_sides_verify_certificates() {
    require!("etcd");
    let (authority, folder) = (Authority::new(), TempDir::new().unwrap());
    let server = authority.server(&folder);
    let host = new_host();
    let open = |tls: Option<Tls>| {
        let etcd = EtcdStore::builder([server.endpoint()]).retry_timeout(Duration::from_secs(1));
        let etcd = match tls {
            Some(tls) => etcd.tls(tls),
            None => etcd,
        };
        etcd.open(&host).unwrap()
    };
    let (certificate, key) = authority.client.clone();
    let unnamed = Tls::new().identity(certificate, key);
    let ours = unnamed.clone().ca(authority.ca.clone());
    let store = open(Some(ours.clone()));
    store.insert(marked(1, 1)).unwrap();
    assert_eq!(store.get(marked(1, 1).key()).unwrap(), Some(marked(1, 1)));

    let other = Authority::new();
    let strangers = [
        (ours.clone().ca(other.ca), "invalid peer certificate"),
        // The authorities that the system trusts.
        (unnamed, "UnknownIssuer"),
        (
            ours.clone().server_name("etcd.contoso.com"),
            "not valid for name",
        ),
        // Without a client certificate.
        (Tls::new().ca(authority.ca.clone()), ""),
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
fn users_are_limited_to_their_role() {
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
    let etcd = EtcdStore::builder([server.endpoint()]);
    let user = etcd.clone().user("web01", "the secret");
    let ours = user.open(one).unwrap();
    ours.insert(marked(1, 1)).unwrap();
    assert_eq!(ours.get(&key(1)).unwrap(), Some(marked(1, 1)));
    let mut watch = ours.watch(ours.cluster_revision().unwrap());
    ours.put(marked(1, 2)).unwrap();
    let changed = watch.next(std::time::Duration::from_secs(20)).unwrap();
    assert_eq!(changed.expect("it may watch itself").host, *one);
    let fleet = user.open_fleet().unwrap();
    let error = fleet.watch(1).next(Duration::from_secs(5)).unwrap_err();
    assert_eq!(kind(&error), Some(EtcdErrorKind::AccessDenied), "{error:?}");

    let refused = [
        ("no user", etcd.clone(), one),
        ("another password", etcd.user("web01", "other"), one),
        ("another host", user, other),
    ];
    for (what, etcd, host) in refused {
        let store = etcd.open(host).unwrap();
        for error in [
            store.insert(marked(2, 2)).unwrap_err(),
            store.get(&key(2)).unwrap_err(),
        ] {
            assert_eq!(
                kind(&error),
                Some(EtcdErrorKind::AccessDenied),
                "{what}: {error:?}"
            );
            let text = error.to_string();
            assert!(!text.contains("the secret"), "{what}: {text}");
            assert!(!text.contains("administrator"), "{what}: {text}");
        }
    }
}

#[test]
fn expired_tokens_are_renewed() {
    require!("etcd", "etcdctl");
    let server = Server::start();
    for arguments in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        let _ = server.ctl(arguments);
    }
    let etcd = EtcdStore::builder([server.endpoint()]).user("root", "secret");
    let store = etcd.open(&new_host()).unwrap();
    store.insert(marked(1, 1)).unwrap();
    // Every change of roles and permissions invalidates all tokens.
    let _ = server.ctl(&["--user=root:secret", "role", "add", "another"]);
    store.insert(marked(2, 1)).unwrap();
    assert_eq!(store.get(&key(2)).unwrap(), Some(marked(2, 1)));
}

/// A watch that reconnects to a server which no longer knows its token, such as one that was
/// restarted, continues with a new token. Older servers report the unknown token as a missing
/// permission (etcd issue 12385).
#[test]
fn watches_renew_expired_tokens() {
    require!("etcd");
    let mut server = Server::start();
    for arguments in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        let _ = server.ctl(arguments);
    }
    let etcd = EtcdStore::builder([server.endpoint()]).user("root", "secret");
    let host = new_host();
    let store = etcd.open(&host).unwrap();
    store.insert(marked(1, 1)).unwrap();
    let mut watch = store.watch(store.cluster_revision().unwrap());
    store.put(marked(1, 2)).unwrap();
    let soon = Duration::from_secs(20);
    assert!(watch.next(soon).unwrap().is_some());
    for n in 1..3 {
        server.restart();
        // Through another client, so that the watch's token stays the unknown one.
        let other = EtcdStore::builder([server.endpoint()]).user("root", "secret");
        let changed = marked(2, n);
        other.open(&host).unwrap().put(changed.clone()).unwrap();
        let change = watch.next(soon).unwrap().expect("the watch goes on");
        assert_eq!(change.changes, [(key(2), Some(changed))]);
    }
}
