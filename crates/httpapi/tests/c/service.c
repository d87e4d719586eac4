/* Reserves URLs, and sets the IP listen list, timeouts, cache parameters and settings, through the
 * HTTP Server API, as programs do that serve: and checks what comes back. */

#include "../../include/windows_on_linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static WCHAR *wide(const char *text)
{
    WCHAR *made = calloc(strlen(text) + 1, sizeof *made);
    for (size_t i = 0; text[i]; i++) made[i] = (UCHAR)text[i];
    return made;
}

static int same(const WCHAR *a, const char *b)
{
    while (*a && *a == (UCHAR)*b) a++, b++;
    return *a == (UCHAR)*b;
}

static ULONG set(int id, void *record, ULONG length)
{
    return HttpSetServiceConfiguration(NULL, id, record, length, NULL);
}

static ULONG delete(int id, void *record, ULONG length)
{
    return HttpDeleteServiceConfiguration(NULL, id, record, length, NULL);
}

static ULONG query(int id, void *input, ULONG length, void *output, ULONG room, ULONG *needed)
{
    return HttpQueryServiceConfiguration(NULL, id, input, length, output, room, needed, NULL);
}

static void reservations(void)
{
    HTTP_SERVICE_CONFIG_URLACL_SET record = {{wide("http://+:8080/App")}, {wide("D:(A;;GX;;;S-1-1-0)")}};
    HTTP_SERVICE_CONFIG_URLACL_QUERY next = {HttpServiceConfigQueryNext, {NULL}, 0};
    HTTP_SERVICE_CONFIG_URLACL_SET *found;
    ULONG needed = 7;

    EXPECT(query(HttpServiceConfigUrlAclInfo, &next, sizeof next, NULL, 0, &needed), 259);
    EXPECT(needed, 7);
    EXPECT(set(HttpServiceConfigUrlAclInfo, &record, sizeof record), 0);
    EXPECT(set(HttpServiceConfigUrlAclInfo, &record, sizeof record), 183);
    EXPECT(query(HttpServiceConfigUrlAclInfo, &next, sizeof next, NULL, 0, &needed), 122);
    found = malloc(needed);
    EXPECT(query(HttpServiceConfigUrlAclInfo, &next, sizeof next, found, needed, &needed), 0);
    HOLDS(same(found->KeyDesc.pUrlPrefix, "http://+:8080/App/"));
    HOLDS(same(found->ParamDesc.pStringSecurityDescriptor, "D:(A;;GX;;;WD)"));
    next.dwToken = 1;
    EXPECT(query(HttpServiceConfigUrlAclInfo, &next, sizeof next, found, needed, &needed), 259);

    HTTP_SERVICE_CONFIG_URLACL_QUERY exact = {HttpServiceConfigQueryExact, {wide("http://+:8080/app/")}, 9};
    EXPECT(query(HttpServiceConfigUrlAclInfo, &exact, sizeof exact, found, needed, &needed), 0);
    exact.KeyDesc.pUrlPrefix = wide("http://+:80/none/");
    EXPECT(query(HttpServiceConfigUrlAclInfo, &exact, sizeof exact, found, needed, &needed), 2);
    record.KeyDesc.pUrlPrefix = wide("http://+/");
    EXPECT(set(HttpServiceConfigUrlAclInfo, &record, sizeof record), 87);
    EXPECT(delete(HttpServiceConfigUrlAclInfo, &record, sizeof record), 87);
    record.KeyDesc.pUrlPrefix = wide("http://+:80/none/");
    EXPECT(delete(HttpServiceConfigUrlAclInfo, &record, sizeof record), 2);
}

