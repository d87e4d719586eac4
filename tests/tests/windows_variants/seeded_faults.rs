//! The checks find a store that is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, Result, Scan,
    StoreError,
};

use crate::check::{Subject, try_variant};
use crate::host::Store;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Faulty {
    /// A batch reports what was asked for, whatever was read back.
    BelievesTheCall,
    /// A scan does not report what it could not read.
    EndsAtTwo,
}

impl Faulty {
    pub(crate) fn over(self, store: &Store) -> Box<dyn BindingStore + '_> {
        Box::new(Wrong { fault: self, store })
    }
}

struct Wrong<'a> {
    fault: Faulty,
    store: &'a Store,
}

impl BindingStore for Wrong<'_> {
    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        self.store.get(key)
    }

    fn scan(&self, scan: &Scan) -> Result<Bindings<'_>> {
        let found = self.store.scan(scan)?;
        match self.fault {
            Faulty::EndsAtTwo => Ok(Bindings::new(found.take(1).filter(Result::is_ok))),
            Faulty::BelievesTheCall => Ok(found),
        }
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        match (self.fault, self.store.apply(batch)) {
            (Faulty::BelievesTheCall, Err(StoreError::Backend { .. }) | Ok(_)) => batch
                .check(|key| self.store.get(key))
                .or_else(|_| Ok(Applied::default())),
            (_, result) => result,
        }
    }
}

fn is_found(fault: Faulty, variant: &[crate::Answer]) -> bool {
    (1..20).any(|seed| {
        let tried = || try_variant(variant, seed, Subject::With(fault));
        catch_unwind(AssertUnwindSafe(tried)).is_err()
    })
}

#[test]
fn believing_the_answer_of_a_call_is_found() {
    assert!(is_found(Faulty::BelievesTheCall, &[("set", "forgets")]));
    assert!(is_found(Faulty::BelievesTheCall, &[("update", "nothing")]));
}

#[test]
fn ending_at_2_is_found() {
    assert!(is_found(Faulty::EndsAtTwo, &[("index", "hole-2")]));
}
