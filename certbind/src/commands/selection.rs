//! The bindings that `rotate` renews: those of one certificate, or of the names of one.

use certbind_certificates::Certificate;
use certbind_core::{Binding, BindingKey, BindingStore, CertHash};
use certbind_migrate::{Header, Plan};

use super::change::leaf_of_file;
use crate::changes::counted;
use crate::cli::hash::HashPrefix;
use crate::cli::plan::certificate_folder;
use crate::cli::rotate::{Renewal, Rotate};
use crate::error::{Error, warn};
use crate::input::scan_all;
use crate::terminal::escaped;

/// The attempts to renew when other processes change bindings meanwhile.
const ATTEMPTS: u32 = 16;

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

/// That an earlier run renewed everything.
pub(super) fn already(bindings: usize, selection: &Selection) -> String {
    let verb = if bindings == 1 { "uses" } else { "use" };
    format!(
        "Already renewed: {} {verb} {}\n",
        counted(bindings),
        selection.successor()
    )
}
