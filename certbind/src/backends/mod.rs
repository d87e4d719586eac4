//! The backends of the program itself.

#[cfg(feature = "etcd")]
pub(crate) mod etcd;
mod httpsys;
#[cfg(not(feature = "etcd"))]
mod no_etcd;

use certbind_backends::{Memory, Redb, StoreBackend};

#[cfg(not(feature = "etcd"))]
use self::no_etcd as etcd;

/// In the order of the help.
pub(crate) const BUILT_IN: &[&dyn StoreBackend] = &[&httpsys::HttpSys, &Redb, &etcd::Etcd, &Memory];
