//! A record that Windows has stored under another key than the one that was set.

use certbind_core::{Binding, BindingKey, StoreError};
use certbind_httpapi_abi::HttpApi;

use crate::properties::SETTLE_ATTEMPTS;
use crate::records::{ReadCache, Records, other_spelling};
use crate::step::{StepError, Writer, not_deleted, stored_differently, touched};

impl<A: HttpApi> Writer<'_, A> {
    /// The error of a set that left nothing at its key, or nothing that can be read. A record that
    /// Windows has stored under another key is deleted again. The error names the other key if it
    /// may hold another record than in `before`, the records of the kind before the set.
    pub(crate) fn elsewhere(
        &mut self,
        after: &Binding,
        before: &Records,
        error: StepError,
    ) -> StepError {
        if let Some(found) = self.moved(after, before) {
            let stored = stored_differently(after, &found);
            // A record that could not be read before the set may have been there.
            if !before.issues.is_empty() {
                return not_deleted(&found, stored);
            }
            return match self.delete(&found) {
                Ok(()) => StepError {
                    error: stored,
                    raced: false,
                    touched: error.touched,
                },
                Err(_) => not_deleted(&found, stored),
            };
        }
        let Some(other) = other_spelling(after.key()) else {
            return error;
        };
        let mut records = before.records.iter();
        let old = records.find(|(_, key, _)| *key == other);
        let old = old.map(|(_, _, old)| old);
        let mut found = self.session.record(&other, None, &ReadCache::default());
        for attempt in 0..SETTLE_ATTEMPTS {
            if found.is_ok() {
                break;
            }
            self.session.pause(attempt);
            found = self.session.record(&other, None, &ReadCache::default());
        }
        let restore = match found {
            // If not every record was read before, the new one may match one of those, as far as it
            // can be compared.
            Ok(Some(found)) if old.is_none() && !before.issues.is_empty() => {
                match is_like(&found, after) {
                    true => stored_differently(after, &found),
                    false => return error,
                }
            }
            Ok(found) if found.as_ref() == old => return error,
            Ok(Some(found)) if is_like(&found, after) => stored_differently(after, &found),
            // Another program's.
            Ok(_) => return error,
            Err(unreadable) => unreadable,
        };
        touched(StoreError::NotRestored {
            key: other,
            before: old.cloned().map(Box::new),
            source: Box::new(error.error),
            restore: Box::new(restore),
        })
    }

    /// The record that was set, where Windows has stored it under another key.
    fn moved(&self, after: &Binding, before: &Records) -> Option<Binding> {
        let is_new = |key: &BindingKey| {
            !self.written.contains(key) && before.records.iter().all(|(_, old, _)| old != key)
        };
        let now = self.session.records(after.key().kind()).records.into_iter();
        let mut new = now.filter(|(_, key, _)| is_new(key));
        let found = new.find(|(_, _, found)| is_like(found, after));
        found.map(|(_, _, found)| found)
    }
}

/// Whether a record under another key may be the one that was written.
fn is_like(found: &Binding, written: &Binding) -> bool {
    let (a, b) = (found.record(), written.record());
    a.app_id == b.app_id && a.hash() == b.hash()
}
