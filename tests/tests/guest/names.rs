//! The names of the suite's bindings on a host that belongs to others.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use certbind_core::{
    Binding, BindingKey, CertHash, Kind, PropertyValue, Record, SslFlags, StoreName, Uuid,
};

/// The ports that a guest uses. Windows has few services there.
const PORTS: std::ops::RangeInclusive<u16> = 50_001..=u16::MAX;

/// The start of every application id of a guest: "certbind" in ASCII. A number follows.
const APPLICATION: u128 = 0x6365_7274_6269_6e64_0000_0000_0000_0000;

/// A number for each of the bindings of a key, and a port for each key.
///
/// The contents of the suite's bindings are kept here; the host stores only their number, as an
/// application id. So every host can store them, and no two bindings are equal.
pub(crate) struct Names {
    certificates: [CertHash; 2],
    known: Mutex<Known>,
}

struct Known {
    free: BTreeSet<u16>,
    hosts: HashMap<BindingKey, BindingKey>,
    suites: HashMap<BindingKey, Vec<Binding>>,
}

impl Names {
    /// `certificates` are in the store `MY` of the host, `taken` are ports that others use there.
    pub(crate) fn new(certificates: [CertHash; 2], taken: &BTreeSet<u16>) -> Self {
        let known = Known {
            free: PORTS.filter(|port| !taken.contains(port)).collect(),
            hosts: HashMap::new(),
            suites: HashMap::new(),
        };
        Self {
            certificates,
            known: Mutex::new(known),
        }
    }

    /// The host's key for one of the suite's.
    pub(crate) fn key(&self, key: &BindingKey) -> BindingKey {
        let mut known = self.known();
        if let Some(key) = known.hosts.get(key) {
            return key.clone();
        }
        let port = known.free.pop_first().expect("a port that is free");
        let value = match key {
            BindingKey::IpPort(address) if address.ip().is_ipv6() => format!("[::1]:{port}"),
            BindingKey::IpPort(_) => format!("127.0.0.1:{port}"),
            BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => {
                format!("h{port}.certbind.test:{port}")
            }
            BindingKey::Ccs(_) => port.to_string(),
        };
        let host = BindingKey::parse_as(key.kind(), &value).expect("a key");
        known.hosts.insert(key.clone(), host.clone());
        known.suites.insert(host.clone(), Vec::new());
        host
    }

    /// The host's binding for one of the suite's.
    pub(crate) fn binding(&self, binding: &Binding) -> Binding {
        let key = self.key(binding.key());
        let mut known = self.known();
        let bindings = known.suites.get_mut(&key).expect("its key has a name");
        let number = bindings.iter().position(|other| other == binding);
        let number = number.unwrap_or_else(|| {
            bindings.push(binding.clone());
            bindings.len() - 1
        });
        let app_id = Uuid::from_u128(APPLICATION | number as u128);
        let mut record = match binding.record().hash() {
            Some(hash) => {
                let hash = self.certificates[usize::from(hash.as_bytes()[0] % 2)];
                let store = StoreName::new("MY").expect("a store name");
                Record::new(hash, Some(store), app_id)
            }
            None => Record::central(app_id).with_flags(options(binding)),
        };
        // A host without extended properties has to refuse them.
        if !binding.record().extended.is_empty() {
            let window = PropertyValue::Http2Window {
                receive_window: 65_535,
            };
            record.extended = record.extended.with(window.into());
        }
        Binding::new(key, record).expect("a record of that kind")
    }

    /// The suite's binding that corresponds to the host's.
    ///
    /// # Panics
    /// If the suite has not written it.
    pub(crate) fn suites(&self, host: &Binding) -> Binding {
        let number = host.record().app_id.as_u128() ^ APPLICATION;
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let written = |known: &Known| known.suites.get(host.key())?.get(number).cloned();
        let binding = written(&self.known()).expect("a binding that was written");
        assert_eq!(*host, self.binding(&binding), "it keeps what it was given");
        binding
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a guest has created it, this one or another.
pub(crate) fn is_a_guests(host: &Binding) -> bool {
    PORTS.contains(&host.key().port().get())
        && host.record().app_id.as_u128() >> 64 == APPLICATION >> 64
}

/// A plain CCS binding with options has to be refused, so it needs some on the host too.
fn options(binding: &Binding) -> SslFlags {
    match binding.key().kind() == Kind::Ccs && binding.record().has_options() {
        true => SslFlags::DISABLE_HTTP2,
        false => SslFlags::empty(),
    }
}
