//! The allowed results of reading the listing of a known host: the host, or less with a warning, or
//! an error.

use std::collections::{BTreeMap, BTreeSet};

use certbind_core::Binding;
use certbind_formats::netsh::{self, Release};
use certbind_formats::{ConversionWarning, Export, ReadOptions, ReadOutcome, WarningKind, read};

use super::difference::{names, wrong_values};
use super::draw::Draw;
use super::host::{Host, host};
use super::noise::{Harm, damage, harmful, joined, outputs_of_two, removable, wrapped};

/// The outcome of reading a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Whole,
    Less,
    Refused,
}

/// A host, and the changes of its listing.
struct Case {
    host: Host,
    /// The lines after the damage, before the noise.
    lines: Vec<String>,
    harm: Option<Harm>,
    damages: usize,
    noise: Noise,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Noise {
    None,
    Removable,
    /// Removed or refused.
    Doubtful,
}

/// Draws a host, prints it, has something happen to the text, and reads it.
///
/// # Errors
/// The value that was read wrong, with the text.
pub(crate) fn check(bytes: &[u8]) -> Result<Outcome, String> {
    let mut draw = Draw::new(bytes);
    let host = host(&mut draw);
    let mut lines = host.lines.clone();
    let (has_noise, is_harmed) = (draw.one_in(2), draw.one_in(3));
    let damages = draw.below(4).saturating_sub(1);
    let harm = is_harmed.then(|| harmful(&mut draw, &mut lines));
    for _ in 0..damages {
        damage(&mut draw, &mut lines);
    }
    let (noise, text) = match draw.below(12) {
        _ if !has_noise => (Noise::None, joined(lines.iter().cloned())),
        0 if host.is_english => (Noise::Doubtful, outputs_of_two(&lines)),
        1 | 2 => (Noise::Doubtful, wrapped(&mut draw, &lines)),
        _ => (Noise::Removable, removable(&mut draw, &lines)),
    };
    let case = Case {
        host,
        lines,
        harm,
        damages,
        noise,
    };
    let outcome = case.judge(&text);
    let outcome = outcome.map_err(|error| format!("{error}\n{text}"))?;
    // A listing without changes, or with removable noise alone, is read completely.
    let is_readable = match noise {
        Noise::None => true,
        Noise::Removable => case.host.is_english,
        Noise::Doubtful => false,
    };
    if is_readable && harm.is_none() && damages == 0 && outcome != Outcome::Whole {
        let found = read(text.as_bytes(), &ReadOptions::default()).map(|found| found.warnings);
        return Err(format!(
            "it is not read whole: {outcome:?}: {found:?}\n{text}"
        ));
    }
    Ok(outcome)
}

impl Case {
    fn judge(&self, text: &str) -> Result<Outcome, String> {
        let options = ReadOptions {
            keep_going: true,
            ..ReadOptions::default()
        };
        let Ok(reading) = read(text.as_bytes(), &options) else {
            return Ok(Outcome::Refused);
        };
        let found = &reading.export.bindings;
        let has = |kind| reading.warnings.iter().any(|warning| warning.kind == kind);
        if found.is_empty() && reading.errors.is_empty() {
            return Err("text without a record is taken for an empty listing".to_owned());
        }
        if self.host.is_english && has(WarningKind::Inferred) {
            return Err("English labels are read by their position".to_owned());
        }
        if self.harm == Some(Harm::OtherLanguage) && self.damages == 0 && reading.errors.is_empty()
        {
            return Err("labels of two languages are read in one record".to_owned());
        }
        if self.is_no_release() && !found.is_empty() {
            return Err("a record with the lines of no release is read by position".to_owned());
        }
        let mut of_key = BTreeMap::new();
        for binding in found {
            if of_key.insert(binding.key(), binding).is_some() {
                return Err(format!("{} is returned twice", binding.key()));
            }
        }
        for (at, binding) in found.iter().enumerate() {
            let mut bindings = self.host.bindings.iter();
            let truth = bindings.find(|truth| truth.key() == binding.key());
            let truth = truth.ok_or_else(|| format!("no such key: {}", binding.key()))?;
            self.judge_binding(&reading, at, truth)?;
        }
        if *found == self.host.bindings && reading.errors.is_empty() {
            return Ok(Outcome::Whole);
        }
        let missing = self.host.bindings.len() - found.len();
        let is_reported = has(WarningKind::Skipped) || has(WarningKind::Value);
        if missing > 0 && reading.errors.is_empty() && !is_reported {
            return Err(format!("{missing} bindings are lost without a warning"));
        }
        match reading.errors.is_empty() {
            true => Ok(Outcome::Less),
            false => Ok(Outcome::Refused),
        }
    }

