//! Sizes and offsets as in the C headers, checked at compile time.
//!
//! Checked against mingw-w64's `http.h` for x64; for x86 those of Microsoft's compiler, which
//! aligns eight-byte integers to eight. Other 32-bit ABIs do not, and have no HTTP Server API.

use std::mem::{offset_of, size_of};

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_ERROR_HEADERS_PARAM as ErrorHeaders, HTTP_PERFORMANCE_PARAM as Performance,
    HTTP_SERVICE_CONFIG_CACHE_SET as CacheSet, HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM as ListenParam,
    HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY as ListenQuery,
    HTTP_SERVICE_CONFIG_SETTING_SET as SettingSet, HTTP_SERVICE_CONFIG_SSL_CCS_QUERY as CcsQuery,
    HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX as CcsQueryEx, HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX as CcsSetEx, HTTP_SERVICE_CONFIG_SSL_PARAM as Param,
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX as ParamEx, HTTP_SERVICE_CONFIG_SSL_QUERY as SslQuery,
    HTTP_SERVICE_CONFIG_SSL_QUERY_EX as SslQueryEx, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SET_EX as SslSetEx, HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY as SniQuery,
    HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX as SniQueryEx, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
    HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX as SniSetEx, HTTP_SERVICE_CONFIG_TIMEOUT_SET as TimeoutSet,
    HTTP_SERVICE_CONFIG_URLACL_QUERY as UrlQuery, HTTP_SERVICE_CONFIG_URLACL_SET as UrlSet,
    HTTP_TLS_RESTRICTIONS_PARAM as Restrictions, HTTP_TLS_SESSION_TICKET_KEYS_PARAM as TicketKeys,
    HTTP_UNKNOWN_HEADER as Header, HTTP2_SETTINGS_LIMITS_PARAM as Limits,
    HTTP2_WINDOW_SIZE_PARAM as Window, HTTPAPI_VERSION as Version,
};
use windows_sys::Win32::Networking::WinSock::{
    SOCKADDR_IN as In, SOCKADDR_IN6 as In6, SOCKADDR_STORAGE as Storage,
};

use windows_sys::Win32::Security::Authentication::Identity::{
    CRYPTO_SETTINGS as Crypto, LSA_UNICODE_STRING as Counted,
    SecPkgCred_SessionTicketKey as TicketKey, TLS_PARAMETERS as Restriction,
};

/// `Type: size, field at offset, ...`
macro_rules! layout {
    ($($type:ident: $size:literal $(, $($field:ident).+ at $offset:literal)*;)*) => {$(
        const _: () = {
            assert!(size_of::<$type>() == $size);
            $(assert!(offset_of!($type, $($field).+) == $offset);)*
        };
    )*};
}

layout! {
    Version: 4, HttpApiMajorVersion at 0, HttpApiMinorVersion at 2;
    In: 16, sin_family at 0, sin_port at 2, sin_addr at 4;
    In6: 28, sin6_family at 0, sin6_port at 2, sin6_flowinfo at 4, sin6_addr at 8, Anonymous at 24;
    Storage: 128, ss_family at 0;
    ListenQuery: 136, AddrCount at 0, AddrList at 8;
    TimeoutSet: 8, KeyDesc at 0, ParamDesc at 4;
    CacheSet: 8, KeyDesc at 0, ParamDesc at 4;
    SettingSet: 8, KeyDesc at 0, ParamDesc at 4;
    Window: 4, Http2ReceiveWindowSize at 0;
    Limits: 8, Http2MaxSettingsPerFrame at 0, Http2MaxSettingsPerMinute at 4;
    SslSetEx: 160, KeyDesc at 0, ParamDesc at 128;
    SniSetEx: 168, KeyDesc at 0, ParamDesc at 136;
    CcsSetEx: 160, KeyDesc at 0, ParamDesc at 128;
    SslQueryEx: 144, QueryDesc at 0, KeyDesc at 8, dwToken at 136, ParamType at 140;
    SniQueryEx: 152, QueryDesc at 0, KeyDesc at 8, dwToken at 144, ParamType at 148;
    CcsQueryEx: 144, QueryDesc at 0, KeyDesc at 8, dwToken at 136, ParamType at 140;
    ParamEx: 32, ParamType at 0, Flags at 8, Anonymous at 16;
    TicketKey: 88, TicketInfoVersion at 0, KeyId at 4, KeyingMaterial at 20, KeyingMaterialSize at 84;
}

