//! The usage of commands as Windows prints it, and the rest of the help in our own words.

use certbind_core::Kind;

use super::context::Context;
use super::object::Object;
use super::parameter::parameter;
use super::profile::Profile;
use super::runtime::RuntimeCommand;
use super::service;
use super::tags::{self, APPID, JSON};
use super::verb::Verb;

const EXAMPLE_HASH: &str = "0102030405060708090A0B0C0D0E0F1011121314";
const EXAMPLE_APP_ID: &str = "{00112233-4455-6677-8899-AABBCCDDEEFF}";

/// The usage of a command and the meaning of its tags.
pub(super) fn help(verb: Verb, profile: Profile) -> String {
    let mut help = usage(verb, profile);
    help.push_str("\nParameters:\n\n");
    parameter(&mut help, "Tag", ' ', &["Value"]);
    for kind in profile.kinds() {
        parameter(&mut help, kind.tag(), '-', meaning(*kind));
    }
    if changes(verb) {
        let owner = ["GUID, in braces, that tells who made the binding."];
        parameter(&mut help, APPID, '-', &owner);
        for option in tags::options(profile) {
            parameter(&mut help, option.name, '-', option.meaning);
        }
    }
    if profile.has_json() && verb != Verb::Delete {
        parameter(&mut help, JSON, '-', &[json_meaning(verb)]);
    }
    help.push_str("\nRemarks: ");
    help.push_str(&remarks(verb).join("\n         "));
    help.push_str("\n\nExamples:\n\n");
    for kind in profile.kinds() {
        help.push_str(&example(verb, *kind));
    }
    if verb == Verb::Show {
        help.push_str("\tshow sslcert\n");
    }
    help.push('\n');
    help
}

/// The usage alone, with the tabs and spaces of Windows.
fn usage(verb: Verb, profile: Profile) -> String {
    let name = verb.name();
    let key = key_forms(profile);
    match verb {
        Verb::Delete => format!(" \nUsage: {name} sslcert {key}\n"),
        Verb::Show => {
            let json = if profile.has_json() {
                " [json=enable]"
            } else {
                ""
            };
            format!(" \nUsage: {name} sslcert [{key}]{json}\n")
        }
        Verb::Add | Verb::Update => {
            let json = if profile.has_json() {
                " | json=<filepath>"
            } else {
                ""
            };
            let key = format!("{key}{json}");
            let mut usage = format!(" \nUsage: {name} sslcert {key}  \n\t{APPID}=<GUID> \n");
            for option in tags::options(profile) {
                let (tag, form) = (option.name, option.value.form());
                usage.push_str(&format!("\t[{tag}={form}]\n"));
            }
            usage
        }
    }
}

/// How an extended property is updated.
pub(super) fn property_help(profile: Profile) -> String {
    let key = key_forms(profile);
    let mut help = format!(
        " \nUsage: update sslpropertyex {key}
\tpropertyid=0 receivewindow=<u-int>
\tpropertyid=1 maxsettingsperframe=<u-int> maxsettingsperminute=<u-int>

Parameters:

"
    );
    parameter(&mut help, "Tag", ' ', &["Value"]);
    for kind in profile.kinds() {
        parameter(&mut help, kind.tag(), '-', meaning(*kind));
    }
    for (tag, meaning) in [
        ("propertyid", "Which extended property."),
        ("receivewindow", "The receive window of HTTP/2, in bytes."),
        (
            "maxsettingsperframe",
            "The most settings in a frame of HTTP/2.",
        ),
        (
            "maxsettingsperminute",
            "The most settings in a minute of HTTP/2.",
        ),
    ] {
        parameter(&mut help, tag, '-', &[meaning]);
    }
    help.push_str(
        "
Remarks: Updates an extended property of a binding. Its record stays as it is.

Examples:

\tupdate sslpropertyex ipport=192.0.2.1:443 propertyid=0 receivewindow=65536
\tupdate sslpropertyex ccs=443 propertyid=1 maxsettingsperframe=32 maxsettingsperminute=960

",
    );
    help
}

/// The tags of keys in a usage. `scopedccs` is in none.
fn key_forms(profile: Profile) -> &'static str {
    match profile.kinds() {
        [Kind::IpPort] => "ipport=<ipaddr:port>",
        _ => "hostnameport=<name:port> | ipport=<ipaddr:port> | ccs=<port>",
    }
}

fn changes(verb: Verb) -> bool {
    matches!(verb, Verb::Add | Verb::Update)
}

fn meaning(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::IpPort => &["IP address and port; an IPv6 address stands in brackets."],
        Kind::Sni => &["Host name and port, for clients that send the name (SNI)."],
        Kind::Ccs => &["Port whose certificates are in the central certificate store."],
        Kind::ScopedCcs => {
            &["Host name and port whose certificate is in the central certificate store."]
        }
    }
}

