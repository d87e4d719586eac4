//! The index of a host's bindings that answers connections.

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::net::IpAddr;

use certbind_core::{Binding, BindingKey, Port};

use crate::connection::{Connection, Family, LocalAddress};
use crate::resolution::{Alternative, Candidate, Outcome, Resolution};
use crate::step::{Order, Step};

/// The start of a wildcard.
const WILDCARD: &str = "*.";

/// The bindings of one host, indexed by the properties of a connection.
///
/// A choice takes a few lookups in hash tables, for any number of bindings.
///
/// ```
/// use certbind_core::{Binding, CertHash, Record, Uuid};
/// use certbind_resolve::{Connection, Resolver, Step};
///
/// let bind = |key: &str, byte| {
///     let record = Record::new(CertHash::new([byte; 20]), None, Uuid::nil());
///     Ok::<_, Box<dyn std::error::Error>>(Binding::new(key.parse()?, record)?)
/// };
/// let host = Resolver::new([bind("0.0.0.0:443", 1)?, bind("hostnameport=www.contoso.com:443", 2)?]);
///
/// let connection = Connection::to("10.0.0.5:443".parse()?)?;
/// assert_eq!(host.choose(&connection).map(|(step, _)| step), Some(Step::AnyIpv4));
/// let connection = connection.with_server_name("WWW.contoso.com");
/// assert_eq!(host.choose(&connection).map(|(step, _)| step), Some(Step::HostName));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resolver<B> {
    bindings: Vec<B>,
    ports: HashMap<Port, PortIndex>,
}

/// The bindings of one port, as indices into the list.
#[derive(Clone, Debug, Default)]
struct PortIndex {
    all: Vec<usize>,
    addresses: HashMap<IpAddr, usize>,
    names: NameIndex,
    scoped: NameIndex,
    central: Option<usize>,
    any_v6: Option<usize>,
    any_v4: Option<usize>,
}

/// Host names, and the domains of wildcards.
#[derive(Clone, Debug, Default)]
struct NameIndex {
    hosts: HashMap<Box<str>, usize>,
    domains: HashMap<Box<str>, usize>,
}

impl NameIndex {
    fn insert(&mut self, name: &str, index: usize) {
        match name.strip_prefix(WILDCARD) {
            Some(domain) => self.domains.insert(domain.into(), index),
            None => self.hosts.insert(name.into(), index),
        };
    }

    fn exact(&self, names: &Names<'_>) -> Option<usize> {
        // Most ports have none of one kind: the name is not hashed for it.
        match self.hosts.is_empty() {
            true => None,
            false => self.hosts.get(names.host()?).copied(),
        }
    }

    fn covering(&self, names: &Names<'_>) -> Option<usize> {
        match self.domains.is_empty() {
            true => None,
            false => self.domains.get(names.parent()?).copied(),
        }
    }
}

impl PortIndex {
    fn add(&mut self, key: &BindingKey, index: usize) {
        self.all.push(index);
        match key {
            BindingKey::IpPort(endpoint) if !endpoint.ip().is_unspecified() => {
                // Keys that differ in their scope ids alone: the first one is taken.
                self.addresses.entry(endpoint.ip()).or_insert(index);
            }
            BindingKey::IpPort(endpoint) if endpoint.ip().is_ipv6() => self.any_v6 = Some(index),
            BindingKey::IpPort(_) => self.any_v4 = Some(index),
            BindingKey::Sni(endpoint) => {
                self.names.insert(endpoint.host().as_str(), index);
            }
            BindingKey::ScopedCcs(endpoint) => {
                self.scoped.insert(endpoint.host().as_str(), index);
            }
            BindingKey::Ccs(_) => self.central = Some(index),
        }
    }

    /// The binding that matches at a step.
    fn at(&self, step: Step, connection: &Connection, names: &Names<'_>) -> Option<usize> {
        match step {
            Step::Address => match connection.local {
                LocalAddress::Address(ip) => self.addresses.get(&ip).copied(),
                LocalAddress::Unbound(_) => None,
            },
            Step::HostName => self.names.exact(names),
            Step::WildcardHostName => self.names.covering(names),
            Step::ScopedCentralStore => self.scoped.exact(names),
            Step::WildcardScopedCentralStore => self.scoped.covering(names),
            Step::CentralStore => names.exact.as_ref().and(self.central),
            Step::AnyIpv6 if connection.family() == Family::V6 => self.any_v6,
            Step::AnyIpv6 => None,
            Step::AnyIpv4 => self.any_v4,
        }
    }

    fn first(&self, order: Order, connection: &Connection) -> Option<(Step, usize)> {
        let names = Names::of(connection);
        let steps = order.steps().into_iter();
        let mut found = steps.filter_map(|step| Some((step, self.at(step, connection, &names)?)));
        found.next()
    }
}

