//! What a reader may return of a host that is known: the host, or less with a warning, or an error.

use std::collections::BTreeMap;

use certbind_core::{Binding, CtlIdentifier, PropertyValue, Record, StoreName};
use certbind_formats::netsh::{self, Release};
use certbind_formats::{ConversionWarning, Export, ReadOptions, ReadOutcome, WarningKind, read};

use super::draw::Draw;
use super::host::{Host, host};
use super::noise::{Harm, damage, harmful, joined, outputs_of_two, removable, wrapped};

/// What became of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Whole,
    Less,
    Refused,
}

/// A host, and what has happened to its listing.
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
/// What was read wrong, with the text.
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
    // What nothing has happened to, or nothing but what can be removed, is read whole.
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

    /// A value that differs is at its default, and a warning is about it. Where nothing but positions
    /// tell, a line that is lost or swapped may give another line's value: with a warning, and never
    /// where another record shows the order.
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
        let has_other_name = names(was)
            .into_iter()
            .zip(names(is))
            .any(|(was, is)| was != is && is.is_some());
        if has_more(was, is) || has_other_name && !has(&[WarningKind::Unusual]) {
            let is_alone = self.damages > 1
                || self.harm.is_some()
                || self.host.bindings.len() == 1
                || !reading.errors.is_empty();
            let may_differ = !self.host.is_english && is_alone;
            if !may_differ || !has(&[WarningKind::Inferred]) {
                return Err(format!(
                    "{key}: a value that the host does not have: {is:?} for {was:?}"
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

    /// Whether a release prints exactly these lines for the bindings that were read: then nobody can see
    /// that they are not what the host has printed.
    fn is_of_a_release(&self, reading: &ReadOutcome) -> bool {
        let entries = |lines: &mut dyn Iterator<Item = &str>| -> Vec<(String, String)> {
            let shown = lines.filter(|line| !line.trim().is_empty());
            let entry = |line: &str| {
                let (label, value) = line.split_once(" :").unwrap_or((line, ""));
                (label.trim().to_owned(), value.trim().to_lowercase())
            };
            shown.map(entry).collect()
        };
        let export = Export {
            bindings: reading.export.bindings.clone(),
            ..Export::default()
        };
        let ours = entries(&mut self.lines.iter().map(String::as_str));
        Release::ALL.iter().any(|release| {
            let mut text = Vec::new();
            let printed = netsh::write(&mut text, &export, &release.layout());
            printed.is_ok() && entries(&mut String::from_utf8_lossy(&text).lines()) == ours
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

/// Whether a record has a value, other than a name, that is not at its default and not the host's.
fn has_more(was: &Record, is: &Record) -> bool {
    let other = |was: u32, is: u32| is != was && is != 0;
    let properties = |record| properties(record).into_iter();
    let mut both = properties(was)
        .zip(properties(is))
        .zip(properties_by_default());
    is.flags.bits() & !was.flags.bits() != 0
        || is.check_mode.bits() & !was.check_mode.bits() != 0
        || other(was.revocation_freshness_time, is.revocation_freshness_time)
        || other(was.url_retrieval_timeout, is.url_retrieval_timeout)
        || both.any(|((was, is), default)| is != was && is != default)
}

/// The receive window and the two limits of settings.
fn properties(record: &Record) -> [u32; 3] {
    let mut shown = properties_by_default();
    for property in &record.extended {
        match property.value {
            PropertyValue::Http2Window { receive_window } => shown[0] = receive_window,
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => (shown[1], shown[2]) = (max_per_frame, max_per_minute),
            _ => {}
        }
    }
    shown
}

/// What netsh prints where they are not set.
fn properties_by_default() -> [u32; 3] {
    [1_048_576, 2_796_202, u32::MAX]
}

fn names(record: &Record) -> [Option<&str>; 3] {
    let certificate = record.certificate.as_ref();
    [
        certificate
            .and_then(|certificate| certificate.store_name.as_ref())
            .map(StoreName::as_str),
        record.ctl_identifier.as_ref().map(CtlIdentifier::as_str),
        record.ctl_store_name.as_ref().map(StoreName::as_str),
    ]
}

fn is_null(name: &str) -> bool {
    name.to_lowercase().starts_with("(null)")
}

/// Whether text was passed over between the start of a record and the next.
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
