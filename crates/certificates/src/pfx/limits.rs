//! The work that a PFX file may cause.
//!
//! A file states the cost of its key derivation itself: a few bytes can cost hours. NSS and GnuTLS
//! write 600,000 iterations for each part, OpenSSL 2,048.

use super::decrypt::Encryption;
use crate::part_error::PartError;

/// The maximum cost of one attempt to open every part of a file, in iterations of PBKDF2. GnuTLS
/// writes a part for each certificate, so this allows for chains of eight.
const MAX_COST: u64 = 5_000_000;

/// The remaining cost of a file.
pub(super) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_COST)
    }
}

impl Budget {
    /// Accounts for one more encrypted part.
    pub(super) fn spend(&mut self, encryption: &Encryption) -> Result<(), PartError> {
        let cost = encryption.cost();
        self.0 = self.0.checked_sub(cost).ok_or(PartError::TooExpensive {
            iterations: cost,
            limit: MAX_COST,
        })?;
        Ok(())
    }
}
