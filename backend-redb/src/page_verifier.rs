//! Verifies the pages of a redb file as they are read.
//!
//! redb keeps the checksum of each page in its parent, but compares it only when it verifies a
//! whole file. This module does so for every page that is read from the disk. It starts with the
//! roots in the current commit slot, and learns the checksums of further pages from the branch
//! pages and table definitions that it has verified. So it depends on the layout of pages, as redb
//! 4.6 writes it in its `btree_base.rs`, `table_tree_base.rs` and `base.rs`; a page of another
//! layout has an invalid checksum and is refused.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use redb::StorageBackend;
use twox_hash::XxHash3_128;

use crate::bytes::{array, u16_at, u32_at, u64_at, u128_at};
use crate::errors::PageDamage;
use crate::redb_header::{self, Geometry, HEADER_LEN, RootPage};

/// Verifies pages on their way from the disk to redb.
#[derive(Debug, Default)]
pub(crate) struct PageVerifier(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    /// Before the first page was read.
    #[default]
    Start,
    Verifying(Geometry, HashMap<u64, Expected, RandomState>),
    /// The file was not closed, so only redb's repair can determine the valid pages.
    NotClosed,
}

/// A page that a verified page refers to.
#[derive(Clone, Copy, Debug)]
struct Expected {
    len: u64,
    checksum: u128,
    tree: Tree,
}

/// The tree that a page belongs to.
#[derive(Clone, Copy, Debug)]
struct Tree {
    fixed_key: Option<usize>,
    fixed_value: Option<usize>,
    values: Values,
}

#[derive(Clone, Copy, Debug)]
enum Values {
    Rows,
    /// Definitions of tables, with their roots.
    Tables,
}

/// The tree of table names.
const TABLES: Tree = Tree {
    fixed_key: None,
    fixed_value: None,
    values: Values::Tables,
};

const LEAF: u8 = 1;
const BRANCH: u8 = 2;

/// The kind of tables that have one value for each key, in their definition.
const NORMAL_TABLE: u8 = 3;

impl PageVerifier {
    /// Whether the file has to be verified as a whole, since it was not closed.
    pub(crate) fn needs_whole_file(&self) -> bool {
        matches!(*self.state(), State::NotClosed)
    }

