//! The commands, each from its arguments to its exit code.

pub(crate) mod apply;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod completions;
pub(crate) mod confirm;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod drift;
pub(crate) mod dsc;
pub(crate) mod explain;
pub(crate) mod export;
#[cfg(feature = "etcd")]
pub(crate) mod fleet;
#[cfg(feature = "etcd")]
mod fleet_plan;
pub(crate) mod format_files;
pub(crate) mod heal;
pub(crate) mod help;
mod hosts;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod log;
pub(crate) mod man;
pub(crate) mod netsh;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod read;
pub(crate) mod record;
pub(crate) mod restore;
pub(crate) mod rotate;
mod scripts;
mod selection;
pub(crate) mod serve;
#[cfg(feature = "etcd")]
pub(crate) mod sync;
pub(crate) mod timeline;
pub(crate) mod trace;
pub(crate) mod validate;
pub(crate) mod verify;
