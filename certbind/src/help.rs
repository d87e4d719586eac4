//! The overview of the commands, and the help topics.

use crate::registry::registry;

#[cfg(feature = "etcd")]
macro_rules! sync {
    () => {
        "  sync         Synchronize a store with the host record in etcd\n"
    };
}

#[cfg(not(feature = "etcd"))]
macro_rules! sync {
    () => {
        ""
    };
}

/// The commands in groups. A test compares the list with the commands of the parser.
pub(crate) const COMMANDS: &str = concat!(
    "\
Bindings:
  list         List the bindings
  show         Show one binding in full
  add          Create a binding
  update       Update selected fields of a binding
  set          Create a binding, or update it; succeeds if it is already so
  delete       Delete a binding
  rotate       Replace a certificate in every binding that uses it
  heal         Restore options that a renewal lost
  verify       Verify that hosts are as `rotate --out` planned

Hosts:
  export       Export the bindings to a file
  import       Import the bindings of an export, all or none
  diff         Compare two stores or exports
  drift        Check a store against a desired state, and write nothing
  fmt          Write desired states in their canonical form
  validate     Check that desired states or exports can be read
  plan         Plan the changes that copy bindings to another host
  apply        Apply a plan atomically
  confirm      Keep the changes of `apply --confirm`
",
    sync!(),
    "  audit        Check the bindings of hosts against the audit rules
  timeline     List registry keys by the times at which they were written

Stores and more:
  explain      Explain which binding answers a connection, and why
  probe        Connect to the endpoints and compare the served certificates
  serve        Serve TLS as HTTP.sys would choose among the bindings
  log          Show the history of a store
  record       Record the changes of a host in a store with a history
  undo         Undo a commit of a store
  restore      Restore the bindings of an earlier revision or time
  check        Verify the integrity of a store
  doctor       Report which plausible answers HTTP.sys gives on a host
  trace        Show or replay a recording of HTTP Server API calls
  netsh        Emulate `netsh http`
  dsc          Run an operation of the resource for Microsoft DSC v3
  completions  Generate a shell completion script
  man          Generate the manual pages
  help         Show help for a command or topic: keys, stores, formats, exit-codes"
);

/// The options of `certbind --help`.
pub(crate) const OPTIONS: &str = "  --store <URL>  The binding store [env: CERTBIND_STORE]";

/// The end of `certbind --help`.
pub(crate) const MORE: &str = "\
All take --quiet, --verbose, --color; changes also take --message, --history, --create.
Exit codes: 0 done, 1 refused, 2 usage, 3 broken input, 4 damage, 5 incomplete, 6 unfit.";

/// The end of the help of a command.
pub(crate) const EVERY_COMMAND: &str =
    "Every command also takes --quiet, --verbose and --color auto|always|never.";

/// A help topic: its name and its text.
pub(crate) type Topic = (&'static str, fn() -> String);

/// The topics of `certbind help TOPIC`.
pub(crate) const TOPICS: [Topic; 4] = [
    ("keys", || KEYS.to_owned()),
    ("stores", stores),
    ("formats", || FORMATS.to_owned()),
    ("exit-codes", || crate::exit::HELP.to_owned()),
];

const KEYS: &str = "\
A binding key identifies a binding. HTTP.sys has one certificate for each key.

  ipport=ADDRESS:PORT      an IP address and port, without regard to the host name;
                           0.0.0.0 and [::] are the wildcard addresses
  hostnameport=HOST:PORT   a host name (SNI), since Windows 8; *.contoso.com covers all names
                           that are one label longer
  ccs=PORT                 the central certificate store, which has a certificate per host name
  scopedccs=HOST:PORT      the central certificate store, for one host name

  ipport=0.0.0.0:443  0.0.0.0:443  [::]:443  ipport=10.0.0.5:8443
  hostnameport=www.contoso.com:443  ccs=443  scopedccs=shop.contoso.com:443

The prefix ipport= is optional. Host names are not case-sensitive. Ports are 1 to 65535.
";

/// The forms of URLs that the registered backends have.
fn stores() -> String {
    let backends = registry().backends();
    let forms = backends.iter().flat_map(|backend| backend.help());
    let forms = forms.map(|(form, meaning)| entry(form, meaning));
    format!("{STORES}{}{STORES_END}", forms.collect::<String>())
}

/// Where the meanings of URLs begin, and where their lines end.
const MEANING: usize = 20;
const WIDTH: usize = 92;

/// A form and its meaning, wrapped, in two columns. A long form has a line of its own.
fn entry(form: &str, meaning: &str) -> String {
    let mut text = format!("  {form}");
    let mut column = 2 + form.chars().count();
    if column + 2 > MEANING {
        text.push('\n');
        column = 0;
    }
    text.extend(std::iter::repeat_n(' ', MEANING - column));
    column = MEANING;
    for word in meaning.split_whitespace() {
        let length = word.chars().count();
        if column > MEANING && column + 1 + length > WIDTH {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', MEANING));
            column = MEANING;
        } else if column > MEANING {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
    text
}

const STORES: &str = "\
A binding store holds bindings. Select it with --store or the environment variable
CERTBIND_STORE.

";

const STORES_END: &str = "
The default is httpsys: on Windows, and the file certbind/bindings.redb in the user's data
directory elsewhere. `diff` and `plan` also accept export files.

A new redb file is created in a folder that exists; with --create its folder is created too.
A redb file keeps the history of its bindings: see `log`, `undo`, `restore`, `show --at` and
`diff --at`. Every command that changes it takes these options:

  --message TEXT      the reason of the change
  --history LIMITS    off, or some of commits=10000,days=400,megabytes=16 (CERTBIND_HISTORY);
                      the oldest commits beyond a limit are forgotten
";

const FORMATS: &str = "\
An export is a file with bindings. Its format is detected; --format overrides detection.

  json              certbind's own format, for programs and archives
  snapshot          binary with checksums, for stores of any size
  netsh             the output of `netsh http show sslcert`, of any release and language
  reg               a registry export (`reg export` or regedit)
  hive              a SYSTEM hive file, with its transaction logs (read only)
  toml              the desired state that people write, bindings.toml; YAML and JSON too (read)
  netsh-script      a .cmd file of `netsh http add sslcert` commands (write only)
  netsh-powershell  a .ps1 file of the same commands (write only)

An export fails if the format cannot represent a binding. An import warns about values that
it could not convert.
";
