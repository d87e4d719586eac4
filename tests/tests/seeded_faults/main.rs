//! The suite is itself tested: each fault here is seeded in a store that is otherwise right, and
//! the check that is meant for it has to find it, and to say so in the words that are meant for it.

mod answers;
mod capabilities;
mod reads;
mod records;
mod seeded;
mod writes;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::seeded::{FaultyFixture, NoFault};

/// How often a check is run until it finds a fault: on a busy machine the threads of some may not
/// meet in one run, and what is drawn at random may show another side of a fault first.
const RUNS: usize = 10;

/// Runs a check that has to fail, and say one of these.
fn finds(check: fn(), words: &[&str]) {
    let mut others = Vec::new();
    for _ in 0..RUNS {
        let Err(panic) = catch_unwind(AssertUnwindSafe(check)) else {
            continue;
        };
        let said = match panic.downcast::<String>() {
            Ok(said) => *said,
            Err(panic) => panic.downcast::<&str>().map_or_else(
                |_| String::from("nothing that is text"),
                |said| (*said).to_owned(),
            ),
        };
        if words.iter().any(|words| said.contains(words)) {
            return;
        }
        others.push(said);
    }
    panic!("the fault was not found, but for other reasons: {others:#?}");
}

macro_rules! found {
    ($($test:ident: $faults:ident::$fault:ident by $check:ident, $($words:literal)|+;)*) => {$(
        #[test]
        fn $test() {
            finds(certbind_conformance::$check::<FaultyFixture<$faults::$fault>>, &[$($words),+]);
        }
    )*};
}