/// The names to search.
struct Names<'a> {
    /// The server name in lower case.
    exact: Option<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    fn of(connection: &'a Connection) -> Self {
        // An empty name is no name (RFC 6066 requires at least one byte).
        let exact = connection.name.as_deref().filter(|name| !name.is_empty());
        let exact = exact.map(
            |name| match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => Cow::Owned(name.to_ascii_lowercase()),
                false => Cow::Borrowed(name),
            },
        );
        Self { exact }
    }

    /// The name, unless it is a wildcard's own key, which a client has no reason to send.
    fn host(&self) -> Option<&str> {
        self.exact.as_deref().filter(|name| !is_wildcard(name))
    }

    /// The domain of the wildcard that covers the name: `contoso.com` for `www.contoso.com`.
    fn parent(&self) -> Option<&str> {
        let name = self.host()?;
        let (first, parent) = name.split_once('.')?;
        // An address has no labels.
        let covered = !first.is_empty() && !parent.is_empty() && name.parse::<IpAddr>().is_err();
        covered.then_some(parent)
    }
}

fn is_wildcard(name: &str) -> bool {
    name.starts_with(WILDCARD)
}

impl<B: Borrow<Binding>> Resolver<B> {
    /// Indexes the bindings of one host. Of several bindings of one key the last one counts.
    pub fn new(bindings: impl IntoIterator<Item = B>) -> Self {
        let bindings: Vec<B> = bindings.into_iter().collect();
        let mut ports: HashMap<Port, PortIndex> = HashMap::new();
        for (index, binding) in bindings.iter().enumerate() {
            let key = binding.borrow().key();
            ports.entry(key.port()).or_default().add(key, index);
        }
        Self { bindings, ports }
    }

    /// The bindings in the order in which they were given.
    #[must_use]
    pub fn bindings(&self) -> &[B] {
        &self.bindings
    }

    /// The bindings of a port.
    pub fn of_port(&self, port: Port) -> impl Iterator<Item = &B> {
        let indices = self.ports.get(&port).into_iter().flat_map(|port| &port.all);
        indices.map(|index| &self.bindings[*index])
    }

    /// The ports with a binding, in ascending order.
    #[must_use]
    pub fn ports(&self) -> Vec<Port> {
        let mut ports: Vec<_> = self.ports.keys().copied().collect();
        ports.sort_unstable();
        ports
    }

    /// The binding that answers a connection, and the step at which it is found, in the order that
    /// most sources support.
    #[must_use]
    pub fn choose(&self, connection: &Connection) -> Option<(Step, &B)> {
        self.choose_in(Order::AddressFirst, connection)
    }

    /// As [`choose`](Self::choose), in one of the orders on which the public sources disagree.
    #[must_use]
    pub fn choose_in(&self, order: Order, connection: &Connection) -> Option<(Step, &B)> {
        let port = self.ports.get(&connection.port)?;
        let (step, index) = port.first(order, connection)?;
        Some((step, &self.bindings[index]))
    }

    /// The binding that answers a connection, every other binding of the port with the reason why it
    /// does not, and the orders in which another binding would.
    #[must_use]
    pub fn resolve(&self, connection: &Connection) -> Resolution<'_, B> {
        let winner = self.choose(connection);
        let names = Names::of(connection);
        let port = self.ports.get(&connection.port);
        let mut candidates: Vec<_> = port
            .iter()
            .flat_map(|port| port.all.iter().map(move |index| (*port, *index)))
            .map(|(port, index)| {
                let binding = &self.bindings[index];
                let key = binding.borrow().key();
                let step = Step::of(key);
                let matches = port.at(step, connection, &names) == Some(index);
                let outcome = match (matches, winner) {
                    (true, Some((won, _))) if won == step => Outcome::Wins,
                    (true, Some((won, _))) => Outcome::ComesAfter(won),
                    _ => mismatch(key, connection),
                };
                Candidate {
                    step,
                    binding,
                    outcome,
                }
            })
            .collect();
        candidates.sort_by(|a, b| {
            let key = |it: &Candidate<'_, B>| (it.step, it.binding.borrow().key().clone());
            key(a).cmp(&key(b))
        });
        let alternatives = Order::ALL[1..].iter().filter_map(|order| {
            let other = self.choose_in(*order, connection);
            (key_of(other) != key_of(winner)).then_some(Alternative {
                order: *order,
                winner: other,
            })
        });
        Resolution {
            winner,
            candidates,
            alternatives: alternatives.collect(),
        }
    }
}

fn key_of<B: Borrow<Binding>>(choice: Option<(Step, &B)>) -> Option<&BindingKey> {
    choice.map(|(_, binding)| binding.borrow().key())
}

/// The reason why a key does not match a connection at all.
fn mismatch(key: &BindingKey, connection: &Connection) -> Outcome {
    match key {
        BindingKey::IpPort(endpoint) if endpoint.ip().is_unspecified() => Outcome::OtherFamily,
        BindingKey::IpPort(_) => Outcome::OtherAddress,
        _ if connection.name.as_deref().is_none_or(str::is_empty) => Outcome::NoName,
        BindingKey::Ccs(_) => Outcome::NoName,
        BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => Outcome::OtherName,
    }
}
