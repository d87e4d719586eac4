//! A progress indicator for work that takes longer than a second.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How many there are: two would write over each other.
static INDICATORS: AtomicU32 = AtomicU32::new(0);

/// Whether some work shows its progress.
#[cfg(feature = "httpsys")]
pub(crate) fn is_shown() -> bool {
    INDICATORS.load(Ordering::Relaxed) > 0
}

/// Work in progress.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Work that has just begun. It shows on standard error from its first second on, and only if
    /// that is a terminal.
    pub(crate) fn new() -> Self {
        let progress = Self::hidden();
        let later = progress.0.downgrade();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            if let Some(bar) = later.upgrade().filter(|bar| !bar.is_finished()) {
                show(&bar);
            }
        });
        progress
    }

    /// Work that has taken long already.
    #[cfg(feature = "httpsys")]
    pub(crate) fn now() -> Self {
        let progress = Self::hidden();
        show(&progress.0);
        progress
    }

    fn hidden() -> Self {
        INDICATORS.fetch_add(1, Ordering::Relaxed);
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Shows the current step.
    pub(crate) fn at(&self, step: impl Into<String>) {
        self.0.set_message(step.into());
    }
}

fn show(bar: &ProgressBar) {
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(100));
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        INDICATORS.fetch_sub(1, Ordering::Relaxed);
    }
}
