//! Scans: the range to read, and the iterator over its bindings.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use crate::binding::Binding;
use crate::error::Result;
use crate::key::BindingKey;
use crate::kind::Kind;

/// The bindings to read: all, or those of one kind, in a range of keys, or both.
///
/// To resume a scan, start [`after`](Self::after) the last key returned.
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

    /// Restricts the scan to one kind of key.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self {
            kind: Some(kind),
            ..self
        }
    }

    /// Starts after `cursor`, whether or not that key is bound. A cursor before the start of the
    /// range has no effect.
    #[must_use]
    pub fn after(self, cursor: BindingKey) -> Self {
        let has_no_effect = match &self.start {
            Bound::Included(start) | Bound::Excluded(start) => cursor < *start,
            Bound::Unbounded => false,
        };
        if has_no_effect {
            return self;
        }
        Self {
            start: Bound::Excluded(cursor),
            ..self
        }
    }

    /// The kind that the scan is restricted to, if any.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// The start and the end of the range.
    #[must_use]
    pub fn bounds(&self) -> (Bound<&BindingKey>, Bound<&BindingKey>) {
        (self.start.as_ref(), self.end.as_ref())
    }

    /// Whether the range contains no key, because it ends before it starts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self.bounds() {
            (Bound::Included(start), Bound::Included(end)) => start > end,
            (Bound::Included(start), Bound::Excluded(end))
            | (Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => start >= end,
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        }
    }

    /// Whether the scan includes this key.
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

/// The bindings of a scan, in canonical order, each once. The iterator ends after an error.
pub struct Bindings<'a>(Box<dyn Iterator<Item = Result<Binding>> + Send + 'a>);

impl<'a> Bindings<'a> {
    /// Wraps the iterator of a backend, which has to return bindings in canonical order.
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