static void listen_list(void)
{
    SOCKADDR_IN v4 = {AF_INET, 0, {127, 0, 0, 1}, {0}};
    SOCKADDR_IN6 v6 = {AF_INET6, 0, 0, {0xfe, 0x80, [15] = 1}, 3};
    HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM four = {sizeof v4, &v4}, six = {sizeof v6, &v6};
    HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY *list;
    ULONG needed = 0;

    EXPECT(set(HttpServiceConfigIPListenList, &six, sizeof six), 0);
    EXPECT(set(HttpServiceConfigIPListenList, &four, sizeof four), 0);
    EXPECT(set(HttpServiceConfigIPListenList, &four, sizeof four), 183);
    EXPECT(query(HttpServiceConfigIPListenList, NULL, 0, NULL, 0, &needed), 122);
    list = malloc(needed);
    EXPECT(query(HttpServiceConfigIPListenList, NULL, 0, list, needed, &needed), 0);
    EXPECT(list->AddrCount, 2);
    HOLDS(memcmp(&list->AddrList[0], &v6, sizeof v6) == 0);
    HOLDS(memcmp(&list->AddrList[1], &v4, sizeof v4) == 0);
    EXPECT(delete(HttpServiceConfigIPListenList, &six, sizeof six), 0);
    EXPECT(delete(HttpServiceConfigIPListenList, &six, sizeof six), 1168);
    EXPECT(delete(HttpServiceConfigIPListenList, &four, sizeof four), 0);
    EXPECT(query(HttpServiceConfigIPListenList, NULL, 0, list, needed, &needed), 0);
    EXPECT(list->AddrCount, 0);
}

static void numbers(void)
{
    HTTP_SERVICE_CONFIG_TIMEOUT_SET timeout = {HeaderWaitTimeout, 64};
    HTTP_SERVICE_CONFIG_CACHE_SET cache = {MaxCacheResponseSize, 524288};
    HTTP_SERVICE_CONFIG_SETTING_SET setting = {HttpTlsThrottle, 3};
    HTTP_SERVICE_CONFIG_TIMEOUT_PARAM seconds;
    ULONG value, needed = 0;
    int id = HttpServiceConfigTimeout;

    EXPECT(query(id, &timeout.KeyDesc, sizeof timeout.KeyDesc, NULL, 0, &needed), 234);
    EXPECT(needed, sizeof seconds);
    EXPECT(query(id, &timeout.KeyDesc, sizeof timeout.KeyDesc, &seconds, needed, &needed), 0);
    EXPECT(seconds, 120);
    EXPECT(set(id, &timeout, sizeof timeout), 0);
    EXPECT(query(id, &timeout.KeyDesc, sizeof timeout.KeyDesc, &seconds, needed, NULL), 0);
    EXPECT(seconds, 64);
    EXPECT(HttpUpdateServiceConfiguration(NULL, id, &timeout, sizeof timeout, NULL), 87);
    EXPECT(delete(id, &timeout, sizeof timeout), 0);
    timeout.ParamDesc = 0;
    EXPECT(set(id, &timeout, sizeof timeout), 87);

    EXPECT(set(HttpServiceConfigCache, &cache, sizeof cache), 0);
    EXPECT(query(HttpServiceConfigCache, &cache.KeyDesc, 4, &value, sizeof value, &needed), 0);
    EXPECT(value, 524288);
    EXPECT(set(HttpServiceConfigSetting, &setting, sizeof setting), 0);
    EXPECT(query(HttpServiceConfigSetting, &setting.KeyDesc, 4, &value, sizeof value, &needed), 0);
    EXPECT(value, 3);
    setting.KeyDesc = HttpNone;
    EXPECT(set(HttpServiceConfigSetting, &setting, sizeof setting), 87);
}

int main(void)
{
    HTTPAPI_VERSION version = HTTPAPI_VERSION_1;
    EXPECT(HttpInitialize(version, HTTP_INITIALIZE_CONFIG, NULL), 0);
    reservations();
    listen_list();
    numbers();
    EXPECT(HttpTerminate(HTTP_INITIALIZE_CONFIG, NULL), 0);
    puts("every check has passed");
    return 0;
}
