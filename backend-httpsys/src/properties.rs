//! Extended properties, which HTTP.sys keeps under ids of their own.
//!
//! Which properties are set is read from enumerations: an exact query answers a default, an empty
//! value or one of many codes where nothing is set. It is trusted once it has distinguished the two
//! cases, for a key whose property is not in the enumeration. A property at its documented default
//! is the same as one that is not set.

use std::collections::HashMap;
use std::fmt;

use certbind_core::{
    Binding, BindingKey, ExtendedProperties, Kind, Property, PropertyType, Result, StoreError,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    PropertyQuery, read_property, with_delete_property, with_query_property, with_set_property,
};
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::code::{is_absent, is_too_small, is_unsupported};
use crate::listing::{Issue, Listing, Reply, list};
use crate::read_failure::ReadFailure;
use crate::session::{Answer, Session, unreadable};
use crate::unbound_key::unbound_key;

/// The extended properties of a kind.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Properties {
    pub(crate) set: HashMap<BindingKey, ExtendedProperties>,
    /// The properties that could not be read.
    pub(crate) issues: Vec<(PropertyType, Issue)>,
}

impl Properties {
    /// The binding with its properties.
    pub(crate) fn attach(&self, binding: Binding) -> Result<Binding> {
        match self.set.get(binding.key()) {
            Some(set) => with(binding, set.clone()),
            None => Ok(binding),
        }
    }

    /// The same for a binding before a change, which must not lose any property.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if not all could be read.
    pub(crate) fn attach_all(&self, binding: Binding) -> Result<Binding> {
        match self.issues.first() {
            Some((property, issue)) => Err(unreadable(
                format!("{property} of {} ({})", binding.key(), issue.subject),
                issue.cause.clone(),
            )),
            None => self.attach(binding),
        }
    }
}

impl<A: HttpApi> Session<A> {
    /// Whether this Windows has extended properties. All kinds of key are older, so one of them is
    /// enough for the probe.
    pub(crate) fn probe_properties(&self) -> bool {
        let (kind, of) = PROBED;
        let has_properties = match self.nth_property(kind, of, 0) {
            Answer::Code(code) => is_too_small(code) || !is_unsupported(code),
            Answer::Found(_) | Answer::Malformed(_) => true,
        };
        if has_properties {
            self.seen_type(kind, of);
        }
        has_properties
    }

    /// Whether Windows has stopped supporting a type of property. A kind for which the type was never
    /// seen may lack it on this Windows, so the type that was found on opening is queried instead.
    fn has_stopped(&self, kind: Kind, property: PropertyType) -> bool {
        if self.is_known_type(kind, property) {
            return self.is_type_gone(kind, property);
        }
        let (kind, property) = PROBED;
        let first = self.nth_property(kind, property, 0);
        matches!(first, Answer::Code(code) if is_unsupported(code))
            && self.is_type_gone(kind, property)
    }

    /// Whether this Windows lacks a type of property, by a query of a key.
    fn is_type_gone(&self, kind: Kind, property: PropertyType) -> bool {
        let query = PropertyQuery::Exact {
            key: &unbound_key(kind),
            host_spelling: None,
            property,
        };
        matches!(self.property_query(kind, query), Answer::Code(code) if is_unsupported(code))
    }

    /// The extended properties of all keys of a kind. Types that this Windows does not support are
    /// unset.
    ///
    /// An index is not a cursor: when another program removes a property between two calls, the next
    /// one is skipped. So a type with any property set is listed until two passes return the same,
    /// unless the caller compares passes itself.
    pub(crate) fn properties(&self, kind: Kind, passes: Passes) -> Properties {
        let mut found = Properties::default();
        for property in PropertyType::ALL {
            let mut listing = self.property_listing(kind, property);
            for _ in 0..PASSES {
                let is_empty = listing.records.is_empty() && listing.issues.is_empty();
                if is_empty || passes == Passes::One {
                    break;
                }
                let again = self.property_listing(kind, property);
                let is_stable = again.is_same_set(&listing);
                listing = again;
                if is_stable {
                    break;
                }
            }
            for issue in listing.issues {
                found.issues.push((property, issue));
            }
            for (_, PropertyOfKey(key, _), set) in listing.records {
                let of_key = found.set.entry(key).or_default();
                *of_key = of_key.with(set);
            }
        }
        found.set.retain(|_, set| !set.is_empty());
        found
    }

