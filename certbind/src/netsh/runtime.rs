//! `show servicestate`, `show cachestate`, `delete cache` and `flush logbuffer`: the state of a service
//! that answers requests. Here nothing answers any: snapshots are empty, and there is nothing to flush.
//!
//! The titles are those of hosts (public transcripts of `show servicestate` and `show cachestate`), the
//! tags those of Microsoft's documentation. Inferred: the title of the view by clients, that an empty snapshot is the title alone, and
//! that `delete cache` and `flush logbuffer` print an empty line.

use super::abbreviation::unabbreviated;
use super::grammar::Refusal;
use super::messages::{self, Answer};
use super::parameter::parameter;
use super::profile::Profile;
use super::service::{Given, yes_or_no};
use super::verb::Verb;

/// A command on the service's state at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuntimeCommand {
    ShowServiceState,
    ShowCacheState,
    DeleteCache,
    FlushLogBuffer,
}

/// The tags of a command: name, values, meaning.
type Tags = &'static [(&'static str, &'static str, &'static str)];

impl RuntimeCommand {
    pub(super) fn named(verb: Verb, object: &str) -> Option<Self> {
        match (verb, object) {
            (Verb::Show, "servicestate") => Some(Self::ShowServiceState),
            (Verb::Show, "cachestate") => Some(Self::ShowCacheState),
            (Verb::Delete, "cache") => Some(Self::DeleteCache),
            _ => None,
        }
    }

    /// The commands of a verb other than those on the configuration.
    pub(super) fn of(verb: Verb) -> &'static [Self] {
        match verb {
            Verb::Show => &[Self::ShowCacheState, Self::ShowServiceState],
            Verb::Delete => &[Self::DeleteCache],
            Verb::Add | Verb::Update => &[],
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ShowServiceState => "show servicestate",
            Self::ShowCacheState => "show cachestate",
            Self::DeleteCache => "delete cache",
            Self::FlushLogBuffer => "flush logbuffer",
        }
    }

    pub(super) fn purpose(self) -> &'static str {
        match self {
            Self::ShowServiceState => "Shows a snapshot of the HTTP service.",
            Self::ShowCacheState => "Lists cached responses.",
            Self::DeleteCache => "Deletes cached responses.",
            Self::FlushLogBuffer => "Writes buffered log records to the log files.",
        }
    }

    fn tags(self, profile: Profile) -> Tags {
        const URL: (&str, &str, &str) = ("url", "<string>", "Only responses of this URL.");
        const VERBOSE: (&str, &str, &str) = (
            "verbose",
            "yes|no",
            "Whether to show properties. Default: yes.",
        );
        match self {
            Self::ShowServiceState if profile.has_client_view() => &[
                (
                    "view",
                    "session|requestq|client",
                    "By server session (default), request queue or client.",
                ),
                VERBOSE,
            ],
            Self::ShowServiceState => &[
                (
                    "view",
                    "session|requestq",
                    "By server session (default) or request queue.",
                ),
                VERBOSE,
            ],
            Self::ShowCacheState => &[URL],
            Self::DeleteCache => &[
                URL,
                (
                    "recursive",
                    "yes|no",
                    "Whether to delete those below the URL. Default: no.",
                ),
            ],
            Self::FlushLogBuffer => &[],
        }
    }

    /// Carries it out.
    pub(super) fn answer(self, profile: Profile, arguments: &[String]) -> Answer {
        self.read(profile, arguments)
            .unwrap_or_else(|refusal| match refusal {
                Refusal::Value => messages::bad_value(),
                Refusal::Syntax | Refusal::UnknownTag => messages::bad_syntax(&self.usage(profile)),
            })
    }

    fn read(self, profile: Profile, arguments: &[String]) -> Result<Answer, Refusal> {
        let tags: Vec<_> = self.tags(profile).iter().map(|(tag, ..)| *tag).collect();
        let given = Given::new(arguments, &tags)?;
        yes_or_no(given.value("verbose"), true)?;
        yes_or_no(given.value("recursive"), false)?;
        let view = given.value("view").unwrap_or("session");
        let views = ["session", "requestq"].into_iter();
        let views = views.chain(profile.has_client_view().then_some("client"));
        let view = unabbreviated(view, views).ok_or(Refusal::Value)?;
        Ok(Answer::done(match self {
            Self::ShowServiceState if view == "requestq" => {
                snapshot("HTTP service state (Request Queue View)")
            }
            Self::ShowServiceState if view == "client" => {
                snapshot("HTTP service state (Client View)")
            }
            Self::ShowServiceState => snapshot("HTTP service state (Server Session View)"),
            Self::ShowCacheState => snapshot("HTTP response cache"),
            Self::DeleteCache | Self::FlushLogBuffer => "\n".to_owned(),
        }))
    }

    /// How it is written.
    pub(super) fn usage(self, profile: Profile) -> String {
        let name = self.name();
        let tags = self.tags(profile).iter();
        let tags: String = tags
            .map(|(tag, form, _)| format!(" [[{tag}=]{form}]"))
            .collect();
        let mut usage = format!(" \nUsage: {name}{tags}\n");
        if !self.tags(profile).is_empty() {
            usage.push_str("\nParameters:\n\n");
            parameter(&mut usage, "Tag", ' ', &["Value"]);
            for (tag, _, meaning) in self.tags(profile) {
                parameter(&mut usage, tag, '-', &[meaning]);
            }
        }
        usage.push_str(&format!("\nRemarks: {}\n\n", self.purpose()));
        usage
    }
}

/// A snapshot without an entry. Title and rule end with a space.
fn snapshot(of: &str) -> String {
    let title = format!("Snapshot of {of}:");
    let rule = "-".repeat(title.len());
    format!("\n{title} \n{rule} \n\n")
}
