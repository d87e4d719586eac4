//! Files of certificates: PEM, DER, PKCS #7, serialized stores. Not PFX: the file itself contains
//! the number of rounds, and a damaged one may contain a million.

use certbind_audit::Inventory;

use super::exports::memory;
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "certificates",
    longest: 4096,
    read,
    seeds: || {
        let (www, short_key) = (der(WWW), der(SHORT_KEY));
        vec![
            WWW.to_vec(),
            [WWW, SHORT_KEY].concat(),
            BOTH.to_vec(),
            der(BOTH),
            stored(&[&www, &short_key]),
            www,
            short_key,
        ]
    },
    dictionary: &[
        "-----BEGIN CERTIFICATE-----\n",
        "-----END CERTIFICATE-----\n",
        "-----BEGIN PKCS7-----\n",
        "PRIVATE KEY",
        "\0\0\0\0CERT",
        "\u{30}\u{82}",
        // Names and uses among the extensions, and the end of a list.
        "\u{55}\u{1d}\u{11}",
        "\u{55}\u{1d}\u{25}",
        "\u{5}\0",
        "991231235959Z",
        "*.",
    ],
    memory,
};

const WWW: &[u8] = include_bytes!("../../../crates/audit/tests/fixtures/www.pem");
const SHORT_KEY: &[u8] = include_bytes!("../../../crates/audit/tests/fixtures/short-key.pem");
const BOTH: &[u8] = include_bytes!("../../../crates/audit/tests/fixtures/both.p7b");

fn der(pem: &[u8]) -> Vec<u8> {
    x509_cert::der::pem::decode_vec(pem).expect("PEM").1
}

/// A serialized store: elements of the id 32, the encoding 1 and a length, and one of zeros.
fn stored(certificates: &[&Vec<u8>]) -> Vec<u8> {
    let mut store = b"\0\0\0\0CERT".to_vec();
    for der in certificates {
        let length = u32::try_from(der.len()).expect("short");
        for number in [32, 1, length] {
            store.extend(number.to_le_bytes());
        }
        store.extend(*der);
    }
    store.extend([0; 12]);
    store
}

fn read(input: &[u8]) -> Outcome {
    if is_pfx(input) {
        return Outcome::of("a PFX");
    }
    let mut inventory = Inventory::none();
    inventory.add_file("file", input, &[]);
    let found: Vec<_> = inventory
        .iter()
        .map(|held| {
            let certificate = &held.certificate;
            assert!(inventory.get(certificate.hash()).is_some());
            (
                certificate.public_key().to_string(),
                certificate.signature().to_string(),
                format!("{:?}", certificate.server_use()),
                certificate.names().len().min(4),
                certificate.is_authority(),
            )
        })
        .take(3)
        .collect();
    let unread = inventory.unread().iter();
    let unread: Vec<_> = unread.map(|unread| Outcome::error(&unread.why)).collect();
    Outcome::of((found, unread))
}

/// Whether it begins like a PFX, with the number 3 in a sequence.
fn is_pfx(input: &[u8]) -> bool {
    input.first() == Some(&0x30) && input.iter().take(8).any(|byte| *byte == 2)
}
