//! Hosts that have another name than in an earlier report or baseline: `--renamed OLD=NEW`.

use std::str::FromStr;

use certbind_audit::{EarlierReport, HostExport, RenameError};

use crate::error::Error;

/// The names of a host, as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rename {
    pub(crate) earlier: String,
    pub(crate) now: String,
}

impl FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((earlier, now)) if !earlier.is_empty() && !now.is_empty() => Ok(Self {
                earlier: earlier.to_owned(),
                now: now.to_owned(),
            }),
            _ => Err("expected OLD=NEW, the earlier name and the name now".to_owned()),
        }
    }
}

impl Rename {
    /// Renames the host in the earlier report. Returns whether the report has it.
    pub(crate) fn apply(&self, report: &mut EarlierReport) -> Result<bool, Error> {
        match report.rename_host(&self.earlier, &self.now) {
            Ok(()) => Ok(true),
            Err(RenameError::Unknown(_)) => Ok(false),
            Err(error) => Err(self.refused(error.to_string())),
        }
    }

    /// Refuses a name that is misspelled: the host would be reported as new.
    ///
    /// # Errors
    /// If no host has the name of now, or neither the earlier report nor the baseline has the earlier
    /// one.
    pub(crate) fn check(&self, hosts: &[HostExport], is_known: bool) -> Result<(), Error> {
        let now = self.now.to_lowercase();
        if !hosts.iter().any(|host| host.name.to_lowercase() == now) {
            let problem = format!("no host of this audit is called {:?}", self.now);
            return Err(self.refused(problem));
        }
        match is_known {
            true => Ok(()),
            false => Err(self.refused(format!(
                "no host of the earlier report or baseline is called {:?}",
                self.earlier
            ))),
        }
    }

    pub(crate) fn refused(&self, problem: String) -> Error {
        Error::Renamed {
            names: format!("{}={}", self.earlier, self.now),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_given() {
        let rename: Rename = "web-02=web-03".parse().unwrap();
        assert_eq!((&*rename.earlier, &*rename.now), ("web-02", "web-03"));
        for text in ["", "web-02", "=web-03", "web-02="] {
            assert!(text.parse::<Rename>().is_err(), "{text:?}");
        }
    }
}
