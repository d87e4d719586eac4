//! The command of a line: contexts, verbs and their objects, abbreviated or not.

use super::abbreviation::unabbreviated;
use super::object::Object;
use super::profile::Profile;
use super::runtime::RuntimeCommand;
use super::verb::Verb;

/// The context in which commands are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Context {
    #[default]
    Root,
    Http,
}

impl Context {
    /// The prompt in front of a line.
    pub(super) fn prompt(self) -> &'static str {
        match self {
            Self::Root => "netsh>",
            Self::Http => "netsh http>",
        }
    }
}

/// The command of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    /// A context named alone.
    Enter(Context),
    Up,
    /// Keeps the context for `popd`, and enters another if one is named.
    Push(Option<Context>),
    Pop,
    /// Executes the lines of a file.
    Exec(&'a str),
    Leave,
    /// The commands of a context.
    Help(Context),
    /// The commands of a verb.
    VerbHelp(Verb),
    /// The commands of `flush`.
    FlushHelp,
    /// How a command is written.
    Usage(Verb),
    Sslcert {
        verb: Verb,
        arguments: &'a [String],
    },
    /// The usage of a command on an object other than certificates.
    ServiceUsage(Verb, Object),
    Service {
        verb: Verb,
        object: Object,
        arguments: &'a [String],
    },
    /// How the command for extended properties is written.
    PropertyUsage,
    /// `update sslpropertyex`.
    Property(&'a [String]),
    /// The commands that restore the configuration.
    Dump,
    /// The cache, the log buffer and the state of the service.
    Runtime {
        command: RuntimeCommand,
        arguments: &'a [String],
    },
    RuntimeUsage(RuntimeCommand),
}

/// The objects of netsh in the context `http`. Objects that are not implemented are listed as well,
/// so that abbreviations have the same meaning as on Windows.
const OBJECTS: &[&str] = &[
    SSLCERT,
    "cache",
    "cacheparam",
    "cachestate",
    "iplisten",
    "logbuffer",
    "servicestate",
    SETTING,
    "timeout",
    "urlacl",
];
const SSLCERT: &str = "sslcert";
const SETTING: &str = "setting";

/// An object that exists under `update` alone.
const SSLPROPERTYEX: &str = "sslpropertyex";

const HTTP: &str = "http";
const HELP: &str = "help";
const EXEC: &str = "exec";
const DUMP: &str = "dump";
const FLUSH: &str = "flush";

/// The command that `words` mean in a context; none if there is no such command. Words that the
/// context does not have are looked up in the parent context.
pub(super) fn command(context: Context, profile: Profile, words: &[String]) -> Option<Command<'_>> {
    let found = match context {
        Context::Http => in_http(profile, words),
        Context::Root => None,
    };
    found.or_else(|| in_root(profile, words))
}

fn in_root(profile: Profile, words: &[String]) -> Option<Command<'_>> {
    let (first, rest) = words.split_first()?;
    if is_help(first) {
        return Some(Command::Help(Context::Root));
    }
    let names = [
        "..", "bye", EXEC, "exit", "popd", "pushd", "quit", HELP, HTTP,
    ];
    match (unabbreviated(first, names)?, rest) {
        ("..", _) => Some(Command::Up),
        (EXEC, [file]) => Some(Command::Exec(file)),
        (EXEC, _) => None,
        ("pushd", []) => Some(Command::Push(None)),
        ("pushd", [name]) => match in_root(profile, std::slice::from_ref(name))? {
            Command::Enter(context) => Some(Command::Push(Some(context))),
            _ => None,
        },
        ("pushd", _) => None,
        ("popd", _) => Some(Command::Pop),
        (HTTP, []) => Some(Command::Enter(Context::Http)),
        (HTTP, rest) => in_http(profile, rest),
        (HELP, _) => Some(Command::Help(Context::Root)),
        _ => Some(Command::Leave),
    }
}

