//! TLS versions and algorithms that are disabled for a binding.

use std::fmt;

use super::error::PropertyError;
use super::limit::check_size;
use super::property_type::PropertyType;
use crate::names::TlsName;

/// `HTTP_TLS_RESTRICTIONS_PARAM`: a list of restrictions.
///
/// The header declares the list as `void*`. It is assumed to consist of schannel's `TLS_PARAMETERS`
/// (`schannel.h`), the only structure of Windows that restricts TLS (inferred).
///
/// ```
/// use certbind_core::{TlsRestriction, TlsRestrictions};
///
/// let tls_1_0_server = TlsRestriction { disabled_protocols: 0x40, ..TlsRestriction::default() };
/// let restrictions = TlsRestrictions::new(vec![tls_1_0_server])?;
/// assert_eq!(restrictions.to_string(), "protocols 0x40 disabled");
/// # Ok::<(), certbind_core::PropertyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsRestrictions(Box<[TlsRestriction]>);

/// `TLS_PARAMETERS` of `schannel.h`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsRestriction {
    /// `rgstrAlpnIds`: the ALPN protocols that the restriction applies to; all if empty.
    pub alpn_ids: Vec<TlsName>,
    /// `grbitDisabledProtocols`: the disabled TLS versions, as bits `SP_PROT_*`.
    pub disabled_protocols: u32,
    /// `pDisabledCrypto`: the disabled algorithms.
    pub disabled_crypto: Vec<DisabledCrypto>,
    /// `dwFlags`: `TLS_PARAMS_OPTIONAL` is 1.
    pub flags: u32,
}

/// `CRYPTO_SETTINGS` of `schannel.h`: a disabled algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DisabledCrypto {
    /// `eAlgorithmUsage`: the use for which it is disabled, an `eTlsAlgorithmUsage`.
    pub usage: i32,
    /// `strCngAlgId`: the algorithm's name in CNG.
    pub algorithm: Option<TlsName>,
    /// `rgstrChainingModes`: the chaining modes in which it is disabled; all if empty.
    pub chaining_modes: Vec<TlsName>,
    /// `dwMinBitLength`: the minimum length of keys in bits; 0: no minimum.
    pub min_bits: u32,
    /// `dwMaxBitLength`: the maximum length of keys in bits; 0: no maximum.
    pub max_bits: u32,
}

impl TlsRestrictions {
    /// Creates a list of restrictions.
    ///
    /// # Errors
    /// [`PropertyError::TooLarge`] if they take more than [`MAX_BYTES`](super::ExtendedProperties::MAX_BYTES).
    pub fn new(restrictions: Vec<TlsRestriction>) -> Result<Self, PropertyError> {
        let bytes = restrictions.iter().map(TlsRestriction::bytes).sum();
        check_size(PropertyType::TlsRestrictions, bytes)?;
        Ok(Self(restrictions.into()))
    }

    /// The restrictions, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[TlsRestriction] {
        &self.0
    }
}

impl TlsRestriction {
    /// The approximate size of the C structures in bytes.
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
