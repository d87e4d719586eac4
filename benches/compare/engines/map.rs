//! A concurrent map of shared bindings: the best possible speed of reading from memory.

use certbind_core::{Binding, BindingKey};
use papaya::HashMap;

use crate::engine::{Engine, Kind, Writer};

pub(crate) const MAP: Kind = Kind {
    name: "papaya map",
    package: "papaya",
    how: "in memory, in no order, with the hash of the standard library; keeps nothing",
    ours: false,
    import: |_, bindings| {
        let map = HashMap::with_capacity(bindings.len());
        let pinned = map.pin();
        for binding in bindings {
            pinned.insert(binding.key().clone(), binding.clone());
        }
        drop(pinned);
        Box::new(Map(map))
    },
    open: None,
};

struct Map(HashMap<BindingKey, Binding>);

impl Engine for Map {
    fn get(&self, key: &BindingKey) -> Option<Binding> {
        self.0.pin().get(key).cloned()
    }

    fn scan(&self) -> usize {
        let pinned = self.0.pin();
        pinned.values().cloned().map(std::hint::black_box).count()
    }

    fn writer(&self) -> Option<Writer<'_>> {
        None
    }
}