found! {
    a_lost_delete: writes::LosesOneDelete
        by sequences_follow_the_model, "what the store holds";
    a_lost_delete_after_opening: writes::LosesOneDelete
        by acknowledged_changes_survive_reopening, "once it was opened again";
    half_of_a_failed_batch: writes::LeavesHalfOfAFailedBatch
        by errors_change_nothing, "was refused";
    half_of_a_failed_batch_in_a_sequence: writes::LeavesHalfOfAFailedBatch
        by sequences_follow_the_model, "what the store holds";
    an_ignored_absent: writes::IgnoresAbsent by keys_are_unique, "exactly one insert";
    an_ignored_absent_of_one_caller: writes::IgnoresAbsent by errors_change_nothing, "insert";
    an_ignored_present: writes::IgnoresPresent by errors_change_nothing, "update";
    an_ignored_exactly: writes::IgnoresExactly by errors_change_nothing, "swap";
    an_ignored_exactly_in_a_sequence: writes::IgnoresExactly
        by sequences_follow_the_model, "the response to";
    an_ignored_exactly_among_threads: writes::IgnoresExactly
        by operations_are_linearizable, "not linearizable" | "renews what it is asked to";
    bindings_compared_in_part: writes::ComparesInPart
        by every_field_round_trips, "one field is another";
    a_check_apart_from_its_act: writes::ChecksThenActs by keys_are_unique, "exactly one insert";
    a_check_apart_from_its_act_in_histories: writes::ChecksThenActs
        by operations_are_linearizable, "not linearizable";
    half_a_batch_in_sight: writes::ShowsHalfABatch by batches_are_atomic, "seen";
    half_a_batch_in_histories: writes::ShowsHalfABatch
        by operations_are_linearizable, "not linearizable";
    an_error_after_a_change: writes::FailsAfterChanging
        by sequences_follow_the_model, "the response to";
    a_lost_end_of_a_batch: writes::LosesTheEndOfABatch
        by acknowledged_changes_survive_reopening, "once it was opened again";
    an_update_that_inserts: writes::UpdatesWhatIsNotBound by errors_change_nothing, "update";
    a_rotation_that_loses_options: writes::RotatesOptionsAway
        by sequences_follow_the_model, "the response to";
    a_rotation_of_one: writes::RotatesOne by acknowledged_changes_survive_reopening, "rotate";

    a_load_of_what_comes_before_an_error: writes::LoadsUntilItFails
        by errors_change_nothing, "no load has come to its end" | "was refused";
    a_load_of_what_comes_before_an_error_in_a_sequence: writes::LoadsUntilItFails
        by sequences_follow_the_model, "what the store holds";
    a_load_in_sight: writes::LoadsUntilItFails by batches_are_atomic, "seen";
    a_load_in_any_order: writes::LoadsInAnyOrder by errors_change_nothing, "out of order";
    a_load_that_passes_over_an_error: writes::LoadsWhatItCan
        by errors_change_nothing, "Ok(1)";
    a_lost_end_of_a_load: writes::LosesTheEndOfALoad
        by acknowledged_changes_survive_reopening, "after load";

    a_forgotten_before: answers::ForgetsWhatWasThere by every_field_round_trips, "what changed";
    a_forgotten_before_in_a_sequence: answers::ForgetsWhatWasThere
        by sequences_follow_the_model, "the response to";
    a_swallowed_error: answers::SwallowsErrors by errors_change_nothing, "insert";
    a_conflict_that_does_not_say_what_it_found: answers::ForgetsWhatItFound
        by errors_change_nothing, "swap";
    a_loser_that_is_told_its_own: answers::TellsALoserItsOwn
        by keys_are_unique, "a loser is told what the winner put there";
    a_wrong_key_in_an_error: answers::BlamesAnotherKey by errors_change_nothing, "apply" | "load";
    the_last_of_two_failures: answers::TellsTheLastFailure
        by errors_change_nothing, "the first of two";
    a_conflict_told_as_not_found: answers::MistakesNotFound by errors_change_nothing, "swap";

    folded_flags: records::FoldsUnknownFlags by every_field_round_trips, "what changed";
    an_invented_store_name: records::TakesNoStoreNameForMy by every_field_round_trips, "what changed";
    lowered_store_names: records::LowersStoreNames by every_field_round_trips, "what changed";
    trimmed_names: records::TrimsNames by every_field_round_trips, "what changed";
    long_identifiers_cut_short: records::CutsLongIdentifiers
        by every_field_round_trips, "what changed";
    swapped_times: records::SwapsTheTimes by every_field_round_trips, "what changed";
    flags_of_properties_dropped: records::DropsFlagsOfProperties
        by every_field_round_trips, "what changed";
    a_dropped_spelling: records::DropsTheHostSpelling by every_field_round_trips, "what changed";
    folded_scopes: records::FoldsScopes by every_field_round_trips, "what changed";
    folded_mapped_addresses: records::FoldsMappedAddresses
        by every_field_round_trips, "what changed";
    flags_folded_by_opening_again: records::FoldsFlagsWhenReopened by every_field_round_trips, "get";

    a_stale_get: reads::GetsWhatWas by sequences_follow_the_model, "the response to";
    a_stale_get_among_threads: reads::GetsWhatWas
        by operations_are_linearizable, "not linearizable";
    a_stale_scan_among_threads: reads::ScansWhatWas
        by operations_are_linearizable, "a read has seen what it cannot have seen";
    ports_ordered_as_text: reads::OrdersPortsAsText by scans_are_ordered, "a scan";
    hosts_ordered_from_the_left: reads::OrdersHostsFromTheLeft by scans_are_ordered, "a scan";
    a_repeated_binding: reads::RepeatsABinding by scans_are_ordered, "a scan";
    an_included_cursor: reads::IncludesTheCursor
        by scans_are_ordered, "a page begins at" | "a scan: Asked";
    a_binding_skipped_behind_the_cursor: reads::SkipsTheOneBehindTheCursor
        by scans_are_ordered, "a scan";
    a_range_that_ends_too_early: reads::EndsARangeTooEarly by scans_are_ordered, "a scan";
    a_range_that_ends_too_late: reads::EndsARangeTooLate by scans_are_ordered, "a scan";
    a_forgotten_kind: reads::ForgetsTheKind by scans_are_ordered, "a scan";
    a_scan_of_many_instants: reads::ScansLive
        by scans_are_stable, "a scan that began before the changes";
    a_scan_of_many_instants_beside_batches: reads::ScansLive by batches_are_atomic, "half applied";
    a_scan_by_index: reads::ScansByIndex by scans_are_stable, "a scan missed";
    a_store_that_forgets: reads::ForgetsWhenReopened
        by acknowledged_changes_survive_reopening, "once it was opened again";
    a_store_that_forgets_in_a_sequence: reads::ForgetsWhenReopened
        by sequences_follow_the_model, "what the store holds";
    a_store_that_forgets_the_last_change: reads::ForgetsTheLastChangeWhenReopened
        by acknowledged_changes_survive_reopening, "once it was opened again";
    a_store_that_brings_back_what_was_removed: reads::BringsBackWhatWasRemoved
        by acknowledged_changes_survive_reopening, "once it was opened again";

    a_limit_that_is_none: capabilities::TakesMoreThanItsLimit
        by capabilities_are_accurate, "more than 4 changes";
    a_limit_that_is_lower: capabilities::TakesLessThanItsLimit
        by capabilities_are_accurate, "4 changes";
    a_read_only_store_that_is_written: capabilities::IsWrittenThoughReadOnly
        by capabilities_are_accurate, "refuse insert";
    a_kind_that_is_there_all_the_same: capabilities::HasAKindThatItDenies
        by capabilities_are_accurate, "which it lacks";
    a_kind_that_is_not_there: capabilities::LacksAKindThatItClaims
        by capabilities_are_accurate, "is a kind that the store has";
    a_kind_that_is_lacking_and_not_said_so: capabilities::GetsNothingOfAKindThatItLacks
        by capabilities_are_accurate, "which it lacks";
    options_that_are_there_all_the_same: capabilities::HasOptionsThatItDenies
        by capabilities_are_accurate, "are refused";
    properties_that_are_there_all_the_same: capabilities::HasPropertiesThatItDenies
        by capabilities_are_accurate, "extended properties";
}

certbind_conformance::suite!(without_a_defect, FaultyFixture<NoFault>);
