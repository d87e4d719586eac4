//! Performance settings of a binding's connections.

use std::fmt;

use super::error::PropertyError;
use super::hex::Hex;
use super::limit::check_size;
use super::property_type::PropertyType;

/// `HTTP_PERFORMANCE_PARAM`: a kind of setting and its value in bytes.
///
/// The meaning of the bytes is not documented; they are kept unchanged.
///
/// ```
/// use certbind_core::PerformanceSetting;
///
/// let setting = PerformanceSetting::new(2, &[0, 0, 1, 0])?;
/// assert_eq!(setting.to_string(), "MaxSendBufferSize 00000100");
/// # Ok::<(), certbind_core::PropertyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PerformanceSetting {
    kind: i32,
    buffer: Box<[u8]>,
}

impl PerformanceSetting {
    /// Creates a setting. `kind` is an `HTTP_PERFORMANCE_PARAM_TYPE`; headers name 0 to 5.
    ///
    /// # Errors
    /// [`PropertyError::TooLarge`] for more than [`MAX_BYTES`](super::ExtendedProperties::MAX_BYTES).
    pub fn new(kind: i32, buffer: &[u8]) -> Result<Self, PropertyError> {
        check_size(PropertyType::Performance, buffer.len())?;
        let buffer = buffer.into();
        Ok(Self { kind, buffer })
    }

    /// The kind of setting.
    #[must_use]
    pub fn kind(&self) -> i32 {
        self.kind
    }

    /// The value.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// The name of the kind in headers, without `PerformanceParam`; `None` for an unknown kind.
    #[must_use]
    pub fn kind_name(&self) -> Option<&'static str> {
        let names = [
            "SendBufferingFlags",
            "AggressiveICW",
            "MaxSendBufferSize",
            "MaxConcurrentClientStreams",
            "MaxReceiveBufferSize",
            "DecryptOnSspiThread",
        ];
        let kind = usize::try_from(self.kind).ok()?;
        names.get(kind).copied()
    }
}

impl fmt::Display for PerformanceSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind_name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "setting {}", self.kind)?,
        }
        write!(f, " {}", Hex(&self.buffer))
    }
}
