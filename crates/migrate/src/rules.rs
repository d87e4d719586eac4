//! The rules of a mapping.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddrV6};
use std::str::FromStr;

use certbind_core::StoreName;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::error::Error;

/// One rule, written `FROM=TO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<T> {
    /// The value of the source.
    pub from: T,
    /// The value of the target.
    pub to: T,
}

impl<T: FromStr<Err: fmt::Display>> FromStr for Rule<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not a rule; expected FROM=TO"))?;
        let part = |part: &str| {
            part.trim()
                .parse()
                .map_err(|error: T::Err| error.to_string())
        };
        Ok(Self {
            from: part(from)?,
            to: part(to)?,
        })
    }
}

/// Rules that apply at the same time: the result of one is not mapped by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules<T>(BTreeMap<T, T>);

impl<T: Ord + fmt::Display> Rules<T> {
    /// Adds a rule.
    ///
    /// # Errors
    /// [`Error::Contradiction`] if another rule maps the same value to a different one.
    pub fn add(&mut self, rule: Rule<T>) -> Result<(), Error> {
        match self.0.get(&rule.from) {
            Some(other) if *other != rule.to => Err(Error::Contradiction {
                from: rule.from.to_string(),
                to: [other.to_string(), rule.to.to_string()],
            }),
            _ => {
                self.0.insert(rule.from, rule.to);
                Ok(())
            }
        }
    }

    /// The value that `from` is mapped to, if a rule does so.
    #[must_use]
    pub fn get(&self, from: &T) -> Option<&T> {
        self.0.get(from)
    }
}

impl<T> Default for Rules<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T> Deserialize<'de> for Rules<T>
where
    T: Ord + fmt::Display + FromStr<Err: fmt::Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table<T>(PhantomData<T>);

        impl<'de, T> Visitor<'de> for Table<T>
        where
            T: Ord + fmt::Display + FromStr<Err: fmt::Display>,
        {
            type Value = Rules<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of rules, \"FROM\" = \"TO\"")
            }

            // Not into a map: a duplicate key, spelled in two ways, would be lost.
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Rules<T>, A::Error> {
                let mut rules = Rules::default();
                let parsed = |text: String| text.parse().map_err(A::Error::custom);
                while let Some((from, to)) = table.next_entry::<String, String>()? {
                    let (from, to) = (parsed(from)?, parsed(to)?);
                    rules.add(Rule { from, to }).map_err(A::Error::custom)?;
                }
                Ok(rules)
            }
        }

        deserializer.deserialize_map(Table(PhantomData))
    }
}

/// An IP address, an IPv6 one with its scope: `10.0.0.5`, `::`, `[::1]`, `fe80::1%7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// The scope id of an IPv6 address; 0 for none.
    pub scope: u32,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scope {
            0 => self.ip.fmt(f),
            scope => write!(f, "{}%{scope}", self.ip),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Ok(Self { ip, scope: 0 });
        }
        // The standard library reads scopes in socket addresses alone.
        let scoped = format!("[{bare}]:1").parse::<SocketAddrV6>();
        scoped
            .map(|addr| Self {
                ip: IpAddr::V6(*addr.ip()),
                scope: addr.scope_id(),
            })
            .map_err(|_| format!("{text:?} is not an IP address"))
    }
}

/// A store name in a rule: compared as Windows does, without case; an empty text means the absent
/// name.
#[derive(Clone, Debug)]
pub struct Store(pub Option<StoreName>);

impl Store {
    fn folded(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(String::new, |name| name.as_str().to_uppercase())
    }
}

impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Store {}

impl PartialOrd for Store {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Store {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(&other.folded())
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref().map_or("", StoreName::as_str))
    }
}

impl FromStr for Store {
    type Err = certbind_core::TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text {
            "" => None,
            name => Some(name.parse()?),
        }))
    }
}