    /// The properties of a type. An enumeration may have all types, so the others are left out.
    fn property_listing(
        &self,
        kind: Kind,
        property: PropertyType,
    ) -> Listing<PropertyOfKey, Property> {
        let ask = |index| self.nth_property(kind, property, index);
        let is_unknown = |answer: &Answer<_>| match answer {
            Answer::Code(code) => is_unsupported(*code),
            Answer::Found(_) | Answer::Malformed(_) => false,
        };
        let mut first = Some(ask(0));
        if let Some(Answer::Code(code)) = first
            && is_unsupported(code)
            && is_unknown(&ask(1))
        {
            let mut listing = Listing::empty();
            // A known type may have no property set, or may have been removed.
            if self.has_stopped(kind, property) {
                listing.issues.push(Issue {
                    subject: "index 0".into(),
                    cause: ReadFailure::Code(code),
                });
            }
            return listing;
        }
        self.seen_type(kind, property);
        let mut listing = list(|index| match first.take().unwrap_or_else(|| ask(index)) {
            Answer::Found((key, found)) => {
                Reply::Record(PropertyOfKey(key, found.property_type()), found)
            }
            Answer::Malformed(cause) => Reply::Malformed(ReadFailure::Malformed(cause)),
            Answer::Code(code) => Reply::Code(code),
        });
        listing.records.retain(|(_, place, _)| place.1 == property);
        listing
    }

    /// The properties of a key by exact queries, if these are known to distinguish set properties
    /// from unset ones.
    pub(crate) fn exact_properties(&self, binding: &Binding) -> Option<ExtendedProperties> {
        let mut found = ExtendedProperties::default();
        for property in PropertyType::ALL {
            if !self.exact_is_reliable(binding.key().kind(), property) {
                return None;
            }
            if !self.answers_exactly(binding, property, None) {
                found = found.with(self.exact_property(binding, property)?);
            }
        }
        Some(found)
    }

    /// Finds out, from a binding whose properties were listed, whether exact queries distinguish
    /// set properties from unset ones.
    pub(crate) fn learn_from(&self, binding: &Binding) {
        let kind = binding.key().kind();
        for property in PropertyType::ALL {
            let is_set = binding.record().extended.get(property).is_some();
            if !is_set
                && !self.exact_is_reliable(kind, property)
                && self.answers_exactly(binding, property, None)
            {
                self.seen_reliable(kind, property);
            }
        }
    }

    fn exact_property(&self, binding: &Binding, property: PropertyType) -> Option<Property> {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        let query = PropertyQuery::Exact {
            key,
            host_spelling,
            property,
        };
        match self.property_query(key.kind(), query) {
            Answer::Found((other, found)) if other == *key => Some(found),
            _ => None,
        }
    }

    /// Sets the properties of a key to those of `wanted`, and returns those that are set
    /// afterwards. Windows may keep an unwanted one, such as a default of its own.
    ///
    /// # Errors
    /// The code of the call that was refused, or the error of reading.
    pub(crate) fn set_properties(
        &self,
        wanted: &Binding,
    ) -> Result<ExtendedProperties, PropertyError> {
        let mut found = ExtendedProperties::default();
        for property in PropertyType::ALL {
            let target = wanted.record().extended.get(property);
            let set = match target {
                _ if self.answers_exactly(wanted, property, target) => target.cloned(),
                Some(target) => self.set_property(wanted, target)?,
                None => self.clear_property(wanted, property)?,
            };
            found = set.into_iter().fold(found, |found, set| found.with(set));
        }
        Ok(found)
    }

    /// Sets a property, and returns its value afterwards.
    fn set_property(
        &self,
        binding: &Binding,
        wanted: &Property,
    ) -> Result<Option<Property>, PropertyError> {
        let of = wanted.property_type();
        let mut code = self.put_property(binding, wanted);
        for attempt in 0..SETTLE_ATTEMPTS {
            if self.answers_exactly(binding, of, Some(wanted)) {
                return Ok(Some(wanted.clone()));
            }
            if attempt > 0 {
                self.pause(attempt);
            }
            // An update may have been accepted and forgotten.
            code = self.insert_property(binding, wanted);
        }
        match self.listed(binding, of)? {
            Some(found) if found == *wanted => Ok(Some(found)),
            _ if code != NO_ERROR => Err(PropertyError::Refused(code)),
            found => Ok(found),
        }
    }

