//! A summary of conversion warnings: equal warnings are printed once, with their number.

use std::collections::HashMap;

use certbind_formats::{ConversionWarning, ParseError, ReadOutcome};

use crate::message::warn;
use crate::terminal::escaped;

/// The most warnings that are printed individually.
const WARNINGS: usize = 20;

/// Conversion warnings; of equal ones, the first and their number.
#[derive(Default)]
pub(crate) struct WarningSummary {
    alike: Vec<(ConversionWarning, usize)>,
    places: HashMap<String, usize>,
}

impl WarningSummary {
    pub(crate) fn add(&mut self, warning: ConversionWarning) {
        if let Some(place) = self.places.get(&warning.what) {
            self.alike[*place].1 += 1;
            return;
        }
        self.places.insert(warning.what.clone(), self.alike.len());
        self.alike.push((warning, 1));
    }

    /// Prints the warnings, and those about omitted parts.
    pub(crate) fn warn(mut self, left_out: &[ParseError]) {
        self.alike.sort_by_key(|(first, _)| first.place());
        let warnings = self.alike.iter().map(|(first, count)| match count {
            1 => first.to_string(),
            all => format!("{first} (and {} more like it)", all - 1),
        });
        let warnings = left_out
            .iter()
            .map(|problem| format!("left out: {problem}"))
            .chain(warnings);
        let mut more = 0;
        for (i, warning) in warnings.enumerate() {
            if i < WARNINGS {
                warn(&escaped(&warning));
            } else {
                more += 1;
            }
        }
        if more > 0 {
            warn(&format!(
                "and {more} more; `certbind import --dry-run --format json` lists them all"
            ));
        }
    }
}

/// Prints the conversion warnings of a file.
pub(crate) fn warn_of(reading: &ReadOutcome) {
    let mut warnings = WarningSummary::default();
    reading
        .warnings
        .iter()
        .cloned()
        .for_each(|warning| warnings.add(warning));
    warnings.warn(&reading.errors);
}
