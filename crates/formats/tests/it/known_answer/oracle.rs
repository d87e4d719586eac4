//! What a reader may return of a host that is known: the host, or less with a warning, or an error.

use certbind_core::{Binding, CtlIdentifier, StoreName};
use certbind_formats::{ReadOptions, ReadOutcome, WarningKind, read};

use super::draw::Draw;
use super::host::{Host, host};
use super::noise::{damage, harmful, joined, removable};

/// What became of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Whole,
    Less,
    Refused,
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
    if is_harmed {
        harmful(&mut draw, &mut lines);
    }
    for _ in 0..damages {
        damage(&mut draw, &mut lines);
    }
    let text = match has_noise && host.is_english {
        true => removable(&mut draw, &lines),
        false => joined(lines.iter().cloned()),
    };
    let outcome = judge(&host, &lines, &text).map_err(|error| format!("{error}\n{text}"))?;
    // What nothing has happened to, or nothing but what can be removed, is read whole.
    if !is_harmed && damages == 0 && outcome != Outcome::Whole {
        let found = read(text.as_bytes(), &ReadOptions::default()).map(|found| found.warnings);
        return Err(format!(
            "it is not read whole: {outcome:?}: {found:?}\n{text}"
        ));
    }
    Ok(outcome)
}

fn judge(host: &Host, lines: &[String], text: &str) -> Result<Outcome, String> {
    let options = ReadOptions {
        keep_going: true,
        ..ReadOptions::default()
    };
    let Ok(reading) = read(text.as_bytes(), &options) else {
        return Ok(Outcome::Refused);
    };
    if reading.export.bindings == host.bindings && reading.errors.is_empty() {
        return Ok(Outcome::Whole);
    }
    for found in &reading.export.bindings {
        let truth = host
            .bindings
            .iter()
            .find(|truth| truth.key() == found.key());
        let truth = truth.ok_or_else(|| format!("no such key: {}", found.key()))?;
        judge_binding(host, lines, &reading, truth, found)?;
    }
    let missing = host.bindings.len() - reading.export.bindings.len();
    let is_skipped = |kind| kind == WarningKind::Skipped;
    let skips = reading
        .warnings
        .iter()
        .any(|warning| is_skipped(warning.kind));
    if missing > 0 && reading.errors.is_empty() && !skips {
        return Err(format!("{missing} bindings are lost without a word"));
    }
    match reading.errors.is_empty() {
        true => Ok(Outcome::Less),
        false => Ok(Outcome::Refused),
    }
}

/// A value that differs is at its default, and a warning is about it.
fn judge_binding(
    host: &Host,
    lines: &[String],
    reading: &ReadOutcome,
    truth: &Binding,
    found: &Binding,
) -> Result<(), String> {
    let (was, is) = (truth.record(), found.record());
    let key = truth.key();
    if (was.hash(), was.app_id) != (is.hash(), is.app_id) {
        return Err(format!("{key}: another certificate or application"));
    }
    if was == is && truth.host_spelling() == found.host_spelling() {
        return Ok(());
    }
    let is_about = |warning: &&certbind_formats::ConversionWarning| {
        warning.key.as_ref() == Some(key) && warning.kind != WarningKind::Spelling
    };
    let is_reported = reading.warnings.iter().any(|warning| is_about(&warning));
    let is_by_order = !host.is_english
        && reading
            .warnings
            .iter()
            .any(|warning| warning.kind == WarningKind::Inferred);
    let has_more = is.flags.bits() & !was.flags.bits() != 0
        || is.check_mode.bits() & !was.check_mode.bits() != 0
        || is.revocation_freshness_time != was.revocation_freshness_time
            && is.revocation_freshness_time != 0
        || is.url_retrieval_timeout != was.url_retrieval_timeout && is.url_retrieval_timeout != 0;
    let is_remarked = reading
        .warnings
        .iter()
        .any(|warning| warning.key.as_ref() == Some(key) && warning.kind == WarningKind::Unusual);
    let name_differs = |was: Option<&str>, is: Option<&str>| was != is && is.is_some();
    let has_other_name = name_differs(
        was.ctl_store_name.as_ref().map(StoreName::as_str),
        is.ctl_store_name.as_ref().map(StoreName::as_str),
    ) || name_differs(
        was.ctl_identifier.as_ref().map(CtlIdentifier::as_str),
        is.ctl_identifier.as_ref().map(CtlIdentifier::as_str),
    );
    if host.is_english && (has_more || has_other_name && !is_remarked) {
        return Err(format!(
            "{key}: a value that the host does not have: {is:?} for {was:?}"
        ));
    }
    // The rest of a record that was cut in two is an error of its own.
    let is_cut = !reading.errors.is_empty();
    if is_reported || is_by_order || is_cut || is_whole_of_another_release(lines) {
        return Ok(());
    }
    Err(format!(
        "{key}: values are lost without a word: {is:?} for {was:?}"
    ))
}

/// Whether the listing has records that end where the records of an older release do: nobody can see
/// that a line is missing.
fn is_whole_of_another_release(lines: &[String]) -> bool {
    let has = |label: &str| lines.iter().any(|line| line.contains(label));
    let options = [
        "Reject Connections",
        "Disable HTTP2",
        "Disable QUIC",
        "Enable Session Ticket",
        "Enable Caching Client Hello",
    ];
    let known = options.map(has);
    // The last option of some release is missing in a record, and nothing that only newer ones have
    // is there.
    known.iter().filter(|has| **has).count() < options.len()
}
