//! The mapping of a binding to another store.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use certbind_core::{
    Binding, BindingError, BindingKey, CertHash, IpPort, KeyError, StoreName, Uuid,
};

use crate::rules::{Address, Rules, Store};

/// The rules that map values of the source to values of the target. Values without a rule stay
/// unchanged.
///
/// ```
/// use certbind_migrate::Mapping;
/// use certbind_core::{Binding, CertHash, Record, Uuid};
///
/// let mut mapping = Mapping::default();
/// mapping.addresses.add("0.0.0.0=10.0.1.7".parse()?)?;
/// mapping.store_names.add("my=WebHosting".parse()?)?;
///
/// let record = Record::new(CertHash::new([1; 20]), Some("MY".parse()?), Uuid::nil());
/// let mapped = mapping.map(&Binding::new("0.0.0.0:443".parse()?, record)?)?;
/// assert_eq!(mapped.key().to_string(), "ipport=10.0.1.7:443");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Certificates.
    pub certificates: Rules<CertHash>,
    /// The addresses of `ipport` keys, the wildcards among them.
    pub addresses: Rules<Address>,
    /// The stores of certificates; that of a CTL is not mapped.
    pub store_names: Rules<Store>,
    /// Application ids.
    pub applications: Rules<Uuid>,
    /// The certificate store of the certificates that a rule names. Others stay where they are.
    pub store_of_mapped: Option<StoreName>,
}

impl Mapping {
    /// Applies the rules to a binding.
    ///
    /// # Errors
    /// [`BindingError`] if the mapped values are not valid together. A binding that no rule changes
    /// causes no error.
    pub fn map(&self, binding: &Binding) -> Result<Binding, BindingError> {
        let mut record = binding.record().clone();
        if let Some(certificate) = &mut record.certificate {
            let mapped = self.certificates.get(&certificate.hash);
            if let Some(hash) = mapped {
                certificate.hash = *hash;
            }
            let store = Store(certificate.store_name.take());
            certificate.store_name = match self.store_names.get(&store) {
                Some(other) => other.0.clone(),
                None => store.0,
            };
            if let (Some(store), Some(_)) = (&self.store_of_mapped, mapped) {
                certificate.store_name = Some(store.clone());
            }
        }
        record.app_id = self.application(record.app_id);
        match self.key(binding.key()) {
            Some(key) => Binding::new(key, record),
            None => binding.clone().with_record(record),
        }
    }

    pub(crate) fn application(&self, id: Uuid) -> Uuid {
        *self.applications.get(&id).unwrap_or(&id)
    }

    /// The mapped `key`, where a rule names its address.
    fn key(&self, key: &BindingKey) -> Option<BindingKey> {
        let BindingKey::IpPort(endpoint) = key else {
            return None;
        };
        let from = Address::of(endpoint);
        let to = self.addresses.get(&from)?;
        to.with_port(endpoint.port().get())
            .ok()
            .map(BindingKey::IpPort)
    }
}

impl Address {
    fn of(endpoint: &IpPort) -> Self {
        let scope = match endpoint.addr() {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(v6) => v6.scope_id(),
        };
        Self {
            ip: endpoint.ip(),
            scope,
        }
    }

    fn with_port(&self, port: u16) -> Result<IpPort, KeyError> {
        IpPort::new(match self.ip {
            IpAddr::V4(ip) => (ip, port).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope).into(),
        })
    }
}
