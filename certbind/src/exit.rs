//! Exit codes: a documented interface, checked by tests.

/// Success.
pub const DONE: u8 = 0;
/// The store rejected the change or could not be opened: the key exists, does not exist, has
/// changed, the plan is stale, …
pub const REFUSED: u8 = 1;
/// Invalid command line; nothing was attempted.
pub const USAGE: u8 = 2;
/// Invalid input: nothing was imported, or with `--keep-going` not everything.
pub const BROKEN_INPUT: u8 = 3;
/// `check` found a damaged store.
pub const DAMAGED: u8 = 4;
/// `list`, `show`, `export` and `audit`: parts of the store could not be read; the rest was output.
/// `record`: the same, and nothing was recorded.
pub const PARTLY_READ: u8 = 5;
/// The checks refused a certificate: it has expired, is for other names, … Nothing was changed.
pub const CERTIFICATE_REFUSED: u8 = 6;

/// `diff` found a difference, `drift` drift, `fmt --check` another form, or `trace --replay` a different result.
pub const DIFFERENT: u8 = 1;
/// `diff`, `drift` or `trace --replay` failed.
pub const NOT_COMPARED: u8 = 2;

/// `audit` found a finding at or above `--fail-on`; `probe` found another certificate.
pub const FOUND: u8 = 1;
/// `audit` or `probe` failed.
pub const NOT_AUDITED: u8 = 2;

/// `plan --detailed-exitcode`: the plan has changes.
pub const CHANGES: u8 = 2;
/// `plan --detailed-exitcode` failed.
pub const NOT_PLANNED: u8 = 1;

/// `explain`: no binding answers.
pub const UNANSWERED: u8 = 1;
/// `explain` failed.
pub const NOT_EXPLAINED: u8 = 2;

/// `list` with a filter: no binding matches.
pub const NO_MATCH: u8 = 1;
/// `list` with a filter, or of exports, failed, or not every export could be read.
pub const NOT_SEARCHED: u8 = 2;

/// `sync`: local changes remain.
pub const NOT_IN_SYNC: u8 = 1;
/// `sync` failed.
pub const NOT_SYNCED: u8 = 2;
/// `sync`: etcd has no record of the host.
pub const UNKNOWN_HOST: u8 = 3;
/// `sync`: etcd was not reached.
pub const UNREACHABLE: u8 = 4;

/// The text of `certbind help exit-codes`.
pub(crate) const HELP: &str = "\
\x20 0  success
  1  the store rejected the change or could not be opened; the plan is stale;
     apply: rolled back, or --probe found another certificate; doctor: a key was left;
     with --fleet: a host could not be read or changed
  2  invalid command line; nothing was attempted
  3  invalid input: nothing was imported, or with --keep-going not everything;
     validate: a file cannot be read
  4  check found a damaged store
  5  list, show, audit, export as JSON: parts of the store could not be read; the rest was
     output; other formats of export: the same, and nothing was output
     record: the same, and nothing was recorded
  6  a certificate is not fit to be bound; nothing was changed (--force overrides)

These commands use other codes:

  diff            0 equal          1 different                      2 error
  drift           0 no drift       1 drift                          2 error
  fmt --check     0 canonical      1 a file is not                  3 broken input
  plan            with --detailed-exitcode:
                  0 no changes     1 error                          2 changes
  sync            0 in sync        1 local changes remain           2 error
                  3 etcd has no record of the host                  4 etcd was not reached
  trace --replay  0 equal results  1 a result differs               2 error
                  3 broken recording
  audit           0 no findings    1 findings at --fail-on or above 2 error
  audit (check)   0 ok             1 warnings                       2 errors
                  3 error, or not everything was assessed
  timeline        0 done           2 not everything could be read
  probe           0 all match      1 a mismatch                     2 error
  verify          0 as planned     1 a host differs or is missing   2 error
  explain         0 answered       1 no binding answers             2 error
  list (filters)  0 a match        1 no binding matches             2 error
  list (targets)  0 done           2 not everything could be read

audit (check) is audit --format check, for monitoring systems.
";

/// The lines of [`HELP`] about a command that has other codes; empty if it has the general ones.
pub(crate) fn of_command(name: &str) -> String {
    let rows = HELP
        .lines()
        .skip_while(|line| !line.starts_with("These commands"));
    let mut is_of_command = false;
    let rows = rows.filter(|line| {
        // A row without a name goes on with the codes of the command above.
        if let Some(row) = line.strip_prefix("  ").filter(|row| !row.starts_with(' ')) {
            is_of_command = row.split(' ').next() == Some(name);
        }
        is_of_command && line.starts_with("  ")
    });
    rows.map(|row| format!("{row}\n")).collect()
}
