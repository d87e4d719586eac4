//! What comes out is, bit for bit, what went in.

use proptest::prelude::*;
use store_core::strategy::{binding_of, key};
use store_core::{
    Binding, BindingKey, BindingStore, CertCheckMode, CertHash, Certificate, CtlIdentifier, Kind,
    Record, Scan, SslFlags, StoreName, Uuid,
};

use crate::cases;
use crate::honest::plain;
use crate::subject::{Subject, everything, fitted};

/// Every field of a record, each bit of its flags, names in any case and script, absent names and
/// host spellings come back from `get`, from a scan, as what a change found, and after the store
/// was opened again.
///
/// # Panics
/// If one does not.
pub fn every_field_is_kept<S: Subject>() {
    let capabilities = S::new().open().capabilities();
    if !capabilities.writable {
        return;
    }
    let place = S::new();
    let mut store = place.open();
    for kind in &capabilities.kinds {
        for record in each_field(*kind) {
            let binding = Binding::new(sample_key(*kind), record).expect("a record of its kind");
            check(&store, &fitted(binding, &capabilities));
        }
    }
    for spelling in ["A.Example", "a.EXAMPLE"] {
        for kind in capabilities
            .kinds
            .iter()
            .filter(|kind| sample_key(**kind).host().is_some())
        {
            let binding = plain(&sample_key(*kind)).with_host_spelling(spelling);
            check(&store, &binding.expect("a spelling of it"));
        }
    }

    let supported = capabilities.kinds.clone();
    let keys = key().prop_filter("a kind of this store", move |key| {
        supported.contains(&key.kind())
    });
    let many = proptest::collection::vec(binding_of(keys), 1..6);
    cases::check(cases::config::<S>("faithful", 48), &many, |bindings| {
        let place = S::new();
        let store = place.open();
        for binding in bindings {
            check(&store, &fitted(binding, &capabilities));
        }
        Ok(())
    });

    if capabilities.durable {
        let held = everything(&store);
        assert!(!held.is_empty());
        drop(store);
        store = place.open();
        assert_eq!(everything(&store), held, "after it was opened again");
    }
}

fn check(store: &dyn BindingStore, binding: &Binding) {
    store.put(binding.clone()).expect("put");
    assert_eq!(
        store.get(binding.key()).expect("get").as_ref(),
        Some(binding),
        "get"
    );
    let all = store
        .scan(&Scan::range(binding.key()..=binding.key()))
        .expect("scan");
    let found: Vec<_> = all.map(|binding| binding.expect("scan")).collect();
    assert_eq!(found.as_slice(), std::slice::from_ref(binding), "scan");
    assert_eq!(
        store.put(binding.clone()).expect("put").as_ref(),
        Some(binding),
        "what it held"
    );
}

fn sample_key(kind: Kind) -> BindingKey {
    let value = match kind {
        Kind::IpPort => "[fe80::1%7]:443",
        Kind::Sni | Kind::ScopedCcs => "a.example:443",
        Kind::Ccs => "443",
    };
    BindingKey::parse_as(kind, value).expect("a key")
}

/// Records that differ from a plain one in one field.
fn each_field(kind: Kind) -> Vec<Record> {
    let plain = plain(&sample_key(kind)).record().clone();
    let names = [
        "MY",
        "My",
        "my",
        "WebHosting",
        "Remote Desktop",
        "(null)",
        " x ",
        "証明書",
        "\u{1b}[0m",
    ];
    let long = "ü".repeat(StoreName::MAX_LENGTH);
    let names: Vec<_> = names.into_iter().chain([long.as_str()]).collect();
    let store_name = |name: &str| StoreName::new(name).expect("a store name");

    let mut records = vec![plain.clone()];
    let mut with = |change: &dyn Fn(&mut Record)| {
        let mut record = plain.clone();
        change(&mut record);
        records.push(record);
    };
    for bit in (0..32).map(|bit| 1 << bit) {
        with(&|record| record.flags = SslFlags::from_bits_retain(bit));
        with(&|record| record.check_mode = CertCheckMode::from_bits_retain(bit));
        with(&|record| record.revocation_freshness_time = bit);
        with(&|record| record.url_retrieval_timeout = bit);
    }
    for bit in (0..128).map(|bit| 1_u128 << bit) {
        with(&|record| record.app_id = Uuid::from_u128(bit));
    }
    for name in names {
        with(&|record| record.ctl_store_name = Some(store_name(name)));
        with(&|record| {
            record.ctl_identifier = Some(CtlIdentifier::new(name).expect("an identifier"));
        });
        with(&|record| {
            if let Some(certificate) = &mut record.certificate {
                certificate.store_name = Some(store_name(name));
            }
        });
    }
    with(&|record| {
        if let Some(Certificate { hash, .. }) = &mut record.certificate {
            *hash = CertHash::new(std::array::from_fn(|i| u8::try_from(i).unwrap_or(0)));
        }
    });
    records
}
