//! Hive files.

use std::io::Cursor;

use certbind_formats::hive::{FileError, read_from};
use certbind_formats::{Format, ReadOptions, read};

use super::exports::{keeps, memory};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "hive",
    longest: 16_384,
    read: read_both_ways,
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

/// Reads a hive in memory, and parts of it from a file: the result is the same.
fn read_both_ways(input: &[u8]) -> Outcome {
    let options = ReadOptions {
        format: Some(Format::Hive),
        keep_going: true,
        ..ReadOptions::default()
    };
    let in_parts = read_from(Cursor::new(input), &options).map_err(|error| match error {
        FileError::Read(error) => error,
        error => panic!("memory has no such error: {error}"),
    });
    assert!(read(input, &options) == in_parts, "in parts as in memory");
    keeps(input, Format::Hive, |_, _| false)
}
