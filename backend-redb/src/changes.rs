//! The changes of a batch as bytes: for many of them by a thread of its own, while others are written.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use store_core::Outcome;
use store_core::codec::{encode_binding, encode_key};

use crate::runs::Change;

/// From so many changes on a thread pays.
const MANY: usize = 10_000;

/// How many changes are handed over at once, and how often before they are taken: some 100 KiB each.
const CHUNK: usize = 1_024;
const AHEAD: usize = 4;

/// Has `write` go through what becomes of each key, in this order.
pub(crate) fn encoded<T>(
    outcomes: &[&Outcome],
    write: impl FnOnce(&mut dyn Iterator<Item = Change>) -> T,
) -> T {
    if outcomes.len() < MANY {
        return write(&mut outcomes.iter().copied().map(change));
    }
    thread::scope(|scope| {
        let (to, from) = sync_channel(AHEAD);
        let encoder = thread::Builder::new().name("certbind encodes".to_owned());
        match encoder.spawn_scoped(scope, move || encode(outcomes, &to)) {
            Ok(_) => write(&mut from.into_iter().flatten()),
            // Without a further thread it takes longer.
            Err(_) => write(&mut outcomes.iter().copied().map(change)),
        }
    })
}

/// Ends early if nobody takes them any more: then writing has failed.
fn encode(outcomes: &[&Outcome], to: &SyncSender<Vec<Change>>) {
    for chunk in outcomes.chunks(CHUNK) {
        let changes = chunk.iter().copied().map(change).collect();
        if to.send(changes).is_err() {
            return;
        }
    }
}

fn change(outcome: &Outcome) -> Change {
    let value = outcome.after.as_ref().map(encode_binding);
    (encode_key(&outcome.key), value)
}

#[cfg(test)]
mod tests {
    use store_core::{Batch, Binding, Record, Uuid};

    use super::*;

    fn outcomes(count: usize) -> Vec<Outcome> {
        let changes = (0..count).map(|n| {
            let key = format!("10.0.{}.{}:443", n >> 8, n & 255).parse().unwrap();
            let record = Record::new([7; 20].into(), None, Uuid::nil());
            store_core::Change::insert(Binding::new(key, record).unwrap())
        });
        let batch = Batch::new(changes).unwrap();
        batch.check(|_| Ok(None)).unwrap().outcomes().to_vec()
    }

    #[test]
    fn many_changes_are_encoded_as_few_are_in_their_order() {
        for count in [0, 1, MANY - 1, MANY, MANY + CHUNK / 2] {
            let outcomes = outcomes(count);
            let outcomes: Vec<_> = outcomes.iter().collect();
            let found: Vec<_> = encoded(&outcomes, |changes| changes.collect());
            let one_by_one: Vec<_> = outcomes.iter().copied().map(change).collect();
            assert!(found == one_by_one, "{count}");
        }
    }

    #[test]
    fn who_takes_no_more_does_not_wait_for_the_rest() {
        let outcomes = outcomes(MANY);
        let outcomes: Vec<_> = outcomes.iter().collect();
        let first = encoded(&outcomes, |changes| changes.next());
        assert_eq!(first, Some(change(outcomes[0])));
    }
}
