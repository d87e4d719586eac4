//! What TLS is not to do for a binding.

use std::fmt;

use super::{PropertyError, PropertyType, bounded};
use crate::text::TlsName;

/// `HTTP_TLS_RESTRICTIONS_PARAM`: a list of restrictions.
///
/// The header has `void*` for the list. It is taken to be one of schannel's `TLS_PARAMETERS`
/// (`schannel.h`), the only structure of Windows that restricts TLS (inferred).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsRestrictions(Box<[TlsRestriction]>);

/// `TLS_PARAMETERS` of `schannel.h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsRestriction {
    /// `rgstrAlpnIds`: the protocols of ALPN that it is for; for all if there are none.
    pub alpn_ids: Vec<TlsName>,
    /// `grbitDisabledProtocols`: the versions that are not spoken, as bits `SP_PROT_*`.
    pub disabled_protocols: u32,
    /// `pDisabledCrypto`.
    pub disabled_crypto: Vec<DisabledCrypto>,
    /// `dwFlags`: `TLS_PARAMS_OPTIONAL` is 1.
    pub flags: u32,
}

/// `CRYPTO_SETTINGS` of `schannel.h`: an algorithm that is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DisabledCrypto {
    /// `eAlgorithmUsage`: what for, an `eTlsAlgorithmUsage`.
    pub usage: i32,
    /// `strCngAlgId`: which, as CNG calls it.
    pub algorithm: Option<TlsName>,
    /// `rgstrChainingModes`: in which modes; in all if there are none.
    pub chaining_modes: Vec<TlsName>,
    /// `dwMinBitLength`: shorter keys are not used. In bits; 0: there is no least.
    pub min_bits: u32,
    /// `dwMaxBitLength`: longer keys are not used. In bits; 0: there is no most.
    pub max_bits: u32,
}

impl TlsRestrictions {
    /// These restrictions, in this order.
    ///
    /// # Errors
    /// [`PropertyError::Large`] if they take more than 8 KiB.
    pub fn new(restrictions: Vec<TlsRestriction>) -> Result<Self, PropertyError> {
        let bytes = restrictions.iter().map(TlsRestriction::bytes).sum();
        bounded(PropertyType::TlsRestrictions, bytes)?;
        Ok(Self(restrictions.into()))
    }

    /// They, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[TlsRestriction] {
        &self.0
    }
}

impl TlsRestriction {
    /// About what it takes in memory of C.
    fn bytes(&self) -> usize {
        let crypto = self.disabled_crypto.iter();
        let crypto = crypto.map(|crypto| {
            let names =
                names(&crypto.chaining_modes) + crypto.algorithm.iter().map(name).sum::<usize>();
            names + 48
        });
        names(&self.alpn_ids) + crypto.sum::<usize>() + 40
    }
}

fn names(all: &[TlsName]) -> usize {
    all.iter().map(name).sum()
}

fn name(name: &TlsName) -> usize {
    2 * name.as_str().len() + 16
}

impl fmt::Display for TlsRestrictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (n, restriction) in self.0.iter().enumerate() {
            let between = if n == 0 { "" } else { "; " };
            write!(f, "{between}{restriction}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TlsRestriction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "protocols {:#x} disabled", self.disabled_protocols)?;
        for crypto in &self.disabled_crypto {
            write!(f, ", {crypto} disabled")?;
        }
        if !self.alpn_ids.is_empty() {
            f.write_str(" for")?;
        }
        for id in &self.alpn_ids {
            write!(f, " {id}")?;
        }
        match self.flags {
            0 => Ok(()),
            flags => write!(f, " (flags {flags:#x})"),
        }
    }
}

impl fmt::Display for DisabledCrypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            Some(algorithm) => write!(f, "{algorithm}")?,
            None => f.write_str("any algorithm")?,
        }
        for mode in &self.chaining_modes {
            write!(f, " {mode}")?;
        }
        write!(
            f,
            " (usage {}, {} to {} bits)",
            self.usage, self.min_bits, self.max_bits
        )
    }
}
