//! JSON exports.

use certbind_formats::netsh::{self, Release};
use certbind_formats::{Export, Format, json};

use super::exports::{keeps, memory};
use super::{bindings, export};
use crate::Target;

pub(crate) const TARGET: Target = Target {
    name: "json",
    longest: 4096,
    read: |input| {
        keeps(input, Format::Json, |out, export| {
            // A layout is data as well, and may have been made by anybody.
            if let Some(layout) = &export.layout {
                let _ = netsh::write(&mut Vec::new(), export, layout);
            }
            json::write(out, export).is_ok()
        })
    },
    seeds: || {
        let with_layout = Export {
            layout: Some(Release::Server2008R2.layout()),
            ..export(bindings()[..1].to_vec())
        };
        let mut seeds = vec![written(&export(bindings())), written(&with_layout)];
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
        "\"records\":",
        "\"field\":",
        "\"order\":",
        "\"encoding\": \"bytes\"",
        "\"header\":",
        ",",
    ],
    memory,
};

fn written(export: &Export) -> Vec<u8> {
    let mut out = Vec::new();
    json::write(&mut out, export).expect("a Vec takes all");
    out
}
