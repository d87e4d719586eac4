//! Timeouts that keep connections longer than the default.

use certbind_httpapi_abi::service::TimeoutKey;

use crate::finding::Subject;
use crate::fleet::{Fleet, Host};
use crate::rule::Rule;
use crate::rules::{Check, Findings};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB033",
    title: "A timeout of HTTP.sys is longer than the default",
    severity: Severity::Note,
    why: "A client that sends nothing, or sends its headers slowly, keeps its connection for that long. \
        Fewer such clients are enough to use up the connections of the host.",
    remedy: "Delete the timeout with netsh http delete timeout timeouttype=TYPE, unless a program needs it.",
};

pub(super) const CHECK: Check = Check::Host(check);

fn check(host: &Host<'_>, _fleet: &Fleet<'_>, findings: &mut Findings) {
    let reading = &host.export.reading;
    let Some(configuration) = &reading.export.configuration else {
        return;
    };
    for key in TimeoutKey::ALL {
        let Some(seconds) = configuration.timeout(key) else {
            continue;
        };
        if seconds > TimeoutKey::DEFAULT {
            let subject = Subject::Record(key.name().into());
            findings.add(
                host.place(subject, None)
                    .in_registry(reading.parameters.as_ref()),
                format!("{seconds} s; the default is {} s", TimeoutKey::DEFAULT),
            );
        }
    }
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    Cases::new()
        .trips(
            Scene::new().bind("0.0.0.0:443").timeouts(121, 600),
            &["idleconnectiontimeout", "headerwaittimeout"],
            "121 s; the default is 120 s",
        )
        .passes(
            "both are the default or less",
            Scene::new().bind("0.0.0.0:443").timeouts(120, 1),
        )
        .passes("nothing is known", Scene::new().bind("0.0.0.0:443"))
}
