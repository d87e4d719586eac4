//! The targets, one in a file. A new one is a file and a line here.

mod abi_record;
mod abi_request;
mod archive;
mod certificates;
mod exports;
mod hive;
mod hive_log;
mod iis;
mod json;
mod key_bytes;
mod key_text;
mod netsh_answer;
mod netsh_command;
mod netsh_listing;
mod plan;
mod reg;
mod snapshot;
mod value_bytes;

use certbind_core::{Binding, BindingKey, CtlIdentifier, Record, SslFlags, Uuid};
use certbind_formats::{Export, Header};

use crate::Target;

pub(crate) const ALL: &[&Target] = &[
    &abi_record::TARGET,
    &abi_request::TARGET,
    &archive::TARGET,
    &certificates::TARGET,
    &hive::TARGET,
    &hive_log::TARGET,
    &iis::TARGET,
    &json::TARGET,
    &key_bytes::TARGET,
    &key_text::TARGET,
    &netsh_answer::TARGET,
    &netsh_command::TARGET,
    &netsh_listing::TARGET,
    &plan::TARGET,
    &reg::TARGET,
    &snapshot::TARGET,
    &value_bytes::TARGET,
];

/// Keys of each kind, plain and unusual.
const KEYS: [&str; 8] = [
    "ipport=0.0.0.0:443",
    "ipport=[::]:443",
    "ipport=[fe80::1%7]:8443",
    "hostnameport=www.contoso.com:443",
    "hostnameport=*.example:1",
    "ccs=443",
    "ccs=65535",
    "scopedccs=a_b.xn--bcher-kva.example:443",
];

/// Bindings of each kind, with and without options.
fn bindings() -> Vec<Binding> {
    let app_id = Uuid::from_u128(0x4dc3_e181_e14b_4a21_b022_59fc_669b_0914);
    let binding = |(n, key): (usize, &str)| {
        let key: BindingKey = key.parse().expect("a key");
        let store = ["MY", "WebHosting", "Remote Desktop"][n % 3].parse();
        let hash = [u8::try_from(n).expect("few"); 20].into();
        let mut record = match key.kind().names_certificate() {
            true => Record::new(hash, store.ok(), app_id),
            false => Record::central(app_id),
        };
        if n % 2 == 1 {
            record.flags = SslFlags::DISABLE_HTTP2 | SslFlags::NEGOTIATE_CLIENT_CERT;
            record.revocation_freshness_time = 86_400;
            record.ctl_identifier = CtlIdentifier::new("list").ok();
        }
        let host = key.host().map(|host| host.as_str().to_uppercase());
        let binding = Binding::new(key, record).expect("a binding");
        match host {
            Some(host) if n == 3 => binding.with_host_spelling(&host).expect("the same host"),
            _ => binding,
        }
    };
    KEYS.into_iter().enumerate().map(binding).collect()
}

fn export(bindings: Vec<Binding>) -> Export {
    Export {
        header: Header {
            host: Some("WEB-01".to_owned()),
            ..Header::default()
        },
        bindings,
        ..Export::default()
    }
}
