//! A persistent ordered tree: in-memory scans read it, and the memtable is one.

use std::cmp::Ordering;
use std::sync::Arc;

use certbind_core::{Binding, BindingKey, Scan};

/// The most entries of a node.
const MAX_ENTRIES: usize = 64;
/// A node with fewer entries is merged with a neighbour that has room.
const MIN_ENTRIES: usize = MAX_ENTRIES / 4;

/// An entry of the tree.
pub(crate) trait Keyed: Clone {
    fn key(&self) -> &BindingKey;
}

impl Keyed for Binding {
    fn key(&self) -> &BindingKey {
        self.key()
    }
}

/// Entries in canonical order. Trees share nodes with earlier versions: a change copies the nodes
/// on its path, and a scan keeps the version that it started with.
#[derive(Clone)]
pub(crate) struct Tree<E>(Arc<Node<E>>);

#[derive(Clone)]
enum Node<E> {
    Leaf(Vec<E>),
    Inner(Vec<Child<E>>),
}

#[derive(Clone)]
struct Child<E> {
    /// No key below is less than this one's, which may itself have been removed.
    first: E,
    node: Arc<Node<E>>,
}

impl<E: Keyed> Tree<E> {
    /// Builds a tree from entries in canonical order, each key once.
    pub(crate) fn of_sorted(entries: impl IntoIterator<Item = E>) -> Self {
        let mut entries = entries.into_iter().peekable();
        let mut level = Vec::new();
        while entries.peek().is_some() {
            let leaf: Vec<_> = entries.by_ref().take(MAX_ENTRIES).collect();
            level.push(Child::new(leaf[0].clone(), Node::Leaf(leaf)));
        }
        while level.len() > 1 {
            let mut children = level.into_iter().peekable();
            level = Vec::new();
            while children.peek().is_some() {
                let inner: Vec<_> = children.by_ref().take(MAX_ENTRIES).collect();
                level.push(Child::new(inner[0].first.clone(), Node::Inner(inner)));
            }
        }
        level
            .pop()
            .map_or_else(Self::default, |root| Self(root.node))
    }

    /// The entry of a key.
    pub(crate) fn get(&self, key: &BindingKey) -> Option<&E> {
        let mut node = &*self.0;
        loop {
            match node {
                Node::Inner(children) => node = &children[place_of(children, key)].node,
                Node::Leaf(entries) => {
                    let place = entries.binary_search_by(|other| other.key().cmp(key));
                    return place.ok().map(|place| &entries[place]);
                }
            }
        }
    }

    /// Inserts an entry, or replaces the one of the same key.
    pub(crate) fn put(&mut self, entry: E) {
        let root = Arc::make_mut(&mut self.0);
        if let Some(right) = root.put(entry) {
            let left = std::mem::take(root);
            let first = left.first().expect("it was split").clone();
            *root = Node::Inner(vec![Child::new(first, left), right]);
        }
    }

    /// Removes the entry of a key.
    pub(crate) fn remove(&mut self, key: &BindingKey) {
        Arc::make_mut(&mut self.0).remove(key);
        while let Node::Inner(children) = &*self.0
            && let [only] = children.as_slice()
        {
            self.0 = Arc::clone(&only.node);
        }
    }

    /// The entries of a scan.
    pub(crate) fn scan(&self, scan: &Scan) -> Range<E> {
        let mut range = Range {
            path: Vec::new(),
            scan: scan.clone(),
        };
        if !scan.is_empty() {
            range.descend(Arc::clone(&self.0), |key| side(scan, key).is_lt());
        }
        range
    }
}

/// Whether a key is before, in or after the range of a scan.
fn side(scan: &Scan, key: &BindingKey) -> Ordering {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let kind = scan
        .kind()
        .map_or(Ordering::Equal, |kind| key.kind().cmp(&kind));
    let (start, end) = scan.bounds();
    let before = match start {
        Included(start) => key < start,
        Excluded(start) => key <= start,
        Unbounded => false,
    };
    let behind = match end {
        Included(end) => key > end,
        Excluded(end) => key >= end,
        Unbounded => false,
    };
    match kind {
        Ordering::Equal if before => Ordering::Less,
        Ordering::Equal if behind => Ordering::Greater,
        other => other,
    }
}

