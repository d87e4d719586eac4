//! The objects of `netsh http` other than certificate bindings.

use super::profile::Profile;
use super::verb::Verb;

/// The object of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    CacheParam,
    IpListen,
    Setting,
    Timeout,
    UrlAcl,
}

impl Object {
    pub(super) const ALL: [Self; 5] = [
        Self::CacheParam,
        Self::IpListen,
        Self::Setting,
        Self::Timeout,
        Self::UrlAcl,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CacheParam => "cacheparam",
            Self::IpListen => "iplisten",
            Self::Setting => "setting",
            Self::Timeout => "timeout",
            Self::UrlAcl => "urlacl",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|object| object.name() == name)
    }

    /// Whether a release has such a command. Cache parameters cannot be deleted, and nothing here
    /// is updated.
    pub(super) fn takes(self, verb: Verb, profile: Profile) -> bool {
        match verb {
            _ if self == Self::Setting && !profile.has_settings() => false,
            Verb::Add | Verb::Show => true,
            Verb::Delete => self != Self::CacheParam,
            Verb::Update => false,
        }
    }

    /// Its tags for a verb, in the order of the usage.
    pub(super) fn tags(self, verb: Verb) -> &'static [&'static str] {
        match (self, verb) {
            (Self::UrlAcl, Verb::Add) => &["url", "user", "listen", "delegate", "sddl"],
            (Self::UrlAcl, _) => &["url"],
            (_, Verb::Show) => &[],
            (Self::IpListen, _) => &["ipaddress"],
            (Self::Timeout, Verb::Add) => &["timeouttype", "value"],
            (Self::Timeout, _) => &["timeouttype"],
            (Self::Setting, Verb::Add) => &["settingtype", "value"],
            (Self::Setting, _) => &["settingtype"],
            (Self::CacheParam, _) => &["type", "value"],
        }
    }

    /// The noun in netsh's messages about adding or deleting it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::CacheParam => "Cache parameter",
            Self::IpListen => "IP address",
            Self::Setting => "Setting",
            Self::Timeout => "Timeout",
            Self::UrlAcl => "URL reservation",
        }
    }
}
