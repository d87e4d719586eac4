//! The `tracing` events of a test, as lines of text.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The events of the target `target` while `work` runs on this thread: the level, and each field as
/// ` name=value`.
pub fn collect(target: &'static str, work: impl FnOnce()) -> Vec<String> {
    let lines = Arc::default();
    let collector = Collector {
        target,
        lines: Arc::clone(&lines),
    };
    tracing::subscriber::with_default(collector, work);
    std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Asserts that one event has all of these parts.
///
/// # Panics
/// If none has.
#[track_caller]
pub fn assert_event(events: &[String], parts: &[&str]) {
    let found = events
        .iter()
        .any(|event| parts.iter().all(|part| event.contains(part)));
    assert!(found, "{parts:?} in {events:#?}");
}

struct Collector {
    target: &'static str,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == self.target
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let lines = self.lines.lock();
        lines.unwrap_or_else(PoisonError::into_inner).push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
