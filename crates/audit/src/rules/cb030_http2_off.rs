//! HTTP/2 disabled for the whole host.

use certbind_core::SslFlags;
use certbind_formats::WarningKind;

use crate::finding::{RelatedLocations, Subject};
use crate::fleet::{Fleet, Host};
use crate::host_binding::HostBinding;
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB030",
    title: "HTTP/2 is disabled for the whole host",
    severity: Severity::Note,
    why: "EnableHttp2Tls in the registry overrides every binding: clients open more connections, \
        pages load more slowly and gRPC does not work, although the records allow HTTP/2. It was \
        a mitigation for CVE-2023-44487 that the updates of October 2023 made unnecessary.",
    remedy: "Install the updates, delete EnableHttp2Tls under Services\\HTTP\\Parameters and restart the \
        host. Where a site must not have HTTP/2, disable it in its binding (disablehttp2=enable).",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let relies = |flags: SslFlags| !flags.contains(SslFlags::DISABLE_HTTP2);
    let bindings = host.bindings.iter();
    let mut relying = bindings
        .filter(|bound| relies(bound.binding.record().flags))
        .map(HostBinding::place)
        .peekable();
    let warnings = &host.export.reading.warnings;
    let setting = warnings
        .iter()
        .find(|it| it.kind == WarningKind::HostSetting);
    if let Some(setting) = setting.filter(|_| relying.peek().is_some()) {
        let place = host.place(Subject::Export, setting.line);
        findings
            .add(
                place.in_registry(setting.registry.as_deref()),
                setting.what.clone(),
            )
            .related_to(RelatedLocations::of(relying));
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, REGISTRY_BINDING, Scene, registry};
    let off = "\"EnableHttp2Tls\"=dword:00000000\r\n";
    let on = "\"EnableHttp2Tls\"=dword:00000001\r\n";
    let cleartext = "\"EnableHttp2Cleartext\"=dword:00000000\r\n";
    let without = format!("{REGISTRY_BINDING}\"DefaultFlags\"=dword:00000010\r\n");
    Cases::new()
        .trips(
            Scene::new().export(&registry(off, REGISTRY_BINDING)),
            &["the export"],
            "HTTP/2 is disabled for every binding",
        )
        .passes(
            "it is on",
            Scene::new().export(&registry(on, REGISTRY_BINDING)),
        )
        .passes(
            "it is off without TLS only",
            Scene::new().export(&registry(cleartext, REGISTRY_BINDING)),
        )
        .passes(
            "every binding has it disabled",
            Scene::new().export(&registry(off, &without)),
        )
}
