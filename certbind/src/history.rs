//! The author of the commits of this run, and the limits of a history.

use std::ffi::OsString;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use certbind_core::history::{Author, HistoryOptions};

static GIVEN: OnceLock<Given> = OnceLock::new();

/// The history options of the command line.
struct Given {
    limits: Option<Limits>,
    message: Option<String>,
    arguments: Vec<OsString>,
}

/// The options of `--history`; `None` for `off`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits(Option<HistoryOptions>);

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let mut options = HistoryOptions::default();
        for part in text.split(',') {
            let wrong =
                || format!("expected off, commits=N, days=N or megabytes=N, found {part:?}");
            let (name, number) = part.split_once('=').ok_or_else(wrong)?;
            let number: u32 = number.parse().map_err(|_| wrong())?;
            match name {
                "commits" => options.max_commits = number.into(),
                "days" => {
                    let day = Duration::from_secs(24 * 60 * 60);
                    options.max_age = Some(day.saturating_mul(number));
                }
                "megabytes" => options.max_bytes = u64::from(number) << 20,
                _ => return Err(wrong()),
            }
        }
        Ok(Self(Some(options)))
    }
}

/// Sets how the commits of this process are recorded. Only the first call has an effect.
pub(crate) fn set(limits: Option<Limits>, message: Option<String>, arguments: Vec<OsString>) {
    GIVEN.get_or_init(|| Given {
        limits,
        message,
        arguments,
    });
}

/// The options for a store that is opened for changes. Other programs have none.
pub(crate) fn options() -> Option<HistoryOptions> {
    let given = GIVEN.get()?;
    let options = match &given.limits {
        Some(limits) => limits.0.clone()?,
        None => HistoryOptions::default(),
    };
    Some(HistoryOptions {
        author: Author {
            user: whoami::username().unwrap_or_default(),
            host: whoami::hostname().unwrap_or_default(),
            command: command(&given.arguments),
            message: given.message.clone().unwrap_or_default(),
        },
        ..options
    })
}

/// The command line without the message, and without parameters of URLs, which may be secrets.
fn command(arguments: &[OsString]) -> String {
    let mut words = Vec::new();
    let mut arguments = arguments.iter().map(|it| it.to_string_lossy());
    let program = arguments.next().unwrap_or_default();
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    words.push(name.trim_end_matches(".exe").to_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_ref() {
            "--message" => drop(arguments.next()),
            it if it.starts_with("--message=") => {}
            it if it.contains("://") => {
                words.push(it.split('?').next().unwrap_or_default().to_owned());
            }
            it => words.push(it.to_owned()),
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_parsed_or_refused() {
        assert_eq!("off".parse(), Ok(Limits(None)));
        let limits: Limits = "commits=5,days=2,megabytes=1".parse().unwrap();
        let options = limits.0.unwrap();
        assert_eq!((options.max_commits, options.max_bytes), (5, 1 << 20));
        assert_eq!(options.max_age, Some(Duration::from_secs(172_800)));
        for wrong in [
            "",
            "on",
            "commits",
            "commits=-1",
            "days=1.5",
            "hours=2",
            "off,days=1",
        ] {
            assert!(wrong.parse::<Limits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn command_has_no_secrets_and_no_message() {
        let arguments = [
            "/usr/bin/certbind",
            "--message",
            "because",
            "import",
            "a b.txt",
            "--store=etcd://e:2379/web01?user=x&password-file=y",
            "--message=again",
        ];
        assert_eq!(
            command(&arguments.map(OsString::from)),
            "certbind import a b.txt --store=etcd://e:2379/web01"
        );
    }
}
