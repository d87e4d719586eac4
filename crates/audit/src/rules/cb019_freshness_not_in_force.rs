//! A freshness time without an effect.

use certbind_core::{Binding, CertCheckMode};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB019",
    title: "The revocation freshness time has no effect",
    severity: Severity::Warning,
    why: "The time asks HTTP.sys to download new revocation lists before the old ones expire. \
        Without the flag that enables it, or with revocation checks turned off, it is ignored.",
    remedy: "Set the time again with a tool that sets its flag as well (certbind and netsh do, \
        where the time is not 0), turn the revocation check on, or set the time to 0.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let record = binding.record();
    let seconds = record.revocation_freshness_time;
    if seconds == 0 {
        return None;
    }
    let why = if record.check_mode.contains(CertCheckMode::NO_REVOCATION) {
        "revocation is not checked"
    } else if !record
        .check_mode
        .contains(CertCheckMode::USE_REVOCATION_FRESHNESS)
    {
        "the flag that enables it is not set"
    } else {
        return None;
    };
    Some(format!("its freshness time of {seconds} s has no effect, since {why}").into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    let with = |mode| {
        Scene::new().bind_as("0.0.0.0:443", move |record| {
            record.revocation_freshness_time = 600;
            record.check_mode = mode;
        })
    };
    let key = &["ipport=0.0.0.0:443"];
    let in_force = CertCheckMode::USE_REVOCATION_FRESHNESS;
    Cases::new()
        .trips(
            with(CertCheckMode::empty()),
            key,
            "600 s has no effect, since the flag that enables it is not set",
        )
        .trips(
            with(in_force | CertCheckMode::NO_REVOCATION),
            key,
            "since revocation is not checked",
        )
        .passes("in force", with(in_force))
        .passes(
            "none",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.check_mode = CertCheckMode::NO_REVOCATION;
            }),
        )
}
