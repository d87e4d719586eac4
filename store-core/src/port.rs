//! TCP ports.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::key_error::KeyError;

/// A TCP port from 1 to 65535.
///
/// ```
/// use certbind_core::Port;
///
/// assert_eq!(Port::new(443)?.get(), 443);
/// assert_eq!("8443".parse::<Port>()?.to_string(), "8443");
/// assert!(Port::new(0).is_err());
/// # Ok::<(), certbind_core::KeyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// Creates a port from its number.
    ///
    /// # Errors
    /// [`KeyError::Port`] for 0.
    pub fn new(number: u16) -> Result<Self, KeyError> {
        NonZeroU16::new(number)
            .map(Self)
            .ok_or_else(|| KeyError::Port {
                text: number.to_string(),
            })
    }

    pub(crate) const fn of_nonzero(number: NonZeroU16) -> Self {
        Self(number)
    }

    /// The port's number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Port {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Digits only: `u16::from_str` also accepts a plus sign.
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(KeyError::Port { text: text.into() });
        }
        match text.parse() {
            Ok(number) => Ok(Self(number)),
            Err(_) => Err(KeyError::Port { text: text.into() }),
        }
    }
}
