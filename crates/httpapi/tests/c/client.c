/* Sets, queries, enumerates, updates and deletes bindings through the HTTP Server API, and checks
 * what comes back. It shares no declaration with the library: under Windows the structures come
 * from mingw-w64's headers, and what those lack (the structures of SNI, of the central certificate
 * store and of extended properties, and the update function) is declared here; elsewhere all come
 * from the header for users. */

#ifdef _WIN32
#define _WIN32_WINNT 0x0602
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <http.h>
#else
#include "../../include/windows_on_linux.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
typedef struct { SOCKADDR_STORAGE IpPort; WCHAR *Host; } SNI_KEY;
typedef struct { SNI_KEY KeyDesc; HTTP_SERVICE_CONFIG_SSL_PARAM ParamDesc; } SNI_SET;
typedef struct { int QueryDesc; SNI_KEY KeyDesc; DWORD dwToken; } SNI_QUERY;
typedef struct { SOCKADDR_STORAGE LocalAddress; } CCS_KEY;
typedef struct { CCS_KEY KeyDesc; HTTP_SERVICE_CONFIG_SSL_PARAM ParamDesc; } CCS_SET;
typedef struct { int QueryDesc; CCS_KEY KeyDesc; DWORD dwToken; } CCS_QUERY;

/* The extended properties, as Microsoft's newer headers have them. */
typedef struct { USHORT NameLength, RawValueLength; const char *pName, *pRawValue; } HEADER;
typedef struct {
    int ParamType;
    unsigned long long Flags;
    union {
        struct { DWORD Http2ReceiveWindowSize; } Http2WindowSizeParam;
        struct { USHORT StatusCode, HeaderCount; HEADER *Headers; } HttpErrorHeadersParam;
    };
} PARAM_EX;
typedef struct { CCS_KEY KeyDesc; PARAM_EX ParamDesc; } SET_EX;
typedef struct { int QueryDesc; CCS_KEY KeyDesc; DWORD dwToken; int ParamType; } QUERY_EX;

#define SNI 5
#define CCS 6
#define SCOPED_CCS 11
#define CCS_EX 10
#define WINDOW 0
#define ERROR_HEADERS 4

typedef ULONG (WINAPI *UPDATE)(HANDLE, int, PVOID, ULONG, LPOVERLAPPED);
static ULONG update(int id, void *set, ULONG length)
{
    UPDATE function = (UPDATE)(void *)GetProcAddress(GetModuleHandleA("httpapi.dll"), "HttpUpdateServiceConfiguration");
    return function ? function(NULL, id, set, length, NULL) : 127;
}
#else
typedef HTTP_SERVICE_CONFIG_SSL_SNI_KEY SNI_KEY;
typedef HTTP_SERVICE_CONFIG_SSL_SNI_SET SNI_SET;
typedef HTTP_SERVICE_CONFIG_SSL_SNI_QUERY SNI_QUERY;
typedef HTTP_SERVICE_CONFIG_SSL_CCS_KEY CCS_KEY;
typedef HTTP_SERVICE_CONFIG_SSL_CCS_SET CCS_SET;
typedef HTTP_SERVICE_CONFIG_SSL_CCS_QUERY CCS_QUERY;
typedef HTTP_UNKNOWN_HEADER HEADER;
typedef HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX SET_EX;
typedef HTTP_SERVICE_CONFIG_SSL_CCS_QUERY_EX QUERY_EX;

#define SNI HttpServiceConfigSslSniCertInfo
#define CCS HttpServiceConfigSslCcsCertInfo
#define SCOPED_CCS HttpServiceConfigSslScopedCcsCertInfo
#define CCS_EX HttpServiceConfigSslCcsCertInfoEx
#define WINDOW ExParamTypeHttp2Window
#define ERROR_HEADERS ExParamTypeErrorHeaders

static ULONG update(int id, void *set, ULONG length)
{
    return HttpUpdateServiceConfiguration(NULL, id, set, length, NULL);
}
#endif

