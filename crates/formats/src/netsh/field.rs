//! The lines of a record: which there are, in which order, and how English labels them.

use certbind_core::{CertCheckMode, Kind, SslFlags};
use serde::{Deserialize, Serialize};

/// The field on a line of a record, in the order in which netsh prints them.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, std::hash::Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Key,
    Hash,
    AppId,
    StoreName,
    Revocation,
    CachedRevocation,
    UseFreshness,
    CachedUrls,
    NoAia,
    UsageCheck,
    Freshness,
    Timeout,
    CtlIdentifier,
    CtlStoreName,
    DsMapper,
    Negotiate,
    Reject,
    Http2,
    Quic,
    Tls12,
    Tls13,
    OcspStapling,
    TokenBinding,
    ExtendedEvents,
    LegacyTls,
    SessionTicket,
    SessionId,
    ClientHello,
    ReceiveWindow,
    MaxSettingsPerFrame,
    MaxSettingsPerMinute,
}

use Field::{
    AppId, CachedRevocation, CachedUrls, ClientHello, CtlIdentifier, CtlStoreName, DsMapper,
    ExtendedEvents, Freshness, Hash, Http2, Key, LegacyTls, MaxSettingsPerFrame,
    MaxSettingsPerMinute, Negotiate, NoAia, OcspStapling, Quic, ReceiveWindow, Reject, Revocation,
    SessionId, SessionTicket, StoreName, Timeout, Tls12, Tls13, TokenBinding, UsageCheck,
    UseFreshness,
};

/// The syntax of a line's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Key,
    Hash,
    AppId,
    Text,
    Number,
    /// `Enabled` or `Disabled`.
    Enabled,
    /// `Set` or `Not Set`.
    Set,
}

/// The bit that a line of words shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    Check(CertCheckMode),
    /// Shown as enabled while the bit is not set.
    CheckOff(CertCheckMode),
    Flag(SslFlags),
}

/// The lines that every version prints.
pub(super) const BASIC: &[Field] = &[
    Key,
    Hash,
    AppId,
    StoreName,
    Revocation,
    CachedRevocation,
    UsageCheck,
    Freshness,
    Timeout,
    CtlIdentifier,
    CtlStoreName,
    DsMapper,
    Negotiate,
];

/// The lines between the store name and the freshness time, by version.
pub(super) const CHECKS: &[&[Field]] = &[
    &[Revocation, CachedRevocation, UsageCheck],
    &[
        Revocation,
        CachedRevocation,
        UseFreshness,
        CachedUrls,
        NoAia,
        UsageCheck,
    ],
];

/// The lines after `Negotiate Client Certificate`, by version.
pub(super) const OPTIONS: &[&[Field]] = &[
    &[],
    &[Reject],
    &[Reject, Http2],
    &[Reject, Http2, Quic, Tls12, Tls13, OcspStapling, LegacyTls],
    &[
        Reject,
        Http2,
        Quic,
        Tls12,
        Tls13,
        OcspStapling,
        TokenBinding,
        ExtendedEvents,
        LegacyTls,
        SessionTicket,
    ],
    &[
        Reject,
        Http2,
        Quic,
        Tls12,
        Tls13,
        OcspStapling,
        TokenBinding,
        ExtendedEvents,
        LegacyTls,
        SessionTicket,
        ClientHello,
    ],
    &[
        Reject,
        Http2,
        Quic,
        Tls12,
        Tls13,
        OcspStapling,
        TokenBinding,
        ExtendedEvents,
        LegacyTls,
        SessionTicket,
        SessionId,
        ClientHello,
    ],
];

/// The lines of a record as one version prints them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printed {
    pub(super) checks: &'static [Field],
    pub(super) options: &'static [Field],
    /// How many Extended Properties follow.
    pub(super) sections: usize,
    pub(super) windows: &'static str,
}

