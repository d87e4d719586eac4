//! Making a plan that brings bindings of a source to a target.

use std::collections::BTreeMap;

use certbind_certificates::Folder;
use certbind_core::{Binding, BindingKey, Capabilities, CertHash, Kind, Result as Stored, Uuid};

use crate::applications::ApplicationFilter;
use crate::diff::{Comparison, diff};
use crate::error::{Duplicate, Error};
use crate::filter::Filter;
use crate::mapping::Mapping;
use crate::owners;
use crate::plan::{Header, Plan, Step};
use crate::rules::Rule;
use crate::shadow::shadows;
use crate::successors::Successors;
use crate::warning::Warning;

/// Makes plans that bring the bindings of a source, mapped and filtered, to a target.
#[derive(Clone, Debug, Default)]
pub struct Planner {
    /// The mapping to the target.
    pub mapping: Mapping,
    /// New certificates for old ones, where no rule of the mapping names one.
    pub successors: Successors,
    /// Which bindings of the source are brought over.
    pub filter: Filter,
    /// The bindings of which applications are brought over.
    pub owners: ApplicationFilter,
    /// Whether bindings of the target that the source lacks are deleted. Only those that the filter
    /// selects, by their mapped application ids.
    pub prune: bool,
    /// The application ids of the bindings that may be deleted; `None`: of any application. A desired
    /// state owns the bindings of some applications, and those alone are deleted.
    pub managed: Option<Vec<Uuid>>,
    /// The capabilities of the target, where they are known.
    pub capabilities: Option<Capabilities>,
    /// The certificates that the target has, where that is known.
    pub inventory: Option<Folder>,
}

/// A binding of the source, before and after mapping.
struct Brought {
    mapped: Binding,
    source: Binding,
}

impl Planner {
    /// Makes the plan. Both sequences are complete stores or exports; the target's is in canonical
    /// order, as a scan returns it.
    ///
    /// # Errors
    /// [`Error::Duplicates`] if the mapping maps several keys to one, [`Error::Ambiguous`] if
    /// several new certificates could replace an old one, and every error of the sequences.
    pub fn plan(
        &self,
        source: impl IntoIterator<Item = Stored<Binding>>,
        target: impl IntoIterator<Item = Stored<Binding>>,
    ) -> Result<Plan, Error> {
        let mut unsucceeded = BTreeMap::new();
        let brought = self.bring(source, &mut unsucceeded)?;
        let within = self.filter.mapped(&self.mapping);
        let mapped: Vec<Stored<_>> = brought.values().map(|b| Ok(b.mapped.clone())).collect();
        let source = |key: &BindingKey| {
            let brought = brought.get(key)?;
            (brought.source != brought.mapped).then(|| brought.source.clone())
        };
        let mut steps = Vec::new();
        let mut untouched = Vec::new();
        for compared in diff(target, mapped) {
            let compared = compared?;
            steps.push(match compared {
                Comparison::Added(new_value) => Step::Create {
                    source: source(new_value.key()),
                    new_value,
                },
                Comparison::Changed { before, after } => Step::Replace {
                    source: source(after.key()),
                    expected: before,
                    new_value: after,
                },
                Comparison::Same(expected) => Step::Keep { expected },
                Comparison::Removed(expected)
                    if self.prune
                        && self.manages(&expected)
                        && within.matches(&expected)
                        && self.owners.matches(&expected) =>
                {
                    Step::Delete { expected }
                }
                Comparison::Removed(binding) => {
                    untouched.push(binding.key().clone());
                    continue;
                }
            });
        }
        let mut warnings = self.warn(&steps);
        let unsucceeded = unsucceeded.into_iter();
        warnings.extend(unsucceeded.map(|(hash, keys)| Warning::NoSuccessor { hash, keys }));
        warnings.extend(shadows(&steps, &untouched));
        warnings.extend(owners::of_steps(&steps));
        Ok(Plan::new(
            Header::default(),
            steps,
            untouched.len() as u64,
            warnings,
        )?)
    }

