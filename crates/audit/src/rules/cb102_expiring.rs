//! A certificate that expires soon.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence, day};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB102",
    title: "The certificate expires soon",
    severity: Severity::Warning,
    why: "Clients refuse the connection once the certificate has expired. A renewal takes longer \
        than expected if many hosts use the certificate.",
    remedy: "Install its successor, and certbind rotate OLD-HASH NEW-HASH. How soon is \
        set by expiring_days and expiring_percent in the configuration.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, fleet: &Fleet<'_>) -> Option<Sentence> {
    let validity = fleet.certificate(binding)?.certificate.validity();
    let end = validity.not_after;
    if !fleet.config.ends_soon(validity) {
        return None;
    }
    Some(match end.duration_since(fleet.config.now).as_hours() / 24 {
        0 => format!(
            "its certificate expires on {}, in less than a day",
            day(end)
        )
        .into(),
        1 => format!("its certificate expires on {}, in one day", day(end)).into(),
        days => format!("its certificate expires on {}, in {days} days", day(end)).into(),
    })
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let key = &["hostnameport=www.contoso.com:443"];
    let six_days = || Scene::new().knows("six-days").bind_to(key[0], "six-days");
    Cases::new()
        .trips(
            Scene::www().on("2026-12-02"),
            key,
            "expires on 2027-01-01, in 30 days",
        )
        .trips(Scene::www().on("2026-12-31"), key, "in one day")
        .trips(Scene::www().on("2027-01-01"), key, "in less than a day")
        .trips(
            Scene::www()
                .on("2026-11-20")
                .with(|config| config.expiring_days = 45),
            key,
            "in 42 days",
        )
        .trips(
            six_days().on("2026-05-06"),
            key,
            "expires on 2026-05-06, in less than a day",
        )
        .passes("a third of six days is ahead", six_days().on("2026-05-03"))
        .trips(
            six_days()
                .on("2026-05-03")
                .with(|config| config.expiring_percent = 100),
            key,
            "in 3 days",
        )
        .passes("it has time", Scene::www().on("2026-12-01"))
        .passes("it has expired", Scene::www().on("2027-01-02"))
}
