//! Pseudonyms for the names in a trace that is published.
//!
//! The same name always gets the same pseudonym, and pseudonyms have the order of the names: a query
//! by index returns the same record as before, so that the trace is replayed with the same results.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use certbind_core::{
    Binding, BindingKey, CertHash, Certificate, CtlIdentifier, ErrorHeaders, ExtendedProperties,
    Header, Host, HostPort, IpPort, Property, PropertyValue, StoreName, Uuid,
};

use crate::entry::{Argument, Entry, KeyProperty, QueryResult};

/// The names of certificate stores that are no secret: those of Windows and its roles.
const STORES: [&str; 8] = [
    "MY",
    "WebHosting",
    "Root",
    "CA",
    "ClientAuthIssuer",
    "AdfsTrustedDevices",
    "Remote Desktop",
    "Shared",
];

/// Reasons why an argument was not decoded, without a value in them.
const FIXED: [&str; 2] = [
    "not a configuration of bindings",
    "a reserved argument is not null",
];

/// The pseudonyms of the names in a trace.
pub(crate) struct Pseudonyms<'a> {
    hosts: Labels,
    addresses: BTreeMap<IpAddr, IpAddr>,
    hashes: BTreeMap<CertHash, usize>,
    applications: BTreeMap<Uuid, usize>,
    stores: BTreeMap<String, usize>,
    ctls: BTreeMap<String, usize>,
    /// The first parts of the SIDs of domains and machines: `S-1-5-21-1-2-3`.
    domains: BTreeMap<String, usize>,
    is_known: &'a dyn Fn(Uuid) -> bool,
}

/// The labels of host names from the right, each with those on its left.
#[derive(Default)]
struct Labels(BTreeMap<String, Labels>);

impl Labels {
    fn add(&mut self, host: &str) {
        let labels = host.rsplit('.').map(str::to_ascii_lowercase);
        labels.fold(self, |node, label| node.0.entry(label).or_default());
    }

    /// The pseudonym of a name: of each label its number among those with the same parent.
    fn pseudonym(&self, host: &str) -> String {
        let mut node = Some(self);
        let mut labels: Vec<String> = Vec::new();
        for (depth, label) in host.rsplit('.').enumerate() {
            let lower = label.to_ascii_lowercase();
            labels.push(match node {
                _ if matches!(label, "*" | "") => label.to_owned(),
                Some(node) => node.number(&lower, depth),
                None => format!("host{}", depth + 1),
            });
            node = node.and_then(|node| node.0.get(&lower));
        }
        labels.reverse();
        let name = labels.join(".");
        match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => name.to_ascii_uppercase(),
            false => name,
        }
    }

    fn number(&self, label: &str, depth: usize) -> String {
        let word = ["example", "domain"].get(depth).unwrap_or(&"host");
        let width = self.0.len().to_string().len();
        let at = self.0.keys().take_while(|other| *other != label).count();
        format!("{word}{:0width$}", at + 1)
    }
}

impl<'a> Pseudonyms<'a> {
    /// Of all names in the bindings and the calls. `is_known` tells public application ids, which are
    /// kept.
    pub(crate) fn of(
        bindings: &[Binding],
        calls: &[Entry],
        is_known: &'a dyn Fn(Uuid) -> bool,
    ) -> Self {
        let mut names = Names::default();
        bindings.iter().for_each(|binding| names.binding(binding));
        calls.iter().for_each(|call| names.call(call));
        let numbered = |names: BTreeSet<String>| names.into_iter().zip(1..).collect();
        Self {
            addresses: addresses(names.addresses),
            hosts: names.hosts,
            hashes: names.hashes.into_iter().zip(1..).collect(),
            applications: names.applications.into_iter().zip(1..).collect(),
            stores: numbered(names.stores),
            ctls: numbered(names.ctls),
            domains: numbered(names.domains),
            is_known,
        }
    }

    pub(crate) fn binding(&self, binding: &Binding) -> Option<Binding> {
        let mut record = binding.record().clone();
        record.certificate = match record.certificate.take() {
            Some(certificate) => Some(self.certificate(&certificate)?),
            None => None,
        };
        record.app_id = self.application(record.app_id);
        record.ctl_store_name = match record.ctl_store_name.take() {
            Some(name) => Some(self.store(&name)?),
            None => None,
        };
        record.ctl_identifier = match record.ctl_identifier.take() {
            Some(name) => {
                let number = self.ctls.get(name.as_str())?;
                Some(CtlIdentifier::new(&format!("ctl{number}")).ok()?)
            }
            None => None,
        };
        let properties = record.extended.iter().map(Self::property);
        record.extended = ExtendedProperties::new(properties.collect::<Option<Vec<_>>>()?).ok()?;
        let new = Binding::new(self.key(binding.key())?, record).ok()?;
        match binding.host_spelling() {
            Some(spelling) => new.with_host_spelling(&self.hosts.pseudonym(spelling)).ok(),
            None => Some(new),
        }
    }

