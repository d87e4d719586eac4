//! The plans of many hosts in one file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::plan::Plan;

/// What `format` says in every version.
const FORMAT: &str = "certbind-fleet-plan";

/// The newest version that is read, and the one that is written.
const VERSION: u64 = 1;

/// A plan for each of many hosts. Each is applied by itself, all of it or nothing; those that have
/// been applied are told from those that have not, so that a run which was cut short is gone on
/// with by applying all of them again.
///
/// ```
/// use migrate::{FleetPlan, rotation};
/// use store_core::{CertHash, MemoryStore};
///
/// let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
/// let plan = rotation(&MemoryStore::new(), &old, &new)?;
/// let fleet = FleetPlan::new([("web01".to_owned(), plan)]);
/// assert_eq!(FleetPlan::from_json(fleet.to_json().as_bytes())?, fleet);
/// # Ok::<(), migrate::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetPlan {
    hosts: BTreeMap<String, Plan>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u64,
    hosts: BTreeMap<String, Value>,
}

impl FleetPlan {
    /// A plan for each of these hosts.
    #[must_use]
    pub fn new(hosts: impl IntoIterator<Item = (String, Plan)>) -> Self {
        Self {
            hosts: hosts.into_iter().collect(),
        }
    }

    /// The plans, by their hosts.
    #[must_use]
    pub fn hosts(&self) -> &BTreeMap<String, Plan> {
        &self.hosts
    }

    /// The plans that undo these: each as [`Plan::inverse`].
    #[must_use]
    pub fn inverse(&self) -> Self {
        let hosts = self.hosts.iter();
        Self::new(hosts.map(|(host, plan)| (host.clone(), plan.inverse())))
    }

    /// All of them as JSON, with a line end behind it. Each plan has the form of
    /// [`Plan::to_json`].
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = File {
            format: FORMAT.to_owned(),
            version: VERSION,
            hosts: self
                .hosts
                .iter()
                .map(|(host, plan)| (host.clone(), plan.to_value()))
                .collect(),
        };
        let json = serde_json::to_string_pretty(&file);
        json.expect("every map has texts for keys, and a String takes all") + "\n"
    }

    /// Reads them.
    ///
    /// # Errors
    /// As [`Plan::from_json`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let file: File =
            serde_json::from_slice(json).map_err(|error| Error::NoPlan(error.to_string()))?;
        if file.format != FORMAT {
            return Err(Error::NoPlan(format!(
                "expected \"format\": {FORMAT:?}, found {:?}",
                file.format
            )));
        }
        if file.version > VERSION {
            return Err(Error::NewerVersion {
                found: file.version,
                supported: VERSION,
            });
        }
        let hosts = file.hosts.into_iter().map(|(host, plan)| {
            match Plan::from_json(plan.to_string().as_bytes()) {
                Ok(plan) => Ok((host, plan)),
                Err(Error::NoPlan(problem)) => Err(Error::NoPlan(format!("{host}: {problem}"))),
                Err(error) => Err(error),
            }
        });
        Ok(Self {
            hosts: hosts.collect::<Result<_, _>>()?,
        })
    }
}
