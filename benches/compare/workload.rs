//! The measures and the work of the comparison.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use certbind_core::{Binding, BindingKey, CertHash, Record, Uuid};
use tempfile::TempDir;

use crate::engine::{Engine, Kind};

/// How much is done.
pub(crate) struct Size {
    /// Bindings in the small store, which is also written to.
    pub(crate) few: u32,
    /// Bindings in the large store.
    pub(crate) many: u32,
    /// Gets that are timed, in turns.
    pub(crate) gets: usize,
    /// How long each number of threads writes, and one in all its turns.
    pub(crate) writing: Duration,
}

/// The figures of one engine in one round, without the operations that it does not support.
pub(crate) type Figures = Vec<(Measure, f64)>;

/// A measure. The order is that of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measure {
    GetFew,
    GetMany,
    Scan,
    Import,
    FileSize,
    FirstGet,
    Put1,
    Put16,
    Put64,
    /// The time within which this many of a thousand puts of 16 threads are complete.
    Latency(u16),
}

impl Measure {
    pub(crate) const ALL: [Self; 12] = [
        Self::GetFew,
        Self::GetMany,
        Self::Scan,
        Self::Import,
        Self::FileSize,
        Self::FirstGet,
        Self::Put1,
        Self::Put16,
        Self::Put64,
        Self::Latency(500),
        Self::Latency(990),
        Self::Latency(999),
    ];

    pub(crate) fn more_is_better(self) -> bool {
        matches!(
            self,
            Self::Scan | Self::Import | Self::Put1 | Self::Put16 | Self::Put64
        )
    }

    pub(crate) fn label(self, size: &Size) -> String {
        let (few, many) = (thousands(size.few.into()), thousands(size.many.into()));
        match self {
            Self::GetFew => format!("get, of {few}, ns"),
            Self::GetMany => format!("get, of {many}, ns"),
            Self::Scan => format!("scan of {many}, a second"),
            Self::Import => format!("import of {many}, a second"),
            Self::FileSize => "file after it, MB".to_owned(),
            Self::FirstGet => format!("open {many} and get one, ms"),
            Self::Put1 => "durable put, a second".to_owned(),
            Self::Put16 => "the same by 16 threads".to_owned(),
            Self::Put64 => "the same by 64 threads".to_owned(),
            Self::Latency(500) => "put by one of 16, median, ms".to_owned(),
            Self::Latency(990) => "99 of 100 within, ms".to_owned(),
            Self::Latency(_) => "999 of 1,000 within, ms".to_owned(),
        }
    }
}

pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As many bindings, in order: half of them of addresses, half of host names.
pub(crate) fn bindings(count: u32) -> Vec<Binding> {
    let mut bindings: Vec<_> = (0..count)
        .map(|n| {
            let key = if n % 2 == 0 {
                format!("10.{}.{}.{}:443", n >> 16, n >> 8 & 255, n & 255)
            } else {
                format!("hostnameport=shop-{n}.contoso.com:443")
            };
            binding(key.parse().unwrap(), 0)
        })
        .collect();
    bindings.sort_by(|a, b| a.key().cmp(b.key()));
    bindings
}

fn binding(key: BindingKey, version: u32) -> Binding {
    let mut hash = [7; 20];
    hash[..4].copy_from_slice(&version.to_be_bytes());
    let record = Record::new(
        CertHash::new(hash),
        Some("MY".parse().unwrap()),
        Uuid::nil(),
    );
    Binding::new(key, record).unwrap()
}

/// One of these keys, with another certificate.
pub(crate) fn another(bindings: &[Binding], dice: &mut fastrand::Rng) -> Binding {
    let key = dice.choice(bindings).unwrap().key().clone();
    binding(key, dice.u32(..))
}

/// The measures of an engine by itself, once. `folder` is on the measured disk.
pub(crate) fn round(
    kind: &Kind,
    size: &Size,
    few: &[Binding],
    many: &[Binding],
    folder: &Path,
    dice: &mut fastrand::Rng,
) -> Figures {
    let mut figures = Figures::new();
    let space = TempDir::new_in(folder).unwrap();
    let start = Instant::now();
    let engine = (kind.import)(space.path(), many);
    let seconds = start.elapsed().as_secs_f64();
    let engine = match kind.open {
        None => engine,
        Some(open) => {
            figures.push((Measure::Import, f64::from(size.many) / seconds));
            drop(engine);
            figures.push((Measure::FileSize, allocated(space.path()) / 1e6));
            let key = dice.choice(many).unwrap().key();
            let start = Instant::now();
            let engine = open(space.path());
            assert!(engine.get(key).is_some());
            figures.push((Measure::FirstGet, start.elapsed().as_secs_f64() * 1e3));
            engine
        }
    };
    let start = Instant::now();
    assert_eq!(engine.scan(), many.len());
    let seconds = start.elapsed().as_secs_f64();
    figures.push((Measure::Scan, f64::from(size.many) / seconds));
    drop(engine);

    let space = TempDir::new_in(folder).unwrap();
    let engine = (kind.import)(space.path(), few);
    for (measure, threads) in [(Measure::Put16, 16), (Measure::Put64, 64)] {
        let Some(puts) = puts(&*engine, few, threads, size.writing) else {
            break;
        };
        // Puts that ended later, one of each thread, took part of the time and are counted in no
        // second.
        let ended = puts.iter().filter(|put| put.end <= size.writing).count();
        figures.push((measure, ended as f64 / size.writing.as_secs_f64()));
        if threads == 16 {
            let mut times: Vec<_> = puts.iter().map(|put| put.took).collect();
            times.sort_unstable();
            for of_thousand in [500, 990, 999] {
                let time = times[times.len() * usize::from(of_thousand) / 1_000];
                figures.push((Measure::Latency(of_thousand), time.as_secs_f64() * 1e3));
            }
        }
    }
    figures
}

/// A timed put.
struct Put {
    took: Duration,
    /// When it was done, from when its thread began.
    end: Duration,
}

/// The puts that this many threads began in `time`.
fn puts(
    engine: &dyn Engine,
    bindings: &[Binding],
    threads: usize,
    time: Duration,
) -> Option<Vec<Put>> {
    let writers: Option<Vec<_>> = (0..threads).map(|_| engine.writer()).collect();
    let together = Barrier::new(threads);
    let writers = writers?;
    let puts = std::thread::scope(|scope| {
        let threads: Vec<_> = writers
            .into_iter()
            .zip(0..)
            .map(|(mut put, seed)| {
                let together = &together;
                scope.spawn(move || {
                    let mut dice = fastrand::Rng::with_seed(seed);
                    let mut puts = Vec::new();
                    together.wait();
                    let start = Instant::now();
                    while start.elapsed() < time {
                        let binding = another(bindings, &mut dice);
                        let begun = Instant::now();
                        put(&binding);
                        puts.push(Put {
                            took: begun.elapsed(),
                            end: start.elapsed(),
                        });
                    }
                    puts
                })
            })
            .collect();
        let puts = threads.into_iter().map(|thread| thread.join().unwrap());
        puts.flatten().collect()
    });
    Some(puts)
}

/// The bytes that the files of a folder take on the disk.
fn allocated(folder: &Path) -> f64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            match metadata.is_dir() {
                true => allocated(&entry.path()),
                false => metadata.blocks() as f64 * 512.0,
            }
        })
        .sum()
}
