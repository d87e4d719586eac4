//! Replays every input that once failed, and a thousand further inputs for each target.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::path::Path;

/// How many inputs each target is given.
const EXECUTIONS: u64 = 1_000;

fn seed() -> u64 {
    let given = std::env::var("CERTBIND_FUZZ_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |given| given.parse().unwrap())
}

#[test]
fn every_target_reads_a_thousand_inputs() {
    let seed = seed();
    println!("CERTBIND_FUZZ_SEED={seed}");
    for target in certbind_fuzz::targets() {
        let name = target.name;
        match certbind_fuzz::run(target, seed, EXECUTIONS) {
            // Not the same answer to everything.
            Ok(run) => assert!(run.outcomes >= 5, "{name}: {run:?}"),
            Err(failure) => panic!("{name}, seed {seed}: {failure}"),
        }
    }
}

#[test]
fn recorded_failures_are_fixed() {
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for target in certbind_fuzz::targets() {
        let Ok(files) = std::fs::read_dir(regressions.join(target.name)) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            if let Err(what) = certbind_fuzz::execute(target, &input) {
                panic!("{}: {what}", path.display());
            }
        }
    }
}

#[test]
fn seeds_are_well_formed() {
    for target in certbind_fuzz::targets() {
        for seed in (target.seeds)() {
            let (outcome, _) = certbind_fuzz::execute(target, &seed).unwrap();
            let (garbage, _) = certbind_fuzz::execute(target, b"\xff garbage").unwrap();
            assert_ne!(outcome, garbage, "{}: {}", target.name, seed.escape_ascii());
        }
    }
}

/// A claim of a gigabyte, as the binary forms have lengths.
const CLAIMS: [&[u8]; 4] = [
    &[0, 0, 0, 0x40],
    &[0x40, 0, 0, 0],
    // bincode's.
    &[0xfc, 0, 0, 0, 0x40],
    &[0xfd, 0, 0, 0, 0x40, 0, 0, 0, 0],
];

#[test]
fn a_claim_of_a_gigabyte_anywhere_allocates_nothing() {
    let mut inputs = 0;
    for name in [
        "abi-record",
        "abi-request",
        "hive",
        "key-bytes",
        "snapshot",
        "value-bytes",
    ] {
        let target = certbind_fuzz::target(name).unwrap();
        for seed in (target.seeds)() {
            // A hive's tail is empty.
            for at in 0..seed.len().min(6000) {
                for claim in CLAIMS {
                    let mut input = seed.clone();
                    let end = (at + claim.len()).min(input.len());
                    input.splice(at..end, claim.iter().copied());
                    let (_, used) = certbind_fuzz::execute(target, &input).unwrap();
                    assert!(used < 200_000, "{name}, byte {at}: {used} bytes");
                    inputs += 1;
                }
            }
        }
    }
    assert!(inputs > 20_000, "{inputs}");
}
