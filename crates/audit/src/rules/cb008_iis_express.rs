//! Bindings that IIS Express leaves over.

use certbind_core::Binding;

use crate::applications::IIS_EXPRESS;
use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB008",
    title: "A record was created by IIS Express",
    severity: Severity::Note,
    why: "Installing IIS Express binds a self-signed development certificate to a hundred ports. \
        On a server, this shows that development tools were installed, and the ports serve a \
        certificate that no client trusts.",
    remedy: "On a server, uninstall IIS Express and delete its records. On a developer's machine, \
        turn the rule off.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let port = binding.key().port().get();
    (binding.record().app_id == IIS_EXPRESS && fleet.config.iis_express_ports.contains(&port))
        .then(|| format!("it belongs to IIS Express (development port {port})").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let express = |record: &mut certbind_core::Record| record.app_id = IIS_EXPRESS;
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:44300", express),
            &["ipport=0.0.0.0:44300"],
            "port 44300",
        )
        .trips(
            Scene::new().bind_as("0.0.0.0:44399", express),
            &["ipport=0.0.0.0:44399"],
            "port 44399",
        )
        .passes(
            "a port of somebody's own",
            Scene::new().bind_as("0.0.0.0:44400", express),
        )
        .passes("another application", Scene::new().bind("0.0.0.0:44300"))
        .passes(
            "other ports are its own here",
            Scene::new()
                .bind_as("0.0.0.0:44300", express)
                .with(|config| config.iis_express_ports = 50000..=50010),
        )
}
