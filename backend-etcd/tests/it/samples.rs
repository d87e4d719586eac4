//! The bindings of the tests, and the server that they share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use certbind_core::{Binding, BindingKey, CertHash, Record, Uuid};
use certbind_etcd::{EtcdBuilder, EtcdStore, HostName};
use certbind_etcd_server::Server;

/// The server that the tests share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// A host that no other test has.
pub(crate) fn new_host() -> HostName {
    static HOSTS: AtomicU64 = AtomicU64::new(0);
    let host = HOSTS.fetch_add(1, Ordering::Relaxed);
    HostName::new(&format!("host{host}")).unwrap()
}

/// A store of the shared server.
pub(crate) fn store(host: &HostName) -> EtcdStore {
    etcd().open(host).unwrap()
}

/// A builder for the shared server.
pub(crate) fn etcd() -> EtcdBuilder {
    EtcdStore::builder([server().endpoint()])
}

pub(crate) fn key(n: u16) -> BindingKey {
    format!("10.0.0.1:{n}").parse().unwrap()
}

/// A binding of the key `n`, with a mark that identifies it.
pub(crate) fn marked(n: u16, mark: u128) -> Binding {
    let record = Record::new(CertHash::new([1; 20]), None, Uuid::from_u128(mark));
    Binding::new(key(n), record).unwrap()
}

pub(crate) fn mark(binding: &Binding) -> u128 {
    binding.record().app_id.as_u128()
}