    /// Verifies bytes that were read from `file` at `offset`, unless they are the file's header.
    ///
    /// # Errors
    /// [`PageDamage`], or an error of reading the header.
    pub(crate) fn verify(
        &self,
        file: &dyn StorageBackend,
        offset: u64,
        page: &[u8],
    ) -> io::Result<()> {
        let damage = || io::Error::new(ErrorKind::InvalidData, PageDamage { offset });
        let expected = {
            let mut state = self.state();
            if let State::Start = *state {
                *state = start(file)?;
            }
            match &*state {
                State::Verifying(geometry, _) if offset < geometry.page_size => return Ok(()),
                State::Verifying(_, pages) => *pages.get(&offset).ok_or_else(damage)?,
                State::Start | State::NotClosed => {
                    return Err(io::Error::other("the file was not closed"));
                }
            }
        };
        let used = expected.used(page).ok_or_else(damage)?;
        if XxHash3_128::oneshot(used) != expected.checksum {
            return Err(damage());
        }
        let children = expected.tree.children(page).ok_or_else(damage)?;
        if let State::Verifying(geometry, pages) = &mut *self.state() {
            for (root, tree) in children {
                let (start, len) = geometry.page(root.page).ok_or_else(damage)?;
                let checksum = root.checksum;
                pages.insert(
                    start,
                    Expected {
                        len,
                        checksum,
                        tree,
                    },
                );
            }
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the roots from the header of a file that redb has locked.
fn start(file: &dyn StorageBackend) -> io::Result<State> {
    let mut header = [0; HEADER_LEN];
    file.read(0, &mut header)?;
    let Some((geometry, roots)) = redb_header::roots(&header) else {
        return Ok(State::NotClosed);
    };
    let mut pages = HashMap::default();
    for root in roots.into_iter().flatten() {
        let Some((start, len)) = geometry.page(root.page) else {
            return Ok(State::NotClosed);
        };
        let checksum = root.checksum;
        pages.insert(
            start,
            Expected {
                len,
                checksum,
                tree: TABLES,
            },
        );
    }
    Ok(State::Verifying(geometry, pages))
}

impl Expected {
    /// The bytes of a page that its checksum covers; `None` if the page has no such bytes.
    fn used(self, page: &[u8]) -> Option<&[u8]> {
        if page.len() as u64 != self.len {
            return None;
        }
        let count = usize::from(u16_at(page, 2)?);
        let last = count.checked_sub(1)?;
        let end = match page[0] {
            LEAF => self.tree.value_end(page, count, last)?,
            BRANCH => self.tree.branch_key_end(page, count, last)?,
            _ => return None,
        };
        page.get(..end)
    }
}

impl Tree {
    /// The pages that a page of the tree refers to. Called once its checksum was verified.
    fn children(self, page: &[u8]) -> Option<Vec<(RootPage, Self)>> {
        let count = usize::from(u16_at(page, 2)?);
        match (page[0], self.values) {
            (LEAF, Values::Rows) => Some(Vec::new()),
            (LEAF, Values::Tables) => {
                let mut tables = Vec::new();
                for n in 0..count {
                    let start = match n.checked_sub(1) {
                        None => self.key_end(page, count, count - 1)?,
                        Some(before) => self.value_end(page, count, before)?,
                    };
                    let definition = page.get(start..self.value_end(page, count, n)?)?;
                    tables.extend(table_root(definition)?);
                }
                Some(tables)
            }
            _ => {
                let checksums = 8;
                let numbers = checksums + 16 * (count + 1);
                let child = |n| {
                    let root = RootPage {
                        page: u64_at(page, numbers + 8 * n)?,
                        checksum: u128_at(page, checksums + 16 * n)?,
                    };
                    Some((root, self))
                };
                (0..=count).map(child).collect()
            }
        }
    }

    /// Where a key of a leaf ends.
    fn key_end(self, page: &[u8], count: usize, n: usize) -> Option<usize> {
        match self.fixed_key {
            Some(width) => {
                let ends = self.fixed_value.map_or(4 * count, |_| 0);
                Some(4 + ends + width * (n + 1))
            }
            None => usize::try_from(u32_at(page, 4 + 4 * n)?).ok(),
        }
    }

    /// Where a value of a leaf ends.
    fn value_end(self, page: &[u8], count: usize, n: usize) -> Option<usize> {
        match self.fixed_value {
            Some(width) => {
                let keys = self.key_end(page, count, count.checked_sub(1)?)?;
                keys.checked_add(width * (n + 1))
            }
            None => {
                let key_ends = self.fixed_key.map_or(4 * count, |_| 0);
                usize::try_from(u32_at(page, 4 + key_ends + 4 * n)?).ok()
            }
        }
    }

    /// Where a key of a branch ends.
    fn branch_key_end(self, page: &[u8], count: usize, n: usize) -> Option<usize> {
        let children = 8 + (16 + 8) * (count + 1);
        match self.fixed_key {
            Some(width) => Some(children + width * (n + 1)),
            None => usize::try_from(u32_at(page, children + 4 * n)?).ok(),
        }
    }
}

/// The root of a table and the kind of its tree, from the table's definition. A table may be empty.
fn table_root(definition: &[u8]) -> Option<Option<(RootPage, Tree)>> {
    let width = |at: usize| -> Option<Option<usize>> {
        let width = usize::try_from(u32_at(definition, at + 1)?).ok()?;
        Some((*definition.get(at)? != 0).then_some(width))
    };
    // Its kind, its length, whether there is a root, the root, and the widths of keys and values.
    let [kind, has_root] = [*definition.first()?, *definition.get(9)?];
    let root = RootPage::at(definition, 10)?;
    let tree = Tree {
        fixed_key: width(42)?,
        fixed_value: width(47)?,
        values: Values::Rows,
    };
    array::<1>(definition, 52)?;
    // Others have no place in a store, and none of their pages is expected.
    Some((kind == NORMAL_TABLE && has_root != 0).then_some((root, tree)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use redb::backends::InMemoryBackend;
    use redb::{Builder, ReadableDatabase, ReadableTable, TableDefinition};

    use crate::open::open_overlay;
    use crate::settings::Verification;
    use crate::storage::Storage;

    const VARIABLE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("variable");
    const FIXED_KEY: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("fixed key");
    const FIXED_VALUE: TableDefinition<'static, &[u8], u32> = TableDefinition::new("fixed value");
    const FIXED: TableDefinition<'static, u64, u32> = TableDefinition::new("fixed");
    const EMPTY: TableDefinition<'static, u64, u32> = TableDefinition::new("empty");

    /// Tables of every layout, with branches of two levels, and values longer than a page.
    #[test]
    fn undamaged_pages_of_every_type_are_accepted() {
        let file = Arc::new(InMemoryBackend::new());
        let storage = || Arc::new(Storage::exclusive(Shared(Arc::clone(&file))));
        let database = Builder::new()
            .create_with_backend(Shared(Arc::clone(&file)))
            .unwrap();
        let transaction = database.begin_write().unwrap();
        {
            let mut variable = transaction.open_table(VARIABLE).unwrap();
            let mut fixed_key = transaction.open_table(FIXED_KEY).unwrap();
            let mut fixed_value = transaction.open_table(FIXED_VALUE).unwrap();
            let mut fixed = transaction.open_table(FIXED).unwrap();
            transaction.open_table(EMPTY).unwrap();
            for n in 0..60_000_u32 {
                let key = n.to_be_bytes();
                let long = vec![7; if n % 9_999 == 0 { 20_000 } else { 9 }];
                variable.insert(&key[..], long.as_slice()).unwrap();
                fixed_key.insert(u64::from(n), &key[..]).unwrap();
                fixed_value.insert(&key[..], n).unwrap();
                fixed.insert(u64::from(n), n).unwrap();
            }
        }
        transaction.commit().unwrap();
        drop(database);
        let database = open_overlay(&storage(), Verification::PagesAsRead, 0).unwrap();
        let transaction = database.begin_read().unwrap();
        let count = |found: usize| assert_eq!(found, 60_000);
        count(
            transaction
                .open_table(VARIABLE)
                .unwrap()
                .iter()
                .unwrap()
                .map(Result::unwrap)
                .count(),
        );
        count(
            transaction
                .open_table(FIXED_KEY)
                .unwrap()
                .iter()
                .unwrap()
                .map(Result::unwrap)
                .count(),
        );
        count(
            transaction
                .open_table(FIXED_VALUE)
                .unwrap()
                .iter()
                .unwrap()
                .map(Result::unwrap)
                .count(),
        );
        count(
            transaction
                .open_table(FIXED)
                .unwrap()
                .iter()
                .unwrap()
                .map(Result::unwrap)
                .count(),
        );
    }

    use crate::redb_header::tests::Shared;
}