    /// None for a call that cannot be decoded with pseudonyms, which does not happen for calls that
    /// can be replayed.
    pub(crate) fn call(&self, call: &Entry) -> Option<Entry> {
        let argument = match &call.argument {
            Argument::Binding(binding) => Argument::Binding(self.binding(binding)?),
            Argument::Key(key) => Argument::Key(self.key(key)?),
            Argument::Property(property) => Argument::Property(self.key_property(property)?),
            Argument::PropertyKey { key, property } => Argument::PropertyKey {
                key: self.key(key)?,
                property: *property,
            },
            Argument::Service(text) => Argument::Service(self.service(text)),
            // Other reasons quote values.
            Argument::Undecoded(why) if FIXED.contains(&why.as_str()) => call.argument.clone(),
            Argument::Undecoded(why) if why.starts_with("session ticket keys") => {
                Argument::Undecoded("session ticket keys, without their values".to_owned())
            }
            Argument::Undecoded(_) => Argument::Undecoded("it could not be decoded".to_owned()),
            other => other.clone(),
        };
        let found = match &call.found {
            Some(QueryResult::Binding(binding)) => {
                Some(QueryResult::Binding(self.binding(binding)?))
            }
            Some(QueryResult::Property(property)) => {
                Some(QueryResult::Property(self.key_property(property)?))
            }
            None => None,
        };
        Some(Entry {
            argument,
            found,
            ..call.clone()
        })
    }

    fn key_property(&self, property: &KeyProperty) -> Option<KeyProperty> {
        Some(KeyProperty {
            key: self.key(&property.key)?,
            property: Self::property(&property.property)?,
        })
    }

    fn key(&self, key: &BindingKey) -> Option<BindingKey> {
        let host = |endpoint: &HostPort| {
            let host = Host::new(&self.hosts.pseudonym(endpoint.host().as_str())).ok()?;
            Some(HostPort::new(host, endpoint.port()))
        };
        Some(match key {
            BindingKey::IpPort(endpoint) => {
                let mut address = endpoint.addr();
                let ip = self.address(address.ip());
                if ip != address.ip() {
                    address = SocketAddr::new(ip, address.port());
                }
                BindingKey::IpPort(IpPort::new(address).ok()?)
            }
            BindingKey::Sni(endpoint) => BindingKey::Sni(host(endpoint)?),
            BindingKey::ScopedCcs(endpoint) => BindingKey::ScopedCcs(host(endpoint)?),
            BindingKey::Ccs(port) => BindingKey::Ccs(*port),
        })
    }

    fn address(&self, ip: IpAddr) -> IpAddr {
        self.addresses.get(&ip).copied().unwrap_or(ip)
    }

    fn certificate(&self, certificate: &Certificate) -> Option<Certificate> {
        let number = u32::try_from(*self.hashes.get(&certificate.hash)?).ok()?;
        let mut bytes = [0xce; CertHash::LENGTH];
        bytes[CertHash::LENGTH - 4..].copy_from_slice(&number.to_be_bytes());
        let store = match &certificate.store_name {
            Some(name) => Some(self.store(name)?),
            None => None,
        };
        Some(Certificate::new(CertHash::new(bytes)).with_store_name(store))
    }

    fn store(&self, name: &StoreName) -> Option<StoreName> {
        if is_public_store(name.as_str()) {
            return Some(name.clone());
        }
        let number = self.stores.get(&name.as_str().to_lowercase())?;
        StoreName::new(&format!("Store{number}")).ok()
    }

    fn application(&self, id: Uuid) -> Uuid {
        match self.applications.get(&id) {
            Some(number) if !(self.is_known)(id) => {
                Uuid::from_u128(0xce27_0000 << 96 | *number as u128)
            }
            _ => id,
        }
    }

    /// The values of headers are replaced, their lengths are not.
    fn property(property: &Property) -> Option<Property> {
        let PropertyValue::ErrorHeaders(headers) = &property.value else {
            return Some(property.clone());
        };
        let all = headers.headers().iter();
        let hidden =
            all.map(|header| Header::new(header.name(), &vec![b'x'; header.value().len()]));
        let hidden = hidden.collect::<Result<Vec<_>, _>>().ok()?;
        let value = ErrorHeaders::new(headers.status(), hidden).ok()?;
        Some(Property {
            value: PropertyValue::ErrorHeaders(value),
            ..property.clone()
        })
    }

