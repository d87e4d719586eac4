/* What a program that configures HTTP.sys takes from Windows' headers (http.h, winsock2.h),
 * declared anew for systems that lack them. Under Windows, and with mingw, take the real ones. */
#ifndef WINDOWS_ON_LINUX_H
#define WINDOWS_ON_LINUX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t ULONG, DWORD;
typedef uint16_t USHORT, WCHAR;
typedef unsigned char UCHAR;
typedef void *HANDLE, *PVOID;
typedef struct { ULONG Data1; USHORT Data2, Data3; UCHAR Data4[8]; } GUID;
typedef struct { USHORT HttpApiMajorVersion, HttpApiMinorVersion; } HTTPAPI_VERSION;

#define AF_INET 2
#define AF_INET6 23
#define NO_ERROR 0
#define HTTP_INITIALIZE_CONFIG 2

typedef struct { USHORT sin_family, sin_port; UCHAR sin_addr[4]; UCHAR sin_zero[8]; } SOCKADDR_IN;
typedef struct {
    USHORT sin6_family, sin6_port;
    ULONG sin6_flowinfo;
    UCHAR sin6_addr[16];
    ULONG sin6_scope_id;
} SOCKADDR_IN6;
typedef struct { USHORT ss_family; UCHAR pad1[6]; int64_t align; UCHAR pad2[112]; } SOCKADDR_STORAGE;

typedef struct { void *pIpPort; } HTTP_SERVICE_CONFIG_SSL_KEY;
typedef struct {
    ULONG SslHashLength;
    PVOID pSslHash;
    GUID AppId;
    WCHAR *pSslCertStoreName;
    DWORD DefaultCertCheckMode;
    DWORD DefaultRevocationFreshnessTime;
    DWORD DefaultRevocationUrlRetrievalTimeout;
    WCHAR *pDefaultSslCtlIdentifier;
    WCHAR *pDefaultSslCtlStoreName;
    DWORD DefaultFlags;
} HTTP_SERVICE_CONFIG_SSL_PARAM;
#define HTTP_SERVICE_CONFIG_SSL_FLAG_USE_DS_MAPPER 0x00000001
#define HTTP_SERVICE_CONFIG_SSL_FLAG_NEGOTIATE_CLIENT_CERT 0x00000002
#define HTTP_SERVICE_CONFIG_SSL_FLAG_NO_RAW_FILTER 0x00000004
#define HTTP_SERVICE_CONFIG_SSL_FLAG_REJECT 0x00000008
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_HTTP2 0x00000010
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_QUIC 0x00000020
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_TLS13 0x00000040
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_OCSP_STAPLING 0x00000080
#define HTTP_SERVICE_CONFIG_SSL_FLAG_ENABLE_TOKEN_BINDING 0x00000100
#define HTTP_SERVICE_CONFIG_SSL_FLAG_LOG_EXTENDED_EVENTS 0x00000200
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_LEGACY_TLS 0x00000400
#define HTTP_SERVICE_CONFIG_SSL_FLAG_ENABLE_SESSION_TICKET 0x00000800
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_TLS12 0x00001000
#define HTTP_SERVICE_CONFIG_SSL_FLAG_ENABLE_CLIENT_CORRELATION 0x00002000
#define HTTP_SERVICE_CONFIG_SSL_FLAG_DISABLE_SESSION_ID 0x00004000
typedef struct {
    HTTP_SERVICE_CONFIG_SSL_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_SET;
typedef enum { HttpServiceConfigQueryExact, HttpServiceConfigQueryNext } HTTP_SERVICE_CONFIG_QUERY_TYPE;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_KEY KeyDesc;
    DWORD dwToken;
} HTTP_SERVICE_CONFIG_SSL_QUERY;
#define HttpServiceConfigSSLCertInfo 1

typedef struct { SOCKADDR_STORAGE IpPort; WCHAR *Host; } HTTP_SERVICE_CONFIG_SSL_SNI_KEY;
typedef struct {
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_SNI_SET;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY KeyDesc;
    DWORD dwToken;
} HTTP_SERVICE_CONFIG_SSL_SNI_QUERY;
#define HttpServiceConfigSslSniCertInfo 5
#define HttpServiceConfigSslScopedCcsCertInfo 11

typedef struct { SOCKADDR_STORAGE LocalAddress; } HTTP_SERVICE_CONFIG_SSL_CCS_KEY;
typedef struct {
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_CCS_SET;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY KeyDesc;
    DWORD dwToken;
} HTTP_SERVICE_CONFIG_SSL_CCS_QUERY;
#define HttpServiceConfigSslCcsCertInfo 6

