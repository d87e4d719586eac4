//! The options of a record that are on or off, as netsh names them.

use certbind_core::{CertCheckMode, Record, SslFlags};

use super::field::Bit;

/// An option that is `enable`d or `disable`d, and its bit.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// netsh's tag.
    pub tag: &'static str,
    /// The effect when it is enabled, in a few words.
    pub what: &'static str,
    bit: Bit,
}

impl Flag {
    /// Enables or disables the option.
    pub fn set(&self, record: &mut Record, enable: bool) {
        match self.bit {
            Bit::Flag(flag) => record.flags.set(flag, enable),
            Bit::Check(mode) => record.check_mode.set(mode, enable),
            Bit::CheckOff(mode) => record.check_mode.set(mode, !enable),
        }
    }

    /// Whether the option is enabled.
    #[must_use]
    pub fn is_enabled(&self, record: &Record) -> bool {
        match self.bit {
            Bit::Flag(flag) => record.flags.contains(flag),
            Bit::Check(mode) => record.check_mode.contains(mode),
            Bit::CheckOff(mode) => !record.check_mode.contains(mode),
        }
    }

    /// Whether it represents a flag, and not a check of client certificates.
    pub(super) fn is_flag(&self) -> bool {
        matches!(self.bit, Bit::Flag(_))
    }

    /// Clears its bit in a record. Returns the corresponding value if the bit was set: the one that
    /// is not the default.
    pub(super) fn take(&self, record: &mut Record) -> Option<&'static str> {
        let (is_set, value) = match self.bit {
            Bit::Flag(flag) => (record.flags.contains(flag), "enable"),
            Bit::Check(mode) => (record.check_mode.contains(mode), "enable"),
            Bit::CheckOff(mode) => (record.check_mode.contains(mode), "disable"),
        };
        self.set(record, value == "disable");
        is_set.then_some(value)
    }
}

const fn switch(tag: &'static str, bit: Bit, what: &'static str) -> Flag {
    Flag { tag, what, bit }
}

/// Every switch, in the order of netsh's help. The options for flags were confirmed one by one on
/// Windows Server 2019 to 2025.
pub const FLAGS: [Flag; 16] = [
    switch(
        "verifyclientcertrevocation",
        Bit::CheckOff(CertCheckMode::NO_REVOCATION),
        "Check client certificates for revocation",
    ),
    switch(
        "verifyrevocationwithcachedclientcertonly",
        Bit::Check(CertCheckMode::CACHED_REVOCATION),
        "Check revocation with cached data only",
    ),
    switch(
        "usagecheck",
        Bit::CheckOff(CertCheckMode::NO_USAGE_CHECK),
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
