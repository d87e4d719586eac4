//! The keys that encrypt TLS session tickets.

use std::fmt;

use zeroize::Zeroize;

use super::error::PropertyError;

/// `HTTP_TLS_SESSION_TICKET_KEYS_PARAM`: keys that several servers share, so that each can
/// resume the sessions of the others.
///
/// **The keys are secret**: they decrypt the traffic of resumed sessions. Neither `Debug` nor
/// `Display` prints them. The header declares the list as `void*`; it is assumed to consist of
/// schannel's `SecPkgCred_SessionTicketKey` (`schannel.h`; inferred).
///
/// ```
/// use certbind_core::{SessionTicketKey, SessionTicketKeys};
///
/// let key = SessionTicketKey::new(0, [1; 16], b"a secret of up to 64 bytes")?;
/// let keys = SessionTicketKeys::new(vec![key])?;
/// assert_eq!(format!("{keys:?}"), "SessionTicketKeys(1 key)");
/// # Ok::<(), certbind_core::PropertyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionTicketKeys(Box<[SessionTicketKey]>);

/// One session ticket key: `SecPkgCred_SessionTicketKey` of `schannel.h`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionTicketKey {
    version: u32,
    id: [u8; Self::ID_LENGTH],
    material: Box<[u8]>,
}

impl SessionTicketKeys {
    /// The maximum number of keys, which schannel sets.
    pub const MAX_KEYS: usize = 16;

    /// Creates a list of keys.
    ///
    /// # Errors
    /// [`PropertyError::TooManyTicketKeys`] for more than [`MAX_KEYS`](Self::MAX_KEYS).
    pub fn new(keys: Vec<SessionTicketKey>) -> Result<Self, PropertyError> {
        let (found, limit) = (keys.len(), Self::MAX_KEYS);
        if found > limit {
            return Err(PropertyError::TooManyTicketKeys { found, limit });
        }
        Ok(Self(keys.into()))
    }

    /// The keys, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[SessionTicketKey] {
        &self.0
    }
}

impl SessionTicketKey {
    /// The length of a key's id in bytes.
    pub const ID_LENGTH: usize = 16;

    /// The maximum length of the keying material in bytes.
    pub const MAX_MATERIAL: usize = 64;

    /// Creates a key from its `TicketInfoVersion`, its `KeyId` and the first `KeyingMaterialSize`
    /// bytes of its `KeyingMaterial`.
    ///
    /// # Errors
    /// [`PropertyError::TicketKeyTooLong`] for more than [`MAX_MATERIAL`](Self::MAX_MATERIAL).
    pub fn new(
        version: u32,
        id: [u8; Self::ID_LENGTH],
        material: &[u8],
    ) -> Result<Self, PropertyError> {
        let (found, limit) = (material.len(), Self::MAX_MATERIAL);
        if found > limit {
            return Err(PropertyError::TicketKeyTooLong { found, limit });
        }
        let material = material.into();
        Ok(Self {
            version,
            id,
            material,
        })
    }

    /// The version of the ticket format. Headers define 0 only.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The id by which tickets name the key.
    #[must_use]
    pub fn id(&self) -> &[u8; Self::ID_LENGTH] {
        &self.id
    }

    /// The secret keying material.
    #[must_use]
    pub fn material(&self) -> &[u8] {
        &self.material
    }
}

/// The keying material is overwritten.
impl Drop for SessionTicketKey {
    fn drop(&mut self) {
        self.material.zeroize();
    }
}

impl fmt::Display for SessionTicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 key"),
            n => write!(f, "{n} keys"),
        }
    }
}

impl fmt::Debug for SessionTicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionTicketKeys({self})")
    }
}

impl fmt::Debug for SessionTicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionTicketKey(..)")
    }
}
