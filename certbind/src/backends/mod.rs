//! The backends of the program itself.

#[cfg(feature = "etcd")]
pub(crate) mod etcd;
#[cfg(feature = "httpsys")]
mod httpsys;
#[cfg(not(feature = "etcd"))]
mod no_etcd;

#[cfg(feature = "redb")]
use certbind_backends::Redb;
use certbind_backends::{Memory, StoreBackend};

#[cfg(not(feature = "etcd"))]
use self::no_etcd as etcd;

/// In the order of the help.
pub(crate) const BUILT_IN: &[&dyn StoreBackend] = &[
    #[cfg(feature = "httpsys")]
    &httpsys::HttpSys,
    #[cfg(feature = "redb")]
    &Redb::with_history(crate::history::options),
    &etcd::Etcd,
    &Memory,
];
