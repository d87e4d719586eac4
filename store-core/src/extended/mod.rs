//! The extended properties of a binding, which the `…Ex` ids of the HTTP Server API configure.

mod error;
mod headers;
mod hex;
mod limit;
mod performance;
mod properties;
mod property;
mod property_type;
mod restrictions;
#[cfg(feature = "serde")]
mod serialization;
mod tickets;

pub use error::PropertyError;
pub use headers::{ErrorHeaders, Header};
pub use performance::PerformanceSetting;
pub use properties::ExtendedProperties;
pub use property::{Property, PropertyValue};
pub use property_type::PropertyType;
pub use restrictions::{DisabledCrypto, TlsRestriction, TlsRestrictions};
pub use tickets::{SessionTicketKey, SessionTicketKeys};
