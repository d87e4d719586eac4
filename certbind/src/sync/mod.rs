//! Three-way comparison for `sync`: the host record, the store, and the state after the last sync.

mod decide;
mod digest;
mod state;

pub(crate) use decide::{Decision, LocalChange, decide};
pub(crate) use digest::digested;
pub(crate) use state::State;
