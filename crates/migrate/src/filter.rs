//! The selection of the bindings of a plan.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use certbind_core::{Binding, Host, Kind, Port, Uuid};
use serde::{Deserialize, Deserializer};

use crate::mapping::Mapping;

/// The bindings of a plan: those with one of the values of every list that is not empty. An empty
/// filter selects all bindings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Kinds of key.
    pub kinds: BTreeSet<Kind>,
    /// Ports.
    #[serde(deserialize_with = "ports")]
    pub ports: BTreeSet<Port>,
    /// Application ids, as the source has them.
    pub applications: BTreeSet<Uuid>,
    /// Host names. A key without a host name matches none.
    pub hosts: Vec<HostPattern>,
}

impl Filter {
    /// Whether a binding of the source gets through.
    #[must_use]
    pub fn matches(&self, binding: &Binding) -> bool {
        fn one_of<T: Ord>(set: &BTreeSet<T>, value: &T) -> bool {
            set.is_empty() || set.contains(value)
        }
        let key = binding.key();
        let host = || key.host().is_some_and(|host| self.matches_host(host));
        one_of(&self.kinds, &key.kind())
            && one_of(&self.ports, &key.port())
            && one_of(&self.applications, &binding.record().app_id)
            && (self.hosts.is_empty() || host())
    }

    fn matches_host(&self, host: &Host) -> bool {
        self.hosts.iter().any(|pattern| pattern.matches(host))
    }

    /// The same for the target, where applications have the ids that they are mapped to.
    pub(crate) fn mapped(&self, mapping: &Mapping) -> Self {
        let applications = self.applications.iter();
        Self {
            applications: applications.map(|id| mapping.application(*id)).collect(),
            ..self.clone()
        }
    }
}

fn ports<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<Port>, D::Error> {
    Vec::<u16>::deserialize(deserializer)?
        .into_iter()
        .map(|port| Port::new(port).map_err(serde::de::Error::custom))
        .collect()
}

/// A pattern of host names: `*` matches any characters, dots included, `?` one character, `[a-c]`
/// one of several. Case does not matter, and a label that is not ASCII means its A-label.
///
/// ```
/// use certbind_migrate::HostPattern;
/// use certbind_core::Host;
///
/// let shops: HostPattern = "*.B\u{fc}cher.example".parse()?;
/// assert!(shops.matches(&Host::new("www.xn--bcher-kva.example").expect("a host")));
/// assert!(!shops.matches(&Host::new("b\u{fc}cher.example").expect("a host")));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    pattern: glob::Pattern,
}

impl HostPattern {
    /// Whether the pattern is one of this host name.
    #[must_use]
    pub fn matches(&self, host: &Host) -> bool {
        self.pattern.matches(host.as_str())
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for HostPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error =
            |problem: &dyn fmt::Display| format!("{text:?} is not a host pattern: {problem}");
        if text.is_empty() {
            return Err(error(&"it is empty"));
        }
        let label = |label: &str| {
            if label.is_ascii() {
                return Ok(label.to_ascii_lowercase());
            }
            if label.contains(['*', '?', '[', ']']) {
                return Err(error(
                    &"a label that is not ASCII can have no *, ? or [ in it",
                ));
            }
            let host = Host::new(label).map_err(|problem| error(&problem))?;
            Ok(host.as_str().to_owned())
        };
        let labels: Vec<_> = text.split('.').map(label).collect::<Result<_, _>>()?;
        let pattern =
            glob::Pattern::new(&labels.join(".")).map_err(|problem| error(&problem.msg))?;
        Ok(Self {
            text: text.to_owned(),
            pattern,
        })
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
