//! Work on several items at once, whose results are in the order of the items.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The results of a function for each item, in their order. As many threads work as the machine has cores.
///
/// If the function panics.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    function: impl Fn(usize, T) -> R + Sync,
) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.min(items.len());
    if threads < 2 {
        let items = items.into_iter().enumerate();
        return items.map(|(at, item)| function(at, item)).collect();
    }
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut results = Vec::new();
        while let Some((at, item)) = next() {
            results.push((at, function(at, item)));
        }
        results
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect()
    });
    results.sort_unstable_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 2, 1000] {
            let items: Vec<_> = (0..count).collect();
            let doubled = map(items, |at, item| {
                assert_eq!(at, item);
                item * 2
            });
            assert!(doubled.into_iter().eq((0..count).map(|item| item * 2)));
        }
    }

    #[test]
    #[should_panic(expected = "the third")]
    fn a_panic_reaches_the_caller() {
        map(vec![1, 2, 3, 4], |_, item| assert!(item != 3, "the third"));
    }
}
