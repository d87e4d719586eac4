//! netsh's switches, as options of the command line.

use certbind_formats::netsh::{SWITCHES, Switch};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};

/// The switches that were named on a command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches(pub(crate) Vec<(Switch, bool)>);

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Setting {
    Enable,
    Disable,
}

impl FromArgMatches for Switches {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut switches = Self::default();
        switches.update_from_arg_matches(matches)?;
        Ok(switches)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let named = SWITCHES.into_iter().filter_map(|switch| {
            let setting = matches.get_one::<Setting>(switch.tag)?;
            Some((switch, *setting == Setting::Enable))
        });
        self.0 = named.collect();
        Ok(())
    }
}

impl Args for Switches {
    fn augment_args(command: Command) -> Command {
        command
            .next_help_heading("Switches, as in netsh")
            .args(SWITCHES.map(|switch| {
                Arg::new(switch.tag)
                    .long(switch.tag)
                    .help(switch.what)
                    .value_parser(clap::value_parser!(Setting))
                    .hide_possible_values(true)
                    .value_name("enable|disable")
            }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
