//! A call, as a line of a trace has it.

use std::fmt;

use certbind_core::{Binding, BindingKey, Property, PropertyType};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One call of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When it began.
    pub time: Timestamp,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// The process that made it.
    pub process: u32,
    /// The function.
    pub call: Function,
    /// The `HTTP_SERVICE_CONFIG_ID`, where the function takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i32>,
    /// The argument of the call.
    pub argument: Argument,
    /// The size in bytes of the buffer of a query; none if it passed no buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<u32>,
    /// The result: a Win32 code.
    pub result: u32,
    /// The answer of a query, where its length was requested and it can be decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<QueryResult>,
}

/// The answer of a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QueryResult {
    /// An extended property.
    Property(KeyProperty),
    /// A record.
    Binding(Binding),
}

/// An extended property of a key. Session ticket keys are secrets, and are not recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyProperty {
    /// The key.
    pub key: BindingKey,
    /// The property.
    pub property: Property,
}

/// A function of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Function {
    /// `HttpInitialize`.
    #[serde(rename = "HttpInitialize")]
    Initialize,
    /// `HttpTerminate`.
    #[serde(rename = "HttpTerminate")]
    Terminate,
    /// `HttpSetServiceConfiguration`.
    #[serde(rename = "HttpSetServiceConfiguration")]
    Set,
    /// `HttpUpdateServiceConfiguration`.
    #[serde(rename = "HttpUpdateServiceConfiguration")]
    Update,
    /// `HttpDeleteServiceConfiguration`.
    #[serde(rename = "HttpDeleteServiceConfiguration")]
    Delete,
    /// `HttpQueryServiceConfiguration`.
    #[serde(rename = "HttpQueryServiceConfiguration")]
    Query,
    /// A call that does not configure bindings.
    #[serde(untagged)]
    Other(String),
}

/// The argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Argument {
    /// The version and flags of an initialization.
    Version {
        /// `HttpApiMajorVersion`.
        major: u16,
        /// `HttpApiMinorVersion`.
        minor: u16,
        /// `HTTP_INITIALIZE_CONFIG` (2), `HTTP_INITIALIZE_SERVER` (1), or both.
        flags: u32,
    },
    /// The flags of the initialization that ends.
    Flags(u32),
    /// A record that is set, or replaces one.
    Binding(Binding),
    /// The key of a deletion or a query.
    Key(BindingKey),
    /// The index of a query.
    Index(u32),
    /// The argument of a call that configures something other than bindings: the text of a
    /// `ServiceRecord`, a `ServiceKey` or a `ServiceQuery` (`certbind_httpapi_abi::service`).
    Service(String),
    /// An extended property that is set.
    Property(KeyProperty),
    /// The key and the type of an extended property that is deleted or queried.
    PropertyKey {
        /// The key.
        key: BindingKey,
        /// The type.
        property: PropertyType,
    },
    /// The index and the type of an extended property that is queried.
    PropertyIndex {
        /// The index.
        index: u32,
        /// The type.
        property: PropertyType,
    },
    /// Something that could not be decoded, or that is not a configuration of bindings; why. It cannot
    /// be replayed.
    Undecoded(String),
}

impl Function {
    /// The name of the function in Windows.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Initialize => "HttpInitialize",
            Self::Terminate => "HttpTerminate",
            Self::Set => "HttpSetServiceConfiguration",
            Self::Update => "HttpUpdateServiceConfiguration",
            Self::Delete => "HttpDeleteServiceConfiguration",
            Self::Query => "HttpQueryServiceConfiguration",
            Self::Other(name) => name,
        }
    }
}

/// The argument on one line, for people. Texts of bindings are not escaped: escape it for a
/// terminal.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version {
                major,
                minor,
                flags,
            } => write!(f, "version {major}.{minor}, flags {flags}"),
            Self::Flags(flags) => write!(f, "flags {flags}"),
            Self::Binding(binding) => write_binding(f, binding),
            Self::Key(key) => write!(f, "{key}"),
            Self::Index(index) => write!(f, "index {index}"),
            Self::Service(what) => f.write_str(what),
            Self::Property(property) => write!(f, "{property}"),
            Self::PropertyKey { key, property } => write!(f, "{key} {property}"),
            Self::PropertyIndex { index, property } => write!(f, "index {index} {property}"),
            Self::Undecoded(why) => write!(f, "({why})"),
        }
    }
}

impl fmt::Display for QueryResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(property) => write!(f, "{property}"),
            Self::Binding(binding) => write_binding(f, binding),
        }
    }
}

impl fmt::Display for KeyProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, property } = self;
        write!(f, "{key} {}: {property}", property.property_type())
    }
}

impl KeyProperty {
    /// None for a property that must not be recorded.
    pub(crate) fn open(key: BindingKey, property: Property) -> Option<Self> {
        let is_secret = property.property_type() == PropertyType::SessionTicketKeys;
        (!is_secret).then_some(Self { key, property })
    }
}

fn write_binding(f: &mut fmt::Formatter<'_>, binding: &Binding) -> fmt::Result {
    let record = binding.record();
    write!(f, "{}", binding.key())?;
    if let Some(certificate) = &record.certificate {
        write!(f, " {}", certificate.hash)?;
        if let Some(store) = &certificate.store_name {
            write!(f, " in {store}")?;
        }
    }
    write!(f, " {{{}}}", record.app_id)
}

/// A line of a trace that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not a call of a trace: {source}")]
pub struct TraceError {
    /// The line, counted from 1.
    pub line: usize,
    /// The reason why it is invalid.
    source: serde_json::Error,
}

/// Reads a trace: a line of JSON for each call, each with its line's number. Empty lines are
/// skipped, as is an incomplete last line.
///
/// # Errors
/// [`TraceError`] for the first line that cannot be parsed.
pub fn read(trace: &[u8]) -> Result<Vec<(usize, Entry)>, TraceError> {
    let whole = trace.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let mut entries = Vec::new();
    for (line, text) in (1..).zip(trace[..whole].split(|byte| *byte == b'\n')) {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let entry = serde_json::from_slice(text).map_err(|source| TraceError { line, source })?;
        entries.push((line, entry));
    }
    Ok(entries)
}
