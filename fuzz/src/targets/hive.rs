//! Hive files.

use certbind_formats::Format;

use super::exports::{keeps, memory};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "hive",
    longest: 16_384,
    read: |input| keeps(input, Format::Hive, |_, _| false),
    seeds: || vec![HIVE.to_vec()],
    dictionary: &[
        "regf",
        "hbin",
        "nk",
        "vk",
        "lf",
        "lh",
        "li",
        "ri",
        "db",
        "\u{ff}\u{ff}\u{ff}\u{ff}",
    ],
    memory,
};

/// Made by hivex, with a binding of each kind.
const HIVE: &[u8] = include_bytes!("../../../crates/formats/tests/fixtures/registry/hivex.hive");
