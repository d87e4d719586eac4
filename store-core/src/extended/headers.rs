//! Headers that HTTP.sys adds to its own error responses.

use std::fmt;

use super::error::PropertyError;
use super::limit::check_size;
use super::property_type::PropertyType;

/// `HTTP_ERROR_HEADERS_PARAM`: a status code and the headers that HTTP.sys adds to its responses.
///
/// ```
/// use certbind_core::{ErrorHeaders, Header};
///
/// let headers = ErrorHeaders::new(503, vec![Header::new("Retry-After", b"30")?])?;
/// assert_eq!(headers.to_string(), "status 503, Retry-After: 30");
/// # Ok::<(), certbind_core::PropertyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorHeaders {
    status: u16,
    headers: Box<[Header]>,
}

/// One HTTP header (`HTTP_UNKNOWN_HEADER`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    name: Box<str>,
    value: Box<[u8]>,
}

impl ErrorHeaders {
    /// Creates the headers of responses with this status code.
    ///
    /// # Errors
    /// [`PropertyError::TooLarge`] if they take more than [`MAX_BYTES`](super::ExtendedProperties::MAX_BYTES).
    pub fn new(status: u16, headers: Vec<Header>) -> Result<Self, PropertyError> {
        let bytes = headers.iter();
        let bytes = bytes.map(|header| header.name.len() + header.value.len() + 24);
        check_size(PropertyType::ErrorHeaders, bytes.sum())?;
        let headers = headers.into();
        Ok(Self { status, headers })
    }

    /// The status code. It is not documented which ones HTTP.sys accepts.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The headers, in order.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }
}

impl Header {
    /// Creates a header.
    ///
    /// # Errors
    /// [`PropertyError::HeaderName`] for a name that is not a token, and
    /// [`PropertyError::HeaderValue`] for a value with a line break or a NUL, which would end the
    /// header early (header injection).
    pub fn new(name: &str, value: &[u8]) -> Result<Self, PropertyError> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(token) {
            let name = name.to_owned();
            return Err(PropertyError::HeaderName { name });
        }
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            let name = name.to_owned();
            return Err(PropertyError::HeaderValue { name });
        }
        Ok(Self {
            name: name.into(),
            value: value.into(),
        })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value as bytes. HTTP does not fix its encoding.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value decoded as ISO 8859-1, which maps each byte to one character.
    #[must_use]
    pub fn value_text(&self) -> String {
        self.value.iter().copied().map(char::from).collect()
    }
}

impl fmt::Display for ErrorHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        for header in &self.headers {
            write!(f, ", {}: {}", header.name, header.value_text())?;
        }
        Ok(())
    }
}
