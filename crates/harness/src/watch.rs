//! The faults that have to take effect.

use std::path::Path;
use std::sync::Mutex;

use crate::fault::Fault;

/// The file to which the library writes the calls of programs.
pub(crate) const TRACE: &str = "calls.jsonl";

/// The faults that have to take effect, and the configuration that the simulator has accepted.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    numbered: usize,
    /// The file of each fault, and its description.
    required: Vec<(String, String)>,
    pub(crate) accepted: Mutex<String>,
}

impl Watch {
    /// Sets the file that a fault creates.
    pub(crate) fn add(&mut self, fault: &mut Fault) {
        let described = format!("{fault:?}");
        self.numbered += 1;
        let fired = format!("fired/{}", self.numbered);
        fault.fired = Some(fired.clone());
        if !fault.is_optional {
            self.required.push((fired, described));
        }
    }

    /// The faults that took effect in no program.
    pub(crate) fn unfired(&self, folder: &Path) -> Vec<&str> {
        let required = self.required.iter();
        required
            .filter(|(file, _)| !folder.join(file).exists())
            .map(|(_, described)| described.as_str())
            .collect()
    }
}
