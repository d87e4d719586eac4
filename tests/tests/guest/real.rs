//! HTTP.sys itself. It wants an administrator, one test at a time (`RUST_TEST_THREADS=1`), and in
//! `CERTBIND_TEST_CERTIFICATES` the hashes of two certificates with private keys in the machine's
//! store `MY`, with a comma between them.

use std::sync::{Arc, OnceLock};

use certbind_conformance::Fixture;
use certbind_core::{
    Binding, BindingKey, BindingStore, CertCheckMode, CertHash, CtlIdentifier, Kind, Record,
    Result, SslFlags, StoreError, StoreName, Uuid,
};
use certbind_httpsys::{HttpSysStore, LibraryApi};
use tempfile::TempDir;

use crate::{Host, Visit, everything};

struct Windows {
    journal: TempDir,
}

impl Fixture for Windows {
    type Store = HttpSysStore<Arc<LibraryApi>>;

    fn new() -> Self {
        Self {
            journal: TempDir::new().expect("a temporary directory"),
        }
    }

    fn open(&self) -> Result<Self::Store> {
        // A simulated one would start empty each time it was loaded.
        static API: OnceLock<Arc<LibraryApi>> = OnceLock::new();
        let api = API.get_or_init(|| Arc::new(LibraryApi::system().expect("httpapi.dll")));
        let journal = self.journal.path().to_owned();
        HttpSysStore::builder(Arc::clone(api))
            .journal(journal)
            .open()
    }
}

impl Host for Windows {
    fn certificates(&self) -> [CertHash; 2] {
        let hashes = std::env::var("CERTBIND_TEST_CERTIFICATES").expect("two certificates");
        let hashes = hashes.split(',').map(|hash| hash.parse().expect("a hash"));
        let hashes: Vec<_> = hashes.collect();
        hashes.try_into().expect("two certificates")
    }
}

certbind_conformance::suite!(
    http_sys,
    Visit<Windows>,
    durability_not_checked = "the names of the suite's bindings are known to this process only"
);

/// A record of each kind, and the store of the host that it is on, without the suite's names.
fn plain(visit: &Visit<Windows>) -> (<Windows as Fixture>::Store, Vec<Binding>) {
    let store = visit.host.open().expect("it opens");
    let kinds = store.capabilities().kinds;
    let bindings = kinds.into_iter().map(|kind| {
        let key = match kind {
            Kind::IpPort => "127.0.0.1:1",
            Kind::Sni | Kind::ScopedCcs => "plain.example:1",
            Kind::Ccs => "1",
        };
        let key = BindingKey::parse_as(kind, key).expect("a key");
        let record = match kind.names_certificate() {
            true => Record::new(CertHash::new([0; 20]), None, Uuid::nil()),
            false => Record::central(Uuid::nil()),
        };
        visit
            .names
            .binding(&Binding::new(key, record).expect("a binding"))
    });
    (store, bindings.collect())
}

/// The options that netsh can set on every Windows that is supported.
fn options() -> Vec<fn(&mut Record)> {
    vec![
        |record| record.flags = SslFlags::USE_DS_MAPPER,
        |record| record.flags = SslFlags::NEGOTIATE_CLIENT_CERT,
        |record| record.flags = SslFlags::DISABLE_HTTP2 | SslFlags::DISABLE_OCSP_STAPLING,
        |record| record.flags = SslFlags::DISABLE_LEGACY_TLS,
        |record| record.check_mode = CertCheckMode::NO_REVOCATION,
        |record| record.check_mode = CertCheckMode::NO_USAGE_CHECK,
        |record| record.revocation_freshness_time = 86_400,
        |record| record.url_retrieval_timeout = 15_000,
        |record| {
            record.ctl_identifier = Some(CtlIdentifier::new("certbind").expect("a name"));
            record.ctl_store_name = Some(StoreName::new("CA").expect("a name"));
        },
    ]
}

#[test]
fn options_round_trip() {
    let visit = Visit::<Windows>::new();
    let (store, bindings) = plain(&visit);
    // HTTP.sys refuses options of a plain CCS binding.
    for binding in bindings.iter().filter(|b| b.key().kind() != Kind::Ccs) {
        for change in options() {
            let mut record = binding.record().clone();
            change(&mut record);
            let changed = binding.clone().with_record(record).expect("its kind");
            store.put(changed.clone()).expect("put");
            let got = store.get(binding.key()).expect("get");
            assert_eq!(got, Some(changed));
        }
    }
}

#[test]
fn missing_certificate_is_refused_by_name() {
    let visit = Visit::<Windows>::new();
    let (store, bindings) = plain(&visit);
    for binding in bindings.iter().filter(|b| b.record().hash().is_some()) {
        let mut record = binding.record().clone();
        let certificate = record.certificate.as_mut().expect("it names one");
        certificate.hash = CertHash::new([0x5a; 20]);
        let unknown = binding.clone().with_record(record).expect("its kind");
        let refused = store.insert(unknown);
        assert!(
            matches!(&refused, Err(StoreError::CertificateUnavailable { key, .. }) if key == binding.key()),
            "{refused:?}"
        );
        assert_eq!(store.get(binding.key()).expect("get"), None);
    }
}

#[test]
fn nothing_of_others_is_touched() {
    let visit = Visit::<Windows>::new();
    let before = everything(&visit.host.open().expect("it opens")).expect("a scan");
    let (store, bindings) = plain(&visit);
    for binding in &bindings {
        store.insert(binding.clone()).expect("insert");
    }
    let during = everything(&store).expect("a scan");
    assert_eq!(during.len(), before.len() + bindings.len());
    drop(visit);
    let visit = Visit::<Windows>::new();
    assert_eq!(
        everything(&visit.host.open().expect("it opens")).expect("a scan"),
        before
    );
}
