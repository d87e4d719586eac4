//! How HTTP.sys keeps bindings in the registry: the same in a registry export and in a hive file.
//!
//! Under `SYSTEM\CurrentControlSet\Services\HTTP\Parameters` there is a key for each kind of
//! binding, and under it a key for each binding. `docs/formats/registry.md` separates the known facts from
//! inferred ones.

mod collect;
mod configuration;
mod data;
mod found;
mod location;
mod names;
mod record;
mod value_map;
mod values;
mod written;

pub(crate) use collect::Collected;
pub(crate) use configuration::{RESERVATIONS, is_setting};
pub(crate) use data::{Data, REG_BINARY, REG_SZ};
pub(crate) use found::{Found, Value};
pub use location::RegistryLocation;
pub(crate) use names::{ControlSet, PARAMETERS, family, family_name, is_about_ssl};
pub(crate) use values::is_known;
pub(crate) use written::{Written, written};
