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

/// `diff` found a difference.
pub const DIFFERENT: u8 = 1;
/// `diff` could not compare, whatever the reason.
pub const NOT_COMPARED: u8 = 2;

/// What `--help` says of them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  the store refused or could not be opened; a plan is stale
  2  the command line was wrong
  3  the input file is broken: nothing was imported, or with --keep-going not all of it
  4  check found the store damaged
  diff exits with 0 where there is no difference, 1 where there is one, 2 for every error

Keys:    ipport=0.0.0.0:443 (or bare 0.0.0.0:443, [::]:443), hostnameport=www.contoso.com:443,
         ccs=443, scopedccs=www.contoso.com:443
Sources: what diff and plan read: a store, or a file with an export of any form; - for standard
         input
Stores:  redb:PATH (a file), httpsys: (the bindings of this Windows), httpsys:LIBRARY (a library
         with the HTTP Server API), memory: (empty, gone at the end); without --store and
         CERTBIND_STORE httpsys: on Windows, elsewhere a file in the user's data directory";
