//! The backends of the program itself.

#[cfg(feature = "etcd")]
pub(crate) mod etcd;
mod httpsys;
pub(crate) mod memory;
mod redb;

use std::path::Path;

use crate::backend::StoreBackend;

/// In the order of the help.
pub(crate) const BUILT_IN: &[&dyn StoreBackend] = &[
    &httpsys::HttpSys,
    &redb::Redb,
    #[cfg(feature = "etcd")]
    &etcd::Etcd,
    &memory::Memory,
];

/// A path that means the same in every folder.
fn absolute(path: &str) -> String {
    let path = Path::new(path);
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}
