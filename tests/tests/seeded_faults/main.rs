//! The suite is itself tested: each fault here is seeded into an otherwise correct store. The check
//! for it has to find and report it at the specified size.

mod answers;
mod cached;
mod capabilities;
mod crashes;
mod files;
mod instants;
mod reads;
mod records;
mod remote;
mod seeded;
mod sizes;
mod sql;
mod writes;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::seeded::{FaultyFixture, NoFault};

/// How often a check is run until it finds a fault: on a busy machine the threads of some may not
/// meet in one run, and a random case may show another side of a fault first.
const RUNS: usize = 10;

/// Runs a check that has to fail with one of these texts in its message.
fn finds(check: fn(), words: &[&str]) {
    let mut others = Vec::new();
    for _ in 0..RUNS {
        let Err(panic) = catch_unwind(AssertUnwindSafe(check)) else {
            continue;
        };
        let said = match panic.downcast::<String>() {
            Ok(said) => *said,
            Err(panic) => panic.downcast::<&str>().map_or_else(
                |_| String::from("a panic without text"),
                |said| (*said).to_owned(),
            ),
        };
        assert!(
            said.contains(" violated: "),
            "the failure names no guarantee: {said}"
        );
        if words.iter().any(|words| said.contains(words)) {
            return;
        }
        others.push(said);
    }
    panic!("the fault was not found, but for other reasons: {others:#?}");
}

/// Each row: a test, a fault, the check that has to find it, the size at which it has to (the number
/// of keys that the check may create), and the texts of the failure.
macro_rules! found {
    ($($test:ident: $faults:ident::$fault:ident by $check:ident at $size:literal, $($words:literal)|+;)*) => {
        const FAULTS: &[&str] = &[$(stringify!($faults::$fault)),*];

        $(
        #[test]
        fn $test() {
            finds(
                certbind_conformance::$check::<FaultyFixture<$faults::$fault, $size>>,
                &[$($words),+],
            );
        }
        )*
    };
}

/// The same for faults that are found by starting, killing or observing a second process: this test is
/// that process as well.
macro_rules! found_in_a_process {
    ($($test:ident: $fault:ident by $check:ident, $($words:literal)|+;)*) => {
        const FAULTS_OF_PROCESSES: &[&str] = &[$(stringify!(crashes::$fault)),*];

        $(
        #[test]
        #[cfg(unix)]
        fn $test() {
            certbind_test_support::require!("strace");
            finds(
                || certbind_conformance::$check::<crashes::LogFixture<crashes::$fault>>(
                    concat!(module_path!(), "::", stringify!($test))
                ),
                &[$($words),+],
            );
        }
        )*
    };
}

