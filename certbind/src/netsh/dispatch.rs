//! From a parsed command to the answer of netsh.

use std::io::{self, Write};
use std::sync::Arc;

use certbind_core::BindingStore;
use certbind_formats::netsh::{Language, Newline};
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Accounts;

use super::context::Command;
use super::messages::{self, Answer};
use super::profile::Profile;
use super::verb::Verb;
use super::{dump, property, service, translated, usage, verbs};

/// An emulation of `netsh` over a binding store.
#[derive(Clone, Copy)]
pub struct Netsh<'a> {
    store: &'a dyn BindingStore,
    api: Option<&'a Arc<dyn HttpApi>>,
    accounts: Option<&'a Accounts>,
    pub(super) profile: Profile,
    newline: Newline,
    language: Language,
}

impl<'a> Netsh<'a> {
    /// The netsh of a release of Windows, over `store`. Its lines end with a line feed.
    #[must_use]
    pub fn new(store: &'a dyn BindingStore, profile: Profile) -> Self {
        Self {
            store,
            api: None,
            accounts: None,
            profile,
            newline: Newline::Lf,
            language: Language::English,
        }
    }

    /// Sets the API through which URL reservations, the IP listen list, timeouts, cache
    /// parameters and settings are queried and set. Without one, commands on them fail as not
    /// supported (50).
    #[must_use]
    pub fn with_api(self, api: &'a Arc<dyn HttpApi>) -> Self {
        Self {
            api: Some(api),
            ..self
        }
    }

    /// Sets the accounts of the host, which `user=` can name. Without them, only the accounts of every
    /// Windows are known. Any other is answered with error 1332.
    #[must_use]
    pub fn with_accounts(self, accounts: &'a Accounts) -> Self {
        Self {
            accounts: Some(accounts),
            ..self
        }
    }

    /// Sets the line ends of the output: LF by default, CRLF as on Windows.
    #[must_use]
    pub fn with_newline(self, newline: Newline) -> Self {
        Self { newline, ..self }
    }

    /// Sets the display language, English by default. A command is refused if no published output of
    /// netsh has all texts of its answer in that language ([`Netsh::run`]).
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Runs the command given by the words of a command line, and returns the exit code.
    pub(super) fn respond(
        &self,
        command: Option<Command<'_>>,
        words: &[String],
        out: &mut dyn Write,
    ) -> io::Result<u8> {
        if self.language != Language::English {
            let answer =
                translated::answer(self.store, self.profile, self.language, command, words);
            let answer =
                answer.map_err(|missing| io::Error::new(io::ErrorKind::Unsupported, missing))?;
            self.print(&answer, out)?;
            return Ok(answer.code);
        }
        if let Some(Command::Sslcert {
            verb: Verb::Show,
            arguments,
        }) = command
            && let Some(code) =
                verbs::list_all(self.store, self.profile, self.newline, arguments, out)?
        {
            return Ok(code);
        }
        let answer = self.answer(command, words);
        self.print(&answer, out)?;
        Ok(answer.code)
    }

    /// Executes the command of the words on a command line.
    fn answer(&self, command: Option<Command<'_>>, words: &[String]) -> Answer {
        match command {
            None => messages::not_found(words),
            Some(Command::Enter(context) | Command::Help(context)) => {
                Answer::done(usage::commands(context, self.profile))
            }
            Some(Command::VerbHelp(verb)) => Answer::done(usage::objects(verb, self.profile)),
            Some(Command::ServiceUsage(verb, object)) => Answer::done(service::help(verb, object)),
            Some(Command::Service {
                verb,
                object,
                arguments,
            }) => {
                let known = Accounts::well_known();
                let accounts = self.accounts.unwrap_or(&known);
                service::answer(self.api, accounts, verb, object, arguments)
            }
            Some(Command::PropertyUsage) => Answer::done(usage::property_help(self.profile)),
            Some(Command::Property(arguments)) => {
                property::update(self.store, self.profile, arguments)
            }
            Some(Command::Usage(verb)) => Answer::done(usage::help(verb, self.profile)),
            Some(Command::FlushHelp) => Answer::done(usage::flush_objects()),
            Some(Command::Runtime { command, arguments }) => {
                command.answer(self.profile, arguments)
            }
            Some(Command::RuntimeUsage(command)) => Answer::done(command.usage(self.profile)),
            Some(Command::Dump) => dump::dump(self.store, self.api, self.profile),
            // They mean something between other commands alone.
            Some(Command::Up | Command::Leave | Command::Push(_) | Command::Pop) => {
                Answer::done("")
            }
            Some(Command::Exec(file)) => messages::unreadable(file, "it is read by a session"),
            Some(Command::Sslcert { verb, arguments }) => {
                verbs::sslcert(self.store, self.profile, verb, arguments)
            }
        }
    }

    pub(super) fn print(&self, answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
        match self.newline {
            Newline::Lf => out.write_all(answer.text.as_bytes())?,
            Newline::Crlf => out.write_all(answer.text.replace('\n', "\r\n").as_bytes())?,
        }
        out.flush()
    }
}