#define EXPECT(expression, expected)                                                       \
    do {                                                                                   \
        unsigned long got = (unsigned long)(expression);                                   \
        if (got != (unsigned long)(expected)) {                                            \
            printf("line %d: %s: got %lu, expected %lu\n", __LINE__, #expression, got,     \
                   (unsigned long)(expected));                                             \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)
#define HOLDS(condition) EXPECT(!!(condition), 1)

static UCHAR hash[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
static WCHAR my[] = {'M', 'Y', 0};
static WCHAR ctl[] = {'L', 'i', 's', 't', 0};
static WCHAR ctl_store[] = {'C', 'A', 0};
static WCHAR host[] = {'W', 'w', 'w', '.', 'a', '.', 't', 'e', 's', 't', 0};
static const GUID app = {0x4dc3e181, 0xe14b, 0x4a21, {0xb0, 0x22, 0x59, 0xfc, 0x66, 0x9b, 0x09, 0x14}};

static HTTP_SERVICE_CONFIG_SSL_PARAM param(void)
{
    HTTP_SERVICE_CONFIG_SSL_PARAM p;
    memset(&p, 0, sizeof p);
    p.SslHashLength = sizeof hash;
    p.pSslHash = hash;
    p.AppId = app;
    p.pSslCertStoreName = (void *)my;
    p.DefaultCertCheckMode = 0x10001;
    p.DefaultRevocationFreshnessTime = 60;
    p.DefaultRevocationUrlRetrievalTimeout = 5000;
    p.pDefaultSslCtlIdentifier = (void *)ctl;
    p.pDefaultSslCtlStoreName = (void *)ctl_store;
    p.DefaultFlags = 0x80000012;
    return p;
}

static int same(const WCHAR *a, const WCHAR *b)
{
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static void check(const HTTP_SERVICE_CONFIG_SSL_PARAM *p, DWORD flags)
{
    EXPECT(p->SslHashLength, 20);
    HOLDS(memcmp(p->pSslHash, hash, 20) == 0);
    HOLDS(memcmp(&p->AppId, &app, sizeof app) == 0);
    HOLDS(same((void *)p->pSslCertStoreName, my));
    EXPECT(p->DefaultCertCheckMode, 0x10001);
    EXPECT(p->DefaultRevocationFreshnessTime, 60);
    EXPECT(p->DefaultRevocationUrlRetrievalTimeout, 5000);
    HOLDS(same((void *)p->pDefaultSslCtlIdentifier, ctl));
    HOLDS(same((void *)p->pDefaultSslCtlStoreName, ctl_store));
    EXPECT(p->DefaultFlags, flags);
}

/* The two calls of a query; the caller frees what it gives. */
static void *query(int id, void *input, ULONG length, ULONG expected)
{
    ULONG size = 0;
    ULONG code = HttpQueryServiceConfiguration(NULL, id, input, length, NULL, 0, &size, NULL);
    if (expected != NO_ERROR) {
        EXPECT(code, expected);
        return NULL;
    }
    EXPECT(code, 122);
    void *output = malloc(size);
    ULONG small = size - 1;
    EXPECT(HttpQueryServiceConfiguration(NULL, id, input, length, output, small, &size, NULL), 122);
    EXPECT(HttpQueryServiceConfiguration(NULL, id, input, length, output, size, &size, NULL), NO_ERROR);
    return output;
}

static USHORT big_endian(USHORT port)
{
    return (USHORT)(port << 8 | port >> 8);
}

static SOCKADDR_STORAGE any_address(USHORT port)
{
    SOCKADDR_STORAGE address;
    memset(&address, 0, sizeof address);
    ((SOCKADDR_IN *)&address)->sin_family = AF_INET;
    ((SOCKADDR_IN *)&address)->sin_port = big_endian(port);
    return address;
}

static void ip_ports(void)
{
    SOCKADDR_IN v4;
    SOCKADDR_IN6 v6;
    HTTP_SERVICE_CONFIG_SSL_SET set;
    HTTP_SERVICE_CONFIG_SSL_QUERY exact, next;
    HTTP_SERVICE_CONFIG_SSL_SET *found;

    memset(&v4, 0, sizeof v4);
    v4.sin_family = AF_INET;
    v4.sin_port = big_endian(8443);
    memcpy(&v4.sin_addr, "\x0a\x01\x02\x03", 4);
    memset(&v6, 0, sizeof v6);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = big_endian(443);
    ((UCHAR *)&v6.sin6_addr)[15] = 1;
    memset(&set, 0, sizeof set);
    set.ParamDesc = param();
    memset(&exact, 0, sizeof exact);
    exact.QueryDesc = HttpServiceConfigQueryExact;
    memset(&next, 0, sizeof next);
    next.QueryDesc = HttpServiceConfigQueryNext;

    set.KeyDesc.pIpPort = exact.KeyDesc.pIpPort = (void *)&v4;
    query(HttpServiceConfigSSLCertInfo, &exact, sizeof exact, 2);
    query(HttpServiceConfigSSLCertInfo, &next, sizeof next, 259);
    EXPECT(update(HttpServiceConfigSSLCertInfo, &set, sizeof set), 2);
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 0);
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 183);
    set.KeyDesc.pIpPort = (void *)&v6;
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 0);

    found = query(HttpServiceConfigSSLCertInfo, &exact, sizeof exact, 0);
    EXPECT(((SOCKADDR_IN *)found->KeyDesc.pIpPort)->sin_family, AF_INET);
    EXPECT(((SOCKADDR_IN *)found->KeyDesc.pIpPort)->sin_port, big_endian(8443));
    HOLDS(memcmp(&((SOCKADDR_IN *)found->KeyDesc.pIpPort)->sin_addr, "\x0a\x01\x02\x03", 4) == 0);
    check(&found->ParamDesc, 0x80000012);
    free(found);

    found = query(HttpServiceConfigSSLCertInfo, &next, sizeof next, 0);
    EXPECT(((SOCKADDR_IN *)found->KeyDesc.pIpPort)->sin_family, AF_INET);
    free(found);
    next.dwToken = 1;
    found = query(HttpServiceConfigSSLCertInfo, &next, sizeof next, 0);
    EXPECT(((SOCKADDR_IN6 *)found->KeyDesc.pIpPort)->sin6_family, AF_INET6);
    EXPECT(((SOCKADDR_IN6 *)found->KeyDesc.pIpPort)->sin6_port, big_endian(443));
    EXPECT(((UCHAR *)&((SOCKADDR_IN6 *)found->KeyDesc.pIpPort)->sin6_addr)[15], 1);
    free(found);
    next.dwToken = 2;
    query(HttpServiceConfigSSLCertInfo, &next, sizeof next, 259);

    set.KeyDesc.pIpPort = (void *)&v4;
    set.ParamDesc.DefaultFlags = 0x20;
    EXPECT(update(HttpServiceConfigSSLCertInfo, &set, sizeof set), 0);
    found = query(HttpServiceConfigSSLCertInfo, &exact, sizeof exact, 0);
    check(&found->ParamDesc, 0x20);
    free(found);

    EXPECT(HttpDeleteServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 0);
    EXPECT(HttpDeleteServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 2);
    set.KeyDesc.pIpPort = (void *)&v6;
    EXPECT(HttpDeleteServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 0);
}

