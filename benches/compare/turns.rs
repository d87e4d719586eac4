//! Gets, and puts of one writer, of every engine in short turns: the speed of a shared disk or
//! processor changes from second to second.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingKey};
use tempfile::TempDir;

use crate::engine::{Engine, Kind, Opened, Writer};
use crate::workload::{Figures, Measure, Size, another};

/// The length of a turn of puts, unless a single put takes longer.
const TURN: Duration = Duration::from_millis(10);

/// The number of turns of an engine's gets. Shorter turns would measure the caches of the
/// processor, which the other engines have filled.
const TURNS: usize = 10;

/// The rates of these engines in turns, and that of the disk in turns of its own: syncs per second
/// of 4 KiB that are overwritten.
pub(crate) fn in_turns(
    kinds: &[&Kind],
    size: &Size,
    few: &[Binding],
    many: &[Binding],
    folder: &Path,
    dice: &mut fastrand::Rng,
) -> (Vec<Figures>, f64) {
    let mut figures: Vec<_> = kinds.iter().map(|_| Figures::new()).collect();
    let space = TempDir::new_in(folder).unwrap();
    let large: Vec<_> = kinds
        .iter()
        .map(|kind| {
            eprintln!("import: {}", kind.name);
            let own = TempDir::new_in(space.path()).unwrap();
            let made = (kind.import)(own.path(), many);
            let engine = match kind.open {
                None => made,
                Some(open) => {
                    drop(made);
                    open(own.path())
                }
            };
            (engine, own)
        })
        .collect();
    add(
        &mut figures,
        Measure::GetMany,
        gets(&large, many, size, dice),
    );
    eprintln!("gets: done");
    drop(large);

    let small: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let own = TempDir::new_in(space.path()).unwrap();
            ((kind.import)(own.path(), few), own)
        })
        .collect();
    add(&mut figures, Measure::GetFew, gets(&small, few, size, dice));
    let (rates, syncs) = puts(&small, few, size, space.path(), dice);
    add(&mut figures, Measure::Put1, rates);
    (figures, syncs)
}

fn add(
    figures: &mut [Figures],
    measure: Measure,
    found: impl IntoIterator<Item = impl Into<Option<f64>>>,
) {
    for (figures, found) in figures.iter_mut().zip(found) {
        figures.extend(found.into().map(|found| (measure, found)));
    }
}

/// Nanoseconds that a get takes of each engine. As many gets warm up as are timed: others, in front of
/// each turn.
fn gets(
    engines: &[(Opened, TempDir)],
    bindings: &[Binding],
    size: &Size,
    dice: &mut fastrand::Rng,
) -> Vec<f64> {
    let keys: Vec<_> = (0..size.gets)
        .map(|_| dice.choice(bindings).unwrap().key().clone())
        .collect();
    let get = |engine: &dyn Engine, keys: &[BindingKey]| {
        for key in keys {
            assert!(std::hint::black_box(engine.get(key)).is_some());
        }
    };
    let chunks: Vec<_> = keys.chunks(size.gets.div_ceil(TURNS)).collect();
    let mut times = vec![Duration::ZERO; engines.len()];
    for (others, keys) in chunks.iter().cycle().skip(1).zip(&chunks) {
        for ((engine, _), time) in engines.iter().zip(&mut times) {
            get(&**engine, others);
            let start = Instant::now();
            get(&**engine, keys);
            *time += start.elapsed();
        }
    }
    let each = |time: &Duration| time.as_nanos() as f64 / size.gets as f64;
    times.iter().map(each).collect()
}

/// Durable puts per second of each engine, if it has such, and syncs of the disk alone.
fn puts(
    engines: &[(Opened, TempDir)],
    few: &[Binding],
    size: &Size,
    folder: &Path,
    dice: &mut fastrand::Rng,
) -> (Vec<Option<f64>>, f64) {
    let raw = File::create(folder.join("raw")).unwrap();
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

/// The written bindings, and the time.
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
