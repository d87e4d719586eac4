//! The steps of the choice, the orders of different sources, and the evidence for each.

use certbind_core::BindingKey;

/// A group of keys that HTTP.sys considers together, in the documented order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The address and port of the connection.
    Address,
    /// The server name and port.
    HostName,
    /// A wildcard for the server name, and the port.
    WildcardHostName,
    /// The server name in the central certificate store, and the port.
    ScopedCentralStore,
    /// A wildcard for the server name in the central certificate store, and the port.
    WildcardScopedCentralStore,
    /// The port of the central certificate store.
    CentralStore,
    /// `[::]` and the port.
    AnyIpv6,
    /// `0.0.0.0` and the port.
    AnyIpv4,
}

/// How well a statement about HTTP.sys is supported. None was verified on a Windows host by certbind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// Microsoft's documentation or a Microsoft engineer's article states it.
    Documented,
    /// Others report it from Windows hosts.
    Observed,
    /// Public sources contradict each other.
    Disputed,
    /// No source states it; it is inferred from the others.
    Inferred,
}

/// An order of the steps according to a public source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Order {
    /// Exact address, names, central store, wildcard addresses.
    AddressFirst,
    /// Names, then addresses.
    NameFirst,
    /// All addresses, wildcard ones included, then names.
    AllAddressesFirst,
}

impl Step {
    /// All steps in the documented order.
    pub const ALL: [Self; 8] = [
        Self::Address,
        Self::HostName,
        Self::WildcardHostName,
        Self::ScopedCentralStore,
        Self::WildcardScopedCentralStore,
        Self::CentralStore,
        Self::AnyIpv6,
        Self::AnyIpv4,
    ];

    /// The step at which a key is considered.
    ///
    /// ```
    /// use certbind_resolve::Step;
    ///
    /// let step = |key: &str| Ok::<_, certbind_core::KeyError>(Step::of(&key.parse()?));
    /// assert!(step("ipport=10.0.0.5:443")? < step("hostnameport=www.contoso.com:443")?);
    /// assert!(step("hostnameport=www.contoso.com:443")? < step("hostnameport=*.contoso.com:443")?);
    /// assert!(step("ccs=443")? < step("ipport=[::]:443")?);
    /// assert!(step("ipport=[::]:443")? < step("ipport=0.0.0.0:443")?);
    /// # Ok::<(), certbind_core::KeyError>(())
    /// ```
    #[must_use]
    pub fn of(key: &BindingKey) -> Self {
        match key {
            BindingKey::IpPort(endpoint) if !endpoint.ip().is_unspecified() => Self::Address,
            BindingKey::IpPort(endpoint) if endpoint.ip().is_ipv6() => Self::AnyIpv6,
            BindingKey::IpPort(_) => Self::AnyIpv4,
            BindingKey::Sni(endpoint) if endpoint.host().as_str().starts_with("*.") => {
                Self::WildcardHostName
            }
            BindingKey::Sni(_) => Self::HostName,
            BindingKey::ScopedCcs(endpoint) if endpoint.host().as_str().starts_with("*.") => {
                Self::WildcardScopedCentralStore
            }
            BindingKey::ScopedCcs(_) => Self::ScopedCentralStore,
            BindingKey::Ccs(_) => Self::CentralStore,
        }
    }

