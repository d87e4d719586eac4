//! Puts of one writer, of every engine in short turns: what a disk does changes from second to second.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use store_core::Binding;
use tempfile::TempDir;

use crate::engine::{Kind, Writer};
use crate::workload::{Size, another};

/// How long a turn is, but for a put that takes longer.
const TURN: Duration = Duration::from_millis(10);

/// Durable puts a second of each of these, if it has such, and what the disk does in turns of its own:
/// syncs a second of 4 KiB that are overwritten.
pub(crate) fn alone(
    kinds: &[&Kind],
    size: &Size,
    few: &[Binding],
    folder: &Path,
    dice: &mut fastrand::Rng,
) -> (Vec<Option<f64>>, f64) {
    let space = TempDir::new_in(folder).unwrap();
    let engines: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let own = TempDir::new_in(space.path()).unwrap();
            ((kind.import)(own.path(), few), own)
        })
        .collect();
    let raw = File::create(space.path().join("raw")).unwrap();
    raw.write_all_at(&[7; 4096], 0).unwrap();
    raw.sync_all().unwrap();
    let mut writers: Vec<_> = engines
        .iter()
        .map(|(engine, _)| engine.writer().map(Rate::of))
        .collect();
    let sync = |_: &Binding| {
        raw.write_all_at(&[7; 4096], 0).unwrap();
        raw.sync_data().unwrap();
    };
    let mut disk = Rate::of(Box::new(sync));
    for _ in 0..(size.writing.as_micros() / TURN.as_micros()).max(1) {
        for writer in writers.iter_mut().flatten().chain([&mut disk]) {
            writer.turn(few, dice);
        }
    }
    let rates = writers.iter().map(|writer| Some(writer.as_ref()?.get()));
    (rates.collect(), disk.get())
}

/// What was written, and how long it took.
struct Rate<'a> {
    put: Writer<'a>,
    puts: f64,
    time: Duration,
}

impl<'a> Rate<'a> {
    fn of(put: Writer<'a>) -> Self {
        let (puts, time) = (0.0, Duration::ZERO);
        Self { put, puts, time }
    }

    fn turn(&mut self, bindings: &[Binding], dice: &mut fastrand::Rng) {
        let start = Instant::now();
        while start.elapsed() < TURN {
            (self.put)(&another(bindings, dice));
            self.puts += 1.0;
        }
        self.time += start.elapsed();
    }

    fn get(&self) -> f64 {
        self.puts / self.time.as_secs_f64()
    }
}