found! {
    a_lost_delete: writes::LosesOneDelete by sequences_follow_the_model at 32, "what the store holds" | "get after";
    a_lost_delete_after_opening: writes::LosesOneDelete by acknowledged_changes_survive_reopening at 32, "once it was opened again";
    half_of_a_failed_batch: writes::LeavesHalfOfAFailedBatch by errors_change_nothing at 32, "was refused";
    half_of_a_failed_batch_in_a_sequence: writes::LeavesHalfOfAFailedBatch by sequences_follow_the_model at 32, "what the store holds" | "get after";
    an_ignored_absent: writes::IgnoresAbsent by keys_are_unique at 32, "exactly one insert";
    an_ignored_absent_of_one_caller: writes::IgnoresAbsent by errors_change_nothing at 32, "insert";
    an_ignored_present: writes::IgnoresPresent by errors_change_nothing at 32, "update";
    an_ignored_exactly: writes::IgnoresExactly by errors_change_nothing at 32, "swap";
    an_ignored_exactly_in_a_sequence: writes::IgnoresExactly by sequences_follow_the_model at 32, "the response to";
    an_ignored_exactly_among_threads: writes::IgnoresExactly by operations_are_linearizable at 32, "not linearizable" | "renews what it is asked to";
    bindings_compared_in_part: writes::ComparesInPart by every_field_round_trips at 32, "one field is another";
    a_check_apart_from_its_act: writes::ChecksThenActs by keys_are_unique at 32, "exactly one insert";
    a_check_apart_from_its_act_in_histories: writes::ChecksThenActs by operations_are_linearizable at 32, "not linearizable";
    half_a_batch_in_sight: writes::ShowsHalfABatch by batches_are_atomic at 32, "seen";
    half_a_batch_in_histories: writes::ShowsHalfABatch by operations_are_linearizable at 32, "not linearizable";
    an_error_after_a_change: writes::FailsAfterChanging by sequences_follow_the_model at 32, "the response to";
    a_lost_end_of_a_batch: writes::LosesTheEndOfABatch by acknowledged_changes_survive_reopening at 32, "once it was opened again";
    update_inserts: writes::UpdatesUnboundKeys by errors_change_nothing at 32, "update";
    rotation_loses_options: writes::RotatesOptionsAway by sequences_follow_the_model at 32, "the response to";
    a_rotation_of_one: writes::RotatesOne by acknowledged_changes_survive_reopening at 32, "rotate";

    a_load_of_what_comes_before_an_error: writes::LoadsUntilItFails by errors_change_nothing at 32, "no load has come to its end" | "was refused";
    a_load_of_what_comes_before_an_error_in_a_sequence: writes::LoadsUntilItFails by sequences_follow_the_model at 32, "what the store holds" | "get after";
    a_load_in_sight: writes::LoadsUntilItFails by batches_are_atomic at 32, "seen";
    a_load_in_any_order: writes::LoadsInAnyOrder by errors_change_nothing at 32, "out of order";
    load_skips_errors: writes::LoadsInPart by errors_change_nothing at 32, "Ok(1)";
    a_lost_end_of_a_load: writes::LosesTheEndOfALoad by acknowledged_changes_survive_reopening at 32, "after load";

    a_forgotten_before: answers::ForgetsThePreviousBinding by every_field_round_trips at 32, "what changed";
    a_forgotten_before_in_a_sequence: answers::ForgetsThePreviousBinding by sequences_follow_the_model at 32, "the response to";
    a_swallowed_error: answers::SwallowsErrors by errors_change_nothing at 32, "insert";
    conflict_without_the_found_binding: answers::ForgetsTheFoundBinding by errors_change_nothing at 32, "swap";
    loser_sees_its_own_binding: answers::ReportsItsOwnBindingToTheLoser by keys_are_unique at 32, "a loser is told what the winner put there";
    a_wrong_key_in_an_error: answers::BlamesAnotherKey by errors_change_nothing at 32, "apply" | "load";
    the_last_of_two_failures: answers::ReportsTheLastFailure by errors_change_nothing at 32, "the first of two";
    a_conflict_told_as_not_found: answers::MistakesNotFound by errors_change_nothing at 32, "swap";

    folded_flags: records::FoldsUnknownFlags by every_field_round_trips at 32, "what changed";
    an_invented_store_name: records::TakesNoStoreNameForMy by every_field_round_trips at 32, "what changed";
    lowered_store_names: records::LowersStoreNames by every_field_round_trips at 32, "what changed";
    trimmed_names: records::TrimsNames by every_field_round_trips at 32, "what changed";
    long_identifiers_cut_short: records::CutsLongIdentifiers by every_field_round_trips at 32, "what changed";
    swapped_times: records::SwapsTheTimes by every_field_round_trips at 32, "what changed";
    flags_of_properties_dropped: records::DropsFlagsOfProperties by every_field_round_trips at 32, "what changed";
    a_dropped_spelling: records::DropsTheHostSpelling by every_field_round_trips at 32, "what changed";
    folded_scopes: records::FoldsScopes by every_field_round_trips at 32, "what changed";
    folded_mapped_addresses: records::FoldsMappedAddresses by every_field_round_trips at 32, "what changed";
    flags_folded_by_opening_again: records::FoldsFlagsWhenReopened by every_field_round_trips at 32, "get";

    a_stale_get: reads::GetsAnEarlierBinding by sequences_follow_the_model at 32, "the response to" | "get after";
    a_stale_get_among_threads: reads::GetsAnEarlierBinding by operations_are_linearizable at 32, "not linearizable";
    a_stale_scan_among_threads: reads::ScansEarlierBindings by operations_are_linearizable at 32, "a read has seen what it cannot have seen";
    ports_ordered_as_text: reads::OrdersPortsAsText by scans_are_ordered at 32, "a scan";
    hosts_ordered_from_the_left: reads::OrdersHostsFromTheLeft by scans_are_ordered at 32, "a scan";
    a_repeated_binding: reads::RepeatsABinding by scans_are_ordered at 32, "a scan";
    an_included_cursor: reads::IncludesTheCursor by scans_are_ordered at 32, "a page begins at" | "a scan: Asked";
    a_binding_skipped_behind_the_cursor: reads::SkipsTheKeyAfterTheCursor by scans_are_ordered at 32, "a scan";
    range_ends_early: reads::EndsARangeTooEarly by scans_are_ordered at 32, "a scan";
    range_ends_late: reads::EndsARangeTooLate by scans_are_ordered at 32, "a scan";
    a_forgotten_kind: reads::ForgetsTheKind by scans_are_ordered at 32, "a scan";
    a_scan_of_many_instants: reads::ScansLive by scans_are_stable at 32, "a scan that began before the changes";
    a_scan_of_many_instants_beside_batches: reads::ScansLive by batches_are_atomic at 32, "half applied";
    a_scan_by_index: reads::ScansByIndex by scans_are_stable at 32, "a scan missed";
    reopening_loses_all: reads::ForgetsWhenReopened by acknowledged_changes_survive_reopening at 32, "once it was opened again";
    reopening_loses_all_in_a_sequence: reads::ForgetsWhenReopened by sequences_follow_the_model at 32, "what the store holds";
    reopening_loses_the_last_change: reads::ForgetsTheLastChangeWhenReopened by acknowledged_changes_survive_reopening at 32, "once it was opened again";
    reopening_restores_removed: reads::RestoresRemovedBindings by acknowledged_changes_survive_reopening at 32, "once it was opened again";

    limit_is_not_enforced: capabilities::TakesMoreThanItsLimit by capabilities_are_accurate at 32, "more than 4 changes";
    limit_is_lower_than_declared: capabilities::TakesLessThanItsLimit by capabilities_are_accurate at 32, "4 changes";
    read_only_store_is_written: capabilities::IsWrittenThoughReadOnly by capabilities_are_accurate at 32, "refuse insert";
    denied_kind_is_supported: capabilities::HasAKindThatItDenies by capabilities_are_accurate at 32, "which it lacks";
    claimed_kind_is_missing: capabilities::LacksAKindThatItClaims by capabilities_are_accurate at 32, "is a kind that the store has";
    missing_kind_reads_as_unbound: capabilities::GetsNothingOfAKindThatItLacks by capabilities_are_accurate at 32, "which it lacks";
    denied_options_are_supported: capabilities::HasOptionsThatItDenies by capabilities_are_accurate at 32, "are refused";
    denied_properties_are_supported: capabilities::HasPropertiesThatItDenies by capabilities_are_accurate at 32, "extended properties";

    // SQL: limits of statements, pages and parameters.
    a_statement_of_64_rows: sizes::AppliesTheFirst64
        by large_batches_follow_the_model at 130, "the content" | "a batch of";
    a_deletion_of_256_keys: sizes::RemovesTheFirst256
        by large_batches_follow_the_model at 600, "after a batch of removals";
    an_undeclared_limit: sizes::RefusesMoreThan100
        by large_batches_follow_the_model at 202, "a batch of";
    a_limit_of_parameters: sizes::FailsWithMoreThan999
        by large_batches_follow_the_model at 2000, "too many SQL variables";
    statements_of_32_changes: sizes::CommitsEvery32
        by large_batches_follow_the_model at 66, "after a batch whose last change fails";
    outcomes_of_one_page: sizes::Reports128Outcomes
        by large_batches_follow_the_model at 260, "changes, found 128";
    the_wrong_key_of_a_page: sizes::NamesTheFirstKeyOfThePage
        by large_batches_follow_the_model at 110, "a batch of";
    retry_finds_its_own_changes: sizes::AppliesLargeBatchesTwice
        by large_batches_follow_the_model at 402, "a batch of";
    a_scan_of_a_thousand_rows: sizes::ReturnsAThousandRows
        by large_batches_follow_the_model at 1002, "bindings, found 1000";
    a_row_lost_between_pages: sizes::LosesARowBetweenPages
        by large_batches_follow_the_model at 102, "expected, not found";
    a_row_repeated_between_pages: sizes::RepeatsTheRowBetweenPages
        by large_batches_follow_the_model at 258, "bindings, found";
    pages_out_of_order: sizes::SwapsPages
        by large_batches_follow_the_model at 130, "the order at position";
    long_range_starts_late: sizes::StartsLongRangesTooLate
        by large_batches_follow_the_model at 400, "a range of a large store";
    a_load_in_transactions_of_16: sizes::LoadsIn16s
        by large_batches_follow_the_model at 40, "whose last change fails" | "ends with an error";
    a_load_counted_in_a_byte: sizes::CountsLoadsInAByte
        by large_batches_follow_the_model at 512, "a bulk load of";
    a_late_error_ignored: sizes::IgnoresLateErrors
        by large_batches_follow_the_model at 514, "expected that error";
    an_index_of_512_changes: sizes::ForgetsTheIndex
        by large_batches_follow_the_model at 1100, "get after" | "get in a large store";
    a_reopening_of_4096_rows: sizes::Reopens4096
        by large_batches_follow_the_model at 4100, "reopen";

    // Scans that are not of one instant, or in the way of others.
    pages_of_40_rows_without_a_snapshot: instants::PagesWithoutAReadView
        by scans_show_the_instant_of_their_start at 60, "with writes after";
    a_snapshot_at_the_first_row: instants::StartsAtTheFirstRow
        by scans_show_the_instant_of_their_start at 12, "with writes after 0";
    scan_blocks_writers: instants::ScansLockWritersOut
        by scans_show_the_instant_of_their_start at 12, "have not returned: apply";
    a_pool_of_16_connections: instants::HasSixteenConnections
        by scans_show_the_instant_of_their_start at 12, "have not returned: scan";
    dropped_scan_keeps_its_lock: instants::LeaksTheLockOfADroppedScan
        by scans_show_the_instant_of_their_start at 12, "have not returned:";

    // The source of a bulk load.
    load_blocks_its_source: instants::LoadsLockReadersOut
        by bulk_load_sources_may_read_and_panic at 32, "have not returned:";
    a_load_in_sight_of_its_source: instants::ShowsALoadToItsSource
        by bulk_load_sources_may_read_and_panic at 32, "in the source of a bulk load";
    a_swallowed_panic: instants::SwallowsPanics
        by bulk_load_sources_may_read_and_panic at 32, "must pass the panic on";
    changes_from_before_a_panic: instants::KeepsChangesBeforeAPanic
        by bulk_load_sources_may_read_and_panic at 32, "whose source panicked";
    a_store_poisoned_by_a_panic: instants::RefusesEverythingAfterAPanic
        by bulk_load_sources_may_read_and_panic at 32, "put after a panic";

    // A cache in front of the store.
    a_cache_behind_batches: instants::CachesWithoutBatches
        by large_batches_follow_the_model at 32, "get after";
    a_cache_behind_batches_in_a_sequence: instants::CachesWithoutBatches
        by sequences_follow_the_model at 32, "the response to" | "get after";
    a_cache_of_refused_changes: instants::CachesRefusedChanges
        by sequences_follow_the_model at 32, "the response to" | "get after";

    a_cache_filled_by_a_racing_read: cached::FillsAfterTheWrite
        by operations_are_linearizable at 32, "not linearizable";
    a_cache_of_lists_behind_updates: cached::CachesLists
        by sequences_follow_the_model at 32, "what the store holds" | "the response to";
    dirty_rows_lost_by_eviction: cached::EvictsDirtyRows
        by large_batches_follow_the_model at 200, "the content" | "get after";
    a_cache_filled_by_scans: cached::FillsFromOpenScans
        by sequences_follow_the_model at 32, "the response to" | "get after";

    // SQL: types, conflicts and transactions.
    flags_in_a_signed_column: sql::SignedFlags
        by every_field_round_trips at 32, "what changed";
    characters_of_three_bytes: sql::ThreeByteCharacters
        by every_field_round_trips at 32, "what changed";
    names_of_64_characters: sql::ShortNames
        by every_field_round_trips at 32, "what changed";
    conflict_does_nothing: sql::DoesNothingOnConflict
        by acknowledged_changes_survive_reopening at 32, "once it was opened again";
    a_transaction_left_open_by_an_error: sql::LeavesTransactionsOpen
        by errors_change_nothing at 32, "violated";
    a_locked_database: sql::IsBusy
        by keys_are_unique at 32, "a loser is told what the winner put there";
    a_deletion_of_nothing: sql::DeletesNothing
        by errors_change_nothing at 32, "is not bound";
    ports_in_a_signed_column: sql::SignedPorts
        by scans_are_ordered at 32, "a scan";

    // A file for each host or binding.
    files_named_after_the_host: files::OnePortForAHost
        by sequences_follow_the_model at 32, "what the store holds" | "get after" | "the response to";
    files_with_short_names: files::RefusesLongHosts
        by every_field_round_trips at 32, "file name too long";
    files_in_the_order_of_the_folder: files::ListsInAnyOrder
        by scans_are_ordered at 32, "a scan";
    a_folder_of_a_thousand_files: files::ListsAThousandFiles
        by large_batches_follow_the_model at 1100, "bindings, found 1024";

    // A server: its limits, retries and clock.
    a_request_of_64_kib: remote::RefusesLargeRequests
        by large_batches_follow_the_model at 4000, "request is too large";
    a_value_of_4_kib: remote::RefusesLongValues
        by every_field_round_trips at 32, "value is too large";
    revisions_of_a_clock: remote::NumbersByTheClock
        by revisions_grow at 32, "the revision of a change";
    lost_request_is_acknowledged: remote::LosesARequest
        by second_handles_share_the_store at 128, "by each of two handles";
    insert_is_sent_twice: remote::SendsTwice
        by sequences_follow_the_model at 32, "the response to";

    // Revisions.
    revisions_count_down: instants::CountsRevisionsDown
        by revisions_grow at 32, "the revision of a change";
    one_revision_for_all: instants::HasOneRevision
        by revisions_grow at 32, "the revision of a change";
    removals_without_a_revision: instants::CountsNoRemovals
        by revisions_grow at 32, "the revision of a change";
    revisions_from_the_opening: instants::CountsRevisionsFromTheOpening
        by revisions_grow at 32, "the revision of a change";

    // Two handles.
    handles_overwrite_each_other: instants::HandlesOverwriteEachOther
        by second_handles_share_the_store at 128, "by the other handle" | "each of two handles";
    a_second_handle_on_a_copy: instants::SecondHandlesReadACopy
        by second_handles_share_the_store at 128, "by the other handle";
    refusal_empties_the_store: instants::EmptiesTheStoreBeforeItRefuses
        by second_handles_share_the_store at 128, "after a second opening was refused";
    a_refusal_without_a_reason: instants::RefusesWithoutAReason
        by second_handles_share_the_store at 128, "with the error InUse";
    store_never_reopens: instants::NeverOpensAgain
        by second_handles_share_the_store at 128, "the store does not open";
}

