//! What the functions do to the extended properties of a key, which are part of what it is bound to.

use certbind_core::{Binding, BindingKey, Kind, Property, PropertyType};
use certbind_httpapi_abi::win32;

use crate::simulator::{Simulator, code, replace};

impl Simulator {
    /// Sets or updates: netsh has no verb but `update`, so a property is taken to be there as soon as
    /// its key is bound.
    pub(crate) fn set_property(&self, key: &BindingKey, property: Property) -> Result<(), u32> {
        self.may_change()?;
        self.changing(|store| {
            replace(store, key, |found| {
                let mut record = found.record().clone();
                record.extended = record.extended.with(property.clone());
                Ok(found.clone().with_record(record)?)
            })
        })
    }

    pub(crate) fn delete_property(&self, key: &BindingKey, of: PropertyType) -> Result<(), u32> {
        self.may_change()?;
        if self.exact(key)?.record().extended.get(of).is_none() {
            return Err(win32::FILE_NOT_FOUND);
        }
        self.changing(|store| {
            replace(store, key, |found| {
                let mut record = found.record().clone();
                record.extended = record.extended.without(of);
                Ok(found.clone().with_record(record)?)
            })
        })
    }

    /// The property of a key, or the default that hosts show in its place.
    pub(crate) fn exact_property(
        &self,
        key: &BindingKey,
        of: PropertyType,
    ) -> Result<(Binding, Property), u32> {
        let binding = self.exact(key)?;
        let property = binding.record().extended.get(of).cloned();
        let property = property.or_else(|| of.default_value().map(Property::from));
        Ok((binding, property.ok_or(win32::FILE_NOT_FOUND)?))
    }

    /// The property of the key at this index of those that have it.
    pub(crate) fn property_at(
        &self,
        kind: Kind,
        of: PropertyType,
        index: u32,
    ) -> Result<(Binding, Property), u32> {
        let found = self.listings().with_property(self.store(), kind, of, index);
        let binding = found.map_err(code)?.ok_or(win32::NO_MORE_ITEMS)?;
        let property = binding.record().extended.get(of).cloned();
        Ok((binding, property.ok_or(win32::NO_MORE_ITEMS)?))
    }
}
