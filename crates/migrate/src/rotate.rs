//! Renewing a certificate as a plan.

use std::collections::BTreeMap;

use certbind_certificates::{Certificate, Folder};
use certbind_core::{Binding, BindingKey, BindingStore, CertHash, Scan};

use crate::error::Error;
use crate::plan::{Header, Plan, Purpose, Step};
use crate::successors::same_names;
use crate::warning::Warning;

/// The plan that puts the certificate `new` in the place of `old` wherever a store binds that, and
/// leaves every other field as it is: [`BindingStore::rotate`], to be read first and to be undone.
///
/// ```
/// use certbind_migrate::{apply, rotation};
/// use certbind_core::{Binding, BindingStore, CertHash, MemoryStore, Record, Uuid};
///
/// let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
/// let store = MemoryStore::new();
/// store.insert(Binding::new("0.0.0.0:443".parse()?, Record::new(old, None, Uuid::nil()))?)?;
/// let plan = rotation(&store, &old, &new)?;
/// assert_eq!(plan.counts().replaces, 1);
/// apply(&store, &plan)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Store`], as [`BindingStore::scan`].
pub fn rotation(store: &dyn BindingStore, old: &CertHash, new: &CertHash) -> Result<Plan, Error> {
    renew(store, new, |_, hash| hash == old)
}

/// The plan that puts `new` in the place of every certificate that is for exactly the same names.
/// What is bound now is looked up in `current`; where that lacks a certificate, the plan says so.
///
/// # Errors
/// [`Error::Store`], as [`BindingStore::scan`].
pub fn rotation_by_names(
    store: &dyn BindingStore,
    new: &Certificate,
    current: &Folder,
) -> Result<Plan, Error> {
    let mut unknown: BTreeMap<CertHash, Vec<BindingKey>> = BTreeMap::new();
    let plan = renew(store, new.hash(), |key, hash| match current.get(hash) {
        Some(certificate) => same_names(new, certificate),
        None => {
            unknown.entry(*hash).or_default().push(key.clone());
            false
        }
    })?;
    let unknown = unknown.into_iter();
    let warnings = unknown.map(|(hash, keys)| Warning::UnknownCertificate { hash, keys });
    Ok(plan.with_warnings(warnings.collect()))
}

/// Renews the bindings that `is_due` says, told by key and certificate.
fn renew(
    store: &dyn BindingStore,
    new: &CertHash,
    mut is_due: impl FnMut(&BindingKey, &CertHash) -> bool,
) -> Result<Plan, Error> {
    let mut steps = Vec::new();
    let mut conflicts = 0;
    for binding in store.scan(&Scan::all())? {
        let expected: Binding = binding?;
        let mut record = expected.record().clone();
        match &mut record.certificate {
            Some(bound) if bound.hash != *new && is_due(expected.key(), &bound.hash) => {
                bound.hash = *new;
            }
            _ => {
                conflicts += 1;
                continue;
            }
        }
        steps.push(Step::Replace {
            new_value: expected.clone().with_record(record)?,
            expected,
            source: None,
        });
    }
    let header = Header {
        purpose: Purpose::Rotate,
        ..Header::default()
    };
    Ok(Plan::new(header, steps, conflicts, Vec::new())?)
}
