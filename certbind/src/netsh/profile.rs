//! The releases of Windows whose netsh this can be, and where they differ.

use std::fmt;
use std::str::FromStr;

use certbind_core::Kind;
use certbind_formats::netsh::Release;

use super::verb::Verb;

/// The release of Windows whose netsh it is.
///
/// ```
/// use certbind::netsh::Profile;
///
/// assert_eq!("2012R2".parse(), Ok(Profile::Server2012R2));
/// assert_eq!(Profile::default().to_string(), "2022");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// Windows 7 and Server 2008 R2: `ipport` only, and the usage of Microsoft's older
    /// documentation. No `update`.
    Server2008R2,
    /// Windows 8 to Server 2012 R2: the first with host names. No `update`.
    Server2012R2,
    /// Windows Server 2016 as first released, and Windows 10 1607: with `reject`. No `update`.
    Server2016Rtm,
    /// Windows Server 2016: with `reject` and `disablehttp2`. No `update`.
    Server2016,
    /// Windows Server 2019: with `update`, `scopedccs` and the TLS options. It exits with 0 when it
    /// refuses an option.
    Server2019,
    /// Windows Server 2022: with token binding, extended events and session tickets.
    #[default]
    Server2022,
    /// Windows 11 22H2 and 23H2: lists `Enable Caching Client Hello`.
    Windows11V23H2,
    /// Windows Server 2025: with `disablesessionid`. It refuses explicit zeros.
    Server2025,
}

impl Profile {
    /// All of them, the oldest first.
    pub const ALL: [Self; 8] = [
        Self::Server2008R2,
        Self::Server2012R2,
        Self::Server2016Rtm,
        Self::Server2016,
        Self::Server2019,
        Self::Server2022,
        Self::Windows11V23H2,
        Self::Server2025,
    ];

    /// The profile of a version of Windows by its name in the simulator: `7`, `8`, `10-1607` and
    /// `10-1703` have other names here.
    ///
    /// ```
    /// use certbind::netsh::Profile;
    ///
    /// let of = |version| Profile::of_windows(version).map(Profile::name);
    /// assert_eq!(["7", "8", "10-1607"].map(of), [Some("2008r2"), Some("2012r2"), Some("2016")]);
    /// assert_eq!(["10-1703", "2019", "2022"].map(of), [Some("2019"), Some("2019"), Some("2022")]);
    /// assert_eq!(["2016rtm", "2003"].map(of), [Some("2016rtm"), None]);
    /// ```
    #[must_use]
    pub fn of_windows(version: &str) -> Option<Self> {
        match version {
            "7" => Some(Self::Server2008R2),
            "8" => Some(Self::Server2012R2),
            "10-1607" => Some(Self::Server2016),
            "10-1703" => Some(Self::Server2019),
            name => name.parse().ok(),
        }
    }

    /// The name: `2008r2` to `2025`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.release().name()
    }

    /// The release whose listings it prints.
    pub(super) fn release(self) -> Release {
        match self {
            Self::Server2008R2 => Release::Server2008R2,
            Self::Server2012R2 => Release::Server2012R2,
            Self::Server2016Rtm => Release::Server2016Rtm,
            Self::Server2016 => Release::Server2016,
            Self::Server2019 => Release::Server2019,
            Self::Server2022 => Release::Server2022,
            Self::Windows11V23H2 => Release::Windows11,
            Self::Server2025 => Release::Server2025,
        }
    }

    /// The kinds of key that it takes.
    pub(super) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Server2008R2 => &Kind::ALL[..1],
            Self::Server2012R2 | Self::Server2016Rtm | Self::Server2016 => &Kind::ALL[..3],
            _ => &Kind::ALL,
        }
    }

    /// The verbs that it has. `HttpUpdateServiceConfiguration` came with Windows 10 1703, after
    /// Server 2016.
    pub(super) fn verbs(self) -> &'static [Verb] {
        match self >= Self::Server2019 {
            true => &Verb::ALL,
            false => &Verb::ALL[..3],
        }
    }

    /// Whether a given number may be 0, which is also the value of an omitted one.
    pub(super) fn takes_zero(self) -> bool {
        self < Self::Server2025
    }

    /// Whether there is an `update sslpropertyex`: where the listing shows extended properties.
    pub(super) fn has_properties(self) -> bool {
        self >= Self::Server2022
    }

    /// Whether there are settings: with the function's kind of configuration, as in the simulator.
    pub(super) fn has_settings(self) -> bool {
        self >= Self::Server2012R2
    }

    /// Whether `show servicestate` takes `view=client`, which Microsoft's page of 2025 lists first.
    pub(super) fn has_client_view(self) -> bool {
        self >= Self::Server2025
    }

    /// Whether there is a `json` tag.
    pub(super) fn has_json(self) -> bool {
        self >= Self::Server2025
    }

    /// Whether netsh exits with 0 although it, or HTTP.sys, refused an option and nothing was done.
    pub(super) fn hides_refused_options(self) -> bool {
        self == Self::Server2019
    }
}

/// No profile has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a netsh profile; expected 2008r2, 2012r2, 2016rtm, 2016, 2019, 2022, \
     win11-23h2 or 2025"
)]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
