/* Steers the simulator of its process, by the header for that. */

#define _POSIX_C_SOURCE 199309L

#include "../../include/certbind_httpapi.h"
#include "../../include/windows_on_linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPECT(expression, expected)                                                       \
    do {                                                                                   \
        unsigned long got = (unsigned long)(expression);                                   \
        if (got != (unsigned long)(expected)) {                                            \
            printf("line %d: %s: got %lu, expected %lu\n", __LINE__, #expression, got,     \
                   (unsigned long)(expected));                                             \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static ULONG initialize(void)
{
    HTTPAPI_VERSION version = HTTPAPI_VERSION_1;
    return HttpInitialize(version, HTTP_INITIALIZE_CONFIG, NULL);
}

/* The first record of the host's. */
static ULONG query(void)
{
    HTTP_SERVICE_CONFIG_SSL_QUERY next;
    memset(&next, 0, sizeof next);
    next.QueryDesc = HttpServiceConfigQueryNext;
    return HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &next, sizeof next, NULL, 0, NULL, NULL);
}

static ULONG set(void)
{
    return HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, 0, NULL);
}

static ULONG delete(void)
{
    return HttpDeleteServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, 0, NULL);
}

static ULONG query_exact(void)
{
    return HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, 0, NULL, 0, NULL, NULL);
}

static ULONG update(void)
{
    return HttpUpdateServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, NULL, 0, NULL);
}

/* Every function by its number in the header, and what it answers without a fault. */
static void faults(void)
{
    static const struct {
        enum certbind_httpapi_function number;
        ULONG (*call)(void);
        ULONG code;
    } functions[] = {
        {CERTBIND_HTTPAPI_INITIALIZE, initialize, 0}, {CERTBIND_HTTPAPI_SET, set, 87},
        {CERTBIND_HTTPAPI_UPDATE, update, 87},        {CERTBIND_HTTPAPI_DELETE, delete, 87},
        {CERTBIND_HTTPAPI_QUERY_EXACT, query_exact, 87}, {CERTBIND_HTTPAPI_QUERY_NEXT, query, 259},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        uint64_t before = CertbindHttpApiCalls(functions[i].number);
        EXPECT(CertbindHttpApiFail(functions[i].number, 2, 1450), 0);
        EXPECT(functions[i].call(), functions[i].code);
        EXPECT(functions[i].call(), 1450);
        EXPECT(functions[i].call(), functions[i].code);
        EXPECT(CertbindHttpApiCalls(functions[i].number), before + 3);
    }
    EXPECT(CertbindHttpApiFail(6, 1, 5), 87);
    EXPECT(CertbindHttpApiFail(CERTBIND_HTTPAPI_SET, 0, 5), 87);
    EXPECT(CertbindHttpApiCalls(6), 0);
}

/* One record with a store name of so many letters. */
static ULONG put(size_t letters, ULONG function(HANDLE, int, PVOID, ULONG, void *))
{
    static UCHAR hash[20];
    WCHAR name[100] = {0};
    for (size_t i = 0; i < letters; i++)
        name[i] = 'a';
    SOCKADDR_IN address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    memcpy(&address.sin_port, "\x01\xbb", 2);
    HTTP_SERVICE_CONFIG_SSL_SET record;
    memset(&record, 0, sizeof record);
    record.KeyDesc.pIpPort = &address;
    record.ParamDesc.SslHashLength = sizeof hash;
    record.ParamDesc.pSslHash = hash;
    record.ParamDesc.pSslCertStoreName = name;
    return function(NULL, HttpServiceConfigSSLCertInfo, &record, sizeof record, NULL);
}

static void grow(void *calls)
{
    ++*(int *)calls;
    EXPECT(put(90, HttpUpdateServiceConfiguration), 0);
}

