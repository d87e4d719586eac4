//! JSON exports.

use interchange::{Format, json};

use super::exports::{keeps, memory};
use super::{bindings, export};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "json",
    longest: 2048,
    read: |input| {
        keeps(input, Format::Json, |out, export| {
            json::write(out, export).is_ok()
        })
    },
    seeds: || {
        let mut seeds = vec![written(&export(bindings()))];
        seeds.extend(
            bindings()
                .into_iter()
                .map(|binding| written(&export(vec![binding]))),
        );
        seeds
    },
    dictionary: &[
        "\"key\":",
        "\"certificate\":",
        "null",
        "[]",
        "{}",
        "[[[[[[[[",
        "\"flags\":",
        "\"bits\":",
        "1e999",
        "-0",
        "\\u0000",
        "\\ud800",
        "\"version\": 2",
        "\"layout\":",
        "\"header\":",
        ",",
    ],
    memory,
};

fn written(export: &interchange::Export) -> Vec<u8> {
    let mut out = Vec::new();
    json::write(&mut out, export).expect("a Vec takes all");
    out
}