    /// The bindings of the source that get through the filter, by the keys that they get.
    fn bring(
        &self,
        source: impl IntoIterator<Item = Stored<Binding>>,
        unsucceeded: &mut BTreeMap<CertHash, Vec<BindingKey>>,
    ) -> Result<BTreeMap<BindingKey, Brought>, Error> {
        let mut mapping = self.mapping.clone();
        let mut brought: BTreeMap<BindingKey, Brought> = BTreeMap::new();
        let mut duplicates = Vec::new();
        for binding in source {
            let binding = binding?;
            if !self.filter.matches(&binding) || !self.owners.matches(&binding) {
                continue;
            }
            let mut lacks_successor = None;
            if let Some(from) = binding.record().hash()
                && mapping.certificates.get(from).is_none()
            {
                match self.successors.of(from)? {
                    Some(to) => mapping.certificates.add(Rule { from: *from, to })?,
                    None if self.successors.knows(from) => lacks_successor = Some(*from),
                    None => {}
                }
            }
            let mapped = mapping.map(&binding)?;
            let key = mapped.key().clone();
            if let Some(hash) = lacks_successor {
                unsucceeded.entry(hash).or_default().push(key.clone());
            }
            let source = binding;
            match brought.get(&key) {
                Some(first) => duplicates.push(Duplicate {
                    sources: [first.source.key().clone(), source.key().clone()],
                    target: key,
                }),
                None => {
                    brought.insert(key, Brought { mapped, source });
                }
            }
        }
        if duplicates.is_empty() {
            Ok(brought)
        } else {
            Err(Error::Duplicates(duplicates))
        }
    }

    fn manages(&self, binding: &Binding) -> bool {
        let managed = self.managed.as_ref();
        managed.is_none_or(|ids| ids.contains(&binding.record().app_id))
    }

    fn warn(&self, steps: &[Step]) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Some(capabilities) = &self.capabilities {
            warnings.extend(unable(capabilities, steps));
        }
        let made = || steps.iter().filter(|step| step.changes());
        let named =
            made().filter_map(|step| Some((step.key(), step.new_value()?.record().hash()?)));
        match &self.inventory {
            Some(inventory) => {
                let mut missing: BTreeMap<CertHash, Vec<BindingKey>> = BTreeMap::new();
                for (key, hash) in named.filter(|(_, hash)| inventory.get(hash).is_none()) {
                    missing.entry(*hash).or_default().push(key.clone());
                }
                let missing = missing.into_iter();
                warnings
                    .extend(missing.map(|(hash, keys)| Warning::CertificateMissing { hash, keys }));
            }
            None if named.count() > 0 => warnings.push(Warning::CertificatesNotChecked),
            None => {}
        }
        warnings.extend(made().filter_map(|step| {
            let (from, to) = (
                step.expected()?.record().app_id,
                step.new_value()?.record().app_id,
            );
            let key = step.key().clone();
            (from != to).then_some(Warning::TakenOver { key, from, to })
        }));
        warnings
    }
}

/// Warnings about steps that the target will refuse.
fn unable(capabilities: &Capabilities, steps: &[Step]) -> Vec<Warning> {
    let bound = || {
        let steps = steps.iter().filter(|step| step.changes());
        steps.filter_map(Step::new_value)
    };
    let keys = |of: &dyn Fn(&Binding) -> bool| -> Vec<_> {
        bound().filter(|b| of(b)).map(|b| b.key().clone()).collect()
    };
    let mut warnings = Vec::new();
    for kind in Kind::ALL {
        let keys = keys(&|binding| binding.key().kind() == kind);
        if !keys.is_empty() && !capabilities.kinds.contains(&kind) {
            warnings.push(Warning::UnsupportedKind { kind, keys });
        }
    }
    let with_options =
        keys(&|binding| binding.key().kind() == Kind::Ccs && binding.record().has_options());
    if !capabilities.ccs_options && !with_options.is_empty() {
        warnings.push(Warning::UnsupportedOptions { keys: with_options });
    }
    let extended = keys(&|binding| !binding.record().extended.is_empty());
    if !capabilities.extended_properties && !extended.is_empty() {
        warnings.push(Warning::UnsupportedProperties { keys: extended });
    }
    let changes = steps.iter().filter(|step| step.changes()).count();
    if let Some(most) = capabilities.max_batch.filter(|most| changes > most.get()) {
        warnings.push(Warning::TooManyChanges {
            most: most.get() as u64,
            changes: changes as u64,
        });
    }
    warnings
}