    /// The text of a record, key or query of other configuration: URLs, addresses and SIDs.
    fn service(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            if let Ok(ip) = word.parse::<IpAddr>() {
                return self.address(ip).to_string();
            }
            match url_host(word) {
                Some((before, host, after)) if !is_wildcard(host) => {
                    let host = match ip_literal(host) {
                        Some(IpAddr::V4(ip)) => self.address(ip.into()).to_string(),
                        Some(IpAddr::V6(ip)) => format!("[{}]", self.address(ip.into())),
                        None => self.hosts.pseudonym(host),
                    };
                    format!("{before}{host}{after}")
                }
                _ => self.sids(word),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn sids(&self, word: &str) -> String {
        let mut text = word.to_owned();
        for (domain, number) in &self.domains {
            text = text.replace(domain, &format!("{DOMAIN}1-2-{number}"));
        }
        text
    }
}

/// The names in a trace.
#[derive(Default)]
struct Names {
    hosts: Labels,
    addresses: BTreeSet<IpAddr>,
    hashes: BTreeSet<CertHash>,
    applications: BTreeSet<Uuid>,
    stores: BTreeSet<String>,
    ctls: BTreeSet<String>,
    domains: BTreeSet<String>,
}

impl Names {
    fn binding(&mut self, binding: &Binding) {
        self.key(binding.key());
        let record = binding.record();
        let certificate = record.certificate.as_ref();
        self.hashes
            .extend(certificate.map(|certificate| certificate.hash));
        self.applications.insert(record.app_id);
        let store = certificate.and_then(|certificate| certificate.store_name.as_ref());
        for name in store.into_iter().chain(&record.ctl_store_name) {
            if !is_public_store(name.as_str()) {
                self.stores.insert(name.as_str().to_lowercase());
            }
        }
        let ctl = record.ctl_identifier.as_ref();
        self.ctls.extend(ctl.map(|name| name.as_str().to_owned()));
    }

    fn key(&mut self, key: &BindingKey) {
        match key {
            BindingKey::IpPort(endpoint) => {
                self.addresses.insert(endpoint.ip());
            }
            _ => key
                .host()
                .into_iter()
                .for_each(|host| self.hosts.add(host.as_str())),
        }
    }

    fn call(&mut self, call: &Entry) {
        match &call.argument {
            Argument::Binding(binding) => self.binding(binding),
            Argument::Key(key) | Argument::PropertyKey { key, .. } => self.key(key),
            Argument::Property(property) => self.key(&property.key),
            Argument::Service(text) => self.service(text),
            _ => {}
        }
        match &call.found {
            Some(QueryResult::Binding(binding)) => self.binding(binding),
            Some(QueryResult::Property(property)) => self.key(&property.key),
            None => {}
        }
    }

    fn service(&mut self, text: &str) {
        for word in text.split(' ') {
            let host = url_host(word).map(|(_, host, _)| host);
            let ip = word.parse().ok().or_else(|| host.and_then(ip_literal));
            match host {
                Some(host) if ip.is_none() && !is_wildcard(host) => self.hosts.add(host),
                _ => {}
            }
            self.addresses.extend(ip);
            let sids = word
                .match_indices(DOMAIN)
                .filter_map(|(at, _)| domain(&word[at..]));
            self.domains.extend(sids.map(str::to_owned));
        }
    }
}

/// With this the SIDs of the accounts of domains and machines begin.
const DOMAIN: &str = "S-1-5-21-";

/// The part of a SID that identifies the domain.
fn domain(sid: &str) -> Option<&str> {
    let mut dashes = sid.match_indices('-').skip(6);
    let (end, _) = dashes.next()?;
    Some(&sid[..end])
}

/// The text before the host of a URL, the host, and the text after it.
fn url_host(word: &str) -> Option<(&str, &str, &str)> {
    let start = word.find("://")? + 3;
    let end = start + word[start..].find('/').unwrap_or(word.len() - start);
    let port = word[start..end].rfind(':').map_or(end, |at| start + at);
    Some((&word[..start], &word[start..port], &word[port..]))
}

fn ip_literal(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).parse().ok()
}

fn is_wildcard(host: &str) -> bool {
    matches!(host, "+" | "*") || host.eq_ignore_ascii_case("localhost")
}

fn is_public_store(name: &str) -> bool {
    STORES
        .iter()
        .any(|public| public.eq_ignore_ascii_case(name))
}

/// The pseudonyms of addresses in their order: below 127 those of 10.0.0.0/8, above it those for
/// documentation (or for benchmarks, if they are too many), for IPv6 those for documentation.
/// Unspecified and loopback addresses are kept.
fn addresses(all: BTreeSet<IpAddr>) -> BTreeMap<IpAddr, IpAddr> {
    let is_named = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_loopback();
    let named: Vec<_> = all.into_iter().filter(is_named).collect();
    let is_low = |ip: &IpAddr| matches!(ip, IpAddr::V4(v4) if v4.octets()[0] < 127);
    let high = named
        .iter()
        .filter(|ip| ip.is_ipv4() && !is_low(ip))
        .count();
    let first_high = match high {
        0..=254 => Ipv4Addr::new(192, 0, 2, 0),
        _ => Ipv4Addr::new(198, 18, 0, 0),
    };
    let (mut low, mut v4, mut v6) = (0, 0, 0);
    let mut next = |ip: IpAddr| -> IpAddr {
        let offset = |base: Ipv4Addr, number: &mut u32| {
            *number += 1;
            Ipv4Addr::from(u32::from(base) + *number).into()
        };
        match ip {
            IpAddr::V6(_) => {
                v6 += 1;
                Ipv6Addr::from(0x2001_0db8_u128 << 96 | v6).into()
            }
            ip if is_low(&ip) => offset(Ipv4Addr::new(10, 0, 0, 0), &mut low),
            _ => offset(first_high, &mut v4),
        }
    };
    named.into_iter().map(|ip| (ip, next(ip))).collect()
}
