//! certbind beside the engines that one would take instead: `cargo xtask bench compare`.
//!
//! Every engine does the same work in the same run, in turn, round after round; the medians and the
//! ratios go to `benches/RESULTS.md`. On a busy disk or processor it is the ratios that hold.

#![allow(clippy::unwrap_used, reason = "a figure of what failed is no figure")]

mod engine;
mod engines;
mod report;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use report::Results;
use workload::{Size, bindings, round, syncs};

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
    for number in 1..=rounds {
        results.syncs.push(syncs(&folder, results.size.writing));
        for (kind, figures) in engines::ALL.iter().zip(&mut results.figures) {
            let chosen = |names: &String| names.split(',').any(|name| name == kind.name);
            if !only.as_ref().is_none_or(chosen) {
                continue;
            }
            eprintln!("round {number} of {rounds}: {}", kind.name);
            figures.push(round(kind, &results.size, &few, &many, &folder, &mut dice));
        }
    }
    let text = results.markdown();
    print!("{text}");
    if let Some(path) = out {
        std::fs::write(path, text).unwrap();
    }
    ExitCode::SUCCESS
}
