//! The tags of `add` and `update`, in the order of the usage.

use certbind_core::Kind;

use super::profile::Profile;
use Profile::{Server2008R2, Server2016, Server2016Rtm, Server2019, Server2022, Server2025};

pub(super) const APPID: &str = "appid";
pub(super) const CERTHASH: &str = "certhash";
pub(super) const CERTSTORENAME: &str = "certstorename";
pub(super) const FRESHNESS: &str = "revocationfreshnesstime";
pub(super) const TIMEOUT: &str = "urlretrievaltimeout";
pub(super) const CTL_IDENTIFIER: &str = "sslctlidentifier";
pub(super) const CTL_STORE_NAME: &str = "sslctlstorename";
pub(super) const JSON: &str = "json";

/// An option of `add` and `update`.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) name: &'static str,
    pub(super) value: Value,
    /// The first release that supports it.
    pub(super) since: Profile,
    /// Its meaning, line by line.
    pub(super) meaning: &'static [&'static str],
}

/// The values of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text,
    Number,
    Switch,
}

impl Value {
    /// As the usage has it.
    pub(super) fn form(self) -> &'static str {
        match self {
            Self::Text => "<string>",
            Self::Number => "<u-int>",
            Self::Switch => "enable|disable",
        }
    }
}

/// The options of a release.
pub(super) fn options(profile: Profile) -> impl Iterator<Item = &'static Tag> {
    OPTIONS.iter().filter(move |tag| tag.since <= profile)
}

/// Every tag that `add` and `update` take, in the order in which values without a tag are given.
pub(super) fn of_record(profile: Profile) -> Vec<&'static str> {
    let mut tags = of_key(profile);
    tags.push(APPID);
    tags.extend(options(profile).map(|tag| tag.name));
    tags.extend(profile.has_json().then_some(JSON));
    tags
}

/// The tags that name a key.
pub(super) fn of_key(profile: Profile) -> Vec<&'static str> {
    profile.kinds().iter().copied().map(Kind::tag).collect()
}

const fn tag(
    name: &'static str,
    value: Value,
    since: Profile,
    meaning: &'static [&'static str],
) -> Tag {
    Tag {
        name,
        value,
        since,
        meaning,
    }
}

const OPTIONS: &[Tag] = &[
    tag(
        CERTHASH,
        Value::Text,
        Server2008R2,
        &[
            "Hash (thumbprint) of the certificate, 40 hexadecimal digits.",
            "Required for ipport and hostnameport.",
        ],
    ),
    tag(
        CERTSTORENAME,
        Value::Text,
        Server2008R2,
        &[
            "Store of the local machine that holds the certificate.",
            "Required for hostnameport. For ipport MY unless given.",
        ],
    ),
    tag(
        "verifyclientcertrevocation",
        Value::Switch,
        Server2008R2,
        &["Check client certificates for revocation. Default: enable."],
    ),
    tag(
        "verifyrevocationwithcachedclientcertonly",
        Value::Switch,
        Server2008R2,
        &["Check revocation with cached data only. Default: disable."],
    ),
    tag(
        "usagecheck",
        Value::Switch,
        Server2008R2,
        &["Check what client certificates are meant for. Default: enable."],
    ),
    tag(
        FRESHNESS,
        Value::Number,
        Server2008R2,
        &[
            "Seconds after which a new revocation list is looked for.",
            "0, the default: when the one at hand has expired.",
        ],
    ),
    tag(
        TIMEOUT,
        Value::Number,
        Server2008R2,
        &["Milliseconds that fetching a revocation list may take."],
    ),
    tag(
        CTL_IDENTIFIER,
        Value::Text,
        Server2008R2,
        &["Name of the list of issuers that client certificates may have."],
    ),
    tag(
        CTL_STORE_NAME,
        Value::Text,
        Server2008R2,
        &["Store of the local machine that holds this list."],
    ),
    tag(
        "dsmapperusage",
        Value::Switch,
        Server2008R2,
        &["Map client certificates to accounts. Default: disable."],
    ),
    tag(
        "clientcertnegotiation",
        Value::Switch,
        Server2008R2,
        &["Ask for a client certificate at once. Default: disable."],
    ),
    tag(
        "reject",
        Value::Switch,
        Server2016Rtm,
        &[
            "Refuse connections that match the binding. Default: disable.",
            AT_ONCE,
        ],
    ),
    tag(
        "disablehttp2",
        Value::Switch,
        Server2016,
        &["No HTTP/2. Default: disable.", AT_ONCE],
    ),
    tag(
        "disablequic",
        Value::Switch,
        Server2019,
        &["No QUIC. Default: disable.", AT_ONCE],
    ),
    tag(
        "disablelegacytls",
        Value::Switch,
        Server2019,
        &["No TLS older than 1.2. Default: disable."],
    ),
    tag(
        "disabletls12",
        Value::Switch,
        Server2019,
        &["No TLS 1.2. Default: disable.", AT_ONCE],
    ),
    tag(
        "disabletls13",
        Value::Switch,
        Server2019,
        &["No TLS 1.3. Default: disable.", AT_ONCE],
    ),
    tag(
        "disableocspstapling",
        Value::Switch,
        Server2019,
        &["No stapled OCSP answers. Default: disable.", AT_ONCE],
    ),
    tag(
        "enabletokenbinding",
        Value::Switch,
        Server2022,
        &["Token binding. Default: disable."],
    ),
    tag(
        "logextendedevents",
        Value::Switch,
        Server2022,
        &["Log failed TLS handshakes. Default: disable."],
    ),
    tag(
        "enablesessionticket",
        Value::Switch,
        Server2022,
        &["Resume TLS sessions by tickets. Default: disable."],
    ),
    tag(
        "disablesessionid",
        Value::Switch,
        Server2025,
        &["Do not resume TLS sessions by their ids. Default: disable."],
    ),
];

const AT_ONCE: &str = "New connections that match are affected at once.";

#[cfg(test)]
mod tests {
    use super::*;
    use certbind_formats::netsh::FLAGS;

    #[test]
    fn flags_and_bits_correspond() {
        let named: Vec<_> = OPTIONS
            .iter()
            .filter(|tag| tag.value == Value::Switch)
            .map(|tag| tag.name)
            .collect();
        assert_eq!(named, FLAGS.map(|switch| switch.tag));
    }
}