impl<E> Default for Tree<E> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<E> Default for Node<E> {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl<E: Keyed> Node<E> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Inner(children) => children.len(),
        }
    }

    fn first(&self) -> Option<&E> {
        match self {
            Self::Leaf(entries) => entries.first(),
            Self::Inner(children) => children.first().map(|child| &child.first),
        }
    }

    /// Inserts an entry; a full node returns its right half.
    fn put(&mut self, entry: E) -> Option<Child<E>> {
        match self {
            Self::Leaf(entries) => {
                match entries.binary_search_by(|other| other.key().cmp(entry.key())) {
                    Ok(place) => entries[place] = entry,
                    Err(place) => entries.insert(place, entry),
                }
            }
            Self::Inner(children) => {
                let place = place_of(children, entry.key());
                let child = &mut children[place];
                if entry.key() < child.first.key() {
                    child.first = entry.clone();
                }
                let right = Arc::make_mut(&mut child.node).put(entry);
                children.splice(place + 1..place + 1, right);
            }
        }
        (self.len() > MAX_ENTRIES).then(|| self.split())
    }

    fn split(&mut self) -> Child<E> {
        let half = self.len() / 2;
        let right = match self {
            Self::Leaf(entries) => Self::Leaf(entries.split_off(half)),
            Self::Inner(children) => Self::Inner(children.split_off(half)),
        };
        let first = right.first().expect("half of many").clone();
        Child::new(first, right)
    }

    fn remove(&mut self, key: &BindingKey) {
        match self {
            Self::Leaf(entries) => {
                if let Ok(place) = entries.binary_search_by(|other| other.key().cmp(key)) {
                    entries.remove(place);
                }
            }
            Self::Inner(children) => {
                let place = place_of(children, key);
                Arc::make_mut(&mut children[place].node).remove(key);
                join(children, place);
            }
        }
    }

    /// Appends the following node of the same height.
    fn append(&mut self, right: Self) {
        match (self, right) {
            (Self::Leaf(left), Self::Leaf(right)) => left.extend(right),
            (Self::Inner(left), Self::Inner(right)) => left.extend(right),
            (Self::Leaf(_), Self::Inner(_)) | (Self::Inner(_), Self::Leaf(_)) => {
                unreachable!("neighbours are of one height")
            }
        }
    }
}

/// The child whose range contains the key.
fn place_of<E: Keyed>(children: &[Child<E>], key: &BindingKey) -> usize {
    let behind = children.partition_point(|child| child.first.key() <= key);
    behind.saturating_sub(1)
}

/// Merges a child that has become small with a neighbour.
fn join<E: Keyed>(children: &mut Vec<Child<E>>, place: usize) {
    let small = children[place].node.len();
    if small == 0 && children.len() > 1 {
        children.remove(place);
        return;
    }
    if small >= MIN_ENTRIES {
        return;
    }
    let room = |i: usize| {
        children
            .get(i)
            .is_some_and(|other| other.node.len() + small <= MAX_ENTRIES)
    };
    let left = match place.checked_sub(1) {
        Some(left) if room(left) => left,
        _ if room(place + 1) => place,
        _ => return,
    };
    let right = children.remove(left + 1);
    Arc::make_mut(&mut children[left].node).append(Arc::unwrap_or_clone(right.node));
}

impl<E> Child<E> {
    fn new(first: E, node: Node<E>) -> Self {
        let node = Arc::new(node);
        Self { first, node }
    }
}

/// The entries of a scan, in canonical order.
pub(crate) struct Range<E> {
    /// The path from the root to a leaf: nodes, each with the index of its next entry.
    path: Vec<(Arc<Node<E>>, usize)>,
    scan: Scan,
}

impl<E: Keyed> Range<E> {
    /// Descends to the first entry below `node` that is not before the range.
    fn descend(&mut self, mut node: Arc<Node<E>>, before: impl Fn(&BindingKey) -> bool) {
        loop {
            let (place, below) = match &*node {
                Node::Leaf(entries) => (entries.partition_point(|entry| before(entry.key())), None),
                Node::Inner(children) => {
                    // The last child that starts before the range may reach into it.
                    let behind = children.partition_point(|child| before(child.first.key()));
                    let place = behind.saturating_sub(1);
                    (place + 1, Some(Arc::clone(&children[place].node)))
                }
            };
            self.path.push((node, place));
            match below {
                Some(below) => node = below,
                None => return,
            }
        }
    }
}

impl<E: Keyed> Iterator for Range<E> {
    type Item = E;

