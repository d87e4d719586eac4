//! The configuration that the library in a program under test starts with.

use std::collections::BTreeMap;

use certbind_core::{CertHash, StoreName};
use certbind_simulator::{CertificateState, Privilege, Profile};
use serde::Serialize;

use crate::fault::Fault;

/// The fields of the file that `docs/simulator.md` describes, as far as a harness has them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Config {
    store: &'static str,
    shared: bool,
    profile: &'static str,
    user: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) machine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_as: Option<String>,
    /// A folder, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificates: Option<&'static str>,
    pub(crate) missing_stores: Vec<StoreName>,
    /// SIDs by names.
    pub(crate) accounts: BTreeMap<String, String>,
    certificate: Vec<Certificate>,
    pub(crate) fault: Vec<Fault>,
    #[serde(skip)]
    pub(crate) version: Profile,
}

#[derive(Clone, Debug, Serialize)]
struct Certificate {
    hash: CertHash,
    state: State,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Usable,
    WithoutKey,
    Absent,
    Settling(u32),
}

/// The folder of certificates, relative to that of the configuration.
pub(crate) const CERTIFICATES: &str = "certificates";

/// The URL of the store, relative to the folder of the configuration.
pub(crate) const STORE: &str = "redb:bindings.redb";

impl Config {
    pub(crate) fn new() -> Self {
        let mut config = Self {
            store: STORE,
            shared: true,
            profile: "",
            user: "",
            machine: None,
            run_as: None,
            accounts: BTreeMap::new(),
            certificates: None,
            missing_stores: Vec::new(),
            certificate: Vec::new(),
            fault: Vec::new(),
            version: Profile::default(),
        };
        config.set_profile(Profile::default());
        config.set_user(Privilege::default());
        config
    }

    pub(crate) fn set_profile(&mut self, profile: Profile) {
        self.profile = profile.name();
        self.version = profile;
    }

    pub(crate) fn set_user(&mut self, user: Privilege) {
        self.user = match user {
            Privilege::Administrator => "administrator",
            Privilege::StandardUser => "standard",
        };
    }

    pub(crate) fn set_certificate(&mut self, hash: CertHash, state: CertificateState) {
        let state = match state {
            CertificateState::WithoutKey => State::WithoutKey,
            CertificateState::Absent => State::Absent,
            CertificateState::Settling { attempts } => State::Settling(attempts),
            _ => State::Usable,
        };
        self.certificate.push(Certificate { hash, state });
    }

    /// The same with faults that affect no call, for validation.
    pub(crate) fn without_effects(&self) -> String {
        let fault = self.fault.iter().map(Fault::never).collect();
        let tried = Self {
            fault,
            ..self.clone()
        };
        tried.to_toml()
    }

    pub(crate) fn to_toml(&self) -> String {
        toml::to_string(self).expect("texts and numbers, which TOML has")
    }
}
