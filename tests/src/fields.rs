//! Records that differ from a plain one in one field.

use store_core::{CertCheckMode, CertHash, CtlIdentifier, Kind, Record, SslFlags, StoreName, Uuid};

use crate::sample::{numbered, plain};

/// A plain record, and one for each bit and each kind of text that one field of it can have.
pub(crate) fn each_field(kind: Kind) -> Vec<Record> {
    let plain = plain(&numbered(kind, 1)).record().clone();
    let mut records = vec![plain.clone()];
    let mut with = |change: &dyn Fn(&mut Record)| {
        let mut record = plain.clone();
        change(&mut record);
        records.push(record);
    };
    for bit in (0..32).map(|bit| 1 << bit).chain([u32::MAX]) {
        with(&|record| record.flags = SslFlags::from_bits_retain(bit));
        with(&|record| record.check_mode = CertCheckMode::from_bits_retain(bit));
        with(&|record| record.revocation_freshness_time = bit);
        with(&|record| record.url_retrieval_timeout = bit);
    }
    for bit in (0..128).map(|bit| 1_u128 << bit) {
        with(&|record| record.app_id = Uuid::from_u128(bit));
    }
    for text in texts(StoreName::MAX_LENGTH) {
        let name = StoreName::new(&text).expect("a store name");
        with(&|record| record.ctl_store_name = Some(name.clone()));
        if kind.names_certificate() {
            with(&|record| {
                let certificate = record.certificate.as_mut();
                certificate.expect("its kind names one").store_name = Some(name.clone());
            });
        }
    }
    for text in texts(CtlIdentifier::MAX_LENGTH) {
        let identifier = CtlIdentifier::new(&text).expect("an identifier");
        with(&|record| record.ctl_identifier = Some(identifier.clone()));
    }
    if kind.names_certificate() {
        for bit in 0..8 * CertHash::LENGTH {
            let mut hash = [0; CertHash::LENGTH];
            hash[bit / 8] = 1 << (bit % 8);
            with(&|record| {
                let certificate = record.certificate.as_mut();
                certificate.expect("its kind names one").hash = CertHash::new(hash);
            });
        }
    }
    records
}

/// The same name in different cases, blanks, controls, scripts, characters outside of the basic
/// plane, composed and decomposed, what netsh prints for none, and the longest in units of UTF-16.
fn texts(longest: usize) -> Vec<String> {
    let texts = [
        "MY",
        "My",
        "my",
        "WebHosting",
        "Remote Desktop",
        "(null)",
        " MY",
        "MY ",
        "\t",
        "証明書",
        "\u{1b}[0m",
        "\u{200e}x",
        "\u{fffd}",
        "\u{e9}",
        "e\u{301}",
        "\u{1f512}",
        "İi",
        "a\r\nb",
        "'\"\\%&<>",
    ];
    let mut texts: Vec<_> = texts.map(str::to_owned).to_vec();
    texts.push("x".repeat(longest));
    texts.push("ü".repeat(longest));
    // Each of these takes two units.
    texts.push("\u{1f512}".repeat(longest / 2));
    texts
}