fn in_http(profile: Profile, words: &[String]) -> Option<Command<'_>> {
    let (first, rest) = words.split_first()?;
    if is_help(first) {
        return Some(Command::Help(Context::Http));
    }
    let verbs = profile.verbs();
    let names = verbs.iter().map(|verb| verb.name());
    let name = unabbreviated(first, names.chain([DUMP, FLUSH]))?;
    if name == DUMP {
        return rest.is_empty().then_some(Command::Dump);
    }
    let verb = verbs.iter().find(|verb| verb.name() == name);
    let Some((object, arguments)) = rest.split_first() else {
        return Some(verb.map_or(Command::FlushHelp, |verb| Command::VerbHelp(*verb)));
    };
    let Some(&verb) = verb else {
        return in_flush(object, arguments);
    };
    if is_help(object) {
        return Some(Command::VerbHelp(verb));
    }
    let wants_usage = arguments.first().is_some_and(|argument| is_help(argument));
    let has_properties = verb == Verb::Update && profile.has_properties();
    let objects = OBJECTS.iter().copied();
    let objects = objects.filter(|object| profile.has_settings() || *object != SETTING);
    let objects = objects.chain(has_properties.then_some(SSLPROPERTYEX));
    let object = unabbreviated(object, objects)?;
    if let Some(command) = RuntimeCommand::named(verb, object) {
        return Some(runtime(command, arguments));
    }
    let object = match (object, wants_usage) {
        (SSLCERT, true) => return Some(Command::Usage(verb)),
        (SSLCERT, false) => return Some(Command::Sslcert { verb, arguments }),
        (SSLPROPERTYEX, true) => return Some(Command::PropertyUsage),
        (SSLPROPERTYEX, false) => return Some(Command::Property(arguments)),
        (other, _) => Object::named(other).filter(|object| object.takes(verb, profile))?,
    };
    Some(match wants_usage {
        true => Command::ServiceUsage(verb, object),
        false => Command::Service {
            verb,
            object,
            arguments,
        },
    })
}

/// `flush` has one object.
fn in_flush<'a>(object: &str, arguments: &'a [String]) -> Option<Command<'a>> {
    if is_help(object) {
        return Some(Command::FlushHelp);
    }
    unabbreviated(object, ["logbuffer"])?;
    Some(runtime(RuntimeCommand::FlushLogBuffer, arguments))
}

fn runtime(command: RuntimeCommand, arguments: &[String]) -> Command<'_> {
    match arguments.first().is_some_and(|argument| is_help(argument)) {
        true => Command::RuntimeUsage(command),
        false => Command::Runtime { command, arguments },
    }
}

fn is_help(word: &str) -> bool {
    matches!(word, "?" | "/?" | "-?") || word.eq_ignore_ascii_case(HELP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        line.split(' ').map(String::from).collect()
    }

    #[test]
    fn unambiguous_abbreviations_are_accepted() {
        let verb_of = |line: &str| {
            let words = split(line);
            match command(Context::Root, Profile::default(), &words)? {
                Command::Sslcert { verb, .. } => Some(verb),
                _ => None,
            }
        };
        assert_eq!(verb_of("http show sslcert"), Some(Verb::Show));
        assert_eq!(verb_of("HTTP Sh SSL"), Some(Verb::Show));
        assert_eq!(verb_of("ht ad ss x=y"), Some(Verb::Add));
        assert_eq!(verb_of("ht de ss"), Some(Verb::Delete));
        assert_eq!(verb_of("ht d ss"), None, "dump begins so too");
        assert_eq!(verb_of("ht u sslc"), Some(Verb::Update));
        assert_eq!(verb_of("ht u ss"), None, "sslpropertyex begins so too");
        assert_eq!(verb_of("h show sslcert"), None, "help begins so too");
        assert_eq!(verb_of("http show s"), None, "setting begins so too");
        assert_eq!(verb_of("http show sslcerts"), None);
        assert_eq!(verb_of("https show sslcert"), None);
        assert_eq!(verb_of("show sslcert"), None);
    }

    #[test]
    fn service_objects_have_their_own_verbs() {
        let meant = |line: &str| {
            let words = split(line);
            match command(Context::Root, Profile::default(), &words) {
                Some(Command::Service { verb, object, .. }) => Some((verb, object)),
                _ => None,
            }
        };
        let add = |object| Some((Verb::Add, object));
        assert_eq!(
            meant("http add urlacl url=http://+:80/"),
            add(Object::UrlAcl)
        );
        assert_eq!(meant("ht a ip ::"), add(Object::IpListen));
        assert_eq!(meant("http add set x"), add(Object::Setting));
        assert_eq!(meant("http show t"), Some((Verb::Show, Object::Timeout)));
        assert_eq!(meant("http show cache"), None, "cachestate begins so too");
        assert_eq!(meant("http delete cacheparam"), None, "Windows has none");
        assert_eq!(meant("http update urlacl"), None);
    }

    #[test]
    fn the_context_above_is_looked_into_as_well() {
        let words = split("http show sslcert");
        let found = command(Context::Http, Profile::default(), &words);
        assert!(matches!(found, Some(Command::Sslcert { .. })));
        let words = split("show sslcert");
        let found = command(Context::Http, Profile::default(), &words);
        assert!(matches!(found, Some(Command::Sslcert { .. })));
    }

    #[test]
    fn update_came_after_2016() {
        let words = split("http update sslcert");
        for profile in Profile::ALL {
            let found = command(Context::Root, profile, &words);
            assert_eq!(found.is_some(), profile > Profile::Server2016, "{profile}");
        }
    }
}
