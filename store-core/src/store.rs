//! The trait that every backend implements.

use crate::batch::{Applied, Batch, Change, Precondition};
use crate::binding::Binding;
use crate::capabilities::Capabilities;
use crate::error::{Result, StoreError};
use crate::hash::CertHash;
use crate::key::BindingKey;
use crate::scan::{Bindings, Scan};

/// The number of times that [`BindingStore::rotate`] retries when bindings change concurrently.
const ROTATE_ATTEMPTS: u32 = 16;

/// A store of bindings, at most one per key.
///
/// ```
/// use certbind_core::{Binding, BindingStore, MemoryStore, Record, StoreError};
///
/// let store = MemoryStore::new();
/// let hash = "5226dc6c54559761cd471b86eb51c096252c90f2".parse()?;
/// let binding = Binding::new("0.0.0.0:443".parse()?, Record::new(hash, None, uuid::Uuid::nil()))?;
///
/// store.insert(binding.clone())?;
/// assert_eq!(store.get(binding.key())?, Some(binding.clone()));
/// assert!(matches!(store.insert(binding), Err(StoreError::AlreadyExists { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # For callers
///
/// | to | call |
/// |---|---|
/// | read one binding | [`get`](Self::get) |
/// | read many | [`scan`](Self::scan) |
/// | change one binding | [`insert`](Self::insert), [`update`](Self::update), [`put`](Self::put), [`remove`](Self::remove), [`compare_and_swap`](Self::compare_and_swap) |
/// | change several atomically | [`apply`](Self::apply) |
/// | import very many | [`bulk_load`](Self::bulk_load) |
/// | renew a certificate | [`rotate`](Self::rotate); to review the changes first, [`rotation`](Self::rotation) and [`apply`](Self::apply) |
///
/// The trait is object-safe. `&S`, `Box<S>` and `Arc<S>` are stores as well, so threads can share an
/// `Arc<dyn BindingStore>`.
///
/// # For backends
///
/// A backend implements four methods: [`capabilities`](Self::capabilities), [`get`](Self::get),
/// [`scan`](Self::scan) and [`apply`](Self::apply). They provide these guarantees, except those that
/// [`capabilities`](Self::capabilities) excludes:
///
/// 1. **Unique keys**: at most one binding per key, under any concurrency.
/// 2. **Atomic batches**: a batch is applied as a whole or not at all, also across a crash.
/// 3. **Durability**: a power failure after `apply` returned does not undo the batch.
/// 4. **Linearizability**: every operation takes effect at one instant between call and return.
/// 5. **Ordered, stable scans**: canonical order, each binding once, from one instant.
/// 6. **Fidelity**: a binding is read back bit for bit as it was written.
/// 7. **Errors change nothing**, and name the key, the value found and the next step.
///
/// The crate `certbind-conformance` checks them on any implementation.
///
/// The other methods are provided. A backend may override [`bulk_load`](Self::bulk_load) to apply
/// changes without buffering them. A wrapper that forwards to another store has to forward every
/// method, provided ones included: otherwise it loses the overrides of the inner store.
///
/// ```
/// use std::sync::Mutex;
/// use std::collections::BTreeMap;
/// use certbind_core::{
///     Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
/// };
///
/// /// A store in memory that copies all bindings for a scan.
/// #[derive(Default)]
/// struct SmallStore(Mutex<BTreeMap<BindingKey, Binding>>);
///
/// impl BindingStore for SmallStore {
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::full().with_durable(false).with_multi_process(false)
///     }
///
///     fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
///         Ok(self.0.lock().unwrap().get(key).cloned())
///     }
///
///     fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
///         let bindings = self.0.lock().unwrap();
///         let found = bindings.values().filter(|binding| scan.contains(binding.key()));
///         let found: Vec<_> = found.cloned().map(Ok).collect();
///         Ok(Bindings::new(found.into_iter()))
///     }
///
///     fn apply(&self, batch: &Batch) -> Result<Applied> {
///         let mut bindings = self.0.lock().unwrap();
///         let applied = batch.check(|key| Ok(bindings.get(key).cloned()))?;
///         for outcome in applied.outcomes() {
///             match outcome.after.clone() {
///                 Some(binding) => bindings.insert(outcome.key.clone(), binding),
///                 None => bindings.remove(&outcome.key),
///             };
///         }
///         Ok(applied)
///     }
/// }
/// assert_eq!(SmallStore::default().scan(&Scan::all())?.count(), 0);
/// # Ok::<(), certbind_core::StoreError>(())
/// ```
pub trait BindingStore: Send + Sync {
    /// The guarantees and limits of this store. (Backends implement it.)
    fn capabilities(&self) -> Capabilities;

    /// The binding of `key`; `None` if the key is not bound. (Backends implement it.)
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a kind of key that the store does not support; any error of
    /// reading.
    fn get(&self, key: &BindingKey) -> Result<Option<Binding>>;

    /// The bindings in the range of `scan`, in canonical order, each once, from one point in time.
    /// Kinds that the store does not support are skipped. (Backends implement it.)
    ///
    /// # Errors
    /// Any error of reading. A later error ends the iterator.
    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>>;

