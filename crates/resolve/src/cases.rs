//! The connections that a port distinguishes.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use certbind_core::{Binding, BindingKey, Port};

use crate::connection::{Connection, Family, LocalAddress};
use crate::resolver::Resolver;

/// The server names that a port distinguishes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameCase {
    /// The client sends no name.
    None,
    /// One name.
    Exact(String),
    /// Every other name that this wildcard covers.
    Wildcard(String),
    /// Every other name.
    Other,
}

/// Connections that are all answered alike, and one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// The server names.
    pub name: NameCase,
    /// One of the connections.
    pub connection: Connection,
}

impl<B: Borrow<Binding>> Resolver<B> {
    /// One connection of each group that a port distinguishes: for each address with a binding, and
    /// any other address of both versions of IP, each bound name, another name of each wildcard, any
    /// other name, and no name.
    #[must_use]
    pub fn cases(&self, port: Port) -> Vec<Case> {
        let mut addresses = BTreeSet::new();
        let mut names = BTreeSet::from([NameCase::None, NameCase::Other]);
        for binding in self.of_port(port) {
            match binding.borrow().key() {
                BindingKey::IpPort(endpoint) if !endpoint.ip().is_unspecified() => {
                    addresses.insert(endpoint.ip());
                }
                BindingKey::Sni(endpoint) | BindingKey::ScopedCcs(endpoint) => {
                    let host = endpoint.host().as_str().to_owned();
                    names.insert(match host.starts_with("*.") {
                        true => NameCase::Wildcard(host),
                        false => NameCase::Exact(host),
                    });
                }
                BindingKey::IpPort(_) | BindingKey::Ccs(_) => {}
            }
        }
        let locals = addresses.into_iter().map(LocalAddress::Address);
        let any = [Family::V4, Family::V6].map(LocalAddress::Unbound);
        let locals = locals.chain(any);
        let connection = |local, name: &NameCase| {
            let connection = Connection::new(local, port);
            match sample(name, &names) {
                Some(sample) => connection.with_server_name(sample),
                None => connection,
            }
        };
        let cases = locals.flat_map(|local| {
            let case = move |name: &NameCase| Case {
                name: name.clone(),
                connection: connection(local, name),
            };
            names.iter().map(case).collect::<Vec<_>>()
        });
        cases.collect()
    }
}

/// A name of the case that no other case contains.
fn sample(name: &NameCase, names: &BTreeSet<NameCase>) -> Option<String> {
    let unbound = |parent: &str| {
        let labels = (0..=names.len()).map(|n| format!("other{n}{parent}"));
        let mut labels = labels.filter(|name| !names.contains(&NameCase::Exact(name.clone())));
        labels.next()
    };
    match name {
        NameCase::None => None,
        NameCase::Exact(name) => Some(name.clone()),
        NameCase::Wildcard(wildcard) => unbound(wildcard.trim_start_matches('*')),
        // A name of one label: no wildcard covers it.
        NameCase::Other => unbound(""),
    }
}

impl fmt::Display for NameCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no name"),
            Self::Exact(name) => f.write_str(name),
            Self::Wildcard(wildcard) => write!(f, "other {wildcard}"),
            Self::Other => f.write_str("other names"),
        }
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::{CertHash, Record, Uuid};

    use super::*;

    /// Each case has a name that none of the others has.
    #[test]
    fn samples_belong_to_their_case_alone() {
        let binding = |key: &str| {
            let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
            Binding::new(key.parse().unwrap(), record).unwrap()
        };
        let host = Resolver::new([
            binding("hostnameport=*.contoso.com:443"),
            binding("hostnameport=other0.contoso.com:443"),
            binding("hostnameport=other0:443"),
            binding("10.0.0.5:443"),
            binding("10.0.0.6:8443"),
        ]);
        let cases = host.cases("443".parse().unwrap());
        assert_eq!(cases.len(), 3 * 5, "three addresses, five names");
        let names = cases
            .iter()
            .filter(|case| case.connection.local() == cases[0].connection.local());
        let names: Vec<_> = names
            .map(|case| (case.name.to_string(), case.connection.name()))
            .collect();
        assert_eq!(
            names,
            [
                ("no name".to_owned(), None),
                ("other0".to_owned(), Some("other0")),
                ("other0.contoso.com".to_owned(), Some("other0.contoso.com")),
                ("other *.contoso.com".to_owned(), Some("other1.contoso.com")),
                ("other names".to_owned(), Some("other1")),
            ]
        );
    }
}
