//! The metadata of a recording about its host: a row of the table `recording` in its file.

use certbind_core::{RowChange, StoreError, Tables};
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

const TABLE: &str = "recording";
const KEY: &[u8] = b"host";

/// A store in which `certbind record` records the bindings of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recording {
    pub(crate) host: String,
    /// When the first observation ended. Earlier bindings are unknown.
    pub(crate) first_look: Option<Timestamp>,
    pub(crate) last_look: Option<Interval>,
    /// The revision of the recording after the last observation.
    pub(crate) revision: u64,
    /// The revision of the host's store at the last observation, if it has a history of its own.
    pub(crate) source_revision: Option<u64>,
}

/// The time that an observation took, in whole milliseconds, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Interval {
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
}

impl Interval {
    pub(crate) fn new(began: Timestamp, ended: Timestamp) -> Self {
        let rounded = |time: Timestamp, mode| {
            let unit = TimestampRound::new().smallest(Unit::Millisecond);
            time.round(unit.mode(mode)).unwrap_or(time)
        };
        Self {
            began: rounded(began, RoundMode::Floor),
            ended: rounded(ended, RoundMode::Ceil),
        }
    }
}

impl Recording {
    pub(crate) fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            first_look: None,
            last_look: None,
            revision: 0,
            source_revision: None,
        }
    }

    /// That of a store, if it is a recording.
    pub(crate) fn read(tables: &dyn Tables) -> Result<Option<Self>, StoreError> {
        let rows = tables.rows(TABLE)?;
        let Some((_, row)) = rows.iter().find(|(key, _)| key == KEY) else {
            return Ok(None);
        };
        let found = serde_json::from_slice(row);
        found
            .map(Some)
            .map_err(|error| StoreError::corrupt("the row of the recording", error))
    }

    /// Replaces the row, so that observations without changes do not make the file longer.
    pub(crate) fn write(&self, tables: &dyn Tables) -> Result<(), StoreError> {
        let row = serde_json::to_vec(self).map_err(|error| StoreError::Invalid {
            key: None,
            reason: error.to_string().into(),
        })?;
        tables
            .write(&[RowChange::put(TABLE, KEY, &row)])
            .map(|_| ())
    }
}
