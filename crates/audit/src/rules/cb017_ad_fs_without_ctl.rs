//! An AD FS binding that asks for client certificates without a list.

use certbind_core::{Binding, SslFlags};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB017",
    title: "An AD FS record asks for client certificates without a list of issuers",
    severity: Severity::Warning,
    why: "Without a list (CTL) the client is not told which issuers the service takes, and \
        offers any certificate or none: signing in with a device or a smart card fails for \
        some users and not for others. The store of a list alone names none.",
    remedy: "Name the list (netsh: sslctlidentifier and sslctlstorename), or leave client \
        certificates to the port that AD FS keeps for them (clientcertnegotiation=disable \
        here).",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let record = binding.record();
    let asks = record.flags.contains(SslFlags::NEGOTIATE_CLIENT_CERT);
    if !asks || record.ctl_identifier.is_some() {
        return None;
    }
    let certificate_store = record
        .certificate
        .as_ref()
        .and_then(|certificate| certificate.store_name.as_ref());
    let named = [record.ctl_store_name.as_ref(), certificate_store]
        .into_iter()
        .flatten()
        .find(|name| is_of_ad_fs(name.as_str()))?;
    Some(
        format!(
            "it asks for client certificates, names the store {:?}, and no list in it",
            named.as_str()
        )
        .into(),
    )
}

/// Whether the name of a store says AD FS, as `AdfsTrustedDevices` does.
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
    Cases::new()
        .trips(
            Scene::new().bind_as("hostnameport=fs.contoso.com:443", devices),
            &["hostnameport=fs.contoso.com:443"],
            "names the store \"AdfsTrustedDevices\"",
        )
        .trips(
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags |= SslFlags::NEGOTIATE_CLIENT_CERT;
                record.certificate.as_mut().unwrap().store_name = Some("AD FS".parse().unwrap());
            }),
            &["ipport=0.0.0.0:443"],
            "\"AD FS\"",
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
