//! The output of `netsh http show sslcert`.

use certbind_formats::Format;
use certbind_formats::netsh::{self, Release};

use super::exports::{keeps, memory};
use super::{bindings, export};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "netsh-listing",
    longest: 1024,
    read,
    seeds: || {
        let mut seeds = Vec::new();
        for (n, binding) in bindings().into_iter().enumerate() {
            let release = Release::ALL[n % Release::ALL.len()];
            let mut out = Vec::new();
            let layout = release.layout();
            if netsh::write(&mut out, &export(vec![binding]), &layout).is_ok() {
                seeds.push(out);
            }
        }
        let utf16 = |text: &[u8]| {
            let text = String::from_utf8_lossy(text).into_owned();
            std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect()
        };
        seeds.push(utf16(&seeds[0]));
        seeds
    },
    dictionary: &[
        "IP:port",
        "Hostname:port",
        "Central Certificate Store",
        ": ",
        "\r\n",
        "\n\n",
        "(null)",
        "Enabled",
        "Disabled",
        "Set",
        "Not Set",
        "Extended Properties:",
        "PropertyId",
        "{",
        "}",
        "-----",
        "    ",
        "Aktiviert",
        "0.0.0.0:443",
        "\u{fffd}",
        "C:\\>",
        "Certificate Hash",
    ],
    memory,
};

fn read(input: &[u8]) -> Outcome {
    // Without a byte order mark UTF-16 is recognized by its zeros, and other text with zeros may be
    // mistaken for it when it is written again.
    let printed = !input.contains(&0) || input.starts_with(&[0xff, 0xfe]);
    keeps(input, Format::Netsh, |out, export| {
        if !printed {
            return false;
        }
        let layout = export.layout.clone();
        let layout = layout.unwrap_or_else(|| Release::default().layout());
        netsh::write(out, export, &layout).is_ok_and(|warnings| warnings.is_empty())
    })
}
