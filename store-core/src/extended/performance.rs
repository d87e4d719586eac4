//! One setting of the performance of a binding's connections.

use std::fmt;

use super::{Hex, PropertyError, PropertyType, bounded};

/// `HTTP_PERFORMANCE_PARAM`: a kind of setting and the bytes that it is set to.
///
/// What the bytes of each kind mean is not documented; they are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PerformanceSetting {
    kind: i32,
    buffer: Box<[u8]>,
}

impl PerformanceSetting {
    /// The setting of a kind, an `HTTP_PERFORMANCE_PARAM_TYPE`: those that headers name are 0 to 5.
    ///
    /// # Errors
    /// [`PropertyError::Large`] for more than 8 KiB.
    pub fn new(kind: i32, buffer: &[u8]) -> Result<Self, PropertyError> {
        bounded(PropertyType::Performance, buffer.len())?;
        let buffer = buffer.into();
        Ok(Self { kind, buffer })
    }

    /// Which setting it is.
    #[must_use]
    pub fn kind(&self) -> i32 {
        self.kind
    }

    /// What it is set to.
    #[must_use]
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// What headers call the kind (`PerformanceParam…`).
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