/* Extended properties. Of ipport keys too the address is in the structure; those of scoped keys
 * have the structures of host names. */
typedef enum {
    ExParamTypeHttp2Window,
    ExParamTypeHttp2SettingsLimits,
    ExParamTypeHttpPerformance,
    ExParamTypeTlsRestrictions,
    ExParamTypeErrorHeaders,
    ExParamTypeTlsSessionTicketKeys
} HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE;
typedef struct { USHORT NameLength, RawValueLength; const char *pName, *pRawValue; } HTTP_UNKNOWN_HEADER;
typedef struct { DWORD Http2ReceiveWindowSize; } HTTP2_WINDOW_SIZE_PARAM;
typedef struct { DWORD Http2MaxSettingsPerFrame, Http2MaxSettingsPerMinute; } HTTP2_SETTINGS_LIMITS_PARAM;
typedef struct { int Type; ULONG BufferSize; PVOID Buffer; } HTTP_PERFORMANCE_PARAM;
typedef struct { ULONG RestrictionCount; PVOID TlsRestrictions; } HTTP_TLS_RESTRICTIONS_PARAM;
typedef struct { USHORT StatusCode, HeaderCount; HTTP_UNKNOWN_HEADER *Headers; } HTTP_ERROR_HEADERS_PARAM;
typedef struct { ULONG SessionTicketKeyCount; PVOID SessionTicketKeys; } HTTP_TLS_SESSION_TICKET_KEYS_PARAM;
typedef struct {
    HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE ParamType;
    uint64_t Flags;
    union {
        HTTP2_WINDOW_SIZE_PARAM Http2WindowSizeParam;
        HTTP2_SETTINGS_LIMITS_PARAM Http2SettingsLimitsParam;
        HTTP_PERFORMANCE_PARAM HttpPerformanceParam;
        HTTP_TLS_RESTRICTIONS_PARAM HttpTlsRestrictionsParam;
        HTTP_ERROR_HEADERS_PARAM HttpErrorHeadersParam;
        HTTP_TLS_SESSION_TICKET_KEYS_PARAM HttpTlsSessionTicketKeysParam;
    };
} HTTP_SERVICE_CONFIG_SSL_PARAM_EX;

typedef struct { SOCKADDR_STORAGE IpPort; } HTTP_SERVICE_CONFIG_SSL_KEY_EX;
typedef struct {
    HTTP_SERVICE_CONFIG_SSL_KEY_EX KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_SET_EX;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_KEY_EX KeyDesc;
    DWORD dwToken;
    HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE ParamType;
} HTTP_SERVICE_CONFIG_SSL_QUERY_EX;
#define HttpServiceConfigSslCertInfoEx 8

typedef struct {
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY KeyDesc;
    DWORD dwToken;
    HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE ParamType;
} HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX;
#define HttpServiceConfigSslSniCertInfoEx 9
#define HttpServiceConfigSslScopedCcsCertInfoEx 12

typedef struct {
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX ParamDesc;
} HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY KeyDesc;
    DWORD dwToken;
    HTTP_SSL_SERVICE_CONFIG_EX_PARAM_TYPE ParamType;
} HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX;
#define HttpServiceConfigSslCcsCertInfoEx 10

typedef struct { USHORT AddrLength; void *pAddress; } HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM;
typedef struct { ULONG AddrCount; SOCKADDR_STORAGE AddrList[1]; } HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY;
#define HttpServiceConfigIPListenList 0

