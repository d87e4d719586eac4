//! What the functions do to the extended properties of a key, which are part of what it is bound to.

use certbind_core::{Binding, BindingKey, Kind, Property, PropertyType, PropertyValue, Scan};
use certbind_httpapi_abi::win32;

use crate::simulator::{Simulator, code, replace};
use crate::windows;

impl Simulator {
    /// Sets or updates: netsh has no verb but `update`, so a property is taken to be there as soon as
    /// its key is bound.
    pub(crate) fn set_property(&self, key: &BindingKey, property: Property) -> Result<(), u32> {
        self.may_change()?;
        self.type_refusal(property.property_type())?;
        let key = &self.stored_key(key);
        match self.windows().property_set {
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
        let at = |index| {
            let found = self.listings().with_property(self.store(), kind, of, index);
            found.map_err(code)?.ok_or(win32::NO_MORE_ITEMS)
        };
        let binding = match (self.windows().property_next, index) {
            ("all-keys", index) => {
                let all = self
                    .store()
                    .scan(&Scan::all().of_kind(kind))
                    .map_err(code)?;
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let mut all = all.skip(index);
                all.next().ok_or(win32::NO_MORE_ITEMS)?.map_err(code)?
            }
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
