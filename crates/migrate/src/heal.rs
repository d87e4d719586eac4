//! Restoring options that were lost when a certificate was renewed by deleting and adding bindings.

use std::collections::BTreeMap;

use certbind_core::{Binding, BindingKey, Port};

use crate::plan::{Header, Plan, Step};

/// The plan that restores options, and the bindings that it is not about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Healing {
    /// Restores the earlier options, and keeps the certificates that are bound now.
    pub plan: Plan,
    /// Keys that were bound before, and are not bound now.
    pub gone: Vec<BindingKey>,
    /// Keys that were not bound before.
    pub new: Vec<BindingKey>,
}

/// The reason why options cannot be restored. Nothing is changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealError {
    /// The earlier export, or the present state, has a key more than once.
    #[error("{key} occurs twice in {place}; the effective record is unknown")]
    Twice {
        /// The key.
        key: BindingKey,
        /// The place.
        place: &'static str,
    },
    /// A binding is missing, and another one at its port is new: it may be its replacement, with
    /// another key.
    #[error(
        "{gone} is no longer bound and {new} is new at the same port: it is unknown whether one \
         replaces the other"
    )]
    Ambiguous {
        /// The missing key.
        gone: BindingKey,
        /// The new key.
        new: BindingKey,
    },
    /// A record cannot be built.
    #[error("{0}")]
    Store(#[from] certbind_core::StoreError),
    /// A record cannot be built.
    #[error("{0}")]
    Binding(#[from] certbind_core::BindingError),
}

/// The plan that gives each binding the options that it had `before`, and keeps the certificate that
/// it has `now`: its hash and its certificate store. Bindings are paired by key.
///
/// ```
/// use certbind_core::{Binding, CertHash, Record, SslFlags, Uuid};
/// use certbind_migrate::heal;
///
/// let key = "0.0.0.0:443".parse()?;
/// let mut before = Record::new(CertHash::new([1; 20]), None, Uuid::from_u128(7));
/// before.flags = SslFlags::DISABLE_HTTP2;
/// let before = Binding::new(key, before)?;
/// // A script has deleted the binding, and added it again with a new certificate and no option.
/// let now = Record::new(CertHash::new([2; 20]), None, Uuid::nil());
/// let now = Binding::new(before.key().clone(), now)?;
/// let healing = heal(&[before], &[now], false)?;
/// let healed = healing.plan.steps()[0].new_value().expect("a binding").record().clone();
/// assert_eq!(healed.flags, SslFlags::DISABLE_HTTP2);
/// assert_eq!(healed.hash(), Some(&CertHash::new([2; 20])));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`HealError`]. [`HealError::Ambiguous`] does not occur with `only_paired`.
pub fn heal(before: &[Binding], now: &[Binding], only_paired: bool) -> Result<Healing, HealError> {
    let earlier = by_key(before, "the earlier export")?;
    let present = by_key(now, "the target")?;
    let missing = |keys: &BTreeMap<&BindingKey, &Binding>,
                   others: &BTreeMap<&BindingKey, &Binding>| {
        let keys = keys.keys().filter(|key| !others.contains_key(*key));
        keys.map(|key| (*key).clone()).collect::<Vec<_>>()
    };
    let (gone, new) = (missing(&earlier, &present), missing(&present, &earlier));
    if !only_paired {
        let at: BTreeMap<Port, &BindingKey> = new.iter().map(|key| (key.port(), key)).collect();
        if let Some((gone, new)) = gone
            .iter()
            .find_map(|key| Some((key, at.get(&key.port())?)))
        {
            return Err(HealError::Ambiguous {
                gone: gone.clone(),
                new: (*new).clone(),
            });
        }
    }
    let mut steps = Vec::new();
    let mut untouched = new.len() as u64;
    for (key, expected) in &present {
        let Some(earlier) = earlier.get(key) else {
            continue;
        };
        let mut record = earlier.record().clone();
        record
            .certificate
            .clone_from(&expected.record().certificate);
        let new_value = (*expected).clone().with_record(record)?;
        let expected = (*expected).clone();
        if new_value == expected {
            untouched += 1;
            continue;
        }
        steps.push(Step::Replace {
            expected,
            new_value,
            source: None,
        });
    }
    Ok(Healing {
        plan: Plan::new(Header::default(), steps, untouched, Vec::new())?,
        gone,
        new,
    })
}

fn by_key<'a>(
    bindings: &'a [Binding],
    place: &'static str,
) -> Result<BTreeMap<&'a BindingKey, &'a Binding>, HealError> {
    let mut keys = BTreeMap::new();
    for binding in bindings {
        if keys.insert(binding.key(), binding).is_some() {
            return Err(HealError::Twice {
                key: binding.key().clone(),
                place,
            });
        }
    }
    Ok(keys)
}
