//! A property test with a known answer: hosts are drawn, printed, and damaged on the way. Then every
//! rule of the reader is broken, one at a time, and the same test has to notice.

mod draw;
mod host;
mod noise;
mod oracle;

use proptest::prelude::*;

use self::oracle::check;
use crate::rule::{Rule, without};

/// Cases in every check.
const CASES: u32 = 3_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(certbind_test_support::cases(CASES)))]

    /// The reader returns the drawn host, or fewer values with a warning for each, or an error.
    #[test]
    fn no_value_is_ever_wrong(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = check(&bytes) {
            return Err(TestCaseError::fail(error));
        }
    }
}

/// For each rule, the first case of the seed 26 that finds it broken, and passes otherwise. The search
/// below prints them.
const FOUND: [(Rule, usize); 17] = [
    (Rule::LabelBeforePosition, 0),
    (Rule::OneLanguage, 977),
    (Rule::LabelOnce, 44),
    (Rule::ExactOrder, 32),
    (Rule::HiddenLabel, 35),
    (Rule::PositionIsReported, 427),
    (Rule::LearnedLabels, 1893),
    (Rule::NullIsNoName, 591),
    (Rule::NullAlone, 183),
    (Rule::UnusualName, 871),
    (Rule::WholeValue, 165),
    (Rule::MissingLine, 90),
    (Rule::MissingOption, 298),
    (Rule::KeyOnce, 90),
    (Rule::TextIsReported, 208),
    (Rule::RecordOrEmpty, 14),
    (Rule::OneOutput, 173),
];

/// Each rule is broken in turn, and the test finds it.
#[test]
fn a_broken_rule_is_found() {
    let last = FOUND
        .iter()
        .map(|(_, case)| *case)
        .max()
        .unwrap_or_default();
    let cases: Vec<_> = Seeded::new(26).take(last + 1).collect();
    for (rule, case) in FOUND {
        check(&cases[case]).unwrap();
        let found = without(rule, || check(&cases[case]));
        assert!(found.is_err(), "{rule:?} in case {case}");
    }
}

/// By hand: the cases of [`FOUND`], among the first `CERTBIND_ANSWERS`.
#[test]
#[ignore = "takes minutes: for a change of the reader or of what is drawn"]
fn search_for_broken_rules() {
    let limit = std::env::var("CERTBIND_ANSWERS").ok();
    let limit = limit
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(CASES as usize);
    let is_wrong = |bytes: &[u8]| check(bytes).is_err();
    for rule in Rule::ALL {
        let mut cases = Seeded::new(26).take(limit);
        let finds = |bytes: Vec<u8>| without(rule, || is_wrong(&bytes)) && !is_wrong(&bytes);
        match cases.position(finds) {
            Some(case) => println!("(Rule::{rule:?}, {case}),"),
            None => println!("// {rule:?}: not found in {limit} cases"),
        }
    }
}

/// By hand, a million cases: `CERTBIND_ANSWERS=1000000 cargo test --release -p certbind-formats
/// --lib -- --ignored known_answer --nocapture`. Prints how many were read whole, in part, and
/// refused.
#[test]
#[ignore = "takes minutes: for a change of the reader"]
fn no_value_is_wrong_in_a_million() {
    let number = |name, default| {
        let value = std::env::var(name).ok();
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let count: usize = number("CERTBIND_ANSWERS", 1_000_000);
    let seed = number("CERTBIND_SEED", 26);
    let mut outcomes = std::collections::BTreeMap::new();
    let mut failures = Vec::new();
    for bytes in Seeded::new(u64::try_from(seed).unwrap()).take(count) {
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

/// The cases of a seed: SplitMix64.
struct Seeded(u64, usize);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(seed, 0)
    }

    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed.to_be_bytes()[0]
    }
}

impl Iterator for Seeded {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.1 += 1;
        let length = self.1 * 7 % 400;
        Some((0..length).map(|_| self.byte()).collect())
    }
}
