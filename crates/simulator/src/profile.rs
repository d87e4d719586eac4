//! The versions of Windows, as far as the API differs.

use std::fmt;
use std::str::FromStr;

use certbind_core::Kind;
use certbind_httpapi_abi::service::ServiceKind;

/// A version of Windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Windows 7 and Server 2008 R2: `ipport` alone.
    Windows7,
    /// Windows 8 and Server 2012: SNI and the central certificate store.
    Windows8,
    /// Windows 10, version 1607, and Server 2016.
    Windows10V1607,
    /// Windows 10, version 1703: `HttpUpdateServiceConfiguration`.
    Windows10V1703,
    /// Windows Server 2019 and Windows 10, version 1809: scoped CCS. A hive of version 1709 lacks its key, those
    /// of 1903 and later have it; which of 1809 and 1903 brought it is not known.
    Server2019,
    /// Windows Server 2022.
    #[default]
    Server2022,
    /// Windows Server 2025.
    Server2025,
}

impl Profile {
    /// All of them, the oldest first.
    pub const ALL: [Self; 7] = [
        Self::Windows7,
        Self::Windows8,
        Self::Windows10V1607,
        Self::Windows10V1703,
        Self::Server2019,
        Self::Server2022,
        Self::Server2025,
    ];

    /// The name: `7`, `8`, `10-1607`, `10-1703`, `2019`, `2022`, `2025`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows7 => "7",
            Self::Windows8 => "8",
            Self::Windows10V1607 => "10-1607",
            Self::Windows10V1703 => "10-1703",
            Self::Server2019 => "2019",
            Self::Server2022 => "2022",
            Self::Server2025 => "2025",
        }
    }

    /// The version of a build of Windows, by the builds of Microsoft's release information.
    ///
    /// ```
    /// use certbind_simulator::Profile;
    ///
    /// assert_eq!(Profile::of_build(9600), Profile::Windows8);
    /// assert_eq!(Profile::of_build(20348), Profile::Server2022);
    /// ```
    #[must_use]
    pub fn of_build(build: u32) -> Self {
        match build {
            0..9200 => Self::Windows7,
            9200..10240 => Self::Windows8,
            10240..15063 => Self::Windows10V1607,
            15063..17763 => Self::Windows10V1703,
            17763..20348 => Self::Server2019,
            20348..26100 => Self::Server2022,
            26100.. => Self::Server2025,
        }
    }

    /// Whether it has records of this kind. The functions answer 87 for the ids of others.
    #[must_use]
    pub fn has_kind(self, kind: Kind) -> bool {
        match kind {
            Kind::IpPort => true,
            Kind::Sni | Kind::Ccs => self >= Self::Windows8,
            Kind::ScopedCcs => self >= Self::Server2019,
        }
    }

    /// Whether it has extended properties. The build that brought them is not known; they are taken
    /// to be as old as scoped CCS, whose ids are among theirs. The functions answer 87 before.
    #[must_use]
    pub fn has_properties(self) -> bool {
        self >= Self::Server2019
    }

    /// Whether it has this part of the service configuration. The functions answer 87 for the ids
    /// of others.
    #[must_use]
    pub fn has_service(self, kind: ServiceKind) -> bool {
        match kind {
            ServiceKind::ListenList
            | ServiceKind::UrlReservation
            | ServiceKind::Timeout
            | ServiceKind::Cache => true,
            // Inferred from its id, which follows those of Windows 8.
            ServiceKind::Setting => self >= Self::Windows8,
        }
    }

    /// Whether it has `HttpUpdateServiceConfiguration`.
    #[must_use]
    pub fn has_update(self) -> bool {
        self >= Self::Windows10V1703
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A version by its name, or by the name of the release of netsh that it has. Releases of netsh that
/// differ in no call are one version: `2016rtm` and `2016`, `2022` and `win11-23h2`.
///
/// ```
/// use certbind_simulator::Profile;
///
/// assert_eq!("2008r2".parse(), Ok(Profile::Windows7));
/// assert_eq!("2016rtm".parse(), Ok(Profile::Windows10V1607));
/// assert_eq!("win11-23h2".parse(), Ok(Profile::Server2022));
/// ```
impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        match name {
            "2008r2" => Ok(Self::Windows7),
            "2012r2" => Ok(Self::Windows8),
            "2016rtm" | "2016" => Ok(Self::Windows10V1607),
            "win11-23h2" => Ok(Self::Server2022),
            _ => Self::ALL
                .into_iter()
                .find(|profile| profile.name() == name)
                .ok_or_else(|| UnknownProfile(name.to_owned())),
        }
    }
}

/// No profile has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a version; expected 2008r2 (7), 2012r2 (8), 2016rtm, 2016 (10-1607), 10-1703, 2019, \
     2022, win11-23h2 or 2025"
)]
pub struct UnknownProfile(String);
