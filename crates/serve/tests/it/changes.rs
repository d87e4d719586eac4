//! Changes of the bindings apply to the next handshake.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use certbind_core::{Binding, BindingStore, MemoryStore, SslFlags};
use certbind_serve::Event;

use crate::certificates::{Certificates, socket};
use crate::hostile::handshake;

fn hash_met(to: std::net::SocketAddr, name: &str) -> Option<certbind_core::CertHash> {
    let (tls, _) = handshake(to, name).ok()?;
    let der = tls.peer_certificates()?.first()?.to_vec();
    Some(certbind_certificates::hash_of_file(&der).unwrap())
}

#[test]
fn the_next_handshake_has_the_new_certificate() {
    let certificates = Certificates::new(&["old", "new"]);
    let store: Arc<dyn BindingStore> = Arc::new(MemoryStore::new());
    let bind = |key: &str, number| certificates.bind(key, number, SslFlags::empty());
    store.put(bind("0.0.0.0:443", 0)).unwrap();
    let server = certificates.serve(Arc::clone(&store)).start().unwrap();
    let to = socket(&server, "127.0.0.1", 443);
    let name = "www.contoso.com";
    for round in 0..20 {
        let now = round % 2;
        store.put(bind("0.0.0.0:443", now)).unwrap();
        assert_eq!(hash_met(to, name), Some(certificates.hashes[now]));
        store
            .put(bind("hostnameport=www.contoso.com:443", 1 - now))
            .unwrap();
        assert_eq!(hash_met(to, name), Some(certificates.hashes[1 - now]));
        store
            .remove(&"hostnameport=www.contoso.com:443".parse().unwrap())
            .unwrap();
    }
    server.stop();
}

#[test]
fn new_ports_are_listened_on_and_old_ones_closed() {
    let certificates = Certificates::new(&["www.contoso.com"]);
    let store: Arc<dyn BindingStore> = Arc::new(MemoryStore::new());
    let bind = |key: &str| certificates.bind(key, 0, SslFlags::empty());
    store.put(bind("0.0.0.0:443")).unwrap();
    let (changed, changes) = mpsc::channel();
    let server = certificates
        .serve(Arc::clone(&store))
        .on_event(move |event| {
            if let Event::Endpoints(endpoints) = event {
                let ports = endpoints.iter().map(|it| it.port.get());
                changed
                    .send(ports.collect::<std::collections::BTreeSet<_>>())
                    .unwrap();
            }
        })
        .start()
        .unwrap();
    let next = || changes.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(next(), [443].into());
    let old = socket(&server, "127.0.0.1", 443);
    store.put(bind("0.0.0.0:8443")).unwrap();
    store.remove(&"0.0.0.0:443".parse().unwrap()).unwrap();
    while next() != [8443].into() {}
    assert!(std::net::TcpStream::connect(old).is_err());
    server.stop();
}

/// An installer may write a certificate into the folder and bind it.
#[test]
fn certificates_may_be_added_to_the_folder() {
    let certificates = Certificates::new(&["old"]);
    let store: Arc<dyn BindingStore> = Arc::new(MemoryStore::new());
    store
        .put(certificates.bind("0.0.0.0:443", 0, SslFlags::empty()))
        .unwrap();
    let server = certificates.serve(Arc::clone(&store)).start().unwrap();
    let (pem, hash) = crate::certificates::certificate("new");
    std::fs::write(certificates.path().join("new.pem"), pem).unwrap();
    let record = certbind_core::Record::new(hash, None, certbind_core::Uuid::nil());
    let new: Binding = crate::certificates::binding("0.0.0.0:443", record);
    store.put(new).unwrap();
    let to = socket(&server, "127.0.0.1", 443);
    assert_eq!(hash_met(to, "www.contoso.com"), Some(hash));
    server.stop();
}
