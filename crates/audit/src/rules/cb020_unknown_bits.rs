//! Bits that are not known.

use certbind_core::Binding;

use crate::fleet::Fleet;
use crate::rule::Rule;
use crate::rules::{Check, Sentence};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "CB020",
    title: "A record has unknown bits",
    severity: Severity::Note,
    why: "The effect of the bits is unknown: a newer Windows may define them, or they were set by \
        mistake. The other rules ignore them.",
    remedy: "See which program or Windows version set them; a newer certbind may know them.",
};

pub(super) const CHECK: Check = Check::Record(check);

fn check(binding: &Binding, _fleet: &Fleet<'_>) -> Option<Sentence> {
    let record = binding.record();
    let bits: Vec<_> = [
        ("flags", record.flags.unknown()),
        ("check mode", record.check_mode.unknown()),
    ]
    .into_iter()
    .filter(|(_, bits)| *bits != 0)
    .map(|(field, bits)| format!("{bits:#x} of its {field}"))
    .collect();
    (!bits.is_empty()).then(|| format!("{} is unknown", bits.join(" and ")).into())
}

#[cfg(test)]
pub(super) fn cases() -> super::harness::Cases {
    use super::harness::{Cases, Scene};
    use certbind_core::{CertCheckMode, SslFlags};
    Cases::new()
        .trips(
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = SslFlags::from_bits_retain(0x10_0008);
                record.check_mode = CertCheckMode::from_bits_retain(0x20);
            }),
            &["ipport=0.0.0.0:443"],
            "0x100000 of its flags and 0x20 of its check mode is unknown",
        )
        .passes(
            "every known bit",
            Scene::new().bind_as("0.0.0.0:443", |record| {
                record.flags = SslFlags::from_bits_retain(0xffff);
                record.check_mode = CertCheckMode::from_bits_retain(0x1_001f);
            }),
        )
}
