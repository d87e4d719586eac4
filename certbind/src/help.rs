//! The help that is not of one command: the commands in groups, and the notations.

#[cfg(feature = "etcd")]
macro_rules! sync {
    () => {
        "  sync         Make a store equal to a host's record in etcd, once or as it changes\n"
    };
}

#[cfg(not(feature = "etcd"))]
macro_rules! sync {
    () => {
        ""
    };
}

/// The commands, in the order in which one meets them. A test holds it to the grammar.
pub(crate) const COMMANDS: &str = concat!(
    "\
Bindings:
  list         List the bindings
  show         Show one binding in full
  add          Bind a key that is not bound
  update       Change what is named of a binding, and keep the rest
  delete       Unbind a key
  rotate       Renew a certificate wherever it is bound, every option kept

Hosts:
  export       Write the bindings to a file that any machine can read
  import       Take the bindings of an export into this store: all of them or none
  diff         Say what two stores or exports differ in
  plan         Say what it takes for a store to have the bindings of another
  apply        Apply a plan: all of it or nothing
",
    sync!(),
    "  audit        Say what is wrong with the bindings of exports

Stores:
  probe        Connect to what is bound, and say whether it serves the certificate
  check        Check that the store is whole
  trace        Show what a program did to HTTP.sys, or do it again

More:
  netsh        Be netsh: certbind netsh http add|update|delete|show sslcert …
  completions  Print a script that completes commands in a shell
  man          Write the manual pages
  help         Tell more of a command, or of a notation: keys, stores, formats, exit-codes"
);

/// What follows the options in `certbind --help`.
pub(crate) const MORE: &str = "\
Exit codes: 0 done, 1 refused, 2 wrong usage, 3 broken input, 4 damaged store.
`certbind help` with keys, stores, formats or exit-codes tells how these are written.";

/// A notation: its name, and all about it.
pub(crate) type Topic = (&'static str, &'static str);

/// What `certbind help TOPIC` tells.
pub(crate) const TOPICS: [Topic; 4] = [
    ("keys", KEYS),
    ("stores", STORES),
    ("formats", FORMATS),
    ("exit-codes", crate::exit::HELP),
];

const KEYS: &str = "\
A key is what a certificate is bound to. HTTP.sys has one certificate for each.

  ipport=ADDRESS:PORT      an IP address and port, whatever name a client asks for;
                           0.0.0.0 and [::] stand for every address
  hostnameport=HOST:PORT   a name that a client asks for (SNI), since Windows 8; *.contoso.com
                           stands for every name one label deeper
  ccs=PORT                 the central certificate store: a certificate by the name of each host
  scopedccs=HOST:PORT      the same for one name

  ipport=0.0.0.0:443  0.0.0.0:443  [::]:443  ipport=10.0.0.5:8443
  hostnameport=www.contoso.com:443  ccs=443  scopedccs=shop.contoso.com:443

An address and port need no ipport= in front. Names are not case-sensitive; a port is 1 to
65535.
";

const STORES: &str = "\
A store holds bindings. Name one with --store or the environment variable CERTBIND_STORE.

  httpsys:          the bindings of this Windows; changing them takes an administrator
  httpsys:LIBRARY   those of a library with the HTTP Server API, such as the simulator's
                    libhttpapi.so
  redb:PATH         a file; `add` and `import` make it, and the others want it to be there
  etcd://MEMBER[,MEMBER…]/HOST
                    what is kept of a host in etcd; `?ca=FILE&user=NAME` and the like say
                    how it is reached (docs/etcd.md). Without HOST it is all of them, for the
                    --fleet of list, rotate, export, diff and audit (docs/fleet.md)
  memory:           nothing, and gone at the end: for trying out

Without either it is httpsys: on Windows, elsewhere the file certbind/bindings.redb in the
user's data directory. `diff` and `plan` take a file with an export in a store's place.
";

const FORMATS: &str = "\
An export is a file with bindings. What it is, is told from its content; --format says it.

  json              certbind's own, for programs and for keeping
  snapshot          binary, with check sums throughout, for stores of any size
  netsh             what `netsh http show sslcert` prints, of any Windows, in any language
  reg               a registry export (reg export … or regedit)
  hive              the file of the registry's SYSTEM hive; it is only read
  netsh-script      a .cmd file of `netsh http add sslcert` commands; it is only written
  netsh-powershell  the same as a .ps1 file; it is only written

A writer refuses what its format cannot hold, and a reader tells what it could not carry.
";
