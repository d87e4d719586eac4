//! `rotate`: replaces a certificate in every binding that uses it.

use certbind_certificates::Certificate;
use certbind_core::{Binding, BindingKey, BindingStore, CertHash};
use certbind_migrate::{Header, Plan, Purpose};
use serde_json::json;

use super::change::leaf_of_file;
use super::{hosts, plan};
use crate::backend::Access;
use crate::changes::counted;
use crate::cli::hash::HashPrefix;
use crate::cli::output::Format;
use crate::cli::plan::certificate_folder;
use crate::cli::rotate::{Renewal, Rotate};
use crate::error::{Error, warn};
use crate::input::{Input, scan_all};
use crate::print::{print, print_json, print_json_text};
use crate::stores::{Opened, StoreUrl};
use crate::terminal::escaped;
use crate::{exit, plan_text};

/// The attempts to renew when other processes change bindings meanwhile.
const ATTEMPTS: u32 = 16;

pub(crate) fn run(url: &StoreUrl, arguments: &Rotate) -> Result<u8, Error> {
    let renewal = arguments.renewal()?;
    if let Some(folder) = &arguments.scripts.out {
        return hosts::run(folder, arguments, &renewal);
    }
    let format = arguments.output.format;
    let only_read = arguments.dry_run || arguments.export.is_some();
    let access = if only_read {
        Access::Read
    } else {
        Access::Change
    };
    let store = Opened::open(url, access)?;
    let selection = Selection::of(arguments, &renewal, || scan_all(store.bindings()))?;
    match rotate(url, arguments, &selection, &store) {
        Err(error @ (Error::NothingToRotate(_) | Error::NothingOfTheseNames)) => {
            let done = selection.renewed(store.bindings())?;
            if done == 0 {
                return Err(error);
            }
            match format {
                Format::Json => report(arguments, &selection, &[], None)?,
                Format::Table => print(&already(done, &selection))?,
            }
            Ok(exit::DONE)
        }
        done => done,
    }
}

/// That an earlier run renewed everything.
pub(super) fn already(bindings: usize, selection: &Selection) -> String {
    let verb = if bindings == 1 { "uses" } else { "use" };
    format!(
        "Already renewed: {} {verb} {}\n",
        counted(bindings),
        selection.successor()
    )
}

fn rotate(
    url: &StoreUrl,
    arguments: &Rotate,
    selection: &Selection,
    store: &Opened,
) -> Result<u8, Error> {
    if let Some(path) = &arguments.export {
        let header = plan::header(
            Purpose::Rotate,
            None,
            plan::name(&Input::Store(url.clone())),
        );
        let plan = selection.plan(store.bindings(), &header)?;
        plan::save(path, &plan.to_json())?;
        match arguments.output.format {
            Format::Json => print_json_text(&plan.to_json())?,
            Format::Table => print(&plan_text::of(&plan))?,
        }
        return Ok(exit::DONE);
    }
    let (keys, revision) = selection.renew(store.bindings(), arguments.dry_run)?;
    report(arguments, selection, &keys, revision)?;
    Ok(exit::DONE)
}

/// The certificates to replace, and the new one.
pub(super) enum Selection {
    /// One certificate by its successor.
    Hash { old: CertHash, new: CertHash },
    /// Whatever is for the names of a certificate.
    Names {
        new: Box<Certificate>,
        current: certbind_certificates::Folder,
    },
}

impl Selection {
    /// `bindings` is called if a prefix of a hash has to be looked up.
    pub(super) fn of(
        arguments: &Rotate,
        renewal: &Renewal,
        bindings: impl FnOnce() -> Result<Vec<Binding>, Error>,
    ) -> Result<Self, Error> {
        if let (Some(current), Some(cert)) = (&arguments.certificates, &arguments.cert) {
            return Ok(Self::Names {
                new: Box::new(leaf_of_file(cert)?),
                current: certificate_folder(current)?,
            });
        }
        let new = match (&renewal.to, &arguments.cert) {
            (_, Some(file)) => *leaf_of_file(file)?.hash(),
            (Some(hash), None) => *hash,
            (None, None) => return Err(Error::NoSuccessor),
        };
        let old = match renewal.from.as_ref().ok_or(Error::NoSuccessor)? {
            HashPrefix::Whole(hash) => *hash,
            prefix => prefix.resolve(&bindings()?)?,
        };
        if new == old {
            return Err(Error::SameCertificate);
        }
        Ok(Self::Hash { old, new })
    }

