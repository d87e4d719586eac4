//! Listings of known hosts, damaged in transit: the input decides the host and the damage. The
//! oracle is that of the known-answer test of `certbind-formats`.

#[path = "../../../crates/formats/src/netsh/known_answer/difference.rs"]
mod difference;
#[path = "../../../crates/formats/src/netsh/known_answer/draw.rs"]
mod draw;
#[path = "../../../crates/formats/src/netsh/known_answer/host.rs"]
#[expect(
    clippy::unwrap_used,
    reason = "the file is a test of certbind-formats, and the values are valid"
)]
mod host;
#[path = "../../../crates/formats/src/netsh/known_answer/noise.rs"]
mod noise;
#[path = "../../../crates/formats/src/netsh/known_answer/oracle.rs"]
mod oracle;

use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "netsh-answer",
    longest: 400,
    read,
    seeds: || {
        let seed = |number: u8| {
            let mut random = fastrand::Rng::with_seed(number.into());
            // The first byte is the release.
            let rest = std::iter::repeat_with(|| random.u8(..)).take(200);
            std::iter::once(number).chain(rest).collect()
        };
        (0..3).chain(4..9).map(seed).collect()
    },
    dictionary: &[
        "\0", "\x01", "\x02", "\x03", "\x05", "\x07", "\x0b", "\0\0\0\0",
    ],
    // The listing of a host of four records, also as JSON, and the bindings read from it.
    memory: |_| 1 << 20,
};

fn read(input: &[u8]) -> Outcome {
    let release = input.first().map(|first| first % 9);
    match oracle::check(input) {
        Ok(outcome) => Outcome::of((release, format!("{outcome:?}"))),
        Err(wrong) => panic!("{wrong}"),
    }
}
