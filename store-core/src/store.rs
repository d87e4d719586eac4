//! The trait that every backend implements.

use crate::batch::{Applied, Batch, Change, Precondition};
use crate::binding::{Binding, Certificate};
use crate::capabilities::Capabilities;
use crate::error::{Result, StoreError};
use crate::hash::CertHash;
use crate::key::BindingKey;
use crate::scan::{Bindings, Scan};

/// How often [`BindingStore::rotate`] makes its batch anew when bindings change under it.
const ROTATE_ATTEMPTS: u32 = 16;

/// A store of bindings, at most one per key.
///
/// A backend writes four methods. What they promise, unless [`capabilities`](Self::capabilities)
/// says less:
///
/// 1. **Unique**: at most one binding per key, whatever the interleaving.
/// 2. **Atomic**: a batch happens whole or leaves no trace, also across a crash.
/// 3. **Durable**: once `apply` has returned, a power cut does not undo it.
/// 4. **Linearizable**: every operation takes effect at one point between call and return.
/// 5. **Ordered, stable scan**: canonical order, each binding once, from one instant.
/// 6. **Faithful**: what comes out is, bit for bit, what went in.
/// 7. **Errors change nothing**, and say which key, what was found and what to do.
///
/// The crate `conformance` checks them on any implementation. The trait is object-safe; a store is
/// shared between threads as `Arc<dyn BindingStore>`.
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
pub trait BindingStore: Send + Sync {
    /// Where this store promises less than the most.
    fn capabilities(&self) -> Capabilities;

    /// The binding of `key`, if it is bound.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] for a kind of key that the store lacks, and whatever keeps the
    /// backend from reading.
    fn get(&self, key: &BindingKey) -> Result<Option<Binding>>;

    /// The bindings that `scan` asks for, in canonical order, each once, from one instant. Kinds
    /// that the store lacks are passed over.
    ///
    /// # Errors
    /// Whatever keeps the backend from reading; what happens later ends the iterator with an error.
    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>>;

    /// Applies every change of `batch` or none of them; once it has returned, the batch is there
    /// to stay. An empty batch does nothing.
    ///
    /// # Errors
    /// [`AlreadyExists`](StoreError::AlreadyExists), [`NotFound`](StoreError::NotFound) or
    /// [`Conflict`](StoreError::Conflict) for the first precondition that does not hold;
    /// [`Unsupported`](StoreError::Unsupported) and [`ReadOnly`](StoreError::ReadOnly) for what the
    /// store cannot do; whatever keeps the backend from writing.
    fn apply(&self, batch: &Batch) -> Result<Applied>;

    /// Applies changes as they come, all of them or none, and gives back how many there were. They
    /// come in the canonical order of their keys, each key once.
    ///
    /// As [`apply`](Self::apply) of a batch of them, but it tells nothing of what the keys held, so
    /// that a backend need not hold a million changes to apply them. This one does hold them. Who
    /// makes the changes may `get` and `scan` meanwhile, and must not call the store otherwise: it
    /// may wait for itself.
    ///
    /// # Errors
    /// An error among the changes; [`StoreError::Invalid`] for a key that does not come behind the
    /// one before; otherwise as [`apply`](Self::apply). Of several, which is told is the backend's
    /// affair.
    fn bulk_load(&self, changes: &mut (dyn Iterator<Item = Result<Change>> + Send)) -> Result<u64> {
        let mut held: Vec<Change> = Vec::new();
        for change in changes {
            let change = change?;
            if held.last().is_some_and(|last| last.key() >= change.key()) {
                return Err(StoreError::out_of_order(change.key().clone()));
            }
            held.push(change);
        }
        let batch = Batch::new(held)?;
        self.apply(&batch)?;
        Ok(batch.len() as u64)
    }

    /// Binds a key that is not bound.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] if it is; otherwise as [`apply`](Self::apply).
    fn insert(&self, binding: Binding) -> Result<()> {
        self.apply(&Change::insert(binding).into()).map(drop)
    }

    /// Replaces the record of a key that is bound, and gives back the binding it held.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is not bound; otherwise as [`apply`](Self::apply).
    fn update(&self, binding: Binding) -> Result<Binding> {
        let key = binding.key().clone();
        let applied = self.apply(&Change::update(binding).into())?;
        before(&applied).ok_or(StoreError::NotFound { key })
    }

    /// Binds a key, whether or not it is bound, and gives back the binding it held.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    fn put(&self, binding: Binding) -> Result<Option<Binding>> {
        Ok(before(&self.apply(&Change::put(binding).into())?))
    }

    /// Unbinds a key that is bound, and gives back the binding it held.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is not bound; otherwise as [`apply`](Self::apply).
    fn remove(&self, key: &BindingKey) -> Result<Binding> {
        let applied = self.apply(&Change::remove(key.clone()).into())?;
        before(&applied).ok_or_else(|| StoreError::NotFound { key: key.clone() })
    }

    /// Makes `key` hold `new` if it holds exactly `expected`; `None` stands for unbound.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], or [`StoreError::AlreadyExists`] where nothing was expected, if it
    /// holds something else; otherwise as [`apply`](Self::apply).
    fn compare_and_swap(
        &self,
        key: &BindingKey,
        expected: Option<Binding>,
        new: Option<Binding>,
    ) -> Result<()> {
        let expect = match expected {
            Some(binding) => Precondition::Exactly(Box::new(binding)),
            None => Precondition::Absent,
        };
        let change = Change::new(key.clone(), expect, new)?;
        self.apply(&change.into()).map(drop)
    }

    /// The batch that puts the certificate `new` in the place of `old` wherever that is bound, and
    /// leaves every other field as it is. It applies only while these bindings stay as they are.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    fn rotation(&self, old: &CertHash, new: &CertHash) -> Result<Batch> {
        let mut changes = Vec::new();
        for binding in self.scan(&Scan::all())? {
            let binding = binding?;
            let mut record = binding.record().clone();
            match &mut record.certificate {
                Some(Certificate { hash, .. }) if hash == old => *hash = *new,
                _ => continue,
            }
            let renewed = binding.clone().with_record(record)?;
            let expect = Precondition::Exactly(Box::new(binding));
            changes.push(Change::new(renewed.key().clone(), expect, Some(renewed))?);
        }
        Batch::new(changes)
    }

    /// Puts the certificate `new` in the place of `old` wherever that is bound, in one batch, and
    /// leaves every other field as it is. Nothing bound to `old` is no error: the outcome is empty.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if bindings keep changing under it;
    /// otherwise as [`apply`](Self::apply).
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