    /// The certificate to replace, where it is named.
    pub(super) fn old(&self) -> Option<&CertHash> {
        match self {
            Self::Hash { old, .. } => Some(old),
            Self::Names { .. } => None,
        }
    }

    /// How many bindings use the new certificate.
    pub(super) fn renewed(&self, store: &dyn BindingStore) -> Result<usize, Error> {
        let bindings = scan_all(store)?;
        let new = |binding: &&Binding| binding.record().hash() == Some(self.successor());
        Ok(bindings.iter().filter(new).count())
    }

    pub(super) fn successor(&self) -> &CertHash {
        match self {
            Self::Hash { new, .. } => new,
            Self::Names { new, .. } => new.hash(),
        }
    }

    pub(super) fn plan(&self, store: &dyn BindingStore, header: &Header) -> Result<Plan, Error> {
        let plan = match self {
            Self::Hash { old, new } => certbind_migrate::rotation(store, old, new),
            Self::Names { new, current } => {
                certbind_migrate::rotation_by_names(store, new, current)
            }
        }?;
        if plan.changes().next().is_none() {
            return Err(self.nothing());
        }
        Ok(plan.with_header(header.clone()))
    }

    /// The error that no binding is to be renewed.
    pub(super) fn nothing(&self) -> Error {
        match self {
            Self::Hash { old, .. } => Error::NothingToRotate(*old),
            Self::Names { .. } => Error::NothingOfTheseNames,
        }
    }

    /// Renews in one batch, and gives what was renewed and the store's revision since.
    pub(super) fn renew(
        &self,
        store: &dyn BindingStore,
        dry_run: bool,
    ) -> Result<(Vec<BindingKey>, Option<u64>), Error> {
        if let (Self::Hash { old, new }, false) = (self, dry_run) {
            let applied = store.rotate(old, new)?;
            let keys: Vec<_> = applied.outcomes().iter().map(|o| o.key.clone()).collect();
            return match keys.is_empty() {
                true => Err(Error::NothingToRotate(*old)),
                false => Ok((keys, applied.revision())),
            };
        }
        let mut attempt = 1;
        loop {
            let plan = self.plan(store, &Header::default())?;
            if !dry_run && let Err(error) = certbind_migrate::apply(store, &plan) {
                match error {
                    certbind_migrate::Error::Stale { .. } if attempt < ATTEMPTS => attempt += 1,
                    error => return Err(error.into()),
                }
                continue;
            }
            for warning in plan.warnings() {
                warn(&escaped(&warning.to_string()));
            }
            let keys = plan.changes().map(|step| step.key().clone());
            return Ok((keys.collect(), None));
        }
    }
}

fn report(
    arguments: &Rotate,
    selection: &Selection,
    keys: &[BindingKey],
    revision: Option<u64>,
) -> Result<(), Error> {
    let (old, new, dry_run) = (selection.old(), selection.successor(), arguments.dry_run);
    if arguments.output.format == Format::Json {
        return print_json(&json!({
            "old": old, "new": new, "renewed": keys, "dry_run": dry_run, "revision": revision,
        }));
    }
    let verb = if dry_run { "Would renew" } else { "Renewed" };
    let mut text = String::new();
    for key in keys {
        text.push_str(&format!("  {key}\n"));
    }
    text.push_str(&format!("{verb} {}\n", counted(keys.len())));
    if let Some(old) = old {
        text.push_str(&format!("  from {old}\n"));
    }
    text.push_str(&format!("  to   {new}\n"));
    print(&text)
}