/// Every combination of lines that a version is known to print. The field of an unknown label may
/// be inferred from these alone. The version with `Disable Session ID` alone was not seen: it
/// distinguishes that line from `Enable Caching Client Hello`.
pub(super) const PRINTED: [Printed; 10] = [
    printed(0, 0, 0, "Windows Server 2012 R2"),
    printed(0, 1, 0, "Windows Server 2016, first release"),
    printed(0, 2, 0, "Windows Server 2016"),
    printed(0, 3, 0, "Windows Server 2019"),
    printed(0, 4, 2, "a Windows before Server 2022"),
    printed(0, 4, 5, "Windows Server 2022"),
    printed(0, 5, 2, "a Windows before 11 22H2"),
    printed(0, 5, 5, "Windows 11 22H2"),
    printed(0, 6, 2, "a Windows between 2022 and 2025"),
    printed(1, 6, 5, "Windows Server 2025"),
];

const fn printed(checks: usize, options: usize, sections: usize, windows: &'static str) -> Printed {
    Printed {
        checks: CHECKS[checks],
        options: OPTIONS[options],
        sections,
        windows,
    }
}

impl Field {
    /// Every field but those of Extended Properties, in the order of the lines.
    pub(super) const ALL: [Self; 28] = [
        Key,
        Hash,
        AppId,
        StoreName,
        Revocation,
        CachedRevocation,
        UseFreshness,
        CachedUrls,
        NoAia,
        UsageCheck,
        Freshness,
        Timeout,
        CtlIdentifier,
        CtlStoreName,
        DsMapper,
        Negotiate,
        Reject,
        Http2,
        Quic,
        Tls12,
        Tls13,
        OcspStapling,
        TokenBinding,
        ExtendedEvents,
        LegacyTls,
        SessionTicket,
        SessionId,
        ClientHello,
    ];

    /// The fields of Extended Properties.
    pub(super) const EXTENDED: [Self; 3] =
        [ReceiveWindow, MaxSettingsPerFrame, MaxSettingsPerMinute];

