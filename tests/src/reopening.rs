//! Acknowledged changes are durable.

use certbind_core::{Batch, BindingKey, Capabilities, Change, Precondition};

use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::require_eq;
use crate::model::Model;
use crate::operation::Operation;
use crate::sample::{HASH, RENEWED, keys, marked};
use crate::watch;

/// After each kind of change and of failure, the store is opened again and has exactly the same
/// contents. Only for stores whose capabilities claim durability.
///
/// That a power cut takes nothing is for each backend to test on its own medium.
///
/// # Panics
/// If a change is lost, or a removed binding is present again.
pub fn acknowledged_changes_survive_reopening<F: Fixture>() {
    watch::run::<F>("acknowledged_changes_survive_reopening", || {
        check(Fixtures::of::<F>());
    });
}

fn check(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let mut store = fixture.open();
    let capabilities = store.capabilities();
    if !capabilities.durable {
        return;
    }
    let mut model = Model::new(&capabilities).holding(all_bindings(&*store));
    let operations = match capabilities.writable {
        true => operations(&capabilities),
        false => vec![Operation::Rotation(HASH, RENEWED)],
    };
    for operation in operations {
        require_eq!(
            Durable,
            operation.perform(&*store),
            model.perform(&operation),
            "{operation}"
        );
        // Twice: opening must not change anything either.
        for _ in 0..2 {
            drop(store);
            store = fixture.open();
            require_eq!(
                Durable,
                all_bindings(&*store),
                model.all_bindings(),
                "after {operation}, once it was opened again"
            );
        }
    }
}

/// Every way to change something, and a few to fail.
fn operations(capabilities: &Capabilities) -> Vec<Operation> {
    let keys = keys(capabilities, 6);
    let [one, two, three] = [0, 1, 2].map(|i| keys[i].clone());
    let most = capabilities.max_batch.map_or(usize::MAX, usize::from);
    let each = |keys: &[BindingKey], change: &dyn Fn(&BindingKey) -> Change| {
        let changes = keys.iter().take(most).map(change);
        Operation::Apply(Batch::new(changes).expect("each key once"))
    };
    let load = |change: &dyn Fn(&BindingKey) -> Change| {
        Operation::load(keys.iter().take(most).map(change).collect())
    };
    let swap = |key: &BindingKey, expected, new| Operation::CompareAndSwap {
        key: key.clone(),
        expected: Some(marked(key, expected)),
        new: Some(marked(key, new)),
    };
    let gone =
        |key: &BindingKey| Change::new(key.clone(), Precondition::Any, None).expect("one key");
    vec![
        Operation::Insert(marked(&one, 1)),
        Operation::Insert(marked(&two, 1)),
        Operation::Put(marked(&three, 1)),
        Operation::Update(marked(&one, 2)),
        Operation::Remove(two.clone()),
        Operation::Update(marked(&two, 3)),
        swap(&three, 1, 4),
        swap(&three, 1, 5),
        each(&keys, &|key| Change::put(marked(key, 6))),
        each(&keys, &|key| Change::insert(marked(key, 7))),
        load(&|key| Change::put(marked(key, 8))),
        load(&|key| Change::insert(marked(key, 9))),
        Operation::Rotate(HASH, RENEWED),
        each(&keys[1..], &gone),
        Operation::Remove(one),
    ]
}