    /// A value that differs is at its default, and a warning is about it. Where lines are
    /// identified by position alone, a lost or swapped line may give another line's value: with a
    /// warning, and never where another record shows the order.
    fn judge_binding(
        &self,
        reading: &ReadOutcome,
        at: usize,
        truth: &Binding,
    ) -> Result<(), String> {
        let found = &reading.export.bindings[at];
        let (was, is) = (truth.record(), found.record());
        let key = truth.key();
        if (was.hash(), was.app_id) != (is.hash(), is.app_id) {
            return Err(format!("{key}: another certificate or application"));
        }
        if names(is).into_iter().flatten().any(is_null) {
            return Err(format!("{key}: (null) is read as a name"));
        }
        if was == is && truth.host_spelling() == found.host_spelling() {
            return Ok(());
        }
        let has = |kinds: &[WarningKind]| {
            let mut own = reading.warnings.iter();
            own.any(|warning| warning.key.as_ref() == Some(key) && kinds.contains(&warning.kind))
        };
        let is_alone = self.damages > 1
            || self.harm.is_some()
            || self.host.bindings.len() == 1
            || !reading.errors.is_empty();
        for label in wrong_values(was, is) {
            let is_named = |kind| {
                let mut own = reading.warnings.iter();
                own.any(|warning| {
                    let is_of_key = warning.key.as_ref() == Some(key) && warning.kind == kind;
                    is_of_key && names_line(&warning.what, label)
                })
            };
            let is_inferred = !self.host.is_english && is_alone && is_named(WarningKind::Inferred);
            if !is_inferred && !is_named(WarningKind::Unusual) {
                return Err(format!(
                    "{key}: the host does not have this value of {label:?}: {is:?} for {was:?}"
                ));
            }
        }
        let is_reported = has(&[
            WarningKind::Value,
            WarningKind::Trimmed,
            WarningKind::Inferred,
            WarningKind::Unusual,
            WarningKind::Default,
        ]);
        let is_inferred = |warning: &ConversionWarning| warning.kind == WarningKind::Inferred;
        let is_by_order = !self.host.is_english && reading.warnings.iter().any(is_inferred);
        if is_reported || is_by_order || is_skipped(reading, at) || self.is_of_a_release(reading) {
            return Ok(());
        }
        Err(format!(
            "{key}: values are lost without a warning: {is:?} for {was:?}"
        ))
    }

    /// Whether a release prints exactly these records for the bindings that were read, and no line
    /// of the listing is of a newer one: then the change cannot be detected.
    fn is_of_a_release(&self, reading: &ReadOutcome) -> bool {
        let export = Export {
            bindings: reading.export.bindings.clone(),
            ..Export::default()
        };
        let ours = records(self.lines.iter().map(String::as_str));
        Release::ALL.iter().any(|release| {
            let mut text = Vec::new();
            if netsh::write(&mut text, &export, &release.layout()).is_err() {
                return false;
            }
            let text = String::from_utf8_lossy(&text);
            let printed = records(text.lines());
            // The label of the key depends on its kind.
            let labels = |record: &[(String, String)]| -> Vec<String> {
                record
                    .iter()
                    .skip(1)
                    .map(|(label, _)| label.clone())
                    .collect()
            };
            let known = printed.iter().flat_map(|record| labels(record));
            let known: BTreeSet<_> = known.collect();
            printed.iter().all(|record| ours.contains(record))
                && ours
                    .iter()
                    .flat_map(|record| labels(record))
                    .all(|label| known.contains(&label))
        })
    }

    /// Whether the host's only record has no known labels, and lost lines so that no release prints as
    /// many.
    fn is_no_release(&self) -> bool {
        let is_central = self.host.bindings[0].record().certificate.is_none();
        if self.host.is_english
            || self.host.bindings.len() > 1
            || self.noise != Noise::None
            || self.harm.is_some()
            || is_central
            || self.damages != 1
        {
            return false;
        }
        let count = |lines: &[String]| {
            let is_section = |line: &&String| line.ends_with("Properties:");
            let main = lines.iter().take_while(|line| !is_section(line));
            main.filter(|line| line.contains(" :")).count()
        };
        let (was, is) = (count(&self.host.lines), count(&self.lines));
        is < was && ![13, 14, 15, 20, 23, 24, 25, 28].contains(&is)
    }
}

/// The labels and values of each record, without the text around the records. A page break is
/// removed, and reported for the whole file.
fn records<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Vec<(String, String)>> {
    let mut records: Vec<Vec<(String, String)>> = Vec::new();
    for line in lines {
        let line = line.strip_suffix("<br />").unwrap_or(line);
        let line = line.strip_prefix("> ").unwrap_or(line);
        let is_rule = line.trim().bytes().all(|byte| byte == b'-');
        if is_rule || line == "SSL Certificate bindings:" {
            continue;
        }
        let (label, value) = line.split_once(" :").unwrap_or((line, ""));
        let label = label.trim();
        let is_key = label.ends_with(":port") || label == "Central Certificate Store";
        if is_key || records.is_empty() {
            records.push(Vec::new());
        }
        let entry = (label.to_owned(), value.trim().to_lowercase());
        records
            .last_mut()
            .into_iter()
            .for_each(|record| record.push(entry.clone()));
    }
    records
}

/// Whether a warning is about the line with a label. Whether the freshness time has an effect has no
/// line of its own and follows from the time.
fn names_line(what: &str, label: &str) -> bool {
    let is_named = |label: &str| what.contains(label);
    is_named(label)
        || label == "Use Revocation Freshness Time" && is_named("Revocation Freshness Time")
}

fn is_null(name: &str) -> bool {
    name.to_lowercase().starts_with("(null)")
}

/// Whether text was ignored between the start of a record and the next.
fn is_skipped(reading: &ReadOutcome, at: usize) -> bool {
    let first = reading.lines[at];
    let next = reading.lines.get(at + 1).copied().unwrap_or(u64::MAX);
    let skipped = reading
        .warnings
        .iter()
        .filter(|warning| warning.kind == WarningKind::Skipped);
    let mut lines = skipped.filter_map(|warning| warning.line);
    lines.any(|line| (first..=next).contains(&line))
}
