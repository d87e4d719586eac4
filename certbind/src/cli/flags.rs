//! The boolean options of `netsh http add sslcert`, as options of `add` and `update`.

use certbind_formats::netsh::{FLAGS, Flag};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};

/// The options that were given, and the value of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags(pub(crate) Vec<(Flag, bool)>);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Setting {
    Enable,
    Disable,
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let named = FLAGS.into_iter().filter_map(|flag| {
            let setting = matches.get_one::<Setting>(flag.tag)?;
            Some((flag, *setting == Setting::Enable))
        });
        self.0 = named.collect();
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command
            .next_help_heading("Flags, as in netsh")
            .args(FLAGS.map(|flag| {
                Arg::new(flag.tag)
                    .long(flag.tag)
                    .help(flag.what)
                    .value_parser(clap::value_parser!(Setting))
                    .hide_possible_values(true)
                    .value_name("enable|disable")
            }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
