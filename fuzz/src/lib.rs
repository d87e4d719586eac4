//! Hostile input for every reader: never a panic, a hang, or memory out of proportion, and every
//! value that was read is equal when it is written and read again.
//!
//! A [`Target`] is a function from bytes to an [`Outcome`]. The [`engine`](run) draws inputs from
//! seeds that are well formed, damages them, and keeps those whose outcome is new, for stable Rust
//! has no coverage to go by. The same functions can be driven by libFuzzer.
//!
//! ```
//! let target = certbind_fuzz::target("key-text").expect("there is one");
//! let run = certbind_fuzz::run(target, 1, 1_000)?;
//! assert_eq!(run.executions, 1_000);
//! # Ok::<(), certbind_fuzz::Failure>(())
//! ```

mod engine;
mod mutate;
mod targets;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use engine::{Failure, Run, execute, run};

/// One reader, and its inputs.
pub struct Target {
    /// Its name on the command line, and its folder of regressions.
    pub name: &'static str,
    /// Reads the input, and panics if the result is wrong.
    pub read: fn(&[u8]) -> Outcome,
    /// Inputs that are well formed.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The most bytes of an input: longer seeds stay unchanged until they are damaged.
    pub longest: usize,
    /// Pieces that mean something to it.
    pub dictionary: &'static [&'static str],
    /// How many bytes of memory may be in use at once, for an input of this length.
    pub memory: fn(usize) -> u64,
}

/// The outcome of reading an input. Inputs of the same outcome are considered alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Outcome(u64);

impl Outcome {
    fn of(what: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        Self(hasher.finish())
    }

    /// An error, by its message without the parts that come from the input.
    fn error(error: impl std::fmt::Display) -> Self {
        let words = error.to_string();
        let words = words.split(['"', ':', '`']).step_by(2).flat_map(str::chars);
        let words: String = words.filter(char::is_ascii_alphabetic).take(80).collect();
        Self::of(words)
    }
}

/// Every target.
#[must_use]
pub fn targets() -> &'static [&'static Target] {
    targets::ALL
}

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    targets().iter().copied().find(|target| target.name == name)
}
