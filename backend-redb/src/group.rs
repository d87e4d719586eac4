//! The queue of group commit: concurrent callers are led by one of them.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The most jobs of a group, which bounds how long a job waits for the others.
const MAX_GROUP: usize = 256;

/// How long a leader waits for expected callers: a fraction of the duration of a sync.
pub(crate) const LINGER: Duration = Duration::from_micros(60);

/// A queue of jobs that are done in groups.
///
/// A caller that finds no leader leads: it takes all waiting jobs, does them together with its own,
/// and hands the lead to the first caller that arrived in the meantime. So a caller leads at most
/// once, jobs are done in order of arrival, and a lone caller never waits.
///
/// Callers whose jobs are complete often call again at once, just after the next leader has
/// started, and would wait for a whole group. So a leader waits a moment for as many callers as the
/// last group had.
pub(crate) struct Group<J, R> {
    queue: Mutex<Queue<J, R>>,
    linger: Duration,
}

struct Queue<J, R> {
    waiting: VecDeque<Arc<Ticket<J, R>>>,
    /// Whether a caller leads.
    led: bool,
    /// The expected size of the next group.
    expected: usize,
}

struct Ticket<J, R> {
    job: J,
    turn: Mutex<Turn<R>>,
    changed: Condvar,
}

enum Turn<R> {
    Wait,
    Lead,
    Done(R),
}

impl<J: Clone, R> Group<J, R> {
    pub(crate) fn new(linger: Duration) -> Self {
        let queue = Queue {
            waiting: VecDeque::new(),
            led: false,
            expected: 0,
        };
        Self {
            queue: Mutex::new(queue),
            linger,
        }
    }

    /// Does `job`, alone or in a group, and returns its result. `work` gets the jobs of a group and
    /// returns their results in the same order; if it panics, each job gets the result of
    /// `panicked`.
    pub(crate) fn submit(
        &self,
        job: &J,
        work: impl FnOnce(&[&J]) -> Vec<R>,
        panicked: impl Fn() -> R,
    ) -> R {
        let mut queue = self.queue();
        if queue.led {
            let ticket = Arc::new(Ticket {
                job: job.clone(),
                turn: Mutex::new(Turn::Wait),
                changed: Condvar::new(),
            });
            queue.waiting.push_back(Arc::clone(&ticket));
            drop(queue);
            if let Some(result) = ticket.wait() {
                return result;
            }
            queue = self.queue();
        }
        queue.led = true;
        queue = self.linger(queue);
        let others = queue.waiting.len().min(MAX_GROUP - 1);
        let others: Vec<_> = queue.waiting.drain(..others).collect();
        drop(queue);

        let jobs: Vec<_> = std::iter::once(job)
            .chain(others.iter().map(|ticket| &ticket.job))
            .collect();
        let results = catch_unwind(AssertUnwindSafe(|| work(&jobs))).unwrap_or_default();
        // The next group starts while this one distributes its results.
        self.hand_over(jobs.len());
        let mut results = results.into_iter();
        let own = results.next().unwrap_or_else(&panicked);
        for ticket in others {
            ticket.set(Turn::Done(results.next().unwrap_or_else(&panicked)));
        }
        own
    }

    /// Waits a moment for expected callers.
    fn linger<'a>(&'a self, mut queue: MutexGuard<'a, Queue<J, R>>) -> MutexGuard<'a, Queue<J, R>> {
        let start = Instant::now();
        while queue.waiting.len() + 1 < queue.expected && start.elapsed() < self.linger {
            drop(queue);
            thread::yield_now();
            queue = self.queue();
        }
        queue
    }

    /// Hands the lead over after a group of `done` jobs, before any of them gets its result.
    fn hand_over(&self, done: usize) {
        let mut queue = self.queue();
        queue.expected = (queue.waiting.len() + done).min(MAX_GROUP);
        match queue.waiting.pop_front() {
            Some(next) => next.set(Turn::Lead),
            None => queue.led = false,
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue<J, R>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J, R> Ticket<J, R> {
    /// Waits for the result, or for the lead, which returns `None`.
    fn wait(&self) -> Option<R> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match std::mem::replace(&mut *turn, Turn::Wait) {
                Turn::Done(result) => return Some(result),
                Turn::Lead => return None,
                Turn::Wait => {
                    let woken = self.changed.wait(turn);
                    turn = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn set(&self, turn: Turn<R>) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn waiting_callers_form_one_group() {
        let group = Group::new(LINGER);
        let (started, go_on) = (Barrier::new(2), Barrier::new(2));
        let groups = Mutex::new(Vec::new());
        let double = |jobs: &[&usize]| {
            groups.lock().unwrap().push(jobs.len());
            jobs.iter().map(|job| **job * 2).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let lead = scope.spawn(|| {
                let work = |jobs: &[&usize]| {
                    started.wait();
                    go_on.wait();
                    double(jobs)
                };
                group.submit(&21, work, || 0)
            });
            started.wait();
            let group = &group;
            let followers: Vec<_> = (0..5)
                .map(|job| scope.spawn(move || (job, group.submit(&job, double, || 0))))
                .collect();
            while group.queue().waiting.len() < 5 {
                thread::yield_now();
            }
            go_on.wait();
            assert_eq!(lead.join().unwrap(), 42);
            for follower in followers {
                let (job, result) = follower.join().unwrap();
                assert_eq!(result, job * 2);
            }
        });
        assert_eq!(*groups.lock().unwrap(), [1, 5]);
        assert!(!group.queue().led);
    }

    #[test]
    fn leader_lingers_for_last_group() {
        let group = Group::new(Duration::from_secs(600));
        let groups = Mutex::new(Vec::new());
        let note = |jobs: &[&usize]| {
            groups.lock().unwrap().push(jobs.len());
            vec![(); jobs.len()]
        };
        let (group, note) = (&group, &note);
        thread::scope(|scope| {
            let first = |jobs: &[&usize]| {
                // The others arrive while it works, and wait.
                for _ in 0..3 {
                    scope.spawn(move || group.submit(&1, note, || ()));
                }
                while group.queue().waiting.len() < 3 {
                    thread::yield_now();
                }
                note(jobs)
            };
            group.submit(&0, first, || ());
            // Another caller leads by now, or is about to: it waits for this caller.
            group.submit(&0, note, || ());
        });
        assert_eq!(*groups.lock().unwrap(), [1, 4]);
    }

    #[test]
    fn panicking_leader_leaves_results_and_lead() {
        let group: Group<usize, Option<usize>> = Group::new(LINGER);
        let calls = AtomicUsize::new(0);
        let answered = AtomicUsize::new(0);
        thread::scope(|scope| {
            for job in 0..64 {
                let (group, calls, answered) = (&group, &calls, &answered);
                scope.spawn(move || {
                    let work = |jobs: &[&usize]| {
                        let call = calls.fetch_add(1, Ordering::Relaxed);
                        thread::yield_now();
                        if call.is_multiple_of(2) {
                            // Without the panic hook, which would print.
                            std::panic::resume_unwind(Box::new("on purpose"));
                        }
                        jobs.iter().map(|job| Some(**job)).collect()
                    };
                    let result = group.submit(&job, work, || None);
                    assert!(result.is_none() || result == Some(job));
                    answered.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        assert_eq!(answered.into_inner(), 64);
        assert_eq!(group.submit(&7, |_| vec![Some(7)], || None), Some(7));
    }
}
