//! The set of the extended properties of a binding.

use std::fmt;
use std::sync::Arc;

use super::error::PropertyError;
use super::limit::MAX_BYTES;
use super::property::Property;
use super::property_type::PropertyType;

/// The extended properties of a binding, at most one of each type, in the order of their types.
///
/// A property with its default value and without flags counts as not set: neither netsh nor the API
/// is known to distinguish the two. An empty set, which most bindings have, takes one pointer.
/// Clones share the properties.
///
/// ```
/// use certbind_core::{ExtendedProperties, Property, PropertyType, PropertyValue};
///
/// let window = Property::from(PropertyValue::Http2Window { receive_window: 65_535 });
/// let set = ExtendedProperties::default().with(window);
/// assert_eq!(set.get(PropertyType::Http2Window).map(|set| set.flags), Some(0));
/// assert!(set.without(PropertyType::Http2Window).is_empty());
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ExtendedProperties(Option<Arc<Vec<Property>>>);

impl ExtendedProperties {
    /// The maximum size of the lists of one property, in bytes of the C structures.
    ///
    /// Windows documents no limit. This one lets every binding fit into every backend.
    pub const MAX_BYTES: usize = MAX_BYTES;

    /// Creates a set of these properties, which may be in any order.
    ///
    /// # Errors
    /// [`PropertyError::Duplicate`] if two properties have the same type.
    pub fn new(properties: impl IntoIterator<Item = Property>) -> Result<Self, PropertyError> {
        let mut set: Vec<_> = properties.into_iter().collect();
        set.sort_by_key(Property::property_type);
        let duplicate = |pair: &&[Property]| pair[0].property_type() == pair[1].property_type();
        match set.windows(2).find(duplicate) {
            Some(pair) => Err(PropertyError::Duplicate {
                property: pair[0].property_type(),
            }),
            None => Ok(Self::of(set)),
        }
    }

    /// Whether no property is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The property of a type, if it is set.
    #[must_use]
    pub fn get(&self, property: PropertyType) -> Option<&Property> {
        self.iter().find(|set| set.property_type() == property)
    }

    /// The properties that are set, in the order of their types.
    pub fn iter(&self) -> std::slice::Iter<'_, Property> {
        self.0.as_ref().map_or(&[][..], |set| set).iter()
    }

    /// Sets a property, and replaces the one of the same type.
    #[must_use]
    pub fn with(&self, property: Property) -> Self {
        let mut set = self.others(property.property_type());
        set.push(property);
        set.sort_by_key(Property::property_type);
        Self::of(set)
    }

    /// Removes the property of this type.
    #[must_use]
    pub fn without(&self, property: PropertyType) -> Self {
        Self::of(self.others(property))
    }

    fn others(&self, property: PropertyType) -> Vec<Property> {
        let others = self.iter().filter(|set| set.property_type() != property);
        others.cloned().collect()
    }

    fn of(mut sorted: Vec<Property>) -> Self {
        sorted.retain(|property| !property.is_default());
        Self((!sorted.is_empty()).then(|| Arc::new(sorted)))
    }
}

impl<'a> IntoIterator for &'a ExtendedProperties {
    type Item = &'a Property;
    type IntoIter = std::slice::Iter<'a, Property>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for ExtendedProperties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}