/* Between the two calls of a query another program changes the record. */
static void changes(void)
{
    HTTP_SERVICE_CONFIG_SSL_QUERY next;
    _Alignas(8) char buffer[1000];
    ULONG needed = 0, more = 0;
    int calls = 0;
    memset(&next, 0, sizeof next);
    next.QueryDesc = HttpServiceConfigQueryNext;
    EXPECT(put(2, HttpSetServiceConfiguration), 0);
    EXPECT(CertbindHttpApiBefore(CERTBIND_HTTPAPI_QUERY_NEXT, 2, grow, &calls), 0);
    EXPECT(HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &next, sizeof next, NULL, 0, &needed, NULL), 122);
    EXPECT(calls, 0);
    EXPECT(HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &next, sizeof next, buffer, needed, &more, NULL), 122);
    EXPECT(calls, 1);
    EXPECT(more, needed + 88 * sizeof(WCHAR));
    EXPECT(HttpQueryServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &next, sizeof next, buffer, more, &more, NULL), 0);
    EXPECT(calls, 1);
    EXPECT(CertbindHttpApiBefore(CERTBIND_HTTPAPI_QUERY_NEXT, 1, NULL, &calls), 87);
    EXPECT(CertbindHttpApiBefore(CERTBIND_HTTPAPI_QUERY_NEXT, 0, grow, &calls), 87);
    EXPECT(CertbindHttpApiBefore(6, 1, grow, &calls), 87);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

/* A call takes longer by what was asked for at least, and the next does not. */
static void delays(void)
{
    EXPECT(CertbindHttpApiDelay(CERTBIND_HTTPAPI_QUERY_NEXT, 1, 50), 0);
    double start = seconds();
    query();
    EXPECT(seconds() - start >= 0.05, 1);
    EXPECT(CertbindHttpApiDelay(CERTBIND_HTTPAPI_QUERY_NEXT, 0, 50), 87);
    EXPECT(CertbindHttpApiDelay(6, 1, 50), 87);
}

/* What is no certificate is refused; `host.install_certificate` of the tests in Python has one that is. */
static void certificates(void)
{
    EXPECT(CertbindHttpApiInstallCertificate(NULL, 0), 87);
    EXPECT(CertbindHttpApiInstallCertificate("no certificate", 14), 87);
    EXPECT(CertbindHttpApiInstallCertificate("", 0), 87);
}

static void broken(void)
{
    char reason[1000], small[4] = "abc";
    EXPECT(CertbindHttpApiConfigure("/nowhere/simulator.toml"), 21);
    EXPECT(initialize(), 21);
    EXPECT(query(), 21);
    EXPECT(CertbindHttpApiCalls(CERTBIND_HTTPAPI_INITIALIZE), 0);
    EXPECT(CertbindHttpApiFail(CERTBIND_HTTPAPI_SET, 1, 5), 21);
    EXPECT(CertbindHttpApiInstallCertificate("no certificate", 14), 21);
    memset(reason, 'x', sizeof reason);
    EXPECT(CertbindHttpApiError(reason, sizeof reason), 0);
    EXPECT(strstr(reason, "/nowhere/simulator.toml") != NULL, 1);
    EXPECT(CertbindHttpApiError(reason, strlen(reason)), 122);
    EXPECT(CertbindHttpApiError(reason, strlen(reason) + 1), 0);
    EXPECT(CertbindHttpApiError(small, sizeof small), 122);
    EXPECT(strcmp(small, "abc"), 0);
    EXPECT(CertbindHttpApiError(NULL, 1000), 122);
    EXPECT(CertbindHttpApiConfigure("\xff"), 87);
    /* What was there stays, and a good configuration mends it. */
    EXPECT(initialize(), 21);
    EXPECT(CertbindHttpApiConfigure(NULL), 0);
    EXPECT(CertbindHttpApiError(small, sizeof small), 0);
    EXPECT(*small, 0);
}

int main(void)
{
    EXPECT(initialize(), 0);
    faults();
    changes();
    delays();
    certificates();
    EXPECT(CertbindHttpApiConfigure("memory:"), 0);
    EXPECT(CertbindHttpApiCalls(CERTBIND_HTTPAPI_SET), 0);
    /* A new simulator is not initialized. */
    EXPECT(query(), 6);
    broken();
    EXPECT(initialize(), 0);
    EXPECT(query(), 259);
    puts("every check has passed");
    return 0;
}
