//! A portable store: TLS certificate bindings in one [redb] file.
//!
//! Every batch is one durable transaction; concurrent batches share one sync (group commit). After
//! 64 commits ([`RedbBuilder::wal_after_commits`]) further commits go to a write-ahead log next to
//! the file, which makes each a single write and sync. Reads use a view that is replaced at each
//! commit, and never wait for a writer; with [`ReadMode::InMemory`] they never wait for the disk
//! either. The [file format] is specified byte by byte.
//!
//! Use it for the bindings of one host in a file that works on every system, such as those of a
//! simulated host or a recording. `certbind-etcd` stores the bindings of many hosts.
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
//! A [`RedbStore`] also implements [`Tables`](certbind_core::Tables), for other data in the same
//! file. A write to them is a durable transaction of its own, which
//! [`revision`](RedbStore::revision) does not count.
//!
//! # Locking
//! One process may have a file open for writing, or any number for reading. Another process gets
//! [`StoreError::InUse`](certbind_core::StoreError::InUse), with the id of the lock's owner where
//! the system reveals it.
//!
//! # Features
//! `tracing`: openings, recoveries, checkpoints, slow commits and errors are reported as events.
//! Nothing is reported without it.
//!
//! [file format]: https://github.com/certbind/certbind/blob/main/docs/file-format.md

mod atomic_file;
mod block;
mod block_table;
mod block_writer;
mod builder;
mod bulk_load;
mod bytes;
mod changes;
mod check;
mod commit;
mod commit_path;
mod create;
mod decode;
mod errors;
mod events;
mod format;
mod group;
mod history;
mod index;
mod join;
mod lock_owner;
mod memtable;
mod open;
mod overlay;
mod page_verifier;
mod pending_entries;
mod read_view;
mod redb_header;
mod replay;
mod row;
mod row_cache;
mod scan;
mod settings;
mod shared_error;
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
