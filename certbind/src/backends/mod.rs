//! The backends of the program itself.

#[cfg(feature = "etcd")]
pub(crate) mod etcd;
mod httpsys;
pub(crate) mod memory;
mod paths;
mod redb;

use crate::backend::StoreBackend;

/// In the order of the help.
pub(crate) const BUILT_IN: &[&dyn StoreBackend] = &[
    &httpsys::HttpSys,
    &redb::Redb,
    #[cfg(feature = "etcd")]
    &etcd::Etcd,
    &memory::Memory,
];
