//! The configuration of HTTP.sys other than bindings: its tables, and setting, deleting and
//! querying its records.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use certbind_core::{Row, RowChange, RowPrecondition, StoreError, Tables};
use certbind_httpapi_abi::service::{
    CacheKey, ListenAddress, ServiceAnswer, ServiceKey, ServiceQuery, ServiceRecord, SettingKey,
    TimeoutKey, UrlReservation,
};
use certbind_httpapi_abi::win32::{self, ToWin32};
use windows_sys::Win32::Foundation::ERROR_NOT_FOUND;

/// The service configuration of a host: URL reservations, the IP listen list, timeouts, cache
/// parameters and settings.
///
/// ```
/// use std::sync::Arc;
///
/// use certbind_httpapi_abi::service::{ServiceRecord, UrlReservation};
/// use certbind_simulator::ServiceConfig;
/// use certbind_core::MemoryTables;
///
/// let config = ServiceConfig::new(Arc::new(MemoryTables::new()));
/// let reservation = UrlReservation {
///     url: "http://+:8080/app/".parse()?,
///     sddl: "D:(A;;GX;;;NS)".parse()?,
/// };
/// let record = ServiceRecord::Reservation(reservation.clone());
/// config.set(&record)?;
/// assert_eq!(config.set(&record).unwrap_err().win32_code(), 183);
/// assert_eq!(config.url_reservations()?, [reservation]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServiceConfig {
    tables: Arc<dyn Tables>,
}

/// The tables. `docs/file-format.md` explains their rows.
const URLACL: &str = "urlacl";
const IPLISTEN: &str = "iplisten";
const TIMEOUT: &str = "timeout";
const CACHE: &str = "cacheparam";
const SETTING: &str = "setting";
/// One row, once there is anything that was seeded.
const SEEDED: &str = "seeded";

impl ServiceConfig {
    /// A service configuration with the contents of these tables.
    pub fn new(tables: Arc<dyn Tables>) -> Self {
        Self { tables }
    }

    pub(crate) fn tables(&self) -> &dyn Tables {
        &*self.tables
    }

    /// Adds a reservation or an address, or sets a number, replacing any value.
    ///
    /// # Errors
    /// [`ServiceError::AlreadyExists`] for a URL or an address that exists, and the errors of the
    /// store.
    pub fn set(&self, record: &ServiceRecord) -> Result<(), ServiceError> {
        let place_in_list = match record {
            ServiceRecord::Listen(_) => {
                let rows = self.tables.rows(IPLISTEN)?;
                let last = rows.iter().filter_map(|row| number(&row.1)).max();
                last.map_or(0, |last| last.saturating_add(1))
            }
            _ => 0,
        };
        let change = change(record, place_in_list);
        match self.tables.write(&[change])? {
            true => Ok(()),
            false => Err(ServiceError::AlreadyExists { key: record.key() }),
        }
    }

