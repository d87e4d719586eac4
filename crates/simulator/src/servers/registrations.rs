//! The registrations of a host: URLs, and names of request queues. They are kept with the service
//! configuration, so that every program sees the registrations of others, and a test sees those of
//! all programs.

use certbind_core::{Row, RowChange, RowPrecondition, StoreError, Tables};
use certbind_httpapi_abi::service::UrlPrefix;

use super::process_id::ProcessId;
use crate::service::ServiceConfig;

/// A row for each registration there ever was, by a number that rises. `docs/file-format.md` explains it.
const TABLE: &str = "registration";

/// A URL that a program has registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The URL.
    pub url: UrlPrefix,
    /// The number of the program's process.
    pub process: u32,
    /// Whether it is registered still: the program runs, and has not removed it.
    pub is_active: bool,
}

/// The kind of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Url,
    Queue,
}

/// The registrations of this process.
#[derive(Debug)]
pub(super) struct Owned {
    /// In a form that is the same for all spellings.
    pub(super) name: String,
    key: u64,
    value: Value,
}

/// The value of a row: five lines.
#[derive(Clone, Debug)]
struct Value {
    kind: Kind,
    spelling: String,
    process: ProcessId,
    has_ended: bool,
}

impl ServiceConfig {
    /// The URLs that programs have registered, in their order, with those that have ended.
    ///
    /// # Errors
    /// Those of the store.
    pub fn registrations(&self) -> Result<Vec<Registration>, StoreError> {
        let urls = rows(self.tables())?.into_iter();
        let urls = urls.filter(|(_, value)| value.kind == Kind::Url);
        urls.map(|(key, value)| {
            Ok(Registration {
                url: value.spelling.parse().map_err(|_| damaged(key))?,
                process: value.process.number,
                is_active: value.is_active(),
            })
        })
        .collect()
    }

    /// Registers a name for this process; none if it is registered.
    pub(super) fn register(
        &self,
        kind: Kind,
        canonical: &str,
        spelling: &str,
    ) -> Result<Option<Owned>, StoreError> {
        let value = Value {
            kind,
            spelling: spelling.to_owned(),
            process: ProcessId::current(),
            has_ended: false,
        };
        loop {
            let rows = rows(self.tables())?;
            if rows
                .iter()
                .any(|(_, found)| found.conflicts(kind, canonical))
            {
                return Ok(None);
            }
            let key = rows.last().map_or(0, |(key, _)| key + 1);
            // Another process may have taken the number, and the name: then it is read again.
            let row = RowChange::put(TABLE, &key.to_be_bytes(), &value.encode());
            let row = row.with_precondition(RowPrecondition::Absent);
            if self.tables().write(&[row])? {
                let name = canonical.to_owned();
                return Ok(Some(Owned { name, key, value }));
            }
        }
    }

    /// Whether a name is registered, by any process.
    pub(super) fn is_registered(&self, kind: Kind, name: &str) -> Result<bool, StoreError> {
        let rows = rows(self.tables())?;
        Ok(rows.iter().any(|(_, found)| found.conflicts(kind, name)))
    }

    pub(super) fn end_registrations(&self, owned: &[Owned]) -> Result<(), StoreError> {
        if owned.is_empty() {
            return Ok(());
        }
        let ended = owned.iter().map(|owned| {
            let value = Value {
                has_ended: true,
                ..owned.value.clone()
            };
            RowChange::put(TABLE, &owned.key.to_be_bytes(), &value.encode())
        });
        self.tables().write(&ended.collect::<Vec<_>>()).map(drop)
    }
}

impl Value {
    fn is_active(&self) -> bool {
        !self.has_ended && self.process.is_running()
    }

    /// Whether a name cannot be registered because of this. One port has one scheme (`HttpAddUrl` in
    /// Microsoft's documentation; that the code is 183 is inferred).
    fn conflicts(&self, kind: Kind, name: &str) -> bool {
        let is_same = match kind {
            Kind::Queue => self.spelling.to_lowercase() == name.to_lowercase(),
            Kind::Url => self.spelling.parse().is_ok_and(|found: UrlPrefix| {
                let (found, new) = (scheme_and_port(found.canonical()), scheme_and_port(name));
                found.2 == new.2 || found.1 == new.1 && found.0 != new.0
            }),
        };
        self.kind == kind && is_same && self.is_active()
    }

    fn encode(&self) -> Vec<u8> {
        let kind = match self.kind {
            Kind::Url => "url",
            Kind::Queue => "queue",
        };
        let state = if self.has_ended { "ended" } else { "active" };
        let ProcessId { number, began } = self.process;
        // The name is last, as that of a queue may have any character.
        format!("{kind}\n{state}\n{number}\n{began}\n{}", self.spelling).into_bytes()
    }

    fn decode(value: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(value).ok()?.splitn(5, '\n');
        let mut next = || lines.next();
        Some(Self {
            kind: match next()? {
                "url" => Kind::Url,
                "queue" => Kind::Queue,
                _ => return None,
            },
            has_ended: match next()? {
                "ended" => true,
                "active" => false,
                _ => return None,
            },
            process: ProcessId {
                number: next()?.parse().ok()?,
                began: next()?.parse().ok()?,
            },
            spelling: next()?.to_owned(),
        })
    }
}

/// Scheme, port and the complete canonical URL.
fn scheme_and_port(url: &str) -> (&str, &str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let (_, port) = authority.rsplit_once(':').unwrap_or_default();
    (scheme, port, url)
}

fn rows(tables: &dyn Tables) -> Result<Vec<(u64, Value)>, StoreError> {
    let read = |(key, value): Row| {
        let number = key.as_slice().try_into().map(u64::from_be_bytes);
        let number = number.map_err(|_| damaged(0))?;
        Ok((
            number,
            Value::decode(&value).ok_or_else(|| damaged(number))?,
        ))
    };
    tables.rows(TABLE)?.into_iter().map(read).collect()
}

fn damaged(key: u64) -> StoreError {
    StoreError::corrupt(
        format!("a row of the table {TABLE}"),
        format!("row {key} is not a registration"),
    )
}
