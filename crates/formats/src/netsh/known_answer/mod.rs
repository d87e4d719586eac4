//! A property test with a known answer: hosts are generated, printed, and damaged in transit. Then
//! every rule of the reader is broken, one at a time, and the same test has to detect it.

mod difference;
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

/// For each rule, the first case of the seed 26 that detects its violation, and passes otherwise.
/// The search below prints them.
const FOUND: [(Rule, usize); Rule::ALL.len()] = [
    (Rule::Separator, 31307),
    (Rule::LabelBeforePosition, 0),
    (Rule::OneLanguage, 209),
    (Rule::LabelOnce, 109),
    (Rule::KindByLabel, 0),
    (Rule::ExactOrder, 13),
    (Rule::UntranslatedNames, 258),
    (Rule::HiddenLabel, 1283),
    (Rule::PositionIsReported, 1310),
    (Rule::LearnedLabels, 1236),
    (Rule::UnknownLabel, 168),
    (Rule::NullIsNoName, 470),
    (Rule::NullAlone, 927),
    (Rule::UnusualName, 31),
    (Rule::WholeValue, 210),
    (Rule::MissingLine, 88),
    (Rule::MissingOption, 45),
    (Rule::MissingChecks, 14797),
    (Rule::MissingOfOthers, 3297),
    (Rule::LineOrder, 33405),
    (Rule::MissingSection, 1113),
    (Rule::MissingProperty, 25422),
    (Rule::PropertiesLast, 4961),
    (Rule::KeyOnce, 94),
    (Rule::TextIsReported, 53),
    (Rule::RecordOrEmpty, 33),
    (Rule::OneOutput, 265),
];

/// Each rule is broken in turn, and the test finds it.
#[test]
fn a_broken_rule_is_found() {
    for rule in Rule::ALL {
        let found = FOUND.iter().find(|(of, _)| *of == rule);
        let (_, case) = found.unwrap_or_else(|| panic!("{rule:?} has no case"));
        let bytes = Seeded::new(26).nth_case(*case);
        check(&bytes).unwrap();
        let found = without(rule, || check(&bytes));
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
/// --lib -- --ignored known_answer --nocapture`. Prints how many were read completely, in part, and
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

/// The constant that SplitMix64 adds to its state for each number.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The cases of a seed: SplitMix64.
struct Seeded(u64, usize);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(seed, 0)
    }

    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed.to_be_bytes()[0]
    }
}

impl Seeded {
    /// A case by its number, without the ones before it.
    fn nth_case(mut self, number: usize) -> Vec<u8> {
        let bytes = (1..=number).map(Self::length).sum::<usize>();
        self.0 = self.0.wrapping_add(STEP.wrapping_mul(bytes as u64));
        self.1 = number;
        self.next().unwrap_or_default()
    }

    /// The length of the case with this number, counted from 1.
    fn length(number: usize) -> usize {
        number * 7 % 400
    }
}

impl Iterator for Seeded {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        self.1 += 1;
        Some((0..Self::length(self.1)).map(|_| self.byte()).collect())
    }
}
