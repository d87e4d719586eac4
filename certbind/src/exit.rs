//! Exit codes: an interface, held by tests and told in `--help`.

/// It is done.
pub const DONE: u8 = 0;
/// The store refused, or could not be opened: the key is bound, is not bound, has changed, a plan is
/// stale, …
pub const REFUSED: u8 = 1;
/// The command line was wrong; nothing was tried.
pub const USAGE: u8 = 2;
/// The input is broken: nothing was imported, or with `--keep-going` not all of it.
pub const BROKEN_INPUT: u8 = 3;
/// `check` found the store damaged.
pub const DAMAGED: u8 = 4;

/// `diff` found a difference, or `trace --replay` an answer that differs.
pub const DIFFERENT: u8 = 1;
/// `diff` or `trace --replay` could not compare, whatever the reason.
pub const NOT_COMPARED: u8 = 2;

/// `audit` found something of the severity that it fails on; `probe` found something else served.
pub const FOUND: u8 = 1;
/// `audit` or `probe` could not do it, whatever the reason.
pub const NOT_AUDITED: u8 = 2;

/// What `certbind help exit-codes` tells.
pub(crate) const HELP: &str = "\
  0  done
  1  the store refused or could not be opened; a plan is stale
  2  the command line was wrong: nothing was tried
  3  the input file is broken: nothing was imported, or with --keep-going not all of it
  4  check found the store damaged

diff exits with 0 where there is no difference, 1 where there is one, 2 for every error;
trace --replay with 1 where a call is answered otherwise, 2 where none could be made.
audit exits with 0 where nothing is as grave as --fail-on says, 1 where something is, 2 for
every error. probe exits with 0 where all serve what is bound, 1 where one does not, 2 for
every error.
";
