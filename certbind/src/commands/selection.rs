//! The bindings that `rotate` renews: those of one certificate, or of the names of one.

use certbind_core::{
    Batch, Binding, BindingKey, BindingStore, CertHash, Change, Precondition, StoreError,
};
use certbind_migrate::{Header, Plan, Rotation, Warning};

use crate::certificate_folder::certificate_folder;
use crate::changes::counted;
use crate::cli::rotate::{Renewal, Rotate};
use crate::error::Error;
use crate::guards::Guards;
use crate::input::scan_all;
use crate::message::warn;
use crate::new_certificate::NewCertificate;
use crate::terminal::escaped;

/// The attempts to renew when other processes change bindings at the same time.
const ATTEMPTS: u32 = 16;

/// The bindings to renew, and the new certificate.
pub(super) struct Selection {
    new: NewCertificate,
    due: Due,
    rotation: Rotation,
    guards: Guards,
}

/// The certificates to replace.
enum Due {
    /// One certificate.
    Hash(CertHash),
    /// Those with the names of the new one.
    Names(certbind_certificates::Folder),
    /// None: no bound certificate has this prefix, as after an earlier run.
    Unbound(String),
}

impl Selection {
    /// `bindings` is called if a prefix of a hash has to be completed.
    pub(super) fn of(
        arguments: &Rotate,
        renewal: &Renewal,
        bindings: impl Fn() -> Result<Vec<Binding>, Error>,
    ) -> Result<Self, Error> {
        let new = match (&renewal.to, &arguments.cert) {
            (_, Some(file)) => NewCertificate::of_file(file, &arguments.checks.passwords()?)?,
            (Some(hash), None) => NewCertificate::of_hash(hash.look_up(&bindings)?),
            (None, None) => return Err(Error::NoSuccessor),
        };
        let due = match (arguments.match_names, &arguments.checks.certificates) {
            (true, Some(current)) => Due::Names(certificate_folder(current)?),
            _ => {
                let old = renewal.from.as_ref().ok_or(Error::NoSuccessor)?;
                match old.look_up(&bindings) {
                    Ok(old) if *new.hash() == old => return Err(Error::SameCertificate),
                    Ok(old) => Due::Hash(old),
                    Err(Error::UnknownHash { prefix }) => Due::Unbound(prefix),
                    Err(error) => return Err(error),
                }
            }
        };
        let guards = match &due {
            Due::Names(current) => {
                let known = vec![current.clone()];
                Guards::new(Some(new.clone()), known, arguments.checks.force)
            }
            Due::Hash(_) | Due::Unbound(_) => Guards::of(&arguments.checks, Some(&new))?,
        };
        let mut rotation = Rotation::default();
        rotation.store_name.clone_from(&arguments.store_name);
        rotation.applications = arguments.applications.filter();
        Ok(Self {
            new,
            due,
            rotation,
            guards,
        })
    }

    /// The certificate to replace, where it is named.
    pub(super) fn old(&self) -> Option<&CertHash> {
        match &self.due {
            Due::Hash(old) => Some(old),
            Due::Names(_) | Due::Unbound(_) => None,
        }
    }

    /// How many bindings use the new certificate.
    pub(super) fn renewed(&self, store: &dyn BindingStore) -> Result<usize, Error> {
        let bindings = scan_all(store)?;
        let new = |binding: &&Binding| binding.record().hash() == Some(self.successor());
        Ok(bindings.iter().filter(new).count())
    }

    pub(super) fn successor(&self) -> &CertHash {
        self.new.hash()
    }

    /// The new certificate as text: of a bundle, with its subject.
    pub(super) fn describe(&self) -> String {
        self.new.describe()
    }

    /// The plan, without a check of the certificate.
    fn unchecked(&self, store: &dyn BindingStore) -> Result<Plan, Error> {
        let plan = match (&self.due, self.new.certificate()) {
            (Due::Hash(old), _) => self.rotation.plan(store, old, self.new.hash()),
            (Due::Names(current), Some(new)) => self.rotation.plan_by_names(store, new, current),
            (Due::Names(_), None) => return Err(Error::NoSuccessor),
            (Due::Unbound(_), _) => return Err(self.nothing()),
        }?;
        if plan.changes().next().is_none() {
            return Err(self.nothing());
        }
        Ok(plan)
    }

    pub(super) fn plan(&self, store: &dyn BindingStore, header: &Header) -> Result<Plan, Error> {
        let plan = self.unchecked(store)?;
        self.check(&plan)?;
        Ok(plan.with_header(header.clone()))
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        let changes = plan.changes();
        let changes = changes.filter_map(|step| Some((step.expected(), step.new_value()?)));
        self.guards.check(changes)
    }