    /// The English label. For the key it is the label of an address.
    pub(super) fn label(self) -> &'static str {
        match self {
            Key => "IP:port",
            Hash => "Certificate Hash",
            AppId => "Application ID",
            StoreName => "Certificate Store Name",
            Revocation => "Verify Client Certificate Revocation",
            CachedRevocation => "Verify Revocation Using Cached Client Certificate Only",
            UseFreshness => "Use Revocation Freshness Time",
            CachedUrls => "Verify Revocation Using Cached URLs Only",
            NoAia => "Disable Authority Info Access",
            UsageCheck => "Usage Check",
            Freshness => "Revocation Freshness Time",
            Timeout => "URL Retrieval Timeout",
            CtlIdentifier => "Ctl Identifier",
            CtlStoreName => "Ctl Store Name",
            DsMapper => "DS Mapper Usage",
            Negotiate => "Negotiate Client Certificate",
            Reject => "Reject Connections",
            Http2 => "Disable HTTP2",
            Quic => "Disable QUIC",
            Tls12 => "Disable TLS1.2",
            Tls13 => "Disable TLS1.3",
            OcspStapling => "Disable OCSP Stapling",
            TokenBinding => "Enable Token Binding",
            ExtendedEvents => "Log Extended Events",
            LegacyTls => "Disable Legacy TLS Versions",
            SessionTicket => "Enable Session Ticket",
            SessionId => "Disable Session ID",
            ClientHello => "Enable Caching Client Hello",
            ReceiveWindow => "Receive Window",
            MaxSettingsPerFrame => "Max Settings Per Frame",
            MaxSettingsPerMinute => "Max Settings Per Minute",
        }
    }

    /// The syntax of its value.
    pub(super) fn shape(self) -> Shape {
        match self {
            Key => Shape::Key,
            Hash => Shape::Hash,
            AppId => Shape::AppId,
            StoreName | CtlIdentifier | CtlStoreName => Shape::Text,
            Freshness | Timeout | ReceiveWindow | MaxSettingsPerFrame | MaxSettingsPerMinute => {
                Shape::Number
            }
            Http2 | Quic | Tls12 | Tls13 | OcspStapling | TokenBinding | ExtendedEvents
            | LegacyTls | SessionTicket | SessionId | ClientHello => Shape::Set,
            _ => Shape::Enabled,
        }
    }

    /// Whether it belongs to an Extended Property.
    pub(super) fn is_extended(self) -> bool {
        matches!(
            self,
            ReceiveWindow | MaxSettingsPerFrame | MaxSettingsPerMinute
        )
    }

    /// The bit that it shows, where its value is a word.
    pub(super) fn bit(self) -> Option<Bit> {
        Some(match self {
            Revocation => Bit::CheckOff(CertCheckMode::NO_REVOCATION),
            CachedRevocation => Bit::Check(CertCheckMode::CACHED_REVOCATION),
            UseFreshness => Bit::Check(CertCheckMode::USE_REVOCATION_FRESHNESS),
            CachedUrls => Bit::Check(CertCheckMode::CACHED_URLS),
            NoAia => Bit::Check(CertCheckMode::NO_AIA),
            UsageCheck => Bit::CheckOff(CertCheckMode::NO_USAGE_CHECK),
            DsMapper => Bit::Flag(SslFlags::USE_DS_MAPPER),
            Negotiate => Bit::Flag(SslFlags::NEGOTIATE_CLIENT_CERT),
            Reject => Bit::Flag(SslFlags::REJECT),
            Http2 => Bit::Flag(SslFlags::DISABLE_HTTP2),
            Quic => Bit::Flag(SslFlags::DISABLE_QUIC),
            Tls12 => Bit::Flag(SslFlags::DISABLE_TLS12),
            Tls13 => Bit::Flag(SslFlags::DISABLE_TLS13),
            OcspStapling => Bit::Flag(SslFlags::DISABLE_OCSP_STAPLING),
            TokenBinding => Bit::Flag(SslFlags::ENABLE_TOKEN_BINDING),
            ExtendedEvents => Bit::Flag(SslFlags::LOG_EXTENDED_EVENTS),
            LegacyTls => Bit::Flag(SslFlags::DISABLE_LEGACY_TLS),
            SessionTicket => Bit::Flag(SslFlags::ENABLE_SESSION_TICKET),
            SessionId => Bit::Flag(SslFlags::DISABLE_SESSION_ID),
            ClientHello => Bit::Flag(SslFlags::ENABLE_CACHE_CLIENT_HELLO),
            _ => return None,
        })
    }

    /// The field of a label in any language, by a name in it that no language translates.
    pub(super) fn anchored(label: &str) -> Option<Self> {
        let squeezed: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        let squeezed = squeezed.to_ascii_uppercase();
        let mut fields = Self::ALL.into_iter();
        fields.find(|field| {
            let name = field.untranslated();
            name.is_some_and(|name| squeezed.contains(name))
        })
    }

    /// The name in its label that no language translates.
    pub(super) fn untranslated(self) -> Option<&'static str> {
        match self {
            Http2 => Some("HTTP2"),
            Quic => Some("QUIC"),
            Tls12 => Some("TLS12"),
            Tls13 => Some("TLS13"),
            OcspStapling => Some("OCSP"),
            _ => None,
        }
    }
}

impl Bit {
    /// Whether a record with these bits shows the line as enabled or set.
    pub(super) fn is_shown_on(self, check: CertCheckMode, flags: SslFlags) -> bool {
        match self {
            Self::Check(bit) => check.contains(bit),
            Self::CheckOff(bit) => !check.contains(bit),
            Self::Flag(bit) => flags.contains(bit),
        }
    }

    /// Stores the value of a line.
    pub(super) fn take(self, on: bool, check: &mut CertCheckMode, flags: &mut SslFlags) {
        match self {
            Self::Check(bit) => check.set(bit, on),
            Self::CheckOff(bit) => check.set(bit, !on),
            Self::Flag(bit) => flags.set(bit, on),
        }
    }
}

/// How netsh shows an absent text, in every language.
pub(super) const NULL: &str = "(null)";

/// The label of a key. Of scoped central store bindings no listing is known; that one is from a
/// program that reads listings.
pub(super) fn key_label(kind: Kind) -> &'static str {
    match kind {
        Kind::IpPort => "IP:port",
        Kind::Sni => "Hostname:port",
        Kind::Ccs => "Central Certificate Store",
        Kind::ScopedCcs => "Scoped CCS:port",
    }
}