static void host_names(int id, int with_certificate)
{
    SNI_SET set;
    SNI_QUERY exact;
    SNI_SET *found;

    memset(&set, 0, sizeof set);
    set.KeyDesc.IpPort = any_address(443);
    set.KeyDesc.Host = host;
    set.ParamDesc = param();
    if (!with_certificate) {
        set.ParamDesc.SslHashLength = 0;
        set.ParamDesc.pSslHash = NULL;
        set.ParamDesc.pSslCertStoreName = NULL;
    }
    memset(&exact, 0, sizeof exact);
    exact.KeyDesc = set.KeyDesc;

    query(id, &exact, sizeof exact, 2);
    EXPECT(HttpSetServiceConfiguration(NULL, id, &set, sizeof set, NULL), 0);
    EXPECT(HttpSetServiceConfiguration(NULL, id, &set, sizeof set, NULL), 183);
    found = query(id, &exact, sizeof exact, 0);
    HOLDS(same(found->KeyDesc.Host, host));
    EXPECT(((SOCKADDR_IN *)&found->KeyDesc.IpPort)->sin_family, AF_INET);
    EXPECT(((SOCKADDR_IN *)&found->KeyDesc.IpPort)->sin_port, big_endian(443));
    if (with_certificate) {
        check(&found->ParamDesc, 0x80000012);
    } else {
        EXPECT(found->ParamDesc.SslHashLength, 0);
        HOLDS(found->ParamDesc.pSslHash == NULL);
        EXPECT(found->ParamDesc.DefaultFlags, 0x80000012);
    }
    free(found);
    set.ParamDesc.DefaultFlags = 0x1;
    EXPECT(update(id, &set, sizeof set), 0);
    found = query(id, &exact, sizeof exact, 0);
    EXPECT(found->ParamDesc.DefaultFlags, 0x1);
    free(found);
    EXPECT(HttpDeleteServiceConfiguration(NULL, id, &set, sizeof set, NULL), 0);
    query(id, &exact, sizeof exact, 2);
}

