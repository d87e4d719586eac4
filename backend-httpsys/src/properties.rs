//! Extended properties: reading those of a key and of all keys, and making those of a key others.

use std::collections::HashMap;

use certbind_core::{
    Binding, BindingKey, ExtendedProperties, Kind, Property, PropertyType, Result, StoreError,
};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::session::{Session, corrupt, failed_listing};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    PropertyQuery, read_property, with_delete_property, with_query_property, with_set_property,
};

/// The properties of the keys that have some.
pub(crate) type Found = HashMap<BindingKey, ExtendedProperties>;

impl<A: HttpApi> Session<A> {
    /// The binding with the properties of its key, which HTTP.sys keeps beside its record.
    pub(crate) fn with_properties(&self, binding: Binding) -> Result<Binding> {
        if !self.has_properties() {
            return Ok(binding);
        }
        let mut found = ExtendedProperties::default();
        for property in PropertyType::ALL {
            if let Some(set) = self.property(&binding, property)? {
                found = found.with(set);
            }
        }
        with(binding, found)
    }

    /// The properties of all keys of a kind.
    pub(crate) fn all_properties(&self, kind: Kind) -> Result<Found> {
        let mut found = Found::new();
        if !self.has_properties() {
            return Ok(found);
        }
        for property in PropertyType::ALL {
            for token in 0.. {
                let query = PropertyQuery::Next {
                    kind,
                    token,
                    property,
                };
                let what = || format!("{property} number {token} of {kind}");
                let failed = |code| failed_listing(kind, code);
                let Some((key, set)) = self.queried(kind, query, &failed, &what)? else {
                    break;
                };
                let of_key = found.entry(key).or_default();
                *of_key = of_key.with(set);
            }
        }
        Ok(found)
    }

    /// Makes the properties of a key those of `wanted`, whatever they are.
    ///
    /// # Errors
    /// The code of the call that was refused, or what kept a property from being read.
    pub(crate) fn set_properties(&self, wanted: &Binding) -> Result<(), Result<u32, StoreError>> {
        for property in PropertyType::ALL {
            let found = self.property(wanted, property).map_err(Err)?;
            let found = found.filter(|found| !found.is_default());
            let code = match (wanted.record().extended.get(property), found) {
                (None, None) => NO_ERROR,
                (Some(set), Some(found)) if *set == found => NO_ERROR,
                (Some(set), _) => self.put_property(wanted, set),
                (None, Some(_)) => self.delete_property(wanted, property),
            };
            if code != NO_ERROR {
                return Err(Ok(code));
            }
        }
        Ok(())
    }

    fn property(&self, binding: &Binding, property: PropertyType) -> Result<Option<Property>> {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        let query = PropertyQuery::Exact {
            key,
            host_spelling,
            property,
        };
        let what = || format!("{property} of {key}");
        let failed = |code| win32::store_error(code, key, "reading");
        let found = self.queried(key.kind(), query, &failed, &what)?;
        match found {
            Some((other, _)) if other != *key => {
                Err(corrupt(&what(), format!("it is that of {other}")))
            }
            found => Ok(found.map(|(_, property)| property)),
        }
    }

    /// A key and its property. A type that this Windows does not know is set of none.
    fn queried(
        &self,
        kind: Kind,
        query: PropertyQuery<'_>,
        failed: &dyn Fn(u32) -> StoreError,
        what: &dyn Fn() -> String,
    ) -> Result<Option<(BindingKey, Property)>> {
        let ask = |buffer: &mut [u64]| {
            with_query_property(query, |request| self.raw_query(request, buffer))
        };
        let read = |bytes: &[u8]| {
            read_property(kind, bytes).map_err(|error| corrupt(&what(), error.to_string()))
        };
        let unknown = |code| match code {
            win32::INVALID_PARAMETER => None,
            code => Some(failed(code)),
        };
        self.answer(ask, read, unknown, what)
    }

    /// Windows may have a property of every key that there is, so that there is one to update, or
    /// none before it is set.
    fn put_property(&self, binding: &Binding, property: &Property) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_set_property(key, host, property, |request| {
            match self.raw_update(request) {
                win32::FILE_NOT_FOUND | win32::CALL_NOT_IMPLEMENTED => self.raw_set(request),
                code => code,
            }
        })
    }

    fn delete_property(&self, binding: &Binding, property: PropertyType) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_delete_property(key, host, property, |request| self.raw_delete(request))
    }
}

/// The binding with these properties beside its record.
pub(crate) fn with(binding: Binding, properties: ExtendedProperties) -> Result<Binding> {
    if properties.is_empty() {
        return Ok(binding);
    }
    let mut record = binding.record().clone();
    record.extended = properties;
    Ok(binding.with_record(record)?)
}