    /// Sets the initial configuration of a host in one transaction. Does nothing if these tables
    /// were seeded before, so that records deleted since stay deleted.
    ///
    /// # Errors
    /// Those of the store.
    pub fn seed(&self, records: &[ServiceRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let changes = (0..)
            .zip(records)
            .map(|(number, record)| change(record, number));
        let mut changes: Vec<_> = changes
            .map(|change| change.with_precondition(RowPrecondition::Any))
            .collect();
        changes.push(RowChange::put(SEEDED, &[], &[]).with_precondition(RowPrecondition::Absent));
        self.tables.write(&changes).map(drop)
    }

    /// Removes a reservation or an address; a number goes back to its default.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a record that does not exist, [`ServiceError::NotDeletable`]
    /// for a cache parameter, and the errors of the store.
    pub fn delete(&self, key: &ServiceKey) -> Result<(), ServiceError> {
        if let ServiceKey::Cache(_) = key {
            return Err(ServiceError::NotDeletable { key: key.clone() });
        }
        let (table, row_key) = place(key);
        let change = RowChange::remove(table, &row_key).with_precondition(RowPrecondition::Present);
        match self.tables.write(&[change])? {
            true => Ok(()),
            false => Err(ServiceError::NotFound { key: key.clone() }),
        }
    }

    /// The answer to a query; none if there is no such reservation.
    ///
    /// # Errors
    /// Those of the store.
    pub fn query(&self, query: &ServiceQuery) -> Result<Option<ServiceAnswer>, StoreError> {
        Ok(match query {
            ServiceQuery::ListenList => Some(ServiceAnswer::ListenList(self.listen_list()?)),
            ServiceQuery::Reservation(url) => {
                let key = url.canonical().as_bytes();
                let row = self.row(URLACL, key)?;
                row.map(|row| reservation(&row))
                    .transpose()?
                    .map(ServiceAnswer::Reservation)
            }
            ServiceQuery::NextReservation(index) => {
                let rows = self.tables.rows(URLACL)?;
                let row = usize::try_from(*index)
                    .ok()
                    .and_then(|index| rows.get(index));
                row.map(reservation)
                    .transpose()?
                    .map(ServiceAnswer::Reservation)
            }
            ServiceQuery::Timeout(key) => Some(ServiceAnswer::Timeout(self.timeout(*key)?)),
            ServiceQuery::Cache(key) => Some(ServiceAnswer::Number(self.cache(*key)?)),
            ServiceQuery::Setting(key) => Some(ServiceAnswer::Number(self.setting(*key)?)),
        })
    }

    /// All reservations, by their URLs.
    ///
    /// # Errors
    /// Those of the store.
    pub fn url_reservations(&self) -> Result<Vec<UrlReservation>, StoreError> {
        self.tables.rows(URLACL)?.iter().map(reservation).collect()
    }

    /// The IP listen list, in the order in which the addresses were added. If it is empty, HTTP.sys
    /// listens on all addresses of the machine.
    ///
    /// # Errors
    /// Those of the store.
    pub fn listen_list(&self) -> Result<Vec<ListenAddress>, StoreError> {
        let rows = self.tables.rows(IPLISTEN)?;
        let listed = |(key, value): &Row| {
            let address = address(key).zip(number(value));
            address.ok_or_else(|| damaged(IPLISTEN, key))
        };
        let mut listed: Vec<_> = rows.iter().map(listed).collect::<Result<_, _>>()?;
        listed.sort_by_key(|(address, added)| (*added, *address));
        Ok(listed.into_iter().map(|(address, _)| address).collect())
    }

    /// A timeout, in seconds.
    ///
    /// # Errors
    /// Those of the store.
    pub fn timeout(&self, key: TimeoutKey) -> Result<u16, StoreError> {
        match self.value(&ServiceKey::Timeout(key))? {
            None => Ok(TimeoutKey::DEFAULT),
            Some(value) => u16::try_from(value).map_err(|_| damaged(TIMEOUT, &[])),
        }
    }

    /// A cache parameter, in bytes.
    ///
    /// # Errors
    /// Those of the store.
    pub fn cache(&self, key: CacheKey) -> Result<u32, StoreError> {
        let value = self.value(&ServiceKey::Cache(key))?;
        Ok(value.unwrap_or(CacheKey::DEFAULT))
    }

    /// A setting.
    ///
    /// # Errors
    /// Those of the store.
    pub fn setting(&self, key: SettingKey) -> Result<u32, StoreError> {
        let value = self.value(&ServiceKey::Setting(key))?;
        Ok(value.unwrap_or(SettingKey::DEFAULT))
    }

    fn value(&self, key: &ServiceKey) -> Result<Option<u32>, StoreError> {
        let (table, row_key) = place(key);
        let row = self.row(table, &row_key)?;
        row.map(|(key, value)| match value.try_into() {
            Ok(bytes) => Ok(u32::from_le_bytes(bytes)),
            Err(_) => Err(damaged(table, &key)),
        })
        .transpose()
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Row>, StoreError> {
        let rows = self.tables.rows(table)?;
        Ok(rows.into_iter().find(|row| row.0 == key))
    }
}

/// The row of a record; of an address, with its place in the list.
fn change(record: &ServiceRecord, place_in_list: u64) -> RowChange {
    let (table, key) = place(&record.key());
    let (needs, value) = match record {
        // A URL has no line end in it.
        ServiceRecord::Reservation(UrlReservation { url, sddl }) => (
            RowPrecondition::Absent,
            format!("{url}\n{sddl}").into_bytes(),
        ),
        ServiceRecord::Listen(_) => (
            RowPrecondition::Absent,
            place_in_list.to_le_bytes().to_vec(),
        ),
        ServiceRecord::Timeout(_, seconds) => (
            RowPrecondition::Any,
            u32::from(*seconds).to_le_bytes().to_vec(),
        ),
        ServiceRecord::Cache(_, value) | ServiceRecord::Setting(_, value) => {
            (RowPrecondition::Any, value.to_le_bytes().to_vec())
        }
    };
    RowChange::put(table, &key, &value).with_precondition(needs)
}

/// Where something is kept: a table, and a key in it.
fn place(key: &ServiceKey) -> (&'static str, Vec<u8>) {
    let numbered = |number: i32| number.to_be_bytes().to_vec();
    match key {
        ServiceKey::Reservation(url) => (URLACL, url.canonical().as_bytes().to_vec()),
        ServiceKey::Listen(address) => (IPLISTEN, address_key(*address)),
        ServiceKey::Timeout(key) => (TIMEOUT, numbered(key.number())),
        ServiceKey::Cache(key) => (CACHE, numbered(key.number())),
        ServiceKey::Setting(key) => (SETTING, numbered(key.number())),
    }
}

/// An IPv4 address's 4 bytes; an IPv6 one's 16 and its scope id.
fn address_key(address: ListenAddress) -> Vec<u8> {
    match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => [&ip.octets()[..], &address.scope().to_be_bytes()].concat(),
    }
}

fn address(key: &[u8]) -> Option<ListenAddress> {
    if let Ok(octets) = <[u8; 4]>::try_from(key) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let (octets, scope) = key.split_first_chunk::<16>()?;
    let scope = u32::from_be_bytes(scope.try_into().ok()?);
    Some(ListenAddress::v6(Ipv6Addr::from(*octets), scope))
}

fn number(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_le_bytes)
}