static void central_store(void)
{
    CCS_SET set;
    CCS_QUERY exact;
    CCS_SET *found;

    memset(&set, 0, sizeof set);
    set.KeyDesc.LocalAddress = any_address(443);
    set.ParamDesc.AppId = app;
    memset(&exact, 0, sizeof exact);
    exact.KeyDesc = set.KeyDesc;

    set.ParamDesc.DefaultFlags = 0x10;
    EXPECT(HttpSetServiceConfiguration(NULL, CCS, &set, sizeof set, NULL), 87);
    set.ParamDesc.DefaultFlags = 0;
    EXPECT(HttpSetServiceConfiguration(NULL, CCS, &set, sizeof set, NULL), 0);
    found = query(CCS, &exact, sizeof exact, 0);
    EXPECT(((SOCKADDR_IN *)&found->KeyDesc.LocalAddress)->sin_port, big_endian(443));
    HOLDS(memcmp(&found->ParamDesc.AppId, &app, sizeof app) == 0);
    EXPECT(found->ParamDesc.SslHashLength, 0);
    free(found);
    EXPECT(HttpDeleteServiceConfiguration(NULL, CCS, &set, sizeof set, NULL), 0);
}

static void extended_properties(void)
{
    HEADER header = {5, 3, "X-Any", "a b"};
    CCS_SET ccs;
    SET_EX set, *found;
    QUERY_EX exact;

    EXPECT(sizeof set, 160);
    EXPECT(sizeof exact, 144);
#ifndef _WIN32
    EXPECT(sizeof(HTTP_SERVICE_CONFIG_SSL_SET_EX), 160);
    EXPECT(sizeof(HTTP_SERVICE_CONFIG_SSL_QUERY_EX), 144);
    EXPECT(sizeof(HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX), 168);
    EXPECT(sizeof(HTTP_SERVICE_CONFIG_SSL_SNI_QUERY_EX), 152);
#endif
    memset(&ccs, 0, sizeof ccs);
    ccs.KeyDesc.LocalAddress = any_address(444);
    ccs.ParamDesc.AppId = app;
    memset(&set, 0, sizeof set);
    set.KeyDesc = ccs.KeyDesc;
    set.ParamDesc.Flags = 1ULL << 63;
    set.ParamDesc.Http2WindowSizeParam.Http2ReceiveWindowSize = 65535;
    memset(&exact, 0, sizeof exact);
    exact.KeyDesc = ccs.KeyDesc;

    EXPECT(HttpSetServiceConfiguration(NULL, CCS_EX, &set, sizeof set, NULL), 2);
    EXPECT(HttpSetServiceConfiguration(NULL, CCS, &ccs, sizeof ccs, NULL), 0);
    found = query(CCS_EX, &exact, sizeof exact, 0);
    EXPECT(found->ParamDesc.Http2WindowSizeParam.Http2ReceiveWindowSize, 1048576);
    free(found);
    EXPECT(HttpSetServiceConfiguration(NULL, CCS_EX, &set, sizeof set, NULL), 0);
    found = query(CCS_EX, &exact, sizeof exact, 0);
    EXPECT(((SOCKADDR_IN *)&found->KeyDesc.LocalAddress)->sin_port, big_endian(444));
    EXPECT(found->ParamDesc.ParamType, WINDOW);
    HOLDS(found->ParamDesc.Flags == 1ULL << 63);
    EXPECT(found->ParamDesc.Http2WindowSizeParam.Http2ReceiveWindowSize, 65535);
    free(found);

    set.ParamDesc.ParamType = ERROR_HEADERS;
    set.ParamDesc.Flags = 0;
    set.ParamDesc.HttpErrorHeadersParam.StatusCode = 503;
    set.ParamDesc.HttpErrorHeadersParam.HeaderCount = 1;
    set.ParamDesc.HttpErrorHeadersParam.Headers = &header;
    EXPECT(update(CCS_EX, &set, sizeof set), 0);
    exact.ParamType = ERROR_HEADERS;
    found = query(CCS_EX, &exact, sizeof exact, 0);
    EXPECT(found->ParamDesc.HttpErrorHeadersParam.StatusCode, 503);
    EXPECT(found->ParamDesc.HttpErrorHeadersParam.HeaderCount, 1);
    EXPECT(found->ParamDesc.HttpErrorHeadersParam.Headers->NameLength, 5);
    HOLDS(memcmp(found->ParamDesc.HttpErrorHeadersParam.Headers->pName, "X-Any", 5) == 0);
    EXPECT(found->ParamDesc.HttpErrorHeadersParam.Headers->RawValueLength, 3);
    HOLDS(memcmp(found->ParamDesc.HttpErrorHeadersParam.Headers->pRawValue, "a b", 3) == 0);
    free(found);
    EXPECT(HttpDeleteServiceConfiguration(NULL, CCS_EX, &set, sizeof set, NULL), 0);
    query(CCS_EX, &exact, sizeof exact, 2);
    set.ParamDesc.ParamType = 6;
    EXPECT(HttpSetServiceConfiguration(NULL, CCS_EX, &set, sizeof set, NULL), 87);
    EXPECT(HttpDeleteServiceConfiguration(NULL, CCS, &ccs, sizeof ccs, NULL), 0);
}

static void hostile(void)
{
    ULONG size = 7;
    HTTP_SERVICE_CONFIG_SSL_SET set;
    memset(&set, 0, sizeof set);
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, sizeof set, NULL), 87);
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, 3, NULL), 122);
    EXPECT(HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 87);
    EXPECT(HttpSetServiceConfiguration((HANDLE)&set, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL), 6);
    EXPECT(HttpSetServiceConfiguration(NULL, 99, &set, sizeof set, NULL), 87);
    EXPECT(HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, 24, NULL, 0, &size, NULL), 87);
    EXPECT(size, 7);
}

int main(void)
{
    HTTPAPI_VERSION version = HTTPAPI_VERSION_1;
    EXPECT(HttpInitialize(version, HTTP_INITIALIZE_CONFIG, NULL), NO_ERROR);
    ip_ports();
    host_names(SNI, 1);
    host_names(SCOPED_CCS, 0);
    central_store();
    extended_properties();
    hostile();
    EXPECT(HttpTerminate(HTTP_INITIALIZE_CONFIG, NULL), NO_ERROR);
    puts("every check has passed");
    return 0;
}
