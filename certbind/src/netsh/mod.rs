//! `netsh http` over any store: the grammar, messages and exit codes of netsh in the selected
//! release of Windows.
//!
//! The page on [netsh] separates the known behaviour of Windows from the inferred one. All output
//! goes to one stream, as in netsh, and only the store and the other service configuration
//! ([`Netsh::with_api`]) are changed.
//!
//! [netsh]: https://github.com/certbind/certbind/blob/main/docs/netsh.md
//!
//! ```
//! use certbind::netsh::{Netsh, Profile};
//! use certbind_core::MemoryStore;
//!
//! let store = MemoryStore::new();
//! let netsh = Netsh::new(&store, Profile::Server2022);
//! let line = "http delete sslcert ipport=0.0.0.0:443";
//! let words: Vec<_> = line.split(' ').map(String::from).collect();
//!
//! let mut printed = Vec::new();
//! let code = netsh.run(&words, &mut std::io::empty(), &mut printed)?;
//! assert_eq!(code, 1);
//! assert_eq!(
//!     String::from_utf8(printed)?,
//!     "\nSSL Certificate deletion failed, Error: 2\n\
//!      The system cannot find the file specified.\n\n\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod abbreviation;
mod context;
mod dispatch;
mod dump;
mod features;
mod grammar;
mod json;
mod messages;
mod object;
mod parameter;
mod profile;
mod property;
mod request;
mod runtime;
mod service;
mod session;
mod tags;
mod tokenize;
mod translated;
mod usage;
mod verb;
mod verbs;

use std::io::{self, BufRead, Write};
use std::path::Path;

use context::{Command, Context};
pub use dispatch::Netsh;
pub use features::{Confidence, Evidence, Feature};
use messages::Answer;
pub use profile::{Profile, UnknownProfile};
use session::Session;
use verb::Verb;

impl Netsh<'_> {
    /// Runs `netsh` with these arguments, and returns its exit code: 0, or 1 if anything failed.
    /// They are a command (`http show sslcert`), or `-f SCRIPT`; where there is neither, commands
    /// are read from `input`, one a line. `-c http` before them sets the context.
    ///
    /// # Errors
    /// Those of `input` and `out`. Other errors are printed to `out`. In a language other than
    /// English ([`Netsh::with_language`]) an error of the kind `Unsupported` names the texts that no
    /// published output has; nothing was printed then, and nothing changed.
    pub fn run(
        &self,
        arguments: &[String],
        input: &mut dyn BufRead,
        out: &mut dyn Write,
    ) -> io::Result<u8> {
        match Invocation::of(arguments, self.profile) {
            Some(Invocation::Command(context, words)) => {
                if let Some(Command::Exec(file)) = context::command(context, self.profile, words) {
                    return Session::new(self, context).play(Path::new(file), out);
                }
                self.respond(context::command(context, self.profile, words), words, out)
            }
            Some(Invocation::Script(context, file)) => Session::new(self, context).play(file, out),
            Some(Invocation::Listen(context)) => Session::new(self, context).listen(input, out),
            None => {
                self.print(&Answer::failed(usage::PROGRAM), out)?;
                Ok(messages::FAILED)
            }
        }
    }

    /// Whether `netsh` with these arguments changes nothing, for any input.
    #[must_use]
    pub fn only_reads(arguments: &[String], profile: Profile) -> bool {
        match Invocation::of(arguments, profile) {
            Some(Invocation::Command(context, words)) => {
                let command = context::command(context, profile, words);
                match command {
                    Some(Command::Sslcert { verb, .. } | Command::Service { verb, .. }) => {
                        verb == Verb::Show
                    }
                    Some(Command::Property(_) | Command::Exec(_)) => false,
                    _ => true,
                }
            }
            Some(Invocation::Script(..) | Invocation::Listen(_)) => false,
            None => true,
        }
    }

    /// The part of the service configuration that `netsh` with these arguments is about, if any, as
    /// `urlacl`.
    #[must_use]
    pub fn service_object(arguments: &[String], profile: Profile) -> Option<&'static str> {
        match command(arguments, profile)? {
            Command::Service { object, .. } => Some(object.name()),
            _ => None,
        }
    }

    /// Whether `netsh` with these arguments prints the commands that restore a host.
    #[must_use]
    pub fn dumps(arguments: &[String], profile: Profile) -> bool {
        matches!(command(arguments, profile), Some(Command::Dump))
    }
}

/// The single command of the arguments, if they are one.
fn command(arguments: &[String], profile: Profile) -> Option<Command<'_>> {
    match Invocation::of(arguments, profile)? {
        Invocation::Command(context, words) => context::command(context, profile, words),
        Invocation::Script(..) | Invocation::Listen(_) => None,
    }
}

/// The invocation that the program's arguments mean.
enum Invocation<'a> {
    Command(Context, &'a [String]),
    Script(Context, &'a Path),
    Listen(Context),
}

impl<'a> Invocation<'a> {
    /// None for options that this netsh does not support.
    fn of(mut arguments: &'a [String], profile: Profile) -> Option<Self> {
        let mut context = Context::default();
        loop {
            let option = arguments.first().map(|option| option.to_ascii_lowercase());
            match (option.as_deref(), arguments) {
                (None, _) => return Some(Self::Listen(context)),
                (Some("-c"), [_, name, rest @ ..]) => {
                    let name = std::slice::from_ref(name);
                    let Some(Command::Enter(named)) = context::command(context, profile, name)
                    else {
                        return None;
                    };
                    context = named;
                    arguments = rest;
                }
                (Some("-f"), [_, file]) => return Some(Self::Script(context, Path::new(file))),
                (Some("-?"), _) => return Some(Self::Command(context, arguments)),
                (Some(option), _) if option.starts_with('-') => return None,
                _ => return Some(Self::Command(context, arguments)),
            }
        }
    }
}
