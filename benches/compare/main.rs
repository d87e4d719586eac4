//! certbind compared with alternative engines: `cargo xtask bench compare`.
//!
//! Every engine does the same work in the same run, in turn, round after round; the medians and the
//! ratios go to `benches/RESULTS.md`. On a busy disk or processor only the ratios are reliable.

#![allow(clippy::unwrap_used, reason = "a figure of what failed is no figure")]

mod engine;
mod engines;
mod report;
mod turns;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use report::Results;
use turns::in_turns;
use workload::{Size, bindings, round};

const USAGE: &str = "compare [--quick] [--rounds N] [--only NAME,...] [--folder DIR] [--out FILE]";

fn main() -> ExitCode {
    let (mut quick, mut rounds, mut folder, mut out) = (false, 5, std::env::temp_dir(), None);
    let mut only: Option<String> = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(());
        let understood = match argument.as_str() {
            "--quick" => {
                quick = true;
                Ok(())
            }
            "--rounds" => value()
                .and_then(|n| n.parse().map_err(drop))
                .map(|n| rounds = n),
            "--only" => value().map(|names| only = Some(names)),
            "--folder" => value().map(|path| folder = PathBuf::from(path)),
            "--out" => value().map(|path| out = Some(PathBuf::from(path))),
            _ => Err(()),
        };
        if understood.is_err() {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    let size = match quick {
        true => Size {
            few: 100,
            many: 1_000,
            gets: 1_000,
            writing: Duration::from_millis(20),
        },
        false => Size {
            few: 10_000,
            many: 1_000_000,
            gets: 200_000,
            writing: Duration::from_secs(1),
        },
    };
    let (few, many) = (bindings(size.few), bindings(size.many));
    let mut dice = fastrand::Rng::with_seed(7);
    let mut results = Results {
        rounds,
        figures: vec![Vec::new(); engines::ALL.len()],
        syncs: Vec::new(),
        size,
    };
    let chosen: Vec<_> = (0..engines::ALL.len())
        .filter(|engine| {
            let name = engines::ALL[*engine].name;
            let names = |names: &String| names.split(',').any(|chosen| chosen == name);
            only.as_ref().is_none_or(names)
        })
        .collect();
    let kinds: Vec<_> = chosen.iter().map(|engine| &engines::ALL[*engine]).collect();
    for number in 1..=rounds {
        eprintln!("round {number} of {rounds}: gets and single puts");
        let size = &results.size;
        let (figures, syncs) = in_turns(&kinds, size, &few, &many, &folder, &mut dice);
        results.syncs.push(syncs);
        for ((engine, kind), mut figures) in chosen.iter().zip(&kinds).zip(figures) {
            eprintln!("round {number} of {rounds}: {}", kind.name);
            figures.extend(round(kind, size, &few, &many, &folder, &mut dice));
            results.figures[*engine].push(figures);
        }
    }
    let text = results.markdown();
    print!("{text}");
    if let Some(path) = out {
        std::fs::write(path, text).unwrap();
    }
    ExitCode::SUCCESS
}
