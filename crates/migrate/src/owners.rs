//! Warnings of applications that keep a renewed certificate in their own configuration as well.

use certbind_core::{BindingKey, CertHash};

use crate::applications::{Application, Certainty, owner};
use crate::plan::{Plan, Step};
use crate::warning::Warning;

/// A warning for each application to whose bindings a plan assigns another certificate, and whose
/// own configuration contains the certificate too.
#[must_use]
pub fn owners(plan: &Plan) -> Vec<Warning> {
    of_steps(plan.steps())
}

/// The same for the steps of a plan.
pub(crate) fn of_steps(steps: &[Step]) -> Vec<Warning> {
    let mut found: Vec<(&Application, Certainty, CertHash, Vec<BindingKey>)> = Vec::new();
    for step in steps {
        let Some((application, certainty, new)) = owner_to_renew(step) else {
            continue;
        };
        let key = step.key().clone();
        let same = found
            .iter_mut()
            .find(|it| it.0 == application && it.1 == certainty && it.2 == new);
        match same {
            Some((.., keys)) => keys.push(key),
            None => found.push((application, certainty, new, vec![key])),
        }
    }
    let warnings = found
        .into_iter()
        .filter_map(|(application, certainty, new, keys)| {
            Some(Warning::Owner {
                application: application.name.to_owned(),
                likely: certainty == Certainty::Likely,
                keys,
                command: application.renewal(&new)?,
            })
        });
    warnings.collect()
}

impl Step {
    /// The name of the application that also has to be configured with the new certificate, and the
    /// command for it, if the step binds another certificate and the application is known.
    #[must_use]
    pub fn owner_renewal(&self) -> Option<(&'static str, String)> {
        let (application, _, new) = owner_to_renew(self)?;
        Some((application.name, application.renewal(&new)?))
    }
}

/// The application with a configuration of its own, and the new certificate.
fn owner_to_renew(step: &Step) -> Option<(&'static Application, Certainty, CertHash)> {
    let binding = step.new_value()?;
    let new = binding.record().hash()?;
    if step
        .expected()
        .and_then(|expected| expected.record().hash())
        == Some(new)
    {
        return None;
    }
    let owner = owner(binding)?;
    owner.application.renewal(new)?;
    Some((owner.application, owner.certainty, *new))
}
