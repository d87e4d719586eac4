//! A freshness time without an effect.

use certbind_core::{Binding, CertCheckMode};

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB019",
    title: "A revocation freshness time is not in force",
    severity: Severity::Warning,
    why: "The time requests that revocation lists are fetched before they expire, and has no \
        effect.",
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
        "its flag is not set"
    } else {
        return None;
    };
    Some(format!("its freshness time of {seconds} s is not in force, since {why}").into())
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
            "600 s is not in force, since its flag is not set",
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
