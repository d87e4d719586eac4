//! The headers of the error responses that HTTP.sys itself sends.

use std::fmt;

use super::{PropertyError, PropertyType, bounded};

/// `HTTP_ERROR_HEADERS_PARAM`: a status code and the headers that its responses have besides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorHeaders {
    status: u16,
    headers: Box<[Header]>,
}

/// `HTTP_UNKNOWN_HEADER`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    name: Box<str>,
    value: Box<[u8]>,
}

impl ErrorHeaders {
    /// These headers for responses of this status code.
    ///
    /// # Errors
    /// [`PropertyError::Large`] if they take more than 8 KiB.
    pub fn new(status: u16, headers: Vec<Header>) -> Result<Self, PropertyError> {
        let bytes = headers.iter();
        let bytes = bytes.map(|header| header.name.len() + header.value.len() + 24);
        bounded(PropertyType::ErrorHeaders, bytes.sum())?;
        let headers = headers.into();
        Ok(Self { status, headers })
    }

    /// The status code. Which ones HTTP.sys takes is not documented.
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
    /// A header.
    ///
    /// # Errors
    /// [`PropertyError::HeaderName`] for a name that is no token, and
    /// [`PropertyError::HeaderValue`] for a value that would end the header: what follows would be
    /// taken for further headers.
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

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, in no particular encoding.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Its value as ISO 8859-1 has it: each byte is a character, so none is lost.
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
