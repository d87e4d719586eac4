//! The keys that the session tickets of TLS are encrypted with.

use std::fmt;

use super::PropertyError;

/// `HTTP_TLS_SESSION_TICKET_KEYS_PARAM`: keys that several servers share, so that each resumes what
/// another began.
///
/// **These are secrets**: who has them can decrypt what was said under their tickets. Neither
/// `Debug` nor `Display` shows them. The header has `void*` for the list; it is taken to be one of
/// schannel's `SecPkgCred_SessionTicketKey` (`schannel.h`; inferred).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionTicketKeys(Box<[SessionTicketKey]>);

/// `SecPkgCred_SessionTicketKey` of `schannel.h`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SessionTicketKey {
    version: u32,
    id: [u8; Self::ID_LENGTH],
    material: Box<[u8]>,
}

impl SessionTicketKeys {
    /// The most keys: as many as schannel takes.
    pub const MOST: usize = 16;

    /// These keys, in this order.
    ///
    /// # Errors
    /// [`PropertyError::TicketKeys`] for more than [`MOST`](Self::MOST).
    pub fn new(keys: Vec<SessionTicketKey>) -> Result<Self, PropertyError> {
        let (found, limit) = (keys.len(), Self::MOST);
        if found > limit {
            return Err(PropertyError::TicketKeys { found, limit });
        }
        Ok(Self(keys.into()))
    }

    /// They, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[SessionTicketKey] {
        &self.0
    }
}

impl SessionTicketKey {
    /// The length of a key's id in bytes.
    pub const ID_LENGTH: usize = 16;

    /// The most bytes of keying material.
    pub const MOST_MATERIAL: usize = 64;

    /// A key: its `TicketInfoVersion`, `KeyId` and as much of its `KeyingMaterial` as
    /// `KeyingMaterialSize` says.
    ///
    /// # Errors
    /// [`PropertyError::TicketKey`] for more than [`MOST_MATERIAL`](Self::MOST_MATERIAL).
    pub fn new(
        version: u32,
        id: [u8; Self::ID_LENGTH],
        material: &[u8],
    ) -> Result<Self, PropertyError> {
        let (found, limit) = (material.len(), Self::MOST_MATERIAL);
        if found > limit {
            return Err(PropertyError::TicketKey { found, limit });
        }
        let material = material.into();
        Ok(Self {
            version,
            id,
            material,
        })
    }

    /// How tickets are protected with it; 0 is the one way that headers know.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// What tickets name it by.
    #[must_use]
    pub fn id(&self) -> &[u8; Self::ID_LENGTH] {
        &self.id
    }

    /// The secret.
    #[must_use]
    pub fn material(&self) -> &[u8] {
        &self.material
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
