//! The options of a record that are on or off, as netsh names them.

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use store_core::{CertCheckMode, Record, SslFlags};

/// An option that is on or off, and the bit that it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switch {
    /// netsh's tag.
    pub(crate) tag: &'static str,
    help: &'static str,
    bit: Bit,
}

#[derive(Clone, Copy, Debug)]
enum Bit {
    /// Set when the option is enabled.
    Flag(SslFlags),
    /// Set when the option is enabled.
    Check(CertCheckMode),
    /// Set when the option is disabled.
    NoCheck(CertCheckMode),
}

impl Switch {
    /// Enables or disables the option.
    pub(crate) fn set(&self, record: &mut Record, enable: bool) {
        match self.bit {
            Bit::Flag(flag) => record.flags.set(flag, enable),
            Bit::Check(mode) => record.check_mode.set(mode, enable),
            Bit::NoCheck(mode) => record.check_mode.set(mode, !enable),
        }
    }
}

const fn switch(tag: &'static str, bit: Bit, help: &'static str) -> Switch {
    Switch { tag, help, bit }
}

/// Every switch, in netsh's order.
pub(crate) const SWITCHES: [Switch; 16] = [
    switch(
        "verifyclientcertrevocation",
        Bit::NoCheck(CertCheckMode::NO_REVOCATION),
        "Check client certificates for revocation",
    ),
    switch(
        "verifyrevocationwithcachedclientcertonly",
        Bit::Check(CertCheckMode::CACHED_REVOCATION),
        "Check revocation with cached data only",
    ),
    switch(
        "usagecheck",
        Bit::NoCheck(CertCheckMode::NO_USAGE_CHECK),
        "Check the usage of client certificates",
    ),
    switch(
        "dsmapperusage",
        Bit::Flag(SslFlags::USE_DS_MAPPER),
        "Map client certificates to accounts",
    ),
    switch(
        "clientcertnegotiation",
        Bit::Flag(SslFlags::NEGOTIATE_CLIENT_CERT),
        "Ask for a client certificate",
    ),
    switch("reject", Bit::Flag(SslFlags::REJECT), "Reject connections"),
    switch(
        "disablehttp2",
        Bit::Flag(SslFlags::DISABLE_HTTP2),
        "No HTTP/2",
    ),
    switch("disablequic", Bit::Flag(SslFlags::DISABLE_QUIC), "No QUIC"),
    switch(
        "disablelegacytls",
        Bit::Flag(SslFlags::DISABLE_LEGACY_TLS),
        "No TLS older than 1.2",
    ),
    switch(
        "disabletls12",
        Bit::Flag(SslFlags::DISABLE_TLS12),
        "No TLS 1.2",
    ),
    switch(
        "disabletls13",
        Bit::Flag(SslFlags::DISABLE_TLS13),
        "No TLS 1.3",
    ),
    switch(
        "disableocspstapling",
        Bit::Flag(SslFlags::DISABLE_OCSP_STAPLING),
        "No OCSP stapling",
    ),
    switch(
        "enabletokenbinding",
        Bit::Flag(SslFlags::ENABLE_TOKEN_BINDING),
        "Token binding",
    ),
    switch(
        "logextendedevents",
        Bit::Flag(SslFlags::LOG_EXTENDED_EVENTS),
        "Log extended events",
    ),
    switch(
        "enablesessionticket",
        Bit::Flag(SslFlags::ENABLE_SESSION_TICKET),
        "TLS session tickets",
    ),
    switch(
        "disablesessionid",
        Bit::Flag(SslFlags::DISABLE_SESSION_ID),
        "No TLS session ids",
    ),
];

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
                    .help(switch.help)
                    .value_parser(clap::value_parser!(Setting))
                    .hide_possible_values(true)
                    .value_name("enable|disable")
            }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
