//! Audits of exported TLS certificate bindings.
//!
//! [`audit()`] judges the exports of one host or of many by [`RULES`] with stable ids: each record
//! separately, records against each other in the order in which HTTP.sys considers them, against the
//! certificates of an [`Inventory`], and against a baseline. It connects to no host: the same
//! exports give the same [`Report`] on any machine, at the time in the [`Config`].
//!
//! Use it to find problems of bindings without access to the hosts, and to compare fleets over time.
//!
//! Texts in a report come from exports and certificates and may contain any character: escape them
//! before printing them to a terminal or a page.
//!
//! ```
//! use certbind_audit::{Config, HostExport, Inventory, audit};
//! use certbind_formats::{ReadOptions, read};
//!
//! let transcript = include_bytes!("../../../examples/host-2022.txt");
//! let options = ReadOptions { keep_going: true, ..ReadOptions::default() };
//! let host = HostExport::new("web-01", read(transcript, &options)?);
//! let report = audit(
//!     &[host],
//!     &Inventory::none(),
//!     &Config::at("2026-06-01T00:00:00Z".parse()?),
//! );
//! for finding in &report.findings {
//!     let (rule, place) = (finding.rule, &finding.place);
//!     println!("{} {}: {}", rule.id, place.subject, finding.sentence.escape_debug());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod artifact_uri;
mod changes;
mod comparison;
mod config;
mod config_file;
mod earlier;
mod effective_certificate;
mod engine;
mod finding;
pub mod fix;
mod fleet;
mod guard;
mod host_binding;
mod host_export;
pub mod html;
pub mod iis;
mod inventory;
pub mod json;
mod json_version;
mod ports;
pub mod precedence;
mod report;
mod rule;
mod rules;
pub mod sarif;
mod severity;
mod since;
mod site_match;
pub mod summary;
mod tags;
mod uses;
mod waiver;

pub use certbind_migrate::applications;
pub use changes::{ChangeCounts, Changes};
pub use config::Config;
pub use config_file::ConfigError;
pub use earlier::{EarlierFinding, EarlierReport, EarlierReportError, EarlierSubject, RenameError};
pub use engine::audit;
pub use finding::{Finding, FindingLocation, FindingState, RelatedLocations, Subject};
pub use guard::{Objection, guard};
pub use host_export::{Baseline, HostExport, NotAssessed, SitesOfIis};
pub use inventory::{Inventory, InventoryCertificate, InventoryError, UnreadFile};
pub use report::{Counts, HostSummary, Report, WaivedFinding};
pub use rule::Rule;
pub use rules::{RULES, unmatched_name};
pub use severity::{Severity, UnknownSeverity};
pub use tags::tags;
pub use waiver::{Scope, Waiver};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
