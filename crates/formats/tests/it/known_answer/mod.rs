//! A property test with a known answer: hosts are drawn, printed, and damaged on the way.

mod draw;

mod host;

mod noise;

mod oracle;

use proptest::prelude::*;

use crate::listings::cases;
use oracle::check;

proptest! {
    #![proptest_config(cases(3_000))]

    /// The reader returns the drawn host, or fewer values with a warning for each, or an error.
    #[test]
    fn no_value_is_ever_wrong(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = check(&bytes) {
            return Err(TestCaseError::fail(error));
        }
    }
}

/// By hand, a million cases: `CERTBIND_ANSWERS=1000000 cargo test --release -p certbind-formats
/// --test it -- --ignored known_answer --nocapture`. Prints how many were read whole, in part, and
/// refused.
#[test]
#[ignore = "takes minutes: for a change of the reader"]
fn no_value_is_wrong_in_a_million() {
    let count = std::env::var("CERTBIND_ANSWERS").ok();
    let count: u64 = count
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let seed = std::env::var("CERTBIND_SEED").ok();
    let seed: u64 = seed.and_then(|seed| seed.parse().ok()).unwrap_or(26);
    let mut state = seed;
    let mut outcomes = std::collections::BTreeMap::new();
    let mut failures = Vec::new();
    for number in 0..count {
        let length = 100 + number % 300;
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                // SplitMix64.
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed >> 56) as u8
            })
            .collect();
        match check(&bytes) {
            Ok(outcome) => *outcomes.entry(format!("{outcome:?}")).or_insert(0_u64) += 1,
            Err(error) => failures.push(error),
        }
        if failures.len() == 10 {
            break;
        }
    }
    println!("seed {seed}: {outcomes:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n=====\n"));
}
