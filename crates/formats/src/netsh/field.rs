//! The lines of a record: which there are, in which order, and how English labels them.

use certbind_core::{CertCheckMode, Kind, SslFlags};
use serde::{Deserialize, Serialize};

/// What a line of a record shows, in the order in which netsh prints it.
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

/// What the value of a line looks like.
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

/// The lines behind `Negotiate Client Certificate`, by version.
pub(super) const OPTIONS: &[&[Field]] = &[
    &[],
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

    /// The English label. Of the key's it is that of an address.
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

    /// The field that English labels so. The key has labels of its own: [`key_label`].
    pub(super) fn labelled(label: &str) -> Option<Self> {
        let find = |is: fn(&str, &str) -> bool| {
            let fields = &Self::ALL[1..];
            fields.iter().find(|field| is(field.label(), label))
        };
        // Nearly all are spelled so.
        find(|known, label| known == label)
            .or_else(|| find(same_label))
            .copied()
    }

    /// What its value looks like.
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

    /// The field that a label in any language must be of, by a name in it that is not translated.
    pub(super) fn anchored(label: &str) -> Option<Self> {
        let squeezed: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
        let squeezed = squeezed.to_ascii_uppercase();
        let names = [
            ("HTTP2", Http2),
            ("QUIC", Quic),
            ("TLS12", Tls12),
            ("TLS13", Tls13),
            ("OCSP", OcspStapling),
        ];
        names
            .into_iter()
            .find(|(name, _)| squeezed.contains(name))
            .map(|(_, field)| field)
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

    /// Takes over what a line shows.
    pub(super) fn take(self, on: bool, check: &mut CertCheckMode, flags: &mut SslFlags) {
        match self {
            Self::Check(bit) => check.set(bit, on),
            Self::CheckOff(bit) => check.set(bit, !on),
            Self::Flag(bit) => flags.set(bit, on),
        }
    }
}

/// The kinds of key that English labels so, the likeliest first. A host name's record without a
/// certificate is of the central store.
pub(super) fn key_label(label: &str) -> Option<&'static [Kind]> {
    const LABELS: &[(&str, &[Kind])] = &[
        ("IP:port", &[Kind::IpPort]),
        ("Hostname:port", &[Kind::Sni, Kind::ScopedCcs]),
        ("Central Certificate Store", &[Kind::Ccs]),
        ("CCS:port", &[Kind::Ccs]),
        ("CCS", &[Kind::Ccs]),
        ("Scoped CCS:port", &[Kind::ScopedCcs]),
        ("Scoped Central Certificate Store", &[Kind::ScopedCcs]),
        ("Scoped CCS", &[Kind::ScopedCcs]),
    ];
    let find = |is: fn(&str, &str) -> bool| LABELS.iter().find(|(known, _)| is(known, label));
    let found = find(|known, label| known == label).or_else(|| find(same_label));
    found.map(|(_, kinds)| *kinds)
}

/// Whether a label is the known one but for case and the width of its blanks. The known one is ASCII,
/// with single blanks; neither begins with one.
pub(super) fn same_label(known: &str, label: &str) -> bool {
    let first = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    if first(known) != first(label) {
        return false;
    }
    let mut left = label;
    known.split(' ').enumerate().all(|(at, word)| {
        let trimmed = left.trim_start();
        let is_apart = at == 0 || trimmed.len() < left.len();
        let (found, rest) = match trimmed.split_at_checked(word.len()) {
            Some(split) if is_apart => split,
            _ => return false,
        };
        left = rest;
        found.eq_ignore_ascii_case(word)
    }) && left.trim_start().is_empty()
}

/// How netsh shows an absent text, in every language.
pub(super) const NULL: &str = "(null)";