    /// The error that there is no binding to renew.
    pub(super) fn nothing(&self) -> Error {
        match &self.due {
            Due::Hash(old) => Error::NothingToRotate(*old),
            Due::Names(_) => Error::NothingOfTheseNames,
            Due::Unbound(prefix) => Error::UnknownHash {
                prefix: prefix.clone(),
            },
        }
    }

    /// Renews the bindings in one batch, after their check. Returns the renewed bindings.
    pub(super) fn renew(&self, store: &dyn BindingStore, dry_run: bool) -> Result<Renewed, Error> {
        let mut attempt = 1;
        loop {
            let plan = self.unchecked(store)?;
            self.check(&plan)?;
            let mut revision = None;
            let renewed = match &self.due {
                _ if dry_run => Ok(()),
                // The checked changes and no others: `rotate` of the store would read them again.
                Due::Hash(_) if self.rotation == Rotation::default() => {
                    match store.apply(&batch(&plan)?) {
                        Err(StoreError::Conflict { .. }) if attempt < ATTEMPTS => {
                            attempt += 1;
                            continue;
                        }
                        applied => revision = applied?.revision(),
                    }
                    Ok(())
                }
                _ => certbind_migrate::apply(store, &plan).map(drop),
            };
            match renewed {
                Err(certbind_migrate::Error::Stale { .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error.into()),
                Ok(()) => {
                    return Ok(Renewed {
                        keys: plan.changes().map(|step| step.key().clone()).collect(),
                        revision,
                        warnings: plan.warnings().to_vec(),
                    });
                }
            }
        }
    }
}

/// The changes of a plan, on condition that no binding has changed since.
fn batch(plan: &Plan) -> Result<Batch, StoreError> {
    let changes = plan.changes().map(|step| {
        let precondition = match step.expected() {
            Some(binding) => Precondition::Exactly(Box::new(binding.clone())),
            None => Precondition::Absent,
        };
        Change::new(step.key().clone(), precondition, step.new_value().cloned())
    });
    Batch::new(changes.collect::<Result<Vec<_>, _>>()?)
}

/// The renewed bindings.
#[derive(Default)]
pub(super) struct Renewed {
    pub(super) keys: Vec<BindingKey>,
    /// The store's revision since, if it is known.
    pub(super) revision: Option<u64>,
    /// The warnings for the operator.
    pub(super) warnings: Vec<Warning>,
}

impl Renewed {
    /// Prints the warnings.
    pub(super) fn warn(&self) {
        for warning in &self.warnings {
            warn(&escaped(&warning.to_string()));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use certbind_core::{
        Applied, Bindings, Capabilities, MemoryStore, Record, Result as Stored, Scan, Uuid,
    };

    use super::*;

    const OLD: CertHash = CertHash::new([1; 20]);
    const NEW: CertHash = CertHash::new([2; 20]);

    fn binding(key: &str) -> Binding {
        let record = Record::new(OLD, None, Uuid::nil());
        Binding::new(key.parse().unwrap(), record).unwrap()
    }

    /// A store in which another process binds a second key after the first scan.
    struct Shared {
        store: MemoryStore,
        scans: AtomicUsize,
    }

    impl BindingStore for Shared {
        fn capabilities(&self) -> Capabilities {
            self.store.capabilities()
        }

        fn get(&self, key: &BindingKey) -> Stored<Option<Binding>> {
            self.store.get(key)
        }

        fn scan(&self, scan: &Scan) -> Stored<Bindings<'_>> {
            if self.scans.fetch_add(1, Ordering::Relaxed) == 1 {
                self.store.insert(binding("0.0.0.0:8443"))?;
            }
            self.store.scan(scan)
        }

        fn apply(&self, batch: &Batch) -> Stored<Applied> {
            self.store.apply(batch)
        }
    }

    /// A binding that was not checked is not renewed, and each renewed one is reported.
    #[test]
    fn only_checked_bindings_are_renewed() {
        let shared = Shared {
            store: MemoryStore::new(),
            scans: AtomicUsize::new(0),
        };
        shared.store.insert(binding("0.0.0.0:443")).unwrap();
        let selection = Selection {
            new: NewCertificate::of_hash(NEW),
            due: Due::Hash(OLD),
            rotation: Rotation::default(),
            guards: Guards::new(None, Vec::new(), false),
        };
        let renewed = selection.renew(&shared, false).unwrap();
        let mut bound = scan_all(&shared).unwrap();
        bound.retain(|binding| binding.record().hash() == Some(&NEW));
        let bound: Vec<_> = bound.iter().map(Binding::key).collect();
        assert_eq!(bound, renewed.keys.iter().collect::<Vec<_>>());
        assert_eq!(bound, [&"ipport=0.0.0.0:443".parse().unwrap()]);
        assert_eq!(scan_all(&shared).unwrap().len(), 2);
    }
}
