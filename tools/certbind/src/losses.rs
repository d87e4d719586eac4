//! What is told of the losses of a reading: what is the same in every record is one thing to know,
//! not hundreds.

use std::collections::HashMap;

use interchange::{Loss, Problem, Reading};

use crate::error::warn;
use crate::screen::escaped;

/// The most warnings that are printed one by one.
const WARNINGS: usize = 20;

/// Losses, of which only the first of those alike is kept.
#[derive(Default)]
pub(crate) struct Losses {
    alike: Vec<(Loss, usize)>,
    places: HashMap<String, usize>,
}

impl Losses {
    pub(crate) fn add(&mut self, loss: Loss) {
        if let Some(place) = self.places.get(&loss.what) {
            self.alike[*place].1 += 1;
            return;
        }
        self.places.insert(loss.what.clone(), self.alike.len());
        self.alike.push((loss, 1));
    }

    /// Warns of them, and of what was left out.
    pub(crate) fn warn(mut self, left_out: &[Problem]) {
        self.alike.sort_by_key(|(first, _)| first.place());
        let losses = self.alike.iter().map(|(first, count)| match count {
            1 => first.to_string(),
            all => format!("{first} (and {} more like it)", all - 1),
        });
        let warnings = left_out
            .iter()
            .map(|problem| format!("left out: {problem}"))
            .chain(losses);
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
                "and {more} more; `certbind import --dry-run --report json` lists them all"
            ));
        }
    }
}

/// Warns of what a reading has lost.
pub(crate) fn warn_of(reading: &Reading) {
    let mut losses = Losses::default();
    reading
        .losses
        .iter()
        .cloned()
        .for_each(|loss| losses.add(loss));
    losses.warn(&reading.errors);
}
