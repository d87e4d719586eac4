//! Implementations of the store traits for pointers: `&S`, `Box<S>` and `Arc<S>`.

use std::sync::Arc;

/// Implements [`BindingStore`](crate::BindingStore) for a wrapper by forwarding every method,
/// provided ones included, to the inner store.
///
/// The arguments are the generics of the `impl` in brackets, the type, and a closure that borrows the
/// inner store.
///
/// ```
/// use certbind_core::{BindingStore, MemoryStore, Scan, forward_binding_store};
///
/// /// A store with a name.
/// struct Named<S> {
///     name: String,
///     store: S,
/// }
///
/// forward_binding_store!([S: BindingStore] Named<S>, |named| &named.store);
///
/// let named = Named { name: "test".into(), store: MemoryStore::new() };
/// assert_eq!(named.scan(&Scan::all())?.count(), 0);
/// # Ok::<(), certbind_core::StoreError>(())
/// ```
#[macro_export]
macro_rules! forward_binding_store {
    ([$($generics:tt)*] $type:ty, |$wrapper:ident| $inner:expr) => {
        impl<$($generics)*> $crate::BindingStore for $type {
            fn capabilities(&self) -> $crate::Capabilities {
                let $wrapper = self;
                $crate::BindingStore::capabilities($inner)
            }

            fn get(&self, key: &$crate::BindingKey) -> $crate::Result<Option<$crate::Binding>> {
                let $wrapper = self;
                $crate::BindingStore::get($inner, key)
            }

            fn scan(&self, scan: &$crate::Scan) -> $crate::Result<$crate::Bindings<'_>> {
                let $wrapper = self;
                $crate::BindingStore::scan($inner, scan)
            }

            fn apply(&self, batch: &$crate::Batch) -> $crate::Result<$crate::Applied> {
                let $wrapper = self;
                $crate::BindingStore::apply($inner, batch)
            }

            fn bulk_load(
                &self,
                changes: &mut (dyn Iterator<Item = $crate::Result<$crate::Change>> + Send),
            ) -> $crate::Result<u64> {
                let $wrapper = self;
                $crate::BindingStore::bulk_load($inner, changes)
            }

            fn insert(&self, binding: $crate::Binding) -> $crate::Result<()> {
                let $wrapper = self;
                $crate::BindingStore::insert($inner, binding)
            }

            fn update(&self, binding: $crate::Binding) -> $crate::Result<$crate::Binding> {
                let $wrapper = self;
                $crate::BindingStore::update($inner, binding)
            }

            fn put(&self, binding: $crate::Binding) -> $crate::Result<Option<$crate::Binding>> {
                let $wrapper = self;
                $crate::BindingStore::put($inner, binding)
            }

            fn remove(&self, key: &$crate::BindingKey) -> $crate::Result<$crate::Binding> {
                let $wrapper = self;
                $crate::BindingStore::remove($inner, key)
            }

            fn compare_and_swap(
                &self,
                key: &$crate::BindingKey,
                expected: Option<$crate::Binding>,
                new: Option<$crate::Binding>,
            ) -> $crate::Result<()> {
                let $wrapper = self;
                $crate::BindingStore::compare_and_swap($inner, key, expected, new)
            }

            fn rotation(
                &self,
                old: &$crate::CertHash,
                new: &$crate::CertHash,
            ) -> $crate::Result<$crate::Batch> {
                let $wrapper = self;
                $crate::BindingStore::rotation($inner, old, new)
            }

            fn rotate(
                &self,
                old: &$crate::CertHash,
                new: &$crate::CertHash,
            ) -> $crate::Result<$crate::Applied> {
                let $wrapper = self;
                $crate::BindingStore::rotate($inner, old, new)
            }
        }
    };
}

forward_binding_store!([S: crate::BindingStore + ?Sized] &S, |store| &**store);
forward_binding_store!([S: crate::BindingStore + ?Sized] Box<S>, |store| &**store);
forward_binding_store!([S: crate::BindingStore + ?Sized] Arc<S>, |store| &**store);
