//! Registry exports.

use certbind_formats::{Format, reg};

use super::exports::{keeps, memory};
use super::{bindings, export};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "reg",
    longest: 2048,
    read,
    seeds: || {
        let mut seeds = Vec::new();
        for binding in bindings() {
            let mut out = Vec::new();
            reg::write(&mut out, &export(vec![binding])).expect("every binding can be written");
            let units = out
                .chunks_exact(2)
                .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or('?'))
                .collect();
            // UTF-8 as well: damage has more effect there.
            seeds.push(text.trim_start_matches('\u{feff}').as_bytes().to_vec());
            seeds.push(out);
        }
        seeds
    },
    dictionary: &[
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\",
        "[-",
        "]",
        "\"",
        "=-",
        "hex:",
        "hex(1):",
        "hex(b):",
        "dword:",
        "\\\r\n",
        ",",
        "REGEDIT4",
        "SslSniBindingInfo",
        "HostnamePort",
        "ControlSet001",
        "Select",
        "\"Current\"=dword:00000001",
        "@=",
        ";",
        "\\\\",
        "\\\"",
    ],
    memory,
};

fn read(input: &[u8]) -> Outcome {
    keeps(input, Format::Reg, |out, export| {
        reg::write(out, export).is_ok()
    })
}