    /// Applies every change of `batch` atomically. The batch is durable when the method returns. An
    /// empty batch does nothing. (Backends implement it.)
    ///
    /// # Errors
    /// [`AlreadyExists`](StoreError::AlreadyExists), [`NotFound`](StoreError::NotFound) or
    /// [`Conflict`](StoreError::Conflict) for the first precondition that does not hold;
    /// [`Unsupported`](StoreError::Unsupported) and [`ReadOnly`](StoreError::ReadOnly) for changes
    /// that the store does not support; any error of writing.
    fn apply(&self, batch: &Batch) -> Result<Applied>;

    /// Applies a stream of changes atomically and returns their number. The changes must be in the
    /// canonical order of their keys, each key once.
    ///
    /// Unlike [`apply`](Self::apply) it does not return the previous bindings, so a backend need not
    /// hold a million changes in memory. The default implementation buffers all changes. The iterator
    /// may call `get` and `scan` on this store; any other call may deadlock.
    ///
    /// ```
    /// use certbind_core::{Binding, BindingStore, CertHash, Change, MemoryStore, Record, Uuid};
    ///
    /// let mut changes = (1..=1_000).map(|port| {
    ///     let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
    ///     let key = format!("0.0.0.0:{port}").parse().expect("an address and port");
    ///     Ok(Change::put(Binding::new(key, record)?))
    /// });
    /// assert_eq!(MemoryStore::new().bulk_load(&mut changes)?, 1_000);
    /// # Ok::<(), certbind_core::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// An error of the iterator; [`StoreError::Invalid`] for a key that does not follow the previous
    /// one; otherwise as [`apply`](Self::apply). If there are several errors, it is unspecified which
    /// one is returned.
    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        let mut buffered: Vec<Change> = Vec::new();
        for change in changes {
            let change = change?;
            if buffered
                .last()
                .is_some_and(|last| last.key() >= change.key())
            {
                return Err(StoreError::out_of_order(change.key().clone()));
            }
            buffered.push(change);
        }
        let batch = Batch::new(buffered)?;
        self.apply(&batch)?;
        Ok(batch.len() as u64)
    }

    /// Binds a key that is not bound.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] if the key is bound; otherwise as [`apply`](Self::apply).
    fn insert(&self, binding: Binding) -> Result<()> {
        self.apply(&Change::insert(binding).into()).map(drop)
    }

    /// Replaces the binding of a bound key, and returns the previous binding.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the key is not bound; otherwise as [`apply`](Self::apply).
    fn update(&self, binding: Binding) -> Result<Binding> {
        let key = binding.key().clone();
        let applied = self.apply(&Change::update(binding).into())?;
        before(&applied).ok_or(StoreError::NotFound { key })
    }

    /// Binds a key, whether or not it is bound, and returns the previous binding.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    fn put(&self, binding: Binding) -> Result<Option<Binding>> {
        Ok(before(&self.apply(&Change::put(binding).into())?))
    }

    /// Unbinds a bound key, and returns the previous binding.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the key is not bound; otherwise as [`apply`](Self::apply).
    fn remove(&self, key: &BindingKey) -> Result<Binding> {
        let applied = self.apply(&Change::remove(key.clone()).into())?;
        before(&applied).ok_or_else(|| StoreError::NotFound { key: key.clone() })
    }

    /// Replaces the binding of `key` by `new` if the current binding is `expected`. `None` means
    /// "not bound" for both.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the current binding is a different one, or
    /// [`StoreError::AlreadyExists`] if `expected` is `None`; otherwise as [`apply`](Self::apply).
    fn compare_and_swap(
        &self,
        key: &BindingKey,
        expected: Option<Binding>,
        new: Option<Binding>,
    ) -> Result<()> {
        let precondition = match expected {
            Some(binding) => Precondition::Exactly(Box::new(binding)),
            None => Precondition::Absent,
        };
        let change = Change::new(key.clone(), precondition, new)?;
        self.apply(&change.into()).map(drop)
    }

    /// The batch that replaces the certificate `old` by `new` in every binding that names it, and
    /// keeps all other fields. Its preconditions hold while these bindings do not change.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        let mut changes = Vec::new();
        for binding in self.scan(&Scan::all())? {
            let binding = binding?;
            let mut record = binding.record().clone();
            match &mut record.certificate {
                Some(certificate) if certificate.hash == *old => certificate.hash = *new,
                _ => continue,
            }
            let renewed = binding.clone().with_record(record)?;
            let precondition = Precondition::Exactly(Box::new(binding));
            changes.push(Change::new(
                renewed.key().clone(),
                precondition,
                Some(renewed),
            )?);
        }
        Batch::new(changes)
    }

    /// Replaces the certificate `old` by `new` in every binding that names it, in one batch, and
    /// keeps all other fields. If no binding names `old`, the result has no outcomes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if bindings kept changing concurrently; otherwise as
    /// [`apply`](Self::apply).
    fn rotate(&self, old: &CertHash, new: &CertHash) -> Result<Applied> {
        let mut attempt = 1;
        loop {
            match self.apply(&self.rotation(old, new)?) {
                Err(StoreError::Conflict { .. }) if attempt < ROTATE_ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }
}

fn before(applied: &Applied) -> Option<Binding> {
    applied.outcomes().first()?.before.clone()
}
