//! The plans of many hosts in one file.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::Error;
use crate::json::{self, check_stamp, no_plan};
use crate::plan::Plan;

/// The value of `format` in every version.
const FORMAT: &str = "certbind-fleet-plan";

/// The newest version that is read, and the one that is written.
const VERSION: u64 = 1;

/// A plan for each of many hosts. Each is applied separately and atomically. Plans that were
/// already applied are recognized, so that an interrupted run is continued by applying all of them
/// again.
///
/// ```
/// use certbind_migrate::{FleetPlan, rotation};
/// use certbind_core::{CertHash, MemoryStore};
///
/// let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
/// let plan = rotation(&MemoryStore::new(), &old, &new)?;
/// let fleet = FleetPlan::new([("web01".to_owned(), plan)]);
/// assert_eq!(FleetPlan::from_json(fleet.to_json().as_bytes())?, fleet);
/// # Ok::<(), certbind_migrate::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetPlan {
    hosts: BTreeMap<String, Plan>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u64,
    hosts: BTreeMap<&'a str, json::Written<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    #[serde(rename = "format")]
    _format: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(borrow)]
    hosts: Hosts<'a>,
}

/// The plans, by their hosts, each host once: of two plans one would be lost.
struct Hosts<'a>(BTreeMap<String, &'a RawValue>);

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

    /// All of them as JSON, with a line end after it. Each plan has the form of [`Plan::to_json`].
    #[must_use]
    pub fn to_json(&self) -> String {
        let hosts = self.hosts.iter();
        let json = serde_json::to_string_pretty(&Written {
            format: FORMAT,
            version: VERSION,
            hosts: hosts
                .map(|(host, plan)| (host.as_str(), plan.written()))
                .collect(),
        });
        json.expect("every map has texts for keys, and a String takes all") + "\n"
    }

    /// Reads the plans of a fleet from their JSON document.
    ///
    /// # Errors
    /// As [`Plan::from_json`], with the host of the invalid plan.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_stamp(json, FORMAT, VERSION)?;
        let read: Read<'_> = serde_json::from_slice(json).map_err(no_plan)?;
        let hosts = read.hosts.0.into_iter().map(|(host, plan)| {
            match Plan::from_json(plan.get().as_bytes()) {
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

impl<'de: 'a, 'a> Deserialize<'de> for Hosts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a plan for each host")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Self::Value, A::Error> {
                let mut hosts = BTreeMap::new();
                while let Some((host, plan)) = table.next_entry::<String, _>()? {
                    if hosts.contains_key(&host) {
                        return Err(A::Error::custom(format!("{host:?} occurs twice")));
                    }
                    hosts.insert(host, plan);
                }
                Ok(hosts)
            }
        }

        deserializer.deserialize_map(Table).map(Self)
    }
}