#[cfg(target_pointer_width = "64")]
layout! {
    Param: 80, SslHashLength at 0, pSslHash at 8, AppId at 16, pSslCertStoreName at 32,
        DefaultCertCheckMode at 40, DefaultRevocationFreshnessTime at 44,
        DefaultRevocationUrlRetrievalTimeout at 48, pDefaultSslCtlIdentifier at 56,
        pDefaultSslCtlStoreName at 64, DefaultFlags at 72;
    SniKey: 136, IpPort at 0, Host at 128;
    SslSet: 88, KeyDesc at 0, ParamDesc at 8;
    SniSet: 216, KeyDesc at 0, ParamDesc at 136;
    CcsSet: 208, KeyDesc at 0, ParamDesc at 128;
    SslQuery: 24, QueryDesc at 0, KeyDesc at 8, dwToken at 16;
    SniQuery: 152, QueryDesc at 0, KeyDesc at 8, dwToken at 144;
    CcsQuery: 144, QueryDesc at 0, KeyDesc at 8, dwToken at 136;
    UrlSet: 16, KeyDesc at 0, ParamDesc at 8;
    UrlQuery: 24, QueryDesc at 0, KeyDesc at 8, dwToken at 16;
    ListenParam: 16, AddrLength at 0, pAddress at 8;
    Performance: 16, Type at 0, BufferSize at 4, Buffer at 8;
    Restrictions: 16, RestrictionCount at 0, TlsRestrictions at 8;
    ErrorHeaders: 16, StatusCode at 0, HeaderCount at 2, Headers at 8;
    TicketKeys: 16, SessionTicketKeyCount at 0, SessionTicketKeys at 8;
    Header: 24, NameLength at 0, RawValueLength at 2, pName at 8, pRawValue at 16;
    Restriction: 40, cAlpnIds at 0, rgstrAlpnIds at 8, grbitDisabledProtocols at 16,
        cDisabledCrypto at 20, pDisabledCrypto at 24, dwFlags at 32;
    Crypto: 48, eAlgorithmUsage at 0, strCngAlgId at 8, cChainingModes at 24,
        rgstrChainingModes at 32, dwMinBitLength at 40, dwMaxBitLength at 44;
    Counted: 16, Length at 0, MaximumLength at 2, Buffer at 8;
}

#[cfg(all(target_pointer_width = "32", windows))]
layout! {
    Param: 52, SslHashLength at 0, pSslHash at 4, AppId at 8, pSslCertStoreName at 24,
        DefaultCertCheckMode at 28, DefaultRevocationFreshnessTime at 32,
        DefaultRevocationUrlRetrievalTimeout at 36, pDefaultSslCtlIdentifier at 40,
        pDefaultSslCtlStoreName at 44, DefaultFlags at 48;
    SniKey: 136, IpPort at 0, Host at 128;
    SslSet: 56, KeyDesc at 0, ParamDesc at 4;
    SniSet: 192, KeyDesc at 0, ParamDesc at 136;
    CcsSet: 184, KeyDesc at 0, ParamDesc at 128;
    SslQuery: 12, QueryDesc at 0, KeyDesc at 4, dwToken at 8;
    SniQuery: 152, QueryDesc at 0, KeyDesc at 8, dwToken at 144;
    CcsQuery: 144, QueryDesc at 0, KeyDesc at 8, dwToken at 136;
    UrlSet: 8, KeyDesc at 0, ParamDesc at 4;
    UrlQuery: 12, QueryDesc at 0, KeyDesc at 4, dwToken at 8;
    ListenParam: 8, AddrLength at 0, pAddress at 4;
    Performance: 12, Type at 0, BufferSize at 4, Buffer at 8;
    Restrictions: 8, RestrictionCount at 0, TlsRestrictions at 4;
    ErrorHeaders: 8, StatusCode at 0, HeaderCount at 2, Headers at 4;
    TicketKeys: 8, SessionTicketKeyCount at 0, SessionTicketKeys at 4;
    Header: 12, NameLength at 0, RawValueLength at 2, pName at 4, pRawValue at 8;
    Restriction: 24, cAlpnIds at 0, rgstrAlpnIds at 4, grbitDisabledProtocols at 8,
        cDisabledCrypto at 12, pDisabledCrypto at 16, dwFlags at 20;
    Crypto: 28, eAlgorithmUsage at 0, strCngAlgId at 4, cChainingModes at 12,
        rgstrChainingModes at 16, dwMinBitLength at 20, dwMaxBitLength at 24;
    Counted: 8, Length at 0, MaximumLength at 2, Buffer at 4;
}