found_in_a_process! {
    a_commit_when_it_is_dropped: CommitsWhenItIsDropped
        by acknowledged_changes_survive_a_kill, "acknowledged operations";
    a_commit_in_the_background: CommitsInTheBackground
        by acknowledged_changes_survive_a_kill, "acknowledged operations";
    a_batch_of_many_records: WritesEachChangeAlone
        by acknowledged_changes_survive_a_kill, "acknowledged operations";
    wal_is_not_recovered: DoesNotRecover
        by acknowledged_changes_survive_a_kill, "the last record is incomplete";
    store_never_syncs: NeverSyncs
        by acknowledged_changes_are_synced, "acknowledged without a sync";
    a_sync_every_second_time: SyncsEverySecondChange
        by acknowledged_changes_are_synced, "acknowledged without a sync";
    a_load_without_a_sync: DoesNotSyncLoads
        by acknowledged_changes_are_synced, "acknowledged without a sync";
}

#[cfg(unix)]
certbind_conformance::suite!(a_log_without_a_fault, crashes::LogFixture<crashes::Whole>);

certbind_conformance::suite!(
    without_a_fault,
    FaultyFixture<NoFault, 10_000>,
    durability_not_checked = "the store is in memory"
);

#[test]
fn documentation_has_the_number_of_faults() {
    let faults: BTreeSet<_> = FAULTS.iter().chain(FAULTS_OF_PROCESSES).collect();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guarantees.md");
    let page = std::fs::read_to_string(page).expect("the page of guarantees");
    let expected = format!("seeds {} faults", faults.len());
    assert!(
        page.contains(&expected),
        "docs/guarantees.md: expected \"{expected}\""
    );
}
