//! At most one binding per key.

use std::sync::Barrier;
use std::thread;

use crate::cases;
use crate::erased::{Fixtures, all_bindings};
use crate::fixture::Fixture;
use crate::guarantee::require_eq;
use crate::history::THREADS;
use crate::operation::{Operation, Response};
use crate::sample::{marked, numbered};
use crate::watch;

/// Of threads that insert the same key at the same time, exactly one succeeds, and the others get
/// an error with its binding.
///
/// # Panics
/// If none or several succeed.
pub fn keys_are_unique<F: Fixture>() {
    watch::run::<F>("keys_are_unique", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let fixture = fixtures.create();
    let store = fixture.open();
    let capabilities = store.capabilities();
    if !capabilities.writable {
        return;
    }
    let rounds = cases::scaled(40);
    let kinds = capabilities.kinds.iter().cycle();
    for (round, kind) in (1..=rounds).zip(kinds) {
        let key = numbered(*kind, round);
        let start = Barrier::new(THREADS);
        let insert = |mark: u128| {
            start.wait();
            (mark, Operation::Insert(marked(&key, mark)).perform(&*store))
        };
        let responses: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (1..=THREADS as u128)
                .map(|mark| scope.spawn(move || insert(mark)))
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, _>| thread.join();
            threads
                .into_iter()
                .map(|thread| join(thread).expect("no thread panics"))
                .collect()
        });
        let (winners, losers): (Vec<_>, Vec<_>) = responses
            .into_iter()
            .partition(|(_, response)| *response == Response::Done);
        require_eq!(
            Unique,
            winners.len(),
            1,
            "{key}: exactly one insert of {THREADS} succeeds"
        );
        let won = marked(&key, winners[0].0);
        require_eq!(
            Unique,
            store.get(&key).expect("get"),
            Some(won.clone()),
            "the winner's"
        );
        let printed = Response::AlreadyExists {
            key: key.clone(),
            found: Some(won),
        };
        for (_, response) in losers {
            require_eq!(
                Unique,
                response,
                printed,
                "a loser is told what the winner put there"
            );
        }
    }
    let held = all_bindings(&*store);
    require_eq!(
        Unique,
        held.len(),
        rounds as usize,
        "one binding for each key"
    );
}
