//! Commands and `netsh`, drawn, on hosts with two answers that a Windows may give: exit code 0 means that
//! the reported outcome is true.

use certbind_simulator::Windows;

use super::common::library;
use super::parallel::in_parallel;
use super::variants::{commands, tried};

/// How many pairs of answers are drawn in every check, and how many commands are run on each.
const PAIRS: u32 = 16;
const COMMANDS_OF_A_PAIR: usize = 4;

/// Commands and `netsh`, drawn, on hosts with two drawn answers. `CERTBIND_SEED` draws others, and
/// `CERTBIND_CASES=N` N times as many.
#[test]
fn success_is_true_under_random_pairs_of_answers() {
    let (commands, library) = (commands(), library());
    // A call of two seconds is tried where no time passes, in the tests of the store.
    let options = Windows::OPTIONS
        .iter()
        .filter(|option| option.name != "call_time");
    let answers: Vec<_> = options
        .flat_map(|option| option.others.iter().map(|value| (option.name, *value)))
        .collect();
    let seed = std::env::var("CERTBIND_SEED").ok();
    let mut rng = Rng(seed.map_or(1, |seed| seed.parse().expect("a number")));
    let cases = certbind_test_support::cases(PAIRS);
    let mut drawn = Vec::new();
    while drawn.len() < cases as usize {
        let (a, b) = (*rng.choose(&answers), *rng.choose(&answers));
        if a.0 != b.0 {
            let answer = format!("{} = {:?}\n{} = {:?}\n", a.0, a.1, b.0, b.1);
            let some: Vec<_> = (0..COMMANDS_OF_A_PAIR)
                .map(|_| rng.choose(&commands))
                .collect();
            drawn.push((answer, some));
        }
    }
    let results = in_parallel(&drawn, |(answer, some)| tried(answer, some, &library));
    let broken: Vec<_> = results
        .iter()
        .flat_map(|(_, broken)| broken.clone())
        .collect();
    assert!(
        broken.is_empty(),
        "{} broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
    let succeeded: usize = results.iter().map(|(succeeded, _)| succeeded).sum();
    assert!(
        succeeded > drawn.len(),
        "{succeeded} of {} pairs",
        drawn.len()
    );
}

/// `splitmix64`, so that a seed gives the same on every machine.
struct Rng(u64);

impl Rng {
    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let index = (mixed ^ (mixed >> 31)) % from.len() as u64;
        &from[usize::try_from(index).unwrap()]
    }
}
