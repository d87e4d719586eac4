//! The functions for the extended properties of a key, which are part of its binding.

use certbind_core::{
    Binding, BindingKey, Kind, PerformanceSetting, Property, PropertyType, PropertyValue, Scan,
};
use certbind_httpapi_abi::win32;

use crate::faults::Call;
use crate::simulator::{Simulator, code, replace};
use crate::windows;

impl Simulator {
    /// Sets or updates: netsh has only the verb `update`, so a property is assumed to exist as soon
    /// as its key is bound.
    pub(crate) fn set_property(
        &self,
        key: &BindingKey,
        property: Property,
        call: Call,
    ) -> Result<(), u32> {
        self.may_change()?;
        self.type_refusal(property.property_type())?;
        let key = &self.stored_key(key);
        let windows = self.windows();
        let answer = match call {
            Call::Update if windows.property_update != "stores" => windows.property_update,
            _ => windows.property_set,
        };
        match answer {
            "forgets" => return Ok(()),
            answer => windows::code(answer).map_or(Ok(()), Err)?,
        }
        self.changing(|store| {
            replace(store, key, |found| {
                let mut record = found.record().clone();
                record.extended = record.extended.with(property.clone());
                Ok(found.clone().with_record(record)?)
            })
        })?;
        self.done()
    }

    pub(crate) fn delete_property(&self, key: &BindingKey, of: PropertyType) -> Result<(), u32> {
        self.may_change()?;
        self.type_refusal(of)?;
        let key = &self.stored_key(key);
        if self.stored(key)?.record().extended.get(of).is_none() {
            return Err(win32::FILE_NOT_FOUND);
        }
        match self.windows().property_delete {
            "keeps" => return Ok(()),
            answer => windows::code(answer).map_or(Ok(()), Err)?,
        }
        self.changing(|store| {
            replace(store, key, |found| {
                let mut record = found.record().clone();
                record.extended = record.extended.without(of);
                Ok(found.clone().with_record(record)?)
            })
        })?;
        self.done()
    }

    /// The property of a key, or the default that hosts show in its place; none for a success
    /// without one.
    pub(crate) fn exact_property(
        &self,
        key: &BindingKey,
        of: PropertyType,
    ) -> Result<Option<(Binding, Property)>, u32> {
        let binding = self.stored(key)?;
        if let Some(set) = binding.record().extended.get(of) {
            let set = set.clone();
            return Ok(Some((binding, set)));
        }
        let default = || of.default_value().map(Property::from);
        let answered = match self.windows().property_unset {
            "empty" => return Ok(None),
            "other-default" if of == PropertyType::Http2Window => {
                Some(Property::from(PropertyValue::Http2Window {
                    receive_window: 65_535,
                }))
            }
            "default" | "other-default" => default(),
            answer => return Err(windows::code(answer).unwrap_or(win32::FILE_NOT_FOUND)),
        };
        Ok(Some((binding, answered.ok_or(win32::FILE_NOT_FOUND)?)))
    }

    /// The property of the key at this index of those that have it.
    pub(crate) fn property_at(
        &self,
        kind: Kind,
        of: PropertyType,
        index: u32,
    ) -> Result<(Binding, Property), u32> {
        let is_several = self.windows().performance_settings == "several";
        if is_several && of == PropertyType::Performance {
            let (binding, property) = self.single_property_at(kind, of, index / 2)?;
            let other = PerformanceSetting::new(9, b"other").ok();
            let other = other.map(|other| Property::from(PropertyValue::Performance(other)));
            return Ok((
                binding,
                other.filter(|_| index % 2 == 1).unwrap_or(property),
            ));
        }
        self.single_property_at(kind, of, index)
    }

    /// The property at this index of all types together.
    fn property_of_any_type(&self, kind: Kind, index: u32) -> Result<(Binding, Property), u32> {
        let all = self
            .store()
            .scan(&Scan::all().of_kind(kind))
            .map_err(code)?;
        let mut skip = usize::try_from(index).unwrap_or(usize::MAX);
        for binding in all {
            let binding = binding.map_err(code)?;
            let set: Vec<_> = binding.record().extended.iter().cloned().collect();
            if let Some(property) = set.get(skip) {
                return Ok((binding, property.clone()));
            }
            skip -= set.len();
        }
        Err(win32::NO_MORE_ITEMS)
    }

    fn single_property_at(
        &self,
        kind: Kind,
        of: PropertyType,
        index: u32,
    ) -> Result<(Binding, Property), u32> {
        let at = |index| {
            let found = self.listings().with_property(self.store(), kind, of, index);
            found.map_err(code)?.ok_or(win32::NO_MORE_ITEMS)
        };
        let binding = match (self.windows().property_next, index) {
            // Properties of other types have no default to show for a key without one.
            ("all-keys", index) if of.default_value().is_some() => {
                let all = self
                    .store()
                    .scan(&Scan::all().of_kind(kind))
                    .map_err(code)?;
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let mut all = all.skip(index);
                all.next().ok_or(win32::NO_MORE_ITEMS)?.map_err(code)?
            }
            ("all-types", index) => return self.property_of_any_type(kind, index),
            ("hole", 1) => return Err(win32::FILE_NOT_FOUND),
            ("hole", index) if index > 1 => at(index - 1)?,
            ("endless", _) => at(0)?,
            _ => at(index)?,
        };
        let property = binding.record().extended.get(of).cloned();
        let property = property.or_else(|| of.default_value().map(Property::from));
        Ok((binding, property.ok_or(win32::NO_MORE_ITEMS)?))
    }

    fn stored(&self, key: &BindingKey) -> Result<Binding, u32> {
        let found = self.store().get(&self.stored_key(key)).map_err(code)?;
        found.ok_or(win32::FILE_NOT_FOUND)
    }
}