fn reservation((key, value): &Row) -> Result<UrlReservation, StoreError> {
    let read = || {
        let (url, sddl) = std::str::from_utf8(value).ok()?.split_once('\n')?;
        let url = url.parse().ok()?;
        let sddl = sddl.parse().ok()?;
        Some(UrlReservation { url, sddl }).filter(|found| found.url.canonical().as_bytes() == key)
    };
    read().ok_or_else(|| damaged(URLACL, key))
}

fn damaged(table: &str, key: &[u8]) -> StoreError {
    StoreError::corrupt(
        format!("a row of the table {table}"),
        format!(
            "the value of {:?} is invalid",
            key.escape_ascii().to_string()
        ),
    )
}

/// The reason why the configuration was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The record exists already.
    #[error("{key} already exists; delete it first")]
    AlreadyExists {
        /// Its key.
        key: ServiceKey,
    },
    /// The record does not exist.
    #[error("{key} does not exist")]
    NotFound {
        /// The key of the missing record.
        key: ServiceKey,
    },
    /// It cannot be deleted, only given another value.
    #[error("{key} cannot be deleted; set it to another value")]
    NotDeletable {
        /// The key of the record.
        key: ServiceKey,
    },
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    /// The code that the functions of the API answer.
    #[must_use]
    pub fn win32_code(&self) -> u32 {
        match self {
            Self::AlreadyExists { .. } => win32::ALREADY_EXISTS,
            // "Element not found.", which an installer expects there.
            Self::NotFound {
                key: ServiceKey::Listen(_),
            } => ERROR_NOT_FOUND,
            Self::NotFound { .. } => win32::FILE_NOT_FOUND,
            Self::NotDeletable { .. } => win32::INVALID_PARAMETER,
            Self::Store(error) => error.win32_code(),
        }
    }
}
