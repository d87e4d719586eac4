//! Batch files in Wine's `cmd`. `cargo xtask wine` builds the tools that they need, and runs these
//! tests.

use std::time::Instant;

use certbind_formats::netsh::Release;

use crate::RELEASES;
use crate::batches::Case;
use crate::checks::{Checks, FAULTS, Point, Script, Tried};
use crate::generate::Numbers;
use crate::wine_host::WineHost;

/// How often a check is tried in which Wine could not start a program.
const ATTEMPTS: usize = 4;

/// The message of Wine 8 under load when it does not start an existing program.
const NOT_STARTED: &str = "Can't recognize '";

/// How much is tried: all, or so many kills and so many faults.
#[derive(Clone, Copy)]
enum Extent {
    All,
    Drawn(usize),
}

fn extent() -> Extent {
    match std::env::var("CERTBIND_WINE").as_deref() {
        Ok("all") => Extent::All,
        Ok(number) => Extent::Drawn(number.parse().expect("CERTBIND_WINE is `all` or a number")),
        Err(_) => Extent::Drawn(1),
    }
}

/// Whether the release is tried: `CERTBIND_WINE_RELEASES=2019,2022` names some, so that a run of all can be
/// distributed among processes.
fn is_selected(release: Release) -> bool {
    match std::env::var("CERTBIND_WINE_RELEASES") {
        Ok(names) => names.split(',').any(|name| name == release.name()),
        Err(_) => true,
    }
}

/// The number by which points are drawn. `cargo xtask wine` sets it by the hash of the files.
fn seed() -> u64 {
    let seed = std::env::var("PROPTEST_RNG_SEED").map(|seed| seed.parse().expect("a number"));
    seed.unwrap_or(1)
}

/// A check, tried again if Wine could not start a program. Any other failure is final.
fn attempted<T>(
    host: &mut WineHost,
    case: &Case,
    mut check: impl FnMut(&mut Checks<'_>) -> T,
) -> T {
    for attempt in 1.. {
        let mut checks = Checks {
            host: &mut *host,
            generated: &case.generated,
            name: format!("Windows {} (seed {})", case.release.name(), case.seed),
        };
        let check = std::panic::AssertUnwindSafe(|| check(&mut checks));
        match std::panic::catch_unwind(check) {
            Ok(done) => return done,
            Err(panic) => {
                let text = panic.downcast_ref::<String>();
                let is_not_started = text.is_some_and(|text| text.contains(NOT_STARTED));
                if attempt == ATTEMPTS || !is_not_started {
                    std::panic::resume_unwind(panic);
                }
                println!("attempt {attempt} of {ATTEMPTS}: Wine has not started a program");
            }
        }
    }
    unreachable!("the last attempt ends the loop")
}

/// One kill or one fault.
enum Event {
    Kill(Point, Script),
    Fault(usize, (u32, i32)),
}

/// The points of a change with so many commands: kills first, then faults.
fn events(changes: usize) -> [Vec<Event>; 2] {
    let commands = 1..=changes;
    let kills = commands.clone().flat_map(|at| {
        let points = [Point::KillBefore(at), Point::KillAfter(at)];
        let scripts = [Script::Apply, Script::Rollback];
        points
            .into_iter()
            .flat_map(move |point| scripts.map(|next| Event::Kill(point, next)))
    });
    let faults = commands.flat_map(|at| FAULTS.map(|fault| Event::Fault(at, fault)));
    [kills.collect(), faults.collect()]
}

/// `count` of the points, each at most once.
fn drawn(mut points: Vec<Event>, count: usize, numbers: &mut Numbers) -> Vec<Event> {
    let count = count.min(points.len());
    let mut drawn = Vec::new();
    while drawn.len() < count {
        drawn.push(points.swap_remove(numbers.below(points.len())));
    }
    drawn
}

/// `count` distributed among the releases.
fn distributed(count: usize, numbers: &mut Numbers) -> [usize; RELEASES.len()] {
    let mut counts = [count / RELEASES.len(); RELEASES.len()];
    for _ in 0..count % RELEASES.len() {
        counts[numbers.below(RELEASES.len())] += 1;
    }
    counts
}

/// A generated host of each release, with keys of all four kinds.
#[test]
#[ignore = "needs Wine and the kit for Windows: cargo xtask wine"]
fn batch_files_hold_under_wine() {
    let seed = seed();
    println!("PROPTEST_RNG_SEED={seed}");
    let (extent, mut numbers) = (extent(), Numbers::new(seed));
    let counts = match extent {
        Extent::All => None,
        Extent::Drawn(count) => Some([(); 2].map(|()| distributed(count, &mut numbers))),
    };
    // Of a sample, one release runs its scripts twice.
    let twice = numbers.below(RELEASES.len());
    let mut total = Tried::default();
    for (at, release) in RELEASES.into_iter().enumerate() {
        let begin = Instant::now();
        // Without the layout of the listing a script compares less, and starts fewer programs.
        let case = Case::new(2 * u64::try_from(numbers.below(3)).unwrap() + 1, release);
        if !is_selected(release) {
            continue;
        }
        let mut host = WineHost::new(&case);
        let again = counts.is_none() || at == twice;
        let changes = attempted(&mut host, &case, |checks| checks.applied(again));
        let [kills, faults] = events(changes);
        println!(
            "Windows {} (seed {}): {changes} changes are applied and rolled back",
            release.name(),
            case.seed
        );
        let points = match counts {
            None => [kills, faults],
            Some([of_kills, of_faults]) => [
                drawn(kills, of_kills[at], &mut numbers),
                drawn(faults, of_faults[at], &mut numbers),
            ],
        };
        let mut tried = Tried::default();
        for point in points.iter().flatten() {
            match *point {
                Event::Kill(point, next) => {
                    attempted(&mut host, &case, |checks| checks.killed(point, next));
                    println!("{point:?}, then {next:?}: holds");
                    tried.kills += 1;
                }
                Event::Fault(at, fault) => {
                    let unchanged = attempted(&mut host, &case, |checks| checks.faulted(at, fault));
                    println!("fault {fault:?} at {at}: holds");
                    match unchanged {
                        true => tried.unchanged += 1,
                        false => tried.named += 1,
                    }
                }
            }
        }
        total.add(tried);
        println!(
            "Windows {}: {tried:?}, {:.0} s",
            release.name(),
            begin.elapsed().as_secs_f32()
        );
    }
    println!("{total:?}");
}

/// A script that compares complete records.
#[test]
#[ignore = "needs Wine and the kit for Windows: cargo xtask wine"]
fn batch_files_with_the_layout_of_the_listing_hold_under_wine() {
    let mut numbers = Numbers::new(seed());
    let releases = match extent() {
        Extent::All => &RELEASES[..],
        Extent::Drawn(_) => {
            let at = numbers.below(RELEASES.len());
            &RELEASES[at..=at]
        }
    };
    for &release in releases {
        let begin = Instant::now();
        let case = Case::new(2 * u64::try_from(numbers.below(3)).unwrap(), release);
        if !is_selected(release) {
            continue;
        }
        let changes = attempted(&mut WineHost::new(&case), &case, |checks| {
            checks.applied(false)
        });
        println!(
            "Windows {} (seed {}), whole records: {changes} changes, {:.0} s",
            release.name(),
            case.seed,
            begin.elapsed().as_secs_f32()
        );
    }
}
