//! `rotate`: a certificate's successor in its place, wherever it is bound.

use serde_json::json;
use store_core::{BindingKey, CertHash};

use super::change::of_file;
use super::{print, print_json};
use crate::cli::{Format, Successor};
use crate::error::Error;
use crate::exit;
use crate::stores::{Access, Opened, StoreUrl};

pub(crate) fn run(
    url: &StoreUrl,
    old: &CertHash,
    successor: &Successor,
    dry_run: bool,
    format: Format,
) -> Result<u8, Error> {
    let new = match (successor.new, &successor.cert) {
        (_, Some(file)) => of_file(file)?,
        (Some(hash), None) => hash,
        (None, None) => return Err(Error::NoSuccessor),
    };
    if new == *old {
        return Err(Error::SameCertificate);
    }
    let access = if dry_run {
        Access::Read
    } else {
        Access::Change
    };
    let store = Opened::open(url, access)?;
    let (keys, revision): (Vec<BindingKey>, _) = if dry_run {
        let batch = store.bindings().rotation(old, &new)?;
        (
            batch
                .changes()
                .iter()
                .map(|change| change.key().clone())
                .collect(),
            None,
        )
    } else {
        let applied = store.bindings().rotate(old, &new)?;
        (
            applied.outcomes().iter().map(|o| o.key.clone()).collect(),
            applied.revision(),
        )
    };
    if keys.is_empty() {
        return Err(Error::NothingToRotate(*old));
    }
    match format {
        Format::Json => print_json(&json!({
            "old": old, "new": new, "renewed": keys, "dry_run": dry_run, "revision": revision,
        }))?,
        Format::Table => {
            let verb = if dry_run { "Would renew" } else { "Renewed" };
            let noun = if keys.len() == 1 {
                "binding"
            } else {
                "bindings"
            };
            let mut text = String::new();
            for key in &keys {
                text.push_str(&format!("  {key}\n"));
            }
            text.push_str(&format!("{verb} {} {noun}\n", keys.len()));
            text.push_str(&format!("  from {old}\n  to   {new}\n"));
            print(&text)?;
        }
    }
    Ok(exit::DONE)
}
