//! Bindings of addresses that the listen list leaves out.

use std::net::IpAddr;

use certbind_core::BindingKey;
use certbind_httpapi_abi::service::ListenAddress;

use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB032",
    title: "The IP listen list does not include the address of a binding",
    severity: Severity::Warning,
    why: "HTTP.sys listens only on the addresses in its IP listen list. A binding of another \
        address is never used: connections are refused, or another program accepts them.",
    remedy: "Add the address with netsh http add iplisten ipaddress=ADDRESS, or delete the binding.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let configuration = host.export.reading.export.configuration.as_ref();
    let listened: Vec<IpAddr> = configuration
        .iter()
        .flat_map(|it| it.listen_list.iter().map(ListenAddress::ip))
        .collect();
    if listened.is_empty() {
        return;
    }
    for bound in &host.bindings {
        let BindingKey::IpPort(endpoint) = bound.binding.key() else {
            continue;
        };
        let address = endpoint.addr().ip();
        let is_heard = |on: &IpAddr| {
            on.is_ipv4() == address.is_ipv4()
                && (*on == address || on.is_unspecified() || address.is_unspecified())
        };
        if listened.iter().any(is_heard) {
            continue;
        }
        let list: Vec<_> = listened.iter().take(8).map(ToString::to_string).collect();
        let more = match listened.len() - list.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        findings.add(
            bound.place(),
            format!("HTTP.sys listens only on {}{more}", list.join(", ")),
        );
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let listens = |on: &[&str], key: &str| Scene::new().bind(key).listening_on(on);
    Cases::new()
        .trips(
            listens(&["10.0.0.1", "10.0.0.2"], "10.0.0.3:443"),
            &["ipport=10.0.0.3:443"],
            "HTTP.sys listens only on 10.0.0.1, 10.0.0.2",
        )
        .trips(
            listens(&["10.0.0.1"], "[::]:443"),
            &["ipport=[::]:443"],
            "listens only on 10.0.0.1",
        )
        .passes("there is no list", listens(&[], "10.0.0.3:443"))
        .passes("it is in the list", listens(&["10.0.0.3"], "10.0.0.3:443"))
        .passes("the list has all", listens(&["0.0.0.0"], "10.0.0.3:443"))
        .passes(
            "it is of all addresses",
            listens(&["10.0.0.1"], "0.0.0.0:443"),
        )
        .passes(
            "it is of a host name",
            listens(&["10.0.0.1"], "hostnameport=www.contoso.com:443"),
        )
}
