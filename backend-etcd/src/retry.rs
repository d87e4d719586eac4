//! The retries of one operation.

use std::time::{Duration, Instant};

/// The first pause after every endpoint was tried, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(1));

/// The remaining time of an operation's retry timeout.
pub(crate) struct Retry {
    until: Instant,
    endpoints: usize,
    asked: usize,
    pause: Duration,
}

impl Retry {
    /// The retries of an operation that starts now.
    pub(crate) fn new(timeout: Duration, endpoints: usize) -> Self {
        Self {
            until: Instant::now() + timeout,
            endpoints,
            asked: 0,
            pause: PAUSES.0,
        }
    }

    /// Whether to try again. Every endpoint is tried once before there is a pause.
    pub(crate) fn again(&mut self) -> bool {
        self.asked += 1;
        if self.asked.is_multiple_of(self.endpoints) {
            return self.pause();
        }
        Instant::now() < self.until
    }

    /// Waits for a time that doubles with each call, so that another writer can finish. Returns false
    /// if the timeout has passed.
    pub(crate) fn pause(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        // Jitter: writers that were refused together must not retry together.
        let pause = self.pause.mul_f32(0.5 + fastrand::f32() / 2.0);
        if pause >= left {
            return false;
        }
        std::thread::sleep(pause);
        self.pause = PAUSES.1.min(self.pause * 2);
        true
    }
}
