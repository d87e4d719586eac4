//! Snapshots.

use certbind_formats::{Format, snapshot};

use super::exports::{keeps, memory};
use super::{bindings, export};
use crate::{Outcome, Target};

pub(crate) const TARGET: Target = Target {
    name: "snapshot",
    longest: 2048,
    read,
    seeds: || {
        let all = bindings().len();
        let some = [0, 1, all].map(|many| bindings().into_iter().take(many).collect());
        let written = some.map(|bindings| {
            let mut out = Vec::new();
            snapshot::write(&mut out, &export(bindings)).expect("in order");
            out
        });
        written.to_vec()
    },
    dictionary: &["\0\0\0\u{40}", "\0\0\u{2}\0", "\u{1}\0\0\0"],
    memory,
};

fn read(input: &[u8]) -> Outcome {
    keeps(input, Format::Snapshot, |out, export| {
        snapshot::write(out, export).is_ok()
    })
}
