//! An ordered set of bindings that changes by making a new one: what resident scans read.

use std::cmp::Ordering;
use std::sync::Arc;

use store_core::{Binding, BindingKey, Scan};

/// The most entries of a node.
const MOST: usize = 64;
/// With fewer entries than this a node is joined with a neighbour that has room for them.
const FEW: usize = MOST / 4;

/// Bindings in canonical order, as a tree whose nodes are shared with earlier trees: a change copies
/// the nodes on its way, and a scan keeps the tree that it began with.
#[derive(Clone, Default)]
pub(crate) struct Tree(Arc<Node>);

#[derive(Clone)]
enum Node {
    Leaf(Vec<Binding>),
    Inner(Vec<Child>),
}

#[derive(Clone)]
struct Child {
    /// No key below is less than this one's; it may itself be gone.
    first: Binding,
    node: Arc<Node>,
}

impl Tree {
    /// The tree of these, which come in canonical order, each key once.
    pub(crate) fn of_sorted(bindings: impl IntoIterator<Item = Binding>) -> Self {
        let mut bindings = bindings.into_iter().peekable();
        let mut level = Vec::new();
        while bindings.peek().is_some() {
            let leaf: Vec<_> = bindings.by_ref().take(MOST).collect();
            level.push(Child::new(leaf[0].clone(), Node::Leaf(leaf)));
        }
        while level.len() > 1 {
            let mut children = level.into_iter().peekable();
            level = Vec::new();
            while children.peek().is_some() {
                let inner: Vec<_> = children.by_ref().take(MOST).collect();
                level.push(Child::new(inner[0].first.clone(), Node::Inner(inner)));
            }
        }
        level
            .pop()
            .map_or_else(Self::default, |root| Self(root.node))
    }

    /// Puts a binding into its place, instead of another of its key if there is one.
    pub(crate) fn put(&mut self, binding: Binding) {
        let root = Arc::make_mut(&mut self.0);
        if let Some(right) = root.put(binding) {
            let left = std::mem::take(root);
            let first = left.first().expect("it was split").clone();
            *root = Node::Inner(vec![Child::new(first, left), right]);
        }
    }

    /// Takes the binding of a key out, if there is one.
    pub(crate) fn remove(&mut self, key: &BindingKey) {
        Arc::make_mut(&mut self.0).remove(key);
        while let Node::Inner(children) = &*self.0
            && let [only] = children.as_slice()
        {
            self.0 = Arc::clone(&only.node);
        }
    }

    /// What a scan asks for.
    pub(crate) fn scan(&self, scan: &Scan) -> Range {
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

/// Where a key stands: before what a scan asks for, in it, or behind it.
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

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(bindings) => bindings.len(),
            Self::Inner(children) => children.len(),
        }
    }

    fn first(&self) -> Option<&Binding> {
        match self {
            Self::Leaf(bindings) => bindings.first(),
            Self::Inner(children) => children.first().map(|child| &child.first),
        }
    }

    /// Puts a binding in; if the node is full, gives back its right half.
    fn put(&mut self, binding: Binding) -> Option<Child> {
        match self {
            Self::Leaf(bindings) => {
                match bindings.binary_search_by(|other| other.key().cmp(binding.key())) {
                    Ok(place) => bindings[place] = binding,
                    Err(place) => bindings.insert(place, binding),
                }
            }
            Self::Inner(children) => {
                let place = place_of(children, binding.key());
                let child = &mut children[place];
                if binding.key() < child.first.key() {
                    child.first = binding.clone();
                }
                let right = Arc::make_mut(&mut child.node).put(binding);
                children.splice(place + 1..place + 1, right);
            }
        }
        (self.len() > MOST).then(|| self.split())
    }

    fn split(&mut self) -> Child {
        let half = self.len() / 2;
        let right = match self {
            Self::Leaf(bindings) => Self::Leaf(bindings.split_off(half)),
            Self::Inner(children) => Self::Inner(children.split_off(half)),
        };
        let first = right.first().expect("half of many").clone();
        Child::new(first, right)
    }

    fn remove(&mut self, key: &BindingKey) {
        match self {
            Self::Leaf(bindings) => {
                if let Ok(place) = bindings.binary_search_by(|other| other.key().cmp(key)) {
                    bindings.remove(place);
                }
            }
            Self::Inner(children) => {
                let place = place_of(children, key);
                Arc::make_mut(&mut children[place].node).remove(key);
                join(children, place);
            }
        }
    }

    /// Takes in what stands behind it, of the same height.
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

/// The child that has the key, if any has.
fn place_of(children: &[Child], key: &BindingKey) -> usize {
    let behind = children.partition_point(|child| child.first.key() <= key);
    behind.saturating_sub(1)
}

/// Joins a child that has become small with a neighbour.
fn join(children: &mut Vec<Child>, place: usize) {
    let small = children[place].node.len();
    if small == 0 && children.len() > 1 {
        children.remove(place);
        return;
    }
    if small >= FEW {
        return;
    }
    let room = |i: usize| {
        children
            .get(i)
            .is_some_and(|other| other.node.len() + small <= MOST)
    };
    let left = match place.checked_sub(1) {
        Some(left) if room(left) => left,
        _ if room(place + 1) => place,
        _ => return,
    };
    let right = children.remove(left + 1);
    Arc::make_mut(&mut children[left].node).append(Arc::unwrap_or_clone(right.node));
}

impl Child {
    fn new(first: Binding, node: Node) -> Self {
        let node = Arc::new(node);
        Self { first, node }
    }
}

/// The bindings of a scan, in canonical order.
pub(crate) struct Range {
    /// From the root to a leaf: nodes, and which of their entries comes next.
    path: Vec<(Arc<Node>, usize)>,
    scan: Scan,
}

impl Range {
    /// Goes down to the first binding below `node` that is not before the range.
    fn descend(&mut self, mut node: Arc<Node>, before: impl Fn(&BindingKey) -> bool) {
        loop {
            let (place, below) = match &*node {
                Node::Leaf(bindings) => (bindings.partition_point(|b| before(b.key())), None),
                Node::Inner(children) => {
                    // The last child that begins before the range may reach into it.
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

impl Iterator for Range {
    type Item = Binding;

    fn next(&mut self) -> Option<Binding> {
        loop {
            let (node, place) = self.path.last_mut()?;
            let at = *place;
            *place += 1;
            match &**node {
                Node::Leaf(bindings) => {
                    if let Some(binding) = bindings.get(at) {
                        if side(&self.scan, binding.key()).is_gt() {
                            self.path.clear();
                            return None;
                        }
                        return Some(binding.clone());
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

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use store_core::strategy::scan_of;
    use store_core::{CertHash, Kind, Record, Uuid};

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

    fn found(tree: &Tree, scan: &Scan) -> Vec<Binding> {
        tree.scan(scan).collect()
    }

    /// No node is overfull, none but the root is empty, leaves are equally deep.
    fn height(node: &Node, root: bool) -> usize {
        assert!(node.len() <= MOST && (root || node.len() > 0));
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
        fn a_tree_is_the_map_that_it_stands_for_and_earlier_trees_stay(
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
                // Nearly all of it, so that nodes are joined.
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
        }
    }

    #[test]
    fn a_tree_that_is_emptied_is_empty_and_can_be_filled_again() {
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
