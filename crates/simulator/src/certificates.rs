//! The states of single certificates and stores, which override the inventory.

use std::collections::HashMap;

use certbind_core::{CertHash, Certificate, StoreName};
use certbind_httpapi_abi::win32;

use crate::inventory::Inventory;

/// Where a record without a store name has its certificate
/// (`HTTP_SERVICE_CONFIG_SSL_PARAM.pSslCertStoreName`).
const DEFAULT_STORE: &str = "MY";

/// The state of a certificate when a record names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateState {
    /// It is present, with a private key that the machine can use.
    Usable,
    /// It is present without a private key that the machine can use, as when a `.cer` was imported
    /// or the key is a user's: 1312.
    WithoutKey,
    /// It is absent: 1312.
    Absent,
    /// Its key was created moments ago: this number of sets and updates are answered 87, and then
    /// it is usable. Seen on Windows Server 2025 after a `certreq -accept`.
    Settling {
        /// How many are.
        attempts: u32,
    },
}

/// The certificates and stores that differ from the inventory.
#[derive(Default)]
pub(crate) struct Certificates {
    states: HashMap<CertHash, CertificateState>,
    missing_stores: Vec<StoreName>,
}

impl Certificates {
    pub(crate) fn put(&mut self, hash: CertHash, state: CertificateState) {
        self.states.insert(hash, state);
    }

    pub(crate) fn lose_store(&mut self, name: StoreName) {
        self.missing_stores.push(name);
    }

    /// Whether a record may name this certificate; asking a settling one brings it closer.
    ///
    /// # Errors
    /// The code that a set or an update of such a record answers.
    pub(crate) fn check(
        &mut self,
        inventory: &Inventory,
        certificate: &Certificate,
    ) -> Result<(), u32> {
        let store = certificate.store_name.as_ref();
        let store = store.map_or(DEFAULT_STORE, StoreName::as_str);
        let missing = |name: &StoreName| name.as_str().eq_ignore_ascii_case(store);
        if self.missing_stores.iter().any(missing) {
            return Err(win32::NO_SUCH_LOGON_SESSION);
        }
        let hash = &certificate.hash;
        match self.states.get_mut(hash) {
            None if inventory.has(hash) => Ok(()),
            None | Some(CertificateState::WithoutKey | CertificateState::Absent) => {
                Err(win32::NO_SUCH_LOGON_SESSION)
            }
            Some(CertificateState::Usable | CertificateState::Settling { attempts: 0 }) => Ok(()),
            Some(CertificateState::Settling { attempts }) => {
                *attempts -= 1;
                Err(win32::INVALID_PARAMETER)
            }
        }
    }
}
