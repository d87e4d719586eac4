//! The two bit fields of a record. Unknown bits are kept.

bitflags::bitflags! {
    /// `DefaultFlags` of a record: `HTTP_SERVICE_CONFIG_SSL_FLAG_*` of `http.h`.
    ///
    /// ```
    /// use certbind_core::SslFlags;
    ///
    /// let flags = SslFlags::from_bits_retain(0x8000_0010);
    /// assert!(flags.contains(SslFlags::DISABLE_HTTP2));
    /// assert_eq!(flags.unknown(), 0x8000_0000);
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct SslFlags: u32 {
        /// Map client certificates to Active Directory accounts.
        const USE_DS_MAPPER = 0x1;
        /// Ask for a client certificate in the first handshake.
        const NEGOTIATE_CLIENT_CERT = 0x2;
        /// Do not pass the connection to raw ISAPI filters. Older headers only; still stored.
        const NO_RAW_FILTER = 0x4;
        /// Reject connections that match the binding.
        const REJECT = 0x8;
        /// No HTTP/2.
        const DISABLE_HTTP2 = 0x10;
        /// No HTTP/3 over QUIC.
        const DISABLE_QUIC = 0x20;
        /// No TLS 1.3.
        const DISABLE_TLS13 = 0x40;
        /// No stapled OCSP response.
        const DISABLE_OCSP_STAPLING = 0x80;
        /// Token binding.
        const ENABLE_TOKEN_BINDING = 0x100;
        /// Log extended events.
        const LOG_EXTENDED_EVENTS = 0x200;
        /// Nothing older than TLS 1.2, and no weak cipher suites.
        const DISABLE_LEGACY_TLS = 0x400;
        /// TLS session tickets.
        const ENABLE_SESSION_TICKET = 0x800;
        /// No TLS 1.2.
        const DISABLE_TLS12 = 0x1000;
        /// Client correlation. In headers, without an option in netsh.
        const ENABLE_CLIENT_CORRELATION = 0x2000;
        /// No TLS session ids.
        const DISABLE_SESSION_ID = 0x4000;
        /// Cache the client's first message.
        const ENABLE_CACHE_CLIENT_HELLO = 0x8000;

        const _ = !0;
    }
}

bitflags::bitflags! {
    /// `DefaultCertCheckMode` of a record: the checks of client certificates. Without any bit,
    /// revocation and usage are checked. The names are those of newer SDK headers
    /// (`HTTP_CERT_CHECK_MODE_*`).
    ///
    /// ```
    /// use certbind_core::CertCheckMode;
    ///
    /// let mode = CertCheckMode::NO_REVOCATION | CertCheckMode::NO_USAGE_CHECK;
    /// assert_eq!(mode.bits(), 0x1_0001);
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct CertCheckMode: u32 {
        /// Do not check for revocation.
        const NO_REVOCATION = 0x1;
        /// Check revocation with cached data only.
        const CACHED_REVOCATION = 0x2;
        /// The record's revocation freshness time is in effect.
        const USE_REVOCATION_FRESHNESS = 0x4;
        /// Retrieve from cached URLs only.
        const CACHED_URLS = 0x8;
        /// Do not follow authority information access.
        const NO_AIA = 0x10;
        /// Do not check the certificate's usage.
        const NO_USAGE_CHECK = 0x1_0000;

        const _ = !0;
    }
}

macro_rules! unknown {
    ($($name:ident),*) => {$(
        impl $name {
            /// The bits without a constant in this version.
            #[must_use]
            pub fn unknown(self) -> u32 {
                self.iter_names().fold(self.bits(), |bits, (_, flag)| bits & !flag.bits())
            }
        }
    )*};
}

unknown!(SslFlags, CertCheckMode);
