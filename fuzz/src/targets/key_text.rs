//! Texts of keys, hosts and hashes, from people and files.

use certbind_core::{BindingKey, CertHash, Host, Kind, StoreName};

use super::KEYS;
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "key-text",
    longest: 256,
    read,
    seeds: || {
        let hash = "5226dc6c54559761cd471b86eb51c096252c90f2";
        let more = [
            hash,
            "0.0.0.0:443",
            "bücher.example:443",
            "4B:1C:6B:9D",
            "WebHosting",
        ];
        KEYS.iter()
            .chain(&more)
            .map(|text| text.as_bytes().to_vec())
            .collect()
    },
    dictionary: &[
        "ipport=",
        "hostnameport=",
        "ccs=",
        "scopedccs=",
        "[",
        "]",
        ":",
        "%",
        "::",
        "xn--",
        "*.",
        ".",
        ":65536",
        ":0",
        "\u{ad}",
        "ß",
        "。",
        "\u{200e}",
        "255.255.255.255",
        "ffff:",
        "=",
    ],
    // IDNA has tables and buffers of its own.
    memory: |length| 16_384 + 64 * length as u64,
};

fn read(input: &[u8]) -> Outcome {
    let text = String::from_utf8_lossy(input);
    let whole = text.parse::<BindingKey>();
    if let Ok(key) = &whole {
        assert_eq!(key.to_string().parse().as_ref(), Ok(key), "{text:?}");
    }
    for kind in Kind::ALL {
        if let Ok(key) = BindingKey::parse_as(kind, &text) {
            assert_eq!(key.kind(), kind);
            assert_eq!(
                BindingKey::parse_as(kind, &key.value()).as_ref(),
                Ok(&key),
                "{text:?}"
            );
        }
    }
    if let Ok(host) = Host::new(&text) {
        assert_eq!(Host::new(host.as_str()).as_ref(), Ok(&host), "{text:?}");
    }
    let hash = text.parse::<CertHash>();
    if let Ok(hash) = &hash {
        assert_eq!(hash.to_string().parse().as_ref(), Ok(hash), "{text:?}");
    }
    let name = StoreName::new(&text).is_ok();
    match (whole, hash) {
        (Ok(key), _) => Outcome::of((
            key.kind(),
            key.host().is_some_and(|h| h.as_str().contains("xn--")),
        )),
        (_, Ok(_)) => Outcome::of("a hash"),
        (Err(error), Err(other)) => {
            Outcome::of((Outcome::error(error), Outcome::error(other), name))
        }
    }
}
