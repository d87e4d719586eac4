//! A simulated host whose records can be read without the API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use certbind_core::{
    Binding, BindingKey, BindingStore, IpPort, Kind, MemoryStore, PropertyType, Scan, StoreError,
};
use certbind_httpsys::HttpSysStore;
use certbind_simulator::{Call, CertificateState, Simulator, Windows};
use tempfile::TempDir;

use crate::Answer;
use crate::generator::{Rng, binding, keys};

pub(crate) type Store = HttpSysStore<Arc<Simulator>>;

pub(crate) struct Host {
    records: Arc<MemoryStore>,
    variant: Vec<Answer>,
    pub(crate) simulator: Arc<Simulator>,
    journal: TempDir,
}

impl Host {
    pub(crate) fn new(variant: &[Answer]) -> Self {
        let mut windows = Windows::default();
        for (name, value) in variant {
            windows.set(name, value).expect("an option");
        }
        let records = Arc::new(MemoryStore::new());
        let simulator = Simulator::new(Arc::clone(&records) as _).answering(windows);
        // Slow calls take no time here.
        let simulator = simulator.sleeping(|_| ());
        if variant
            .iter()
            .any(|(name, _)| *name == "certificate_missing")
        {
            simulator.certificate([4; 20].into(), CertificateState::Absent);
        }
        Self {
            records,
            variant: variant.to_vec(),
            simulator: Arc::new(simulator),
            journal: TempDir::new().expect("a folder"),
        }
    }

    pub(crate) fn open(&self) -> Result<Store, StoreError> {
        HttpSysStore::builder(Arc::clone(&self.simulator))
            .journal(self.journal.path().join("journal"))
            .retry_pause(Duration::ZERO)
            .open()
    }

    /// Stores a record unchanged by this Windows, but under a key that it can have, and without the
    /// properties that it does not support.
    pub(crate) fn put(&self, binding: Binding) {
        let key = self.stored_key(binding.key());
        let has = |option: &str| self.variant.iter().any(|(name, _)| *name == option);
        let mut record = binding.record().clone();
        for property in PropertyType::ALL {
            if has("property_ids") || (has("property_types") && property.number() >= 2) {
                record.extended = record.extended.without(property);
            }
        }
        let binding = match key == *binding.key() {
            true => binding.with_record(record),
            false => Binding::new(key, record),
        };
        self.records
            .put(binding.expect("the same kind"))
            .expect("a put");
    }

    /// The key in the form that this Windows stores.
    fn stored_key(&self, key: &BindingKey) -> BindingKey {
        let BindingKey::IpPort(endpoint) = key else {
            return key.clone();
        };
        let mut address = endpoint.addr();
        if let SocketAddr::V6(v6) = &mut address {
            if self.answers(("ipv6", "no-scope")) {
                v6.set_scope_id(0);
            }
            if self.answers(("ipv6", "mapped-to-ipv4"))
                && let Some(v4) = v6.ip().to_ipv4_mapped()
            {
                address = SocketAddr::from((v4, v6.port()));
            }
        }
        BindingKey::IpPort(IpPort::new(address).expect("the same port"))
    }

    /// The bindings, read without the API.
    pub(crate) fn truth(&self) -> BTreeMap<BindingKey, Binding> {
        self.simulator.settle();
        let found = self.records.scan(&Scan::all()).expect("a scan");
        let found = found.map(|binding| binding.expect("a binding"));
        let mut found: Vec<_> = found.collect();
        // That one shows another certificate than was set.
        if self.answers(("odd_record", "hash-zeros"))
            && let Some(odd) = found.iter_mut().find(|of| of.key().kind() == Kind::IpPort)
        {
            let mut record = odd.record().clone();
            if let Some(certificate) = &mut record.certificate {
                certificate.hash = [0; 20].into();
            }
            *odd = odd.clone().with_record(record).expect("the same kind");
        }
        found
            .into_iter()
            .map(|binding| (binding.key().clone(), binding))
            .collect()
    }

    fn answers(&self, answer: Answer) -> bool {
        self.variant.contains(&answer)
    }

    /// Stores records in the form of this Windows; a record that it refuses, unchanged.
    pub(crate) fn fill(
        &self,
        rng: &mut Rng,
        store: &Store,
        has_kind: impl Fn(&BindingKey) -> bool,
    ) {
        for key in keys() {
            if rng.below(3) > 0 && has_kind(&key) {
                let binding = binding(rng, key);
                // A kind that is no longer supported is bound nonetheless.
                match self.variant.iter().any(|(name, _)| *name == "later_ids") {
                    true => self.put(binding),
                    false => drop(store.put(binding)),
                }
            }
        }
        if self.truth().is_empty() {
            for key in keys().into_iter().filter(has_kind) {
                self.put(binding(rng, key));
            }
        }
        let _ = store.take_notices();
    }

    pub(crate) fn calls(&self) -> u64 {
        Call::ALL
            .iter()
            .map(|call| self.simulator.calls(*call))
            .sum()
    }
}
