//! The maximum size of a property.

use super::error::PropertyError;
use super::property_type::PropertyType;

/// See [`ExtendedProperties::MAX_BYTES`](super::ExtendedProperties::MAX_BYTES).
pub(super) const MAX_BYTES: usize = 8 * 1024;

/// Refuses lists that take more than [`MAX_BYTES`].
pub(super) fn check_size(property: PropertyType, bytes: usize) -> Result<(), PropertyError> {
    if bytes > MAX_BYTES {
        let limit = MAX_BYTES;
        return Err(PropertyError::TooLarge { property, limit });
    }
    Ok(())
}
