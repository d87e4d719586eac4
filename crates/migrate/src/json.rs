//! A plan as JSON: one object, versioned, each version described by a JSON Schema
//! (`schema/plan-v1.json`, `schema/plan-v2.json`).

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::plan::{Header, Plan, Step};
use crate::warning::Warning;

/// The value of `format` in every version.
pub const FORMAT: &str = "certbind-plan";

/// The newest plan version that is read. It is written for plans with extended properties; all others are
/// written as version 1.
pub const VERSION: u64 = 2;

/// The version without extended properties.
const PLAIN: u64 = 1;

/// The JSON Schemas of versions 1 and 2 (draft 2020-12).
pub const SCHEMAS: [&str; 2] = [
    include_str!("../schema/plan-v1.json"),
    include_str!("../schema/plan-v2.json"),
];

/// The serialized form of a plan.
#[derive(Serialize)]
pub(crate) struct Written<'a> {
    format: &'static str,
    version: u64,
    header: &'a Header,
    #[serde(rename = "left_alone")]
    conflicts: u64,
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
    #[serde(rename = "left_alone")]
    conflicts: u64,
    warnings: Vec<Warning>,
    steps: Vec<Step>,
}

/// The version of a file, read from the fields that every version of its format has. An unknown
/// version is an error.
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
    /// The plan as JSON, with a line end after it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(&self.written());
        json.expect("every map has texts for keys, and a String takes all") + "\n"
    }

    pub(crate) fn written(&self) -> Written<'_> {
        Written {
            format: FORMAT,
            version: if self.is_plain() { PLAIN } else { VERSION },
            header: self.header(),
            conflicts: self.counts().conflicts,
            warnings: self.warnings(),
            steps: self.steps(),
        }
    }

    /// Whether no binding in it has extended properties.
    fn is_plain(&self) -> bool {
        let bindings = self.steps().iter();
        let mut bindings =
            bindings.flat_map(|step| [step.expected(), step.new_value(), step.source()]);
        bindings.all(|binding| binding.is_none_or(|binding| binding.record().extended.is_empty()))
    }

    /// Reads a plan. A version is closed: an unknown field is an error, since a plan without it
    /// could make other changes than intended.
    ///
    /// # Errors
    /// [`Error::NoPlan`], with the position; [`Error::NewerVersion`].
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let version = check_stamp(json, FORMAT, VERSION)?;
        let read: Read = serde_json::from_slice(json).map_err(no_plan)?;
        let plan = Self::new(read.header, read.steps, read.conflicts, read.warnings)
            .map_err(|error| Error::NoPlan(error.to_string()))?;
        if version == PLAIN && !plan.is_plain() {
            let what = "it has extended properties, which version 1 does not have";
            return Err(Error::NoPlan(what.to_owned()));
        }
        Ok(plan)
    }
}
