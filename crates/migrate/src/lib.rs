//! Comparing stores of TLS certificate bindings, and moving bindings between them.
//!
//! [`diff`] compares two ordered sequences of bindings, field by field. A [`Planner`] makes a
//! [`Plan`]: the changes that give a target the bindings of a source, mapped and filtered. A plan
//! is data. It is saved as JSON, reviewed by a person, and then [`apply`](apply())ed: all of it or,
//! if a key changed since the plan was made, nothing. Each plan has an inverse, which is a plan as
//! well.
//!
//! Use it to copy bindings to another host, to renew certificates, and to restore lost bindings.
//!
//! ```
//! use certbind_migrate::{Plan, Planner, apply};
//! use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Scan, Uuid};
//!
//! let (old_host, new_host) = (MemoryStore::new(), MemoryStore::new());
//! let record = Record::new(CertHash::new([0x52; 20]), Some("MY".parse()?), Uuid::nil());
//! old_host.insert(Binding::new("10.0.0.5:443".parse()?, record)?)?;
//!
//! let mut planner = Planner::default();
//! planner.mapping.addresses.add("10.0.0.5=10.0.1.7".parse()?)?;
//! let plan = planner.plan(old_host.scan(&Scan::all())?, new_host.scan(&Scan::all())?)?;
//! assert_eq!(plan.counts().creates, 1);
//!
//! // Tomorrow, from a file:
//! let plan = Plan::from_json(plan.to_json().as_bytes())?;
//! let undo = apply(&new_host, &plan)?;
//! assert!(new_host.get(&"10.0.1.7:443".parse()?)?.is_some());
//! apply(&new_host, &undo)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod applications;
mod apply;
mod diff;
mod error;
mod field;
mod file;
mod filter;
mod fleet_plan;
mod heal;
pub mod json;
mod mapping;
mod mismatch;
mod owners;
mod plan;
mod planner;
mod rotate;
mod rules;
pub mod script;
mod shadow;
mod successors;
mod warning;

pub use apply::{apply, check};
pub use diff::{Comparison, Diff, diff};
pub use error::{Duplicate, Error};
pub use field::{ExtendedChange, FieldChange, Values};
pub use file::{CertificateFolders, MappingFile};
pub use filter::{Filter, HostPattern};
pub use fleet_plan::FleetPlan;
pub use heal::{HealError, Healing, heal};
pub use mapping::Mapping;
pub use mismatch::Mismatch;
pub use owners::owners;
pub use plan::{Counts, Header, Plan, Purpose, Step};
pub use planner::Planner;
pub use rotate::{Rotation, rotation, rotation_by_names};
pub use rules::{Address, Rule, Rules, Store};
pub use successors::Successors;
pub use warning::Warning;

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
