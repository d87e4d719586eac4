//! The fixes of findings about a record.

use certbind_core::{Binding, BindingKey, CertCheckMode, Record};

use super::{Fix, Fixes, certificates, command, fix, new_file, options};
use crate::finding::{Finding, Subject};
use crate::host_export::HostExport;

/// The most records that one finding changes.
const MAX_RECORDS: usize = 5;

impl Fixes<'_> {
    pub(super) fn of_record(
        &self,
        finding: &Finding,
        host: &HostExport,
        binding: &Binding,
    ) -> Option<Fix> {
        let store = host.store.as_deref();
        let key = binding.key().to_string();
        let rule = finding.rule.id;
        let set = |words: &[&str]| {
            let words = [&[&*key], words].concat();
            fix(None, [command(store, "update", words)])
        };
        let make = |condition, wanted: &Record| {
            let words = options::between(binding.record(), wanted)?;
            let words = [key.clone()].into_iter().chain(words);
            fix(condition, [command(store, "update", words)])
        };
        let delete = |condition| fix(Some(condition), [command(store, "delete", [&key])]);
        let index = finding.place.host?;
        let before = || self.before.get(&(index, binding.key()));
        match rule {
            "CB001" => {
                let [first] = related(finding)[..] else {
                    return None;
                };
                let first = first.key().to_string();
                let command = command(store, "delete", [&first]);
                fix(Some("nothing needs the record that comes first"), [command])
            }
            "CB002" => {
                let hash = binding.record().hash()?.to_string();
                let others = related(finding);
                if others.len() > MAX_RECORDS || finding.related.more > 0 {
                    return None;
                }
                let update = |other: &&Binding| {
                    let key = other.key().to_string();
                    command(store, "update", [&*key, "--hash", &hash])
                };
                let condition = "the certificate of the wildcard address is the right one";
                fix(Some(condition), others.iter().map(update))
            }
            "CB003" => {
                let of_v4 = related(finding).first()?.record();
                let mut wanted = of_v4.clone();
                wanted.app_id = binding.record().app_id;
                make(Some("the record of 0.0.0.0 is the right one"), &wanted)
            }
            "CB005" => set(&["--store-name=MY"]),
            "CB007" | "CB204" => delete("no program needs it"),
            "CB008" => delete("it is a server"),
            "CB009" => set(&["--verifyclientcertrevocation", "enable"]),
            "CB010" => set(&["--verifyrevocationwithcachedclientcertonly", "disable"]),
            "CB011" => set(&["--usagecheck", "enable"]),
            "CB012" => set(&["--disablelegacytls", "enable"]),
            "CB013" => set(&["--disabletls12", "disable"]),
            "CB014" => set(&["--disabletls13", "disable"]),
            "CB015" => set(&["--disablehttp2", "disable"]),
            "CB016" => set(&["--disableocspstapling", "disable"]),
            "CB017" => set(&["--sslctlstorename="]),
            "CB019" => {
                let mut wanted = binding.record().clone();
                wanted.check_mode.remove(CertCheckMode::NO_REVOCATION);
                wanted
                    .check_mode
                    .insert(CertCheckMode::USE_REVOCATION_FRESHNESS);
                make(None, &wanted)
            }
            "CB032" => {
                let BindingKey::IpPort(endpoint) = binding.key() else {
                    return None;
                };
                let address = endpoint.addr().ip();
                // A list of single addresses is not extended by all addresses.
                let listen = format!("netsh http add iplisten ipaddress={address}");
                let listens = (!address.is_unspecified()).then_some(listen);
                fix(Some("the host has the address"), [listens])
            }
            "CB107" => {
                let name = binding.key().host()?.as_str();
                match certificates::covering(name, self.inventory, &self.report.config) {
                    Some(hash) => set(&["--hash", &hash.to_string()]),
                    None => {
                        let file = new_file(name)?;
                        let condition = format!("{file} is a certificate for the name");
                        let words = [&*key, "--cert", &file];
                        fix(Some(&condition), [command(store, "update", words)])
                    }
                }
            }
            "CB201" => delete("it is not meant"),
            "CB202" => {
                let record = binding.record();
                let empty = Record::central(record.app_id);
                let words = options::between(&empty, record)?;
                let owner = ["--app-id".to_owned(), record.app_id.to_string()];
                let words = [key.clone()].into_iter().chain(words).chain(owner);
                fix(Some("it is needed"), [command(store, "add", words)])
            }
            "CB203" => make(Some("the change was not meant"), before()?.record()),
            "CB207" => {
                let now = binding.record();
                let mut wanted = before()?.record().clone();
                wanted.certificate.clone_from(&now.certificate);
                wanted.app_id = now.app_id;
                make(None, &wanted)
            }
            "CB402" => delete("nothing uses it"),
            _ => self.of_certificate(rule, binding.record().hash()?, &[index]),
        }
    }
}

/// The bindings that a finding is related to.
pub(super) fn related(finding: &Finding) -> Vec<&Binding> {
    let places = finding.related.places.iter();
    let bindings = places.filter_map(|it| match &it.subject {
        Subject::Binding(binding) => Some(binding),
        _ => None,
    });
    bindings.collect()
}
