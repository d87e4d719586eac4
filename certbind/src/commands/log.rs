//! `log`: the history of a store.

use std::time::{Duration, SystemTime};

use certbind_backends::Access;
use certbind_core::BindingKey;
use certbind_core::history::{Before, Commit, Found};
use certbind_migrate::Comparison;
use jiff::Timestamp;
use serde_json::json;

use super::diff::{as_json, compared};
use crate::changes::{in_lines, whole};
use crate::cli::history::Log;
use crate::cli::output::Format;
use crate::error::Error;
use crate::exit;
use crate::past::{Past, State};
use crate::print::{print, print_json};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;

/// A line of the log.
enum Entry<'a> {
    Commit {
        commit: &'a Commit,
        /// `None` if they are not known.
        changes: Option<Vec<Comparison>>,
    },
    /// Commits that were made without history, from the newest to the oldest.
    Gap { newest: u64, oldest: u64 },
}

pub(crate) fn run(url: &StoreUrl, log: &Log) -> Result<u8, Error> {
    let store = Opened::open(url, Access::Read)?;
    let past = Past::read(&store, url)?;
    let mut entries = entries(&past)?;
    if let Some(key) = &log.key {
        entries.retain_mut(|entry| match entry {
            Entry::Commit {
                changes: Some(changes),
                ..
            } => {
                changes.retain(|change| change.key() == key);
                !changes.is_empty()
            }
            Entry::Commit { commit, .. } => may_change(commit, key),
            Entry::Gap { .. } => true,
        });
    }
    entries.truncate(log.limit.unwrap_or(usize::MAX));
    match log.output.format {
        Format::Json => print_json(&entries.iter().map(json_of).collect::<Vec<_>>())?,
        Format::Table if entries.is_empty() => print(&match &log.key {
            Some(key) => format!("No commit in the history changed {key}.\n"),
            None => "No commit is in the history.\n".to_owned(),
        })?,
        Format::Table => print(&entries.iter().map(in_words).collect::<String>())?,
    }
    Ok(exit::DONE)
}

fn entries(past: &Past) -> Result<Vec<Entry<'_>>, Error> {
    let mut entries = Vec::new();
    let mut next = past.revision;
    // The bindings after the commit, while they are known.
    let mut after = Some(past.bindings.clone());
    for commit in &past.commits {
        if commit.revision < next {
            entries.push(Entry::Gap {
                newest: next,
                oldest: commit.revision + 1,
            });
            after = None;
        }
        let changes = match &mut after {
            Some(bindings) => taken_back(commit, bindings)?,
            None => None,
        };
        if changes.is_none() {
            after = None;
        }
        entries.push(Entry::Commit { commit, changes });
        next = commit.revision.saturating_sub(1);
    }
    Ok(entries)
}

/// The changes of a commit. Afterwards `bindings` is the state before it. `None`: the changes are
/// unknown.
fn taken_back(commit: &Commit, bindings: &mut State) -> Result<Option<Vec<Comparison>>, Error> {
    let (before, after) = match &commit.before {
        Before::Values(values) => {
            let after = values.iter().filter_map(|(key, _)| bindings.get(key));
            let before = values.iter().filter_map(|(_, before)| before.as_ref());
            (before.cloned().collect(), after.cloned().collect())
        }
        Before::Empty => (Vec::new(), bindings.values().cloned().collect()),
        Before::TooLong => return Ok(None),
    };
    commit.before.restore(bindings);
    Ok(Some(without_equal(compared(before, after)?)))
}

fn without_equal(mut compared: Vec<Comparison>) -> Vec<Comparison> {
    compared.retain(|it| !matches!(it, Comparison::Same(_)));
    compared
}

fn may_change(commit: &Commit, key: &BindingKey) -> bool {
    match &commit.before {
        Before::Values(values) => values.iter().any(|(changed, _)| changed == key),
        Before::Empty | Before::TooLong => true,
    }
}

fn in_words(entry: &Entry<'_>) -> String {
    let (commit, changes) = match entry {
        Entry::Gap { newest, oldest } if newest == oldest => {
            return format!("revision {newest}  made without history\n");
        }
        Entry::Gap { newest, oldest } => {
            return format!("revisions {oldest} to {newest}  made without history\n");
        }
        Entry::Commit { commit, changes } => (commit, changes),
    };
    let author = &commit.author;
    let revision = commit.revision;
    let mut text = match commit.found {
        Some(Found::FirstLook) => format!(
            "revision {revision}  first reading at {}, until {}: made by unknown, before\n",
            escaped(&author.host),
            end(commit.time)
        ),
        Some(Found::Since(since)) => format!(
            "revision {revision}  made by unknown on {}, between {} and {}\n",
            escaped(&author.host),
            time(since),
            end(commit.time)
        ),
        None | Some(Found::History) => format!(
            "revision {revision}  made {} by {}@{}: {}\n",
            time(commit.time),
            escaped(&author.user),
            escaped(&author.host),
            escaped(&author.command)
        ),
    };
    if !author.message.is_empty() {
        text.push_str(&format!("    {}\n", escaped(&author.message)));
    }
    match changes {
        Some(changes) => changes.iter().for_each(|change| {
            in_lines(change)
                .lines()
                .for_each(|line| text.push_str(&format!("  {line}\n")));
        }),
        None => text.push_str(&unknown(commit)),
    }
    text
}

/// The changes of a commit whose result is not known.
fn unknown(commit: &Commit) -> String {
    match &commit.before {
        Before::Values(values) => {
            let lines = values.iter().map(|(key, before)| match before {
                Some(binding) => format!("  was {}", whole(' ', binding).trim_start()),
                None => format!("  was {key}  not bound\n"),
            });
            lines.collect()
        }
        Before::Empty | Before::TooLong => format!("  {} keys changed\n", commit.changes),
    }
}

fn json_of(entry: &Entry<'_>) -> serde_json::Value {
    match entry {
        Entry::Gap { newest, oldest } => json!({
            "without_history": { "newest": newest, "oldest": oldest }
        }),
        Entry::Commit { commit, changes } => {
            let author = &commit.author;
            let changes = changes.as_deref().map(|changes| {
                let mut changes = as_json(changes);
                if let Some(changes) = changes.as_object_mut() {
                    changes.remove("same");
                }
                changes
            });
            let known = |text: &str| match commit.found {
                Some(Found::FirstLook | Found::Since(_)) => serde_json::Value::Null,
                None | Some(Found::History) => json!(text),
            };
            let mut json = json!({
                "revision": commit.revision,
                "time": if commit.found.is_some() { end(commit.time) } else { time(commit.time) },
                "user": known(&author.user),
                "host": author.host,
                "command": known(&author.command),
                "message": author.message,
                "keys": commit.changes,
                "changes": changes,
            });
            if let Some(found) = commit.found {
                let since = match found {
                    Found::Since(since) => Some(time(since)),
                    Found::FirstLook | Found::History => None,
                };
                json["found"] = match found {
                    Found::FirstLook => json!({ "by": "first look" }),
                    Found::Since(_) => json!({ "by": "look", "since": since }),
                    Found::History => json!({ "by": "history" }),
                };
            }
            json
        }
    }
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(
        |_| "at an unknown time".to_owned(),
        |time| format!("{time:.0}"),
    )
}

/// The end of an interval, which is not shown shorter than it is.
fn end(found: SystemTime) -> String {
    match Timestamp::try_from(found) {
        Ok(exactly) if exactly.subsec_nanosecond() > 0 => time(found + Duration::from_secs(1)),
        _ => time(found),
    }
}