typedef struct { WCHAR *pUrlPrefix; } HTTP_SERVICE_CONFIG_URLACL_KEY;
typedef struct { WCHAR *pStringSecurityDescriptor; } HTTP_SERVICE_CONFIG_URLACL_PARAM;
typedef struct {
    HTTP_SERVICE_CONFIG_URLACL_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_URLACL_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_URLACL_SET;
typedef struct {
    HTTP_SERVICE_CONFIG_QUERY_TYPE QueryDesc;
    HTTP_SERVICE_CONFIG_URLACL_KEY KeyDesc;
    DWORD dwToken;
} HTTP_SERVICE_CONFIG_URLACL_QUERY;
#define HttpServiceConfigUrlAclInfo 2

typedef enum { IdleConnectionTimeout, HeaderWaitTimeout } HTTP_SERVICE_CONFIG_TIMEOUT_KEY;
typedef USHORT HTTP_SERVICE_CONFIG_TIMEOUT_PARAM;
typedef struct {
    HTTP_SERVICE_CONFIG_TIMEOUT_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_TIMEOUT_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_TIMEOUT_SET;
#define HttpServiceConfigTimeout 3

typedef enum { MaxCacheResponseSize, CacheRangeChunkSize } HTTP_SERVICE_CONFIG_CACHE_KEY;
typedef ULONG HTTP_SERVICE_CONFIG_CACHE_PARAM;
typedef struct {
    HTTP_SERVICE_CONFIG_CACHE_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_CACHE_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_CACHE_SET;
#define HttpServiceConfigCache 4

typedef enum { HttpNone, HttpTlsThrottle } HTTP_SERVICE_CONFIG_SETTING_KEY;
typedef ULONG HTTP_SERVICE_CONFIG_SETTING_PARAM;
typedef struct {
    HTTP_SERVICE_CONFIG_SETTING_KEY KeyDesc;
    HTTP_SERVICE_CONFIG_SETTING_PARAM ParamDesc;
} HTTP_SERVICE_CONFIG_SETTING_SET;
#define HttpServiceConfigSetting 7

ULONG HttpInitialize(HTTPAPI_VERSION, ULONG, PVOID);
ULONG HttpTerminate(ULONG, PVOID);
ULONG HttpSetServiceConfiguration(HANDLE, int, PVOID, ULONG, void *);
ULONG HttpUpdateServiceConfiguration(HANDLE, int, PVOID, ULONG, void *);
ULONG HttpDeleteServiceConfiguration(HANDLE, int, PVOID, ULONG, void *);
ULONG HttpQueryServiceConfiguration(HANDLE, int, PVOID, ULONG, PVOID, ULONG, ULONG *, void *);

#define HTTPAPI_VERSION_1 {1, 0}
#define HTTPAPI_VERSION_2 {2, 0}

/* What servers call before the first request. */
#define HTTP_INITIALIZE_SERVER 1
#define HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING 1
#define HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER 2
#define HTTP_URL_FLAG_REMOVE_ALL 1
typedef uint64_t HTTP_SERVER_SESSION_ID, HTTP_URL_GROUP_ID, HTTP_URL_CONTEXT;
typedef enum {
    HttpServerAuthenticationProperty,
    HttpServerLoggingProperty,
    HttpServerQosProperty,
    HttpServerTimeoutsProperty,
    HttpServerQueueLengthProperty,
    HttpServerStateProperty,
    HttpServer503VerbosityProperty,
    HttpServerBindingProperty,
    HttpServerExtendedAuthenticationProperty,
    HttpServerListenEndpointProperty,
    HttpServerChannelBindProperty
} HTTP_SERVER_PROPERTY;
typedef enum {
    HttpFeatureUnknown,
    HttpFeatureResponseTrailers,
    HttpFeatureApiTimings,
    HttpFeatureDelegateEx,
    HttpFeatureHttp3
} HTTP_FEATURE_ID;
typedef struct { ULONG Present : 1; } HTTP_PROPERTY_FLAGS;
typedef struct { HTTP_PROPERTY_FLAGS Flags; HANDLE RequestQueueHandle; } HTTP_BINDING_INFO;

ULONG HttpCreateServerSession(HTTPAPI_VERSION, HTTP_SERVER_SESSION_ID *, ULONG);
ULONG HttpCloseServerSession(HTTP_SERVER_SESSION_ID);
ULONG HttpCreateUrlGroup(HTTP_SERVER_SESSION_ID, HTTP_URL_GROUP_ID *, ULONG);
ULONG HttpCloseUrlGroup(HTTP_URL_GROUP_ID);
ULONG HttpAddUrlToUrlGroup(HTTP_URL_GROUP_ID, const WCHAR *, HTTP_URL_CONTEXT, ULONG);
ULONG HttpRemoveUrlFromUrlGroup(HTTP_URL_GROUP_ID, const WCHAR *, ULONG);
ULONG HttpSetUrlGroupProperty(HTTP_URL_GROUP_ID, HTTP_SERVER_PROPERTY, PVOID, ULONG);
ULONG HttpCreateRequestQueue(HTTPAPI_VERSION, const WCHAR *, void *, ULONG, HANDLE *);
ULONG HttpCloseRequestQueue(HANDLE);
ULONG HttpShutdownRequestQueue(HANDLE);
ULONG HttpCreateHttpHandle(HANDLE *, ULONG);
ULONG HttpAddUrl(HANDLE, const WCHAR *, PVOID);
ULONG HttpRemoveUrl(HANDLE, const WCHAR *);
int HttpIsFeatureSupported(HTTP_FEATURE_ID);
/* The caller frees what it gets: with free(), where Windows has HeapFree. */
ULONG HttpPrepareUrl(PVOID, ULONG, const WCHAR *, WCHAR **);

#ifdef __cplusplus
}
#endif

#endif
