//! Comparing two ordered sequences of bindings.

use std::cmp::Ordering;
use std::iter::FusedIterator;

use certbind_core::{Binding, BindingKey, Result, StoreError};

use crate::field::FieldChange;

/// The bindings of two sequences under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Only the second has it.
    Added(Binding),
    /// Only the first has it.
    Removed(Binding),
    /// Both have it, and not the same.
    Changed {
        /// The binding of the first.
        before: Binding,
        /// The binding of the second.
        after: Binding,
    },
    /// Both have it, bit for bit the same.
    Same(Binding),
}

impl Comparison {
    /// The key that is compared.
    #[must_use]
    pub fn key(&self) -> &BindingKey {
        match self {
            Self::Added(binding) | Self::Removed(binding) | Self::Same(binding) => binding.key(),
            Self::Changed { before, .. } => before.key(),
        }
    }

    /// The fields that changed; none unless it is [`Changed`](Self::Changed).
    #[must_use]
    pub fn fields(&self) -> Vec<FieldChange> {
        match self {
            Self::Changed { before, after } => FieldChange::between(before, after),
            Self::Added(_) | Self::Removed(_) | Self::Same(_) => Vec::new(),
        }
    }
}

/// Compares two sequences of bindings, both in canonical order as a scan gives them, key by key and
/// in that order. It keeps one binding of each in memory. Iteration ends at the first error.
///
/// ```
/// use certbind_migrate::{Comparison, diff};
/// use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Scan, Uuid};
///
/// let (before, after) = (MemoryStore::new(), MemoryStore::new());
/// for (store, hash) in [(&before, 1), (&after, 2)] {
///     let record = Record::new(CertHash::new([hash; 20]), None, Uuid::nil());
///     store.insert(Binding::new("0.0.0.0:443".parse()?, record)?)?;
/// }
/// for compared in diff(before.scan(&Scan::all())?, after.scan(&Scan::all())?) {
///     let compared = compared?;
///     assert!(matches!(compared, Comparison::Changed { .. }));
///     assert_eq!(compared.fields().len(), 1);
///     assert_eq!(compared.fields()[0].name(), "certificate");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Every error of a sequence, and [`StoreError::Invalid`] for a binding that is out of order.
pub fn diff<A, B>(before: A, after: B) -> Diff<A::IntoIter, B::IntoIter>
where
    A: IntoIterator<Item = Result<Binding>>,
    B: IntoIterator<Item = Result<Binding>>,
{
    Diff {
        before: Side::new(before.into_iter()),
        after: Side::new(after.into_iter()),
        ended: false,
    }
}

/// The iterator of [`diff`].
#[derive(Debug)]
pub struct Diff<A, B> {
    before: Side<A>,
    after: Side<B>,
    ended: bool,
}

impl<A, B> Iterator for Diff<A, B>
where
    A: Iterator<Item = Result<Binding>>,
    B: Iterator<Item = Result<Binding>>,
{
    type Item = Result<Comparison>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let step = self.step().transpose();
        self.ended = !matches!(step, Some(Ok(_)));
        step
    }
}

impl<A, B> FusedIterator for Diff<A, B>
where
    A: Iterator<Item = Result<Binding>>,
    B: Iterator<Item = Result<Binding>>,
{
}

impl<A, B> Diff<A, B>
where
    A: Iterator<Item = Result<Binding>>,
    B: Iterator<Item = Result<Binding>>,
{
    fn step(&mut self) -> Result<Option<Comparison>> {
        self.before.fill()?;
        self.after.fill()?;
        let order = match (&self.before.next, &self.after.next) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(before), Some(after)) => before.key().cmp(after.key()),
        };
        let before = order.is_le().then(|| self.before.next.take()).flatten();
        let after = order.is_ge().then(|| self.after.next.take()).flatten();
        Ok(match (before, after) {
            (Some(before), Some(after)) if before == after => Some(Comparison::Same(after)),
            (Some(before), Some(after)) => Some(Comparison::Changed { before, after }),
            (Some(before), None) => Some(Comparison::Removed(before)),
            (None, Some(after)) => Some(Comparison::Added(after)),
            (None, None) => None,
        })
    }
}

/// One of the two sequences, and its first binding that was not compared yet.
#[derive(Debug)]
struct Side<I> {
    rest: std::iter::Fuse<I>,
    next: Option<Binding>,
    last: Option<BindingKey>,
}

impl<I: Iterator<Item = Result<Binding>>> Side<I> {
    fn new(bindings: I) -> Self {
        Self {
            rest: bindings.fuse(),
            next: None,
            last: None,
        }
    }

    fn fill(&mut self) -> Result<()> {
        if self.next.is_some() {
            return Ok(());
        }
        let Some(next) = self.rest.next().transpose()? else {
            return Ok(());
        };
        let key = next.key();
        // In a comparison out of order, common bindings would be reported as added and removed.
        if let Some(last) = self.last.as_ref().filter(|last| *last >= key) {
            let reason = format!("it comes after {last}; bindings are compared in canonical order");
            return Err(StoreError::invalid(key.clone(), reason));
        }
        self.last = Some(key.clone());
        self.next = Some(next);
        Ok(())
    }
}
