//! What to scan, and what a scan gives.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::binding::Binding;
use crate::error::Result;
use crate::key::{BindingKey, Kind};

/// Which bindings to scan: a range of keys, or all, of one kind, or all. A scan that was left off
/// goes on behind the last key that it saw.
///
/// ```
/// use certbind_core::{BindingKey, BindingStore, Kind, MemoryStore, Scan};
///
/// let store = MemoryStore::new();
/// let last_seen: BindingKey = "hostnameport=www.contoso.com:443".parse()?;
/// let rest = Scan::all().of_kind(Kind::Sni).after(last_seen);
/// assert_eq!(store.scan(&rest)?.count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    kind: Option<Kind>,
    start: Bound<BindingKey>,
    end: Bound<BindingKey>,
}

impl Scan {
    /// Every binding.
    #[must_use]
    pub fn all() -> Self {
        Self {
            kind: None,
            start: Bound::Unbounded,
            end: Bound::Unbounded,
        }
    }

    /// The bindings with a key in `range`. A range that ends before it starts is empty.
    #[must_use]
    pub fn range(range: impl RangeBounds<BindingKey>) -> Self {
        Self {
            kind: None,
            start: range.start_bound().cloned(),
            end: range.end_bound().cloned(),
        }
    }

    /// Of these, the ones of this kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }

    /// Starts behind `cursor`, whether or not that key is bound. A cursor in front of where the
    /// scan would start anyway changes nothing.
    #[must_use]
    pub fn after(self, cursor: BindingKey) -> Self {
        let behind = match &self.start {
            Bound::Included(start) | Bound::Excluded(start) => cursor < *start,
            Bound::Unbounded => false,
        };
        if behind {
            return self;
        }
        Self {
            start: Bound::Excluded(cursor),
            ..self
        }
    }

    /// The kind, where only one is asked for.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Where the range starts and ends.
    #[must_use]
    pub fn bounds(&self) -> (Bound<&BindingKey>, Bound<&BindingKey>) {
        (self.start.as_ref(), self.end.as_ref())
    }

    /// Whether no key can be in it, since the range ends before it starts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.bounds() {
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (Bound::Included(start), Bound::Excluded(end))
            | (Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => start >= end,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }

    /// Whether a binding with this key is asked for.
    #[must_use]
    pub fn contains(&self, key: &BindingKey) -> bool {
        self.kind.is_none_or(|kind| kind == key.kind()) && self.bounds().contains(key)
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self::all()
    }
}

/// The bindings that a scan finds, in canonical order, each once. An error ends it.
pub struct Bindings<'a>(Box<dyn Iterator<Item = Result<Binding>> + Send + 'a>);

impl<'a> Bindings<'a> {
    /// The bindings that `iter` gives, which a backend has put in canonical order.
    pub fn new(iter: impl Iterator<Item = Result<Binding>> + Send + 'a) -> Self {
        Self(Box::new(iter))
    }
}

impl Iterator for Bindings<'_> {
    type Item = Result<Binding>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl fmt::Debug for Bindings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bindings")
    }
}
