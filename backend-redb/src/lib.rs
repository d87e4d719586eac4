//! The portable store: TLS certificate bindings in one [redb] file.
//!
//! Every batch is one durable transaction; batches of callers that come at the same time share one
//! sync (group commit). A program that writes a good deal has a log beside the file while the store
//! is open ([`Options::wal_after_commits`]), so that a commit is one write and one sync. Reads come from a view that is replaced at each commit, and never wait
//! for a writer; with [`Options::resident`] they come from memory, and never wait for the disk. `docs/file-format.md` describes the file byte by byte.
//!
//! ```
//! use certbind_redb::RedbStore;
//! use certbind_core::{Binding, BindingStore, CertHash, Record, Uuid};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("bindings.redb");
//! let record = Record::new(CertHash::new([0x52; 20]), None, Uuid::nil());
//! let binding = Binding::new("0.0.0.0:443".parse()?, record)?;
//!
//! let store = RedbStore::open(&path)?;
//! store.insert(binding.clone())?;
//! drop(store);
//!
//! let audited = RedbStore::open_read_only(&path)?;
//! assert_eq!(audited.get(binding.key())?, Some(binding));
//! assert!(audited.check()?.is_clean());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Other tables
//! A [`RedbStore`] has [`Tables`](certbind_core::Tables) as well: what somebody else wants to keep in the
//! same file. A write to them is a durable transaction of its own, and no commit that
//! [`revision`](RedbStore::revision) counts.
//!
//! # Who may open a file
//! One process may have it open for writing, or any number for reading only; anyone else gets
//! [`StoreError::InUse`](certbind_core::StoreError::InUse), with the holder's process id where the
//! system tells it.

mod atomic_file;
mod block;
mod block_table;
mod builder;
mod bulk_load;
mod changes;
mod check;
mod commit;
mod commit_path;
mod create;
mod decode;
mod errors;
mod format;
mod group;
mod index;
mod join;
mod lock_owner;
mod memtable;
mod open;
mod overlay;
mod read_view;
mod replay;
mod row_cache;
mod scan;
mod settings;
mod sidecar;
mod storage;
mod store;
mod tables;
mod tree;
mod wal;
mod write_through;

pub use builder::RedbBuilder;
pub use check::CheckReport;
pub use format::FORMAT;
pub use redb::{BackendError, StorageBackend};
pub use settings::{ReadMode, Verification};
pub use store::RedbStore;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