    fn next(&mut self) -> Option<E> {
        loop {
            let (node, place) = self.path.last_mut()?;
            let at = *place;
            *place += 1;
            match &**node {
                Node::Leaf(entries) => {
                    if let Some(entry) = entries.get(at) {
                        if side(&self.scan, entry.key()).is_gt() {
                            self.path.clear();
                            return None;
                        }
                        return Some(entry.clone());
                    }
                }
                Node::Inner(children) => {
                    if let Some(child) = children.get(at) {
                        let below = Arc::clone(&child.node);
                        self.descend(below, |_| false);
                        continue;
                    }
                }
            }
            self.path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use certbind_core::strategy::scan_of;
    use certbind_core::{CertHash, Kind, Record, Uuid};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    /// One of some thousand keys, enough for three levels.
    fn key(n: u16) -> BindingKey {
        let value = match n % 3 {
            0 => format!("ipport=10.0.{}.{}:443", n >> 8, n & 255),
            1 => format!("hostnameport=h{n}.example:443"),
            _ => format!("ccs={}", n + 1),
        };
        value.parse().unwrap()
    }

    fn keys() -> impl Strategy<Value = BindingKey> + Clone {
        (0..6000_u16).prop_map(key)
    }

    fn binding(key: &BindingKey, mark: u128) -> Binding {
        let record = match key.kind().names_certificate() {
            true => Record::new(CertHash::new([1; 20]), None, Uuid::from_u128(mark)),
            false => Record::central(Uuid::from_u128(mark)),
        };
        Binding::new(key.clone(), record).unwrap()
    }

    fn found(tree: &Tree<Binding>, scan: &Scan) -> Vec<Binding> {
        tree.scan(scan).collect()
    }

    /// Checks that no node is too large, none but the root is empty, and leaves have equal depth.
    fn height(node: &Node<Binding>, root: bool) -> usize {
        assert!(node.len() <= MAX_ENTRIES && (root || node.len() > 0));
        match node {
            Node::Leaf(_) => 0,
            Node::Inner(children) => {
                let heights: Vec<_> = children.iter().map(|c| height(&c.node, false)).collect();
                assert!(heights.windows(2).all(|pair| pair[0] == pair[1]));
                for child in children {
                    assert!(child.node.first().unwrap().key() >= child.first.key());
                }
                heights[0] + 1
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn tree_matches_map_and_old_versions_stay(
            start in btree_map(keys(), any::<u128>(), 0..5000),
            steps in vec((keys(), any::<bool>()), 0..400),
            prune in any::<bool>(),
            scans in vec(scan_of(keys()), 8),
        ) {
            let mut model: BTreeMap<_, _> =
                start.iter().map(|(key, mark)| (key.clone(), binding(key, *mark))).collect();
            let mut tree = Tree::of_sorted(model.values().cloned());
            let (earlier, before) = (tree.clone(), model.clone());
            if prune {
                // Nearly all of it, so that nodes are merged.
                for key in before.keys().filter(|key| key.port().get() != 443 || key.value().len() % 5 != 0) {
                    tree.remove(key);
                    model.remove(key);
                }
            }
            for (n, (key, put)) in (0..).zip(steps) {
                if put {
                    tree.put(binding(&key, n));
                    model.insert(key.clone(), binding(&key, n));
                } else {
                    tree.remove(&key);
                    model.remove(&key);
                }
            }
            height(&tree.0, true);
            let kinds = Kind::ALL.map(|kind| Scan::all().of_kind(kind));
            for scan in scans.into_iter().chain(kinds).chain([Scan::all()]) {
                for (tree, model) in [(&tree, &model), (&earlier, &before)] {
                    let expected: Vec<_> =
                        model.values().filter(|b| scan.contains(b.key())).cloned().collect();
                    prop_assert_eq!(found(tree, &scan), expected, "{:?}", scan);
                }
            }
            for key in (0..6000).map(key) {
                prop_assert_eq!(tree.get(&key), model.get(&key));
                prop_assert_eq!(earlier.get(&key), before.get(&key));
            }
        }
    }

    #[test]
    fn emptied_tree_can_be_refilled() {
        let mut tree = Tree::default();
        for round in 0..2 {
            for n in 0..2000 {
                tree.put(binding(&key(n), round));
            }
            assert_eq!(found(&tree, &Scan::all()).len(), 2000);
            assert!(height(&tree.0, true) >= 1);
            for n in (0..2000).rev() {
                tree.remove(&key(n));
            }
            assert_eq!(found(&tree, &Scan::all()), []);
            assert_eq!(height(&tree.0, true), 0);
        }
    }
}
