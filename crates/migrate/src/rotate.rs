//! Renewing a certificate as a plan.

use std::collections::BTreeMap;

use certbind_certificates::{Certificate, Folder};
use certbind_core::{Binding, BindingKey, BindingStore, CertHash, Scan, StoreName};

use crate::applications::ApplicationFilter;
use crate::error::Error;
use crate::owners;
use crate::plan::{Header, Plan, Purpose, Step};
use crate::successors::same_names;
use crate::warning::Warning;

/// The options of a renewal.
///
/// ```
/// use certbind_core::{Binding, CertHash, BindingStore, MemoryStore, Record, Uuid};
/// use certbind_migrate::Rotation;
///
/// let (old, new) = (CertHash::new([1; 20]), CertHash::new([2; 20]));
/// let store = MemoryStore::new();
/// store.insert(Binding::new("0.0.0.0:443".parse()?, Record::new(old, None, Uuid::nil()))?)?;
/// let mut rotation = Rotation::default();
/// rotation.store_name = Some("WebHosting".parse()?);
/// let plan = rotation.plan(&store, &old, &new)?;
/// let renewed = plan.steps()[0].new_value().and_then(|it| it.record().certificate.clone());
/// assert_eq!(renewed.and_then(|it| it.store_name), Some("WebHosting".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// The certificate store of the new certificate. `None`: that of the old one.
    pub store_name: Option<StoreName>,
    /// The applications whose bindings are renewed.
    pub applications: ApplicationFilter,
}

/// The plan that replaces the certificate `old` by `new` in every binding of a store, and keeps all
/// other fields: [`BindingStore::rotate`] as a plan that can be reviewed and undone.
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
    Rotation::default().plan(store, old, new)
}

/// The plan that replaces every certificate for exactly the same names by `new`. The bound
/// certificates are looked up in `current`; a certificate missing there is a warning of the plan.
///
/// # Errors
/// [`Error::Store`], as [`BindingStore::scan`].
pub fn rotation_by_names(
    store: &dyn BindingStore,
    new: &Certificate,
    current: &Folder,
) -> Result<Plan, Error> {
    Rotation::default().plan_by_names(store, new, current)
}

impl Rotation {
    /// The plan of [`rotation`], with these options.
    ///
    /// # Errors
    /// [`Error::Store`], as [`BindingStore::scan`].
    pub fn plan(
        &self,
        store: &dyn BindingStore,
        old: &CertHash,
        new: &CertHash,
    ) -> Result<Plan, Error> {
        self.renew(store, new, |_, hash| hash == old)
    }

    /// The plan of [`rotation_by_names`], with these options.
    ///
    /// # Errors
    /// [`Error::Store`], as [`BindingStore::scan`].
    pub fn plan_by_names(
        &self,
        store: &dyn BindingStore,
        new: &Certificate,
        current: &Folder,
    ) -> Result<Plan, Error> {
        let mut unknown: BTreeMap<CertHash, Vec<BindingKey>> = BTreeMap::new();
        let plan = self.renew(store, new.hash(), |key, hash| match current.get(hash) {
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

    /// Renews the bindings for which `is_due` returns true, given the key and certificate.
    fn renew(
        &self,
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
                Some(bound)
                    if bound.hash != *new
                        && is_due(expected.key(), &bound.hash)
                        && self.applications.matches(&expected) =>
                {
                    bound.hash = *new;
                    if let Some(store) = &self.store_name {
                        bound.store_name = Some(store.clone());
                    }
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
        let warnings = owners::of_steps(&steps);
        Ok(Plan::new(header, steps, conflicts, warnings)?)
    }
}