    /// Deletes a property where it is set, and returns its value afterwards.
    fn clear_property(
        &self,
        binding: &Binding,
        property: PropertyType,
    ) -> Result<Option<Property>, PropertyError> {
        let mut found = self.listed(binding, property)?;
        for attempt in 0..SETTLE_ATTEMPTS {
            if found.is_none() {
                break;
            }
            if attempt > 0 {
                self.pause(attempt);
            }
            self.delete_property(binding, property);
            found = self.listed(binding, property)?;
        }
        Ok(found)
    }

    /// Whether an exact query returns the wanted value. If not, the enumeration decides.
    fn answers_exactly(
        &self,
        binding: &Binding,
        property: PropertyType,
        wanted: Option<&Property>,
    ) -> bool {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        let query = PropertyQuery::Exact {
            key,
            host_spelling,
            property,
        };
        match (self.property_query(key.kind(), query), wanted) {
            (Answer::Found((other, found)), Some(wanted)) => other == *key && found == *wanted,
            (Answer::Found((_, found)), None) => found.is_default(),
            // A known type may have been removed: only an enumeration shows that.
            (Answer::Code(code), None) => {
                let is_known = self.is_known_type(key.kind(), property);
                let is_unset = is_unsupported(code) && !is_known;
                is_absent(code) || (is_unset && !self.has_stopped(key.kind(), property))
            }
            _ => false,
        }
    }

    /// The property of a key that is set, by the enumeration.
    fn listed(
        &self,
        binding: &Binding,
        property: PropertyType,
    ) -> Result<Option<Property>, PropertyError> {
        let key = binding.key();
        let listing = self.property_listing(key.kind(), property);
        let mut records = listing.records.iter();
        let set = records.find(|(_, listed, _)| listed.0 == *key);
        match (set, listing.issues.first()) {
            (_, Some(issue)) => Err(PropertyError::Unreadable(unreadable(
                format!("{property} of {key} ({})", issue.subject),
                issue.cause.clone(),
            ))),
            (Some((_, _, set)), None) => Ok(Some(set.clone()).filter(|set| !set.is_default())),
            (None, None) => Ok(None),
        }
    }

    fn nth_property(
        &self,
        kind: Kind,
        property: PropertyType,
        token: u32,
    ) -> Answer<(BindingKey, Property)> {
        let query = PropertyQuery::Next {
            kind,
            token,
            property,
        };
        self.property_query(kind, query)
    }

    fn property_query(
        &self,
        kind: Kind,
        query: PropertyQuery<'_>,
    ) -> Answer<(BindingKey, Property)> {
        let ask = |buffer: &mut [u64]| {
            with_query_property(query, |request| self.raw_query(request, buffer))
        };
        let read = |bytes: &[u8]| read_property(kind, bytes);
        self.query_of(self.properties_budget(), ask, read)
    }

    /// Windows may have a property for every bound key, which can be updated, or none before it is
    /// set.
    fn put_property(&self, binding: &Binding, property: &Property) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_set_property(key, host, property, |request| {
            match self.raw_update(request) {
                code if is_absent(code) || is_unsupported(code) => self.raw_set(request),
                code => code,
            }
        })
    }

    fn insert_property(&self, binding: &Binding, property: &Property) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_set_property(key, host, property, |request| self.raw_set(request))
    }

    fn delete_property(&self, binding: &Binding, property: PropertyType) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_delete_property(key, host, property, |request| self.raw_delete(request))
    }
}

/// The key and the type of a property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PropertyOfKey(BindingKey, PropertyType);

impl fmt::Display for PropertyOfKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.1, self.0)
    }
}

/// The kind and the type that show on opening whether this Windows has extended properties.
const PROBED: (Kind, PropertyType) = (Kind::IpPort, PropertyType::Http2Window);

/// How often properties are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// Once.
    One,
    /// Until two passes return the same.
    UntilStable,
}

/// How often the properties of a type are listed until two passes return the same.
const PASSES: u32 = 8;

/// How often a property is read again after it was set.
pub(crate) const SETTLE_ATTEMPTS: u32 = 3;

/// The reason why the properties of a key could not be set as wanted.
#[derive(Debug)]
pub(crate) enum PropertyError {
    /// A call was answered with this code.
    Refused(u32),
    /// They could not be read.
    Unreadable(StoreError),
}

/// The binding with these properties next to its record.
pub(crate) fn with(binding: Binding, properties: ExtendedProperties) -> Result<Binding> {
    if binding.record().extended == properties {
        return Ok(binding);
    }
    let mut record = binding.record().clone();
    record.extended = properties;
    Ok(binding.with_record(record)?)
}