fn json_meaning(verb: Verb) -> &'static str {
    match verb {
        Verb::Show => "As JSON. Default: disable.",
        _ => "A JSON export that says it all, in place of all other tags.",
    }
}

fn remarks(verb: Verb) -> &'static [&'static str] {
    const KEY: &str =
        "The certificate and its private key have to be in the local machine's store.";
    match verb {
        Verb::Add => &["Binds a certificate to a key that has none.", KEY],
        Verb::Update => &[
            "Replaces a binding. What is not given goes back to its default.",
            KEY,
        ],
        Verb::Delete => &["Deletes the binding of a key."],
        Verb::Show => &["Shows the binding of a key, or all bindings."],
    }
}

fn example(verb: Verb, kind: Kind) -> String {
    let value = match kind {
        Kind::IpPort => "192.0.2.1:443",
        Kind::Sni | Kind::ScopedCcs => "www.contoso.com:443",
        Kind::Ccs => "443",
    };
    let mut example = format!("\t{} sslcert {}={value}", verb.name(), kind.tag());
    if changes(verb) {
        if kind.names_certificate() {
            example.push_str(&format!(" certhash={EXAMPLE_HASH}"));
        }
        example.push_str(&format!(" {APPID}={EXAMPLE_APP_ID}"));
        if kind == Kind::Sni {
            example.push_str(" certstorename=MY");
        }
    }
    example.push('\n');
    example
}

/// The commands of a context.
pub(super) fn commands(context: Context, profile: Profile) -> String {
    match context {
        Context::Root => list(&[
            ("..", "Goes to the context above."),
            ("?", HELP),
            ("bye", "Ends netsh."),
            ("exec", "Runs a script file."),
            ("exit", "Ends netsh."),
            ("help", HELP),
            ("http", "Goes to the context `netsh http`."),
            ("popd", "Goes back to the context that pushd kept."),
            (
                "pushd",
                "Keeps the context, and goes to another if it is named.",
            ),
            ("quit", "Ends netsh."),
        ]),
        Context::Http => {
            let mut commands = vec![
                ("?", HELP),
                ("dump", "Shows the commands that restore the configuration."),
                ("flush", "Flushes buffers of the service."),
                ("help", HELP),
            ];
            let verbs = profile.verbs().iter();
            commands.extend(verbs.map(|verb| (verb.name(), purpose_of_all(*verb))));
            commands.sort_unstable();
            list(&commands)
        }
    }
}

/// The commands of a verb.
pub(super) fn objects(verb: Verb, profile: Profile) -> String {
    let name = |object: &str| format!("{} {object}", verb.name());
    let mut commands = vec![(name("sslcert"), purpose(verb))];
    if verb == Verb::Update && profile.has_properties() {
        commands.push((name("sslpropertyex"), "Updates an extended property."));
    }
    let others = Object::ALL
        .into_iter()
        .filter(|object| object.takes(verb, profile));
    commands.extend(others.map(|object| (name(object.name()), service::purpose(verb, object))));
    let runtime = RuntimeCommand::of(verb).iter();
    commands.extend(runtime.map(|command| (command.name().to_owned(), command.purpose())));
    commands.sort_unstable();
    let commands: Vec<_> = commands
        .iter()
        .map(|(name, purpose)| (name.as_str(), *purpose))
        .collect();
    list(&commands)
}

/// The commands of `flush`.
pub(super) fn flush_objects() -> String {
    let command = RuntimeCommand::FlushLogBuffer;
    list(&[(command.name(), command.purpose())])
}

fn purpose_of_all(verb: Verb) -> &'static str {
    match verb {
        Verb::Add => "Adds to what HTTP.sys is configured with.",
        Verb::Delete => "Deletes from what HTTP.sys is configured with.",
        Verb::Show => "Shows what HTTP.sys is configured with.",
        Verb::Update => "Replaces what HTTP.sys is configured with.",
    }
}

const HELP: &str = "Shows this list.";

fn purpose(verb: Verb) -> &'static str {
    match verb {
        Verb::Add => "Adds a certificate binding.",
        Verb::Delete => "Deletes a certificate binding.",
        Verb::Show => "Shows certificate bindings.",
        Verb::Update => "Replaces a certificate binding.",
    }
}

fn list(commands: &[(&str, &str)]) -> String {
    let mut list = "\nThe following commands are available:\n\n".to_owned();
    let widths = commands.iter().map(|(name, _)| name.len());
    let width = widths.max().unwrap_or(0).max(14);
    for (name, purpose) in commands {
        list.push_str(&format!("{name:<width$} - {purpose}\n"));
    }
    list.push_str("\nA command and ? behind it give its help.\n\n");
    list
}

/// The arguments of the program itself.
pub(super) const PROGRAM: &str = "
Usage: netsh [-c Context] [Command | -f ScriptFile]

Without a command or a script the commands are read from standard input, one a line.

";
