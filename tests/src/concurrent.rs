//! Histories of many threads are linearizable, or as close to that as the store promises.

use certbind_core::Capabilities;

use crate::cases;
use crate::erased::Fixtures;
use crate::fixture::Fixture;
use crate::guarantee::require;
use crate::history::{History, programs, record, timeline};
use crate::linearizability::{MAX_EVENTS, Specification, is_linearizable};
use crate::model::Model;
use crate::operation::{Operation, Response};
use crate::regular::impossible_read;
use crate::watch;

/// Histories of eight threads are linearizable: reads, every way to write, batches with
/// preconditions, rotations and scans.
///
/// Where a scan is not point-in-time it need only be *regular*: for each key it returns a value
/// that a read of that key alone might have returned in that time. Where a batch can be observed
/// partly applied, the same holds for all reads concurrent with batches of several changes; but
/// writers take turns, and reads concurrent with batches of one change are linearizable.
///
/// # Panics
/// If a history is not; it is printed.
pub fn operations_are_linearizable<F: Fixture>() {
    watch::run::<F>("operations_are_linearizable", || check(Fixtures::of::<F>()));
}

fn check(fixtures: Fixtures) {
    let capabilities = fixtures.capabilities();
    if !capabilities.writable {
        return;
    }
    if capabilities.isolated_batch {
        histories(fixtures, &capabilities, "histories", 24, usize::MAX);
    } else {
        histories(fixtures, &capabilities, "histories", 12, 1);
        histories(
            fixtures,
            &capabilities,
            "histories-of-batches",
            12,
            usize::MAX,
        );
    }
}

fn histories(
    fixtures: Fixtures,
    capabilities: &Capabilities,
    check: &str,
    cases: u32,
    most: usize,
) {
    let config = cases::config(fixtures, check, cases);
    let isolated = capabilities.isolated_batch || most == 1;
    cases::check(config, &programs(capabilities, most), |programs| {
        let fixture = fixtures.create();
        let store = fixture.open();
        let history = record(&*store, &programs);
        judge(&history, capabilities, isolated);
        Ok(())
    });
}

/// Panics unless the store can have done this.
fn judge(history: &History, capabilities: &Capabilities, isolated: bool) {
    let at_one_point = |operation: &Operation| match operation {
        Operation::Scan(_) => isolated && capabilities.point_in_time_scan,
        Operation::Get(_) => isolated,
        _ => true,
    };
    let mut strict = history.clone();
    strict.retain(|event| at_one_point(&event.operation));
    require!(
        Linearizable,
        is_linearizable::<Store>(Model::new(capabilities), &strict),
        "the history is not linearizable: {}",
        timeline(&strict)
    );
    if strict.len() < history.len() {
        let impossible = impossible_read(history);
        require!(
            Linearizable,
            impossible.is_none(),
            "a read has seen what it cannot have seen: {}; {}",
            impossible.unwrap_or_default(),
            timeline(history)
        );
    }
}

struct Store;

impl Specification for Store {
    type State = Model;
    type Operation = Operation;
    type Response = Response;

    fn step(model: &Model, operation: &Operation) -> (Model, Response) {
        let mut model = model.clone();
        let response = model.perform(operation);
        (model, response)
    }
}

const _: () = assert!(crate::history::THREADS * crate::history::OPERATIONS <= MAX_EVENTS);
