//! The configuration of HTTP.sys other than bindings: URL reservations, the IP listen list,
//! timeouts, cache parameters and settings.
//!
//! These are the records of the ids 0, 2, 3, 4 and 7 of `HTTP_SERVICE_CONFIG_ID` (`http.h`). A
//! [`BindingStore`](certbind_core::BindingStore) does not contain them; `ServiceApi` of the crate
//! `certbind-httpsys` sets and queries them.

mod binary_descriptor;
mod listen;
mod record;
mod sddl;
mod text;
mod url;
mod value;
mod value_error;

pub use listen::ListenAddress;
pub use record::{
    ServiceAnswer, ServiceKey, ServiceKind, ServiceQuery, ServiceRecord, UrlReservation,
};
pub use sddl::{Ace, SecurityDescriptor};
pub use url::{MAX_URL_LENGTH, UrlPrefix};
pub use value::{CacheKey, SettingKey, TimeoutKey};
pub use value_error::ServiceValueError;