    /// The step in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "exact address",
            Self::HostName => "host name",
            Self::WildcardHostName => "wildcard host name",
            Self::ScopedCentralStore => "central store, by name",
            Self::WildcardScopedCentralStore => "central store, by wildcard name",
            Self::CentralStore => "central store",
            Self::AnyIpv6 => "[::]",
            Self::AnyIpv4 => "0.0.0.0",
        }
    }

    /// The identifier of the step in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::HostName => "host_name",
            Self::WildcardHostName => "wildcard_host_name",
            Self::ScopedCentralStore => "scoped_central_store",
            Self::WildcardScopedCentralStore => "wildcard_scoped_central_store",
            Self::CentralStore => "central_store",
            Self::AnyIpv6 => "any_ipv6",
            Self::AnyIpv4 => "any_ipv4",
        }
    }

    /// The evidence for the step's place in the order, and its sources in words.
    #[must_use]
    pub fn evidence(self) -> (Evidence, &'static str) {
        match self {
            Self::Address => (
                Evidence::Disputed,
                "Looked at first: a Microsoft engineer's articles on IIS 8 (\"SSL Scalability with IIS \
                 8\", \"Server Name Indication with IIS 8\", 2012) and a troubleshooting table for AD FS. \
                 Observed: win-acme issues 94 and 1686, and Certify's documentation report that a \
                 binding of an address hides the host names of its port. Jexus Manager's documentation \
                 places host names before it.",
            ),
            Self::HostName => (
                Evidence::Disputed,
                "Before the central store and the wildcard addresses: a troubleshooting table for AD \
                 FS; Microsoft's Application Proxy blog (2014) describes a fallback certificate for \
                 clients that send no name. One renewal agent (tokentimer-core) places wildcard \
                 addresses before it.",
            ),
            Self::WildcardHostName => (
                Evidence::Inferred,
                "No source gives its place. That the exact name comes first, and that a wildcard stands \
                 for one label, are inferred from certificates (RFC 6125).",
            ),
            Self::ScopedCentralStore | Self::WildcardScopedCentralStore => (
                Evidence::Inferred,
                "No source gives its place. It is a host name's, and the central store is searched after \
                 host names.",
            ),
            Self::CentralStore => (
                Evidence::Documented,
                "After host names: a troubleshooting table for AD FS. The host name chooses the file: a Microsoft \
                 engineer's article on the central certificate store of IIS 8 (2012). That a client \
                 without a name is not served by it is inferred from that.",
            ),
            Self::AnyIpv6 => (
                Evidence::Documented,
                "All IPv6 addresses: HTTP_SERVICE_CONFIG_SSL_KEY in Microsoft's Win32 documentation. \
                 Before 0.0.0.0: a troubleshooting table for AD FS.",
            ),
            Self::AnyIpv4 => (
                Evidence::Documented,
                "All IPv4 and IPv6 addresses: HTTP_SERVICE_CONFIG_SSL_KEY in Microsoft's Win32 \
                 documentation. Last: a troubleshooting table for AD FS.",
            ),
        }
    }
}

impl Evidence {
    /// The evidence in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Disputed => "disputed",
            Self::Inferred => "inferred",
        }
    }
}

impl Order {
    /// All orders; the one that most sources support is first.
    pub const ALL: [Self; 3] = [Self::AddressFirst, Self::NameFirst, Self::AllAddressesFirst];

    /// The steps in this order.
    #[must_use]
    pub fn steps(self) -> [Step; 8] {
        use Step::{
            Address, AnyIpv4, AnyIpv6, CentralStore, HostName, ScopedCentralStore,
            WildcardHostName, WildcardScopedCentralStore,
        };
        match self {
            Self::AddressFirst => Step::ALL,
            Self::NameFirst => [
                HostName,
                WildcardHostName,
                ScopedCentralStore,
                WildcardScopedCentralStore,
                CentralStore,
                Address,
                AnyIpv6,
                AnyIpv4,
            ],
            Self::AllAddressesFirst => [
                Address,
                AnyIpv6,
                AnyIpv4,
                HostName,
                WildcardHostName,
                ScopedCentralStore,
                WildcardScopedCentralStore,
                CentralStore,
            ],
        }
    }

    /// The sources of the order, in words.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::AddressFirst => {
                "a troubleshooting table for AD FS, and articles of a Microsoft engineer on IIS 8"
            }
            Self::NameFirst => "the documentation of Jexus Manager",
            Self::AllAddressesFirst => "the renewal agent tokentimer-core",
        }
    }

    /// The identifier of the order in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::AddressFirst => "address_first",
            Self::NameFirst => "name_first",
            Self::AllAddressesFirst => "all_addresses_first",
        }
    }
}
