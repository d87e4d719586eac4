//! A plan as JSON: one object, versioned, described by a JSON Schema (`schema/plan-v1.json`).

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::plan::{Header, Plan, Step};
use crate::warning::Warning;

/// What `format` says in every version.
pub const FORMAT: &str = "certbind-plan";

/// The newest version that is read, and the one that is written.
pub const VERSION: u64 = 1;

/// The JSON Schema of version 1 (draft 2020-12).
pub const SCHEMA: &str = include_str!("../schema/plan-v1.json");

/// A plan as it is written.
#[derive(Serialize)]
pub(crate) struct Written<'a> {
    format: &'static str,
    version: u64,
    header: &'a Header,
    left_alone: u64,
    warnings: &'a [Warning],
    steps: &'a [Step],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    header: Header,
    left_alone: u64,
    warnings: Vec<Warning>,
    steps: Vec<Step>,
}

/// The version of a file, by what every version of its form has; one that is known.
///
/// # Errors
/// [`Error::NoPlan`], [`Error::NewerVersion`].
pub(crate) fn check_stamp(json: &[u8], form: &str, newest: u64) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Stamp {
        format: Option<String>,
        version: Option<u64>,
    }
    let stamp: Stamp = serde_json::from_slice(json).map_err(no_plan)?;
    match (stamp.format.as_deref(), stamp.version) {
        (Some(format), Some(found)) if format == form && found > newest => {
            Err(Error::NewerVersion {
                found,
                supported: newest,
            })
        }
        (Some(format), Some(found)) if format == form && found > 0 => Ok(found),
        (format, found) => Err(Error::NoPlan(format!(
            "expected \"format\": {form:?} and \"version\": {newest}, found {} and {}",
            format.map_or("no format".into(), |format| format!("{format:?}")),
            found.map_or("no version".into(), |version| version.to_string())
        ))),
    }
}

pub(crate) fn no_plan(error: serde_json::Error) -> Error {
    Error::NoPlan(error.to_string())
}

impl Plan {
    /// The plan as JSON, with a line end behind it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(&self.written());
        json.expect("every map has texts for keys, and a String takes all") + "\n"
    }

    pub(crate) fn written(&self) -> Written<'_> {
        Written {
            format: FORMAT,
            version: VERSION,
            header: self.header(),
            left_alone: self.counts().left_alone,
            warnings: self.warnings(),
            steps: self.steps(),
        }
    }

    /// Reads a plan. Version 1 is closed: a field that it does not have is an error, since passing
    /// it over would do something else than what was read.
    ///
    /// # Errors
    /// [`Error::NoPlan`], saying where; [`Error::NewerVersion`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_stamp(json, FORMAT, VERSION)?;
        let read: Read = serde_json::from_slice(json).map_err(no_plan)?;
        Self::new(read.header, read.steps, read.left_alone, read.warnings)
            .map_err(|error| Error::NoPlan(error.to_string()))
    }
}
