//! An AD FS binding that requests client certificates and names a store of issuers for devices.

use certbind_core::{Binding, SslFlags, Uuid};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB017",
    title: "An AD FS record requests only client certificates from device issuers",
    severity: Severity::Warning,
    why: "AD FS asks for client certificates on port 49443 and on certauth.NAME:443, and sets no \
        CTL store there. With a CTL store, the server sends the client the issuers in it, and the \
        client offers no certificate from any other issuer: signing in with a smart card or a \
        user certificate fails.",
    remedy: "Take the CTL store away: add the record again without sslctlstorename, so that Ctl \
        Store Name is (null), as AD FS sets it.",
};

/// The application id of AD FS ([`certbind_migrate::applications`]).
const AD_FS: Uuid = Uuid::from_u128(0x5d89a20c_beab_4389_9447_324788eb944a);

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let record = binding.record();
    let asks = record.flags.contains(SslFlags::NEGOTIATE_CLIENT_CERT);
    if !asks || record.ctl_identifier.is_some() {
        return None;
    }
    let store = record.ctl_store_name.as_ref()?;
    if !is_of_ad_fs(store.as_str()) && !is_certificate_endpoint(binding) {
        return None;
    }
    let what = format!(
        "it asks for client certificates, and its CTL store is {:?}",
        store.as_str()
    );
    Some(what.into())
}

/// Whether AD FS bound it to request certificates: at its port for that, or at the name for it.
fn is_certificate_endpoint(binding: &Binding) -> bool {
    let key = binding.key();
    let has_name = || {
        let host = key.host().map(certbind_core::Host::as_str);
        host.is_some_and(|host| host.starts_with("certauth."))
    };
    binding.record().app_id == AD_FS && (key.port().get() == 49443 || has_name())
}

/// Whether the name of a store contains AD FS, as `AdfsTrustedDevices` does.
fn is_of_ad_fs(name: &str) -> bool {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    letters.to_ascii_lowercase().contains("adfs")
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use certbind_core::Record;
    let devices = |record: &mut Record| {
        record.flags |= SslFlags::NEGOTIATE_CLIENT_CERT;
        record.ctl_store_name = Some("AdfsTrustedDevices".parse().unwrap());
    };
    let issuers_of_ad_fs = |record: &mut Record| {
        record.flags |= SslFlags::NEGOTIATE_CLIENT_CERT;
        record.ctl_store_name = Some("ClientAuthIssuer".parse().unwrap());
        record.app_id = AD_FS;
    };
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=fs.contoso.com:443", devices),
            &["hostnameport=fs.contoso.com:443"],
            "its CTL store is \"AdfsTrustedDevices\"",
        )
        .trips(
            Scene::new().bind_as("hostnameport=sts.contoso.com:49443", devices),
            &["hostnameport=sts.contoso.com:49443"],
            "its CTL store is",
        )
        .trips(
            Scene::new().bind_as("hostnameport=sts.contoso.com:49443", issuers_of_ad_fs),
            &["hostnameport=sts.contoso.com:49443"],
            "its CTL store is \"ClientAuthIssuer\"",
        )
        .trips(
            Scene::new().bind_as(
                "hostnameport=certauth.sts.contoso.com:443",
                issuers_of_ad_fs,
            ),
            &["hostnameport=certauth.sts.contoso.com:443"],
            "its CTL store is \"ClientAuthIssuer\"",
        )
        .passes(
            "another endpoint of AD FS",
            Scene::new().bind_as("hostnameport=sts.contoso.com:443", issuers_of_ad_fs),
        )
        .passes(
            "no CTL store, as AD FS sets it",
            Scene::new().bind_as("hostnameport=certauth.fs.contoso.com:443", |record| {
                devices(record);
                record.ctl_store_name = None;
            }),
        )
        .passes(
            "it names a list",
            Scene::new().bind_as("hostnameport=fs.contoso.com:443", |record| {
                devices(record);
                record.ctl_identifier = Some("devices".parse().unwrap());
            }),
        )
        .passes(
            "it does not ask",
            Scene::new().bind_as("hostnameport=fs.contoso.com:443", |record| {
                devices(record);
                record.flags = SslFlags::DISABLE_LEGACY_TLS;
            }),
        )
        .passes(
            "another store",
            Scene::new().bind_as("hostnameport=fs.contoso.com:443", |record| {
                devices(record);
                record.ctl_store_name = Some("ClientAuthIssuer".parse().unwrap());
            }),
        )
}
