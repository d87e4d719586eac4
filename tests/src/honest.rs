//! What a store says it cannot do, it refuses; what it says it can, it does.

use store_core::{
    Batch, Binding, BindingKey, BindingStore, CertHash, Change, Kind, Record, SslFlags,
};
use store_core::{StoreError, Uuid};

use crate::concurrent::numbered;
use crate::subject::{Subject, everything};

/// Kinds that the store lacks are refused by name, changes of a store that cannot be written and
/// batches beyond its limit too; an empty batch does nothing; and nothing of it leaves a trace.
///
/// # Panics
/// If it is otherwise.
pub fn capabilities_are_honest<S: Subject>() {
    let place = S::new();
    let store = place.open();
    let capabilities = store.capabilities();
    assert!(
        capabilities.kinds.is_sorted_by(|a, b| a < b),
        "kinds stand once, in order"
    );
    let before = everything(&store);

    let nothing = store.apply(&Batch::default());
    if capabilities.writable {
        assert_eq!(nothing.expect("an empty batch").outcomes(), []);
    }
    for kind in Kind::ALL {
        let key = numbered(kind, 7);
        let result = store.insert(plain(&key));
        if !capabilities.writable {
            assert!(
                matches!(result, Err(StoreError::ReadOnly)),
                "{kind}: {result:?}"
            );
        } else if capabilities.kinds.contains(&kind) {
            result.expect("a kind that the store has");
            assert_eq!(store.remove(&key).expect("remove"), plain(&key));
        } else {
            assert!(
                matches!(result, Err(StoreError::Unsupported { .. })),
                "{kind}: {result:?}"
            );
            let got = store.get(&key);
            assert!(
                matches!(got, Err(StoreError::Unsupported { .. })),
                "{kind}: {got:?}"
            );
        }
    }
    if capabilities.writable && !capabilities.ccs_options && capabilities.kinds.contains(&Kind::Ccs)
    {
        let key = numbered(Kind::Ccs, 8);
        let mut record = plain(&key).record().clone();
        record.flags = SslFlags::DISABLE_HTTP2;
        let binding = Binding::new(key, record).expect("a record");
        assert!(
            store.insert(binding).is_err(),
            "options of a plain CCS binding"
        );
    }
    if let Some(most) = capabilities.max_batch {
        let kind = capabilities.kinds[0];
        let keys = (0..=most.get()).map(|n| numbered(kind, u32::try_from(n).unwrap_or(u32::MAX)));
        let batch = Batch::new(keys.map(|key| Change::put(plain(&key)))).expect("each key once");
        let result = store.apply(&batch);
        assert!(
            matches!(result, Err(StoreError::Unsupported { .. })),
            "{result:?}"
        );
    }
    assert_eq!(everything(&store), before, "nothing is left of it");
}

/// A binding of this key with every option at its default.
pub(crate) fn plain(key: &BindingKey) -> Binding {
    let record = if key.kind().names_certificate() {
        Record::new(CertHash::new([1; 20]), None, Uuid::nil())
    } else {
        Record::central(Uuid::nil())
    };
    Binding::new(key.clone(), record).expect("a record of its kind")
}
