//! The fields of a listing that show Extended Properties, and their values.

use certbind_core::{ExtendedProperties, PropertyType, PropertyValue};

use super::field::Field;

/// The values that netsh prints of the first properties, in the order of their ids.
pub(super) const VALUES: [&[Field]; 2] = [
    &[Field::ReceiveWindow],
    &[Field::MaxSettingsPerFrame, Field::MaxSettingsPerMinute],
];

/// The value that a listing shows in a field of these properties.
pub(super) fn shown(properties: &ExtendedProperties, field: Field) -> Option<u32> {
    let of = if field == Field::ReceiveWindow {
        PropertyType::Http2Window
    } else {
        PropertyType::Http2SettingsLimits
    };
    let set = properties.get(of).map(|set| set.value.clone());
    match (field, set.or_else(|| of.default_value())?) {
        (Field::ReceiveWindow, PropertyValue::Http2Window { receive_window }) => {
            Some(receive_window)
        }
        (Field::MaxSettingsPerFrame, PropertyValue::Http2SettingsLimits { max_per_frame, .. }) => {
            Some(max_per_frame)
        }
        (
            Field::MaxSettingsPerMinute,
            PropertyValue::Http2SettingsLimits { max_per_minute, .. },
        ) => Some(max_per_minute),
        _ => None,
    }
}

/// Stores the value of a line.
pub(super) fn set(properties: &mut ExtendedProperties, field: Field, number: u32) {
    if shown(properties, field) == Some(number) {
        return;
    }
    let value = match field {
        Field::ReceiveWindow => PropertyValue::Http2Window {
            receive_window: number,
        },
        Field::MaxSettingsPerFrame => PropertyValue::Http2SettingsLimits {
            max_per_frame: number,
            max_per_minute: shown(properties, Field::MaxSettingsPerMinute).unwrap_or(u32::MAX),
        },
        _ => PropertyValue::Http2SettingsLimits {
            max_per_frame: shown(properties, Field::MaxSettingsPerFrame).unwrap_or(u32::MAX),
            max_per_minute: number,
        },
    };
    *properties = properties.with(value.into());
}
