/* Registers URLs as servers do before their first request, and checks what is answered.
 *
 * The answers marked "Wine" are those that the authors of Wine's tests saw on Windows
 * (dlls/httpapi/tests/httpapi.c: test_v1_server, test_HttpCreateServerSession, test_HttpCreateUrlGroup,
 * test_v2_server); the others are documented with each function. */

#ifdef _WIN32
#define _WIN32_WINNT 0x0602
#include <winsock2.h>
#include <windows.h>
#include <http.h>
/* What the header of mingw lacks. */
#ifndef HTTP_URL_FLAG_REMOVE_ALL
#define HTTP_URL_FLAG_REMOVE_ALL 1
#endif
#ifndef HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING
#define HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING 1
#define HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER 2
#endif
enum { HttpFeatureUnknown, HttpFeatureResponseTrailers };
BOOL WINAPI HttpIsFeatureSupported(int);
ULONG WINAPI HttpPrepareUrl(PVOID, ULONG, PCWSTR, PWSTR *);
#else
#include "../../include/windows_on_linux.h"
#endif
#include "../../include/certbind_httpapi.h"

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

/* One at a time, which lives until the next but seven. */
static const WCHAR *wide(const char *text)
{
    static WCHAR kept[8][64];
    static int next;
    WCHAR *made = kept[next++ % 8];
    size_t i;
    for (i = 0; text[i]; i++) made[i] = (UCHAR)text[i];
    made[i] = 0;
    return made;
}

static const HTTPAPI_VERSION ONE = {1, 0}, TWO = {2, 0};

static void uninitialized(void)
{
    HTTP_SERVER_SESSION_ID session;
    HANDLE queue;

    EXPECT(HttpCreateHttpHandle(&queue, 0), 1114);
    EXPECT(HttpCreateRequestQueue(TWO, NULL, NULL, 0, &queue), 1114);
    EXPECT(HttpCreateServerSession(TWO, &session, 0), 1114);
    EXPECT(HttpInitialize(TWO, HTTP_INITIALIZE_CONFIG, NULL), 0);
    EXPECT(HttpCreateHttpHandle(&queue, 0), 1114);
    EXPECT(HttpTerminate(HTTP_INITIALIZE_CONFIG, NULL), 0);
}

static void close_version_1(HANDLE queue)
{
#ifdef _WIN32
    HOLDS(CloseHandle(queue)); /* Wine */
#else
    EXPECT(HttpCloseRequestQueue(queue), 0);
#endif
}

static void version_1(void)
{
    static const char *wrong[] = {
        "http://localhost:50000", "localhost:50000", "localhost:50000/", "http://localhost/",
        "http://localhost:/", "http://localhost:0/",
    };
    const char *url = "http://localhost:50000/";
    HANDLE queue = NULL, other = NULL;
    size_t i;

    EXPECT(HttpCreateHttpHandle(NULL, 0), 87); /* Wine */
    EXPECT(HttpCreateHttpHandle(&queue, 0), 0);
    HOLDS(queue);
    EXPECT(HttpCreateHttpHandle(&other, 0), 0);
    HOLDS(other && other != queue); /* Wine */

    EXPECT(HttpAddUrl(NULL, wide(url), NULL), 6); /* Wine */
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT(HttpAddUrl(queue, wide(wrong[i]), NULL), 87); /* Wine */
    EXPECT(HttpAddUrl(queue, NULL, NULL), 87);
    EXPECT(HttpAddUrl(queue, wide(url), &queue), 87);
    EXPECT(HttpAddUrl(queue, wide(url), NULL), 0);
    EXPECT(HttpAddUrl(queue, wide(url), NULL), 183); /* Wine */
    EXPECT(HttpAddUrl(other, wide("http://LOCALHOST:50000/"), NULL), 183);
    /* One port has one scheme. */
    EXPECT(HttpAddUrl(other, wide("https://localhost:50000/app/"), NULL), 183);
    EXPECT(HttpAddUrl(other, wide("http://localhost:50000/app/"), NULL), 0);
    EXPECT(HttpAddUrl(other, wide("http://+:50000/"), NULL), 0);

    EXPECT(HttpRemoveUrl(NULL, wide(url)), 87); /* Wine */
    EXPECT(HttpRemoveUrl(other, wide(url)), 2);
    EXPECT(HttpRemoveUrl(queue, wide(url)), 0); /* Wine */
    EXPECT(HttpRemoveUrl(queue, wide(url)), 2); /* Wine */
    EXPECT(HttpAddUrl(other, wide(url), NULL), 0);
    /* A queue that is closed has no URLs. */
    EXPECT(HttpCloseRequestQueue(other), 0);
    EXPECT(HttpCloseRequestQueue(other), 87);
    EXPECT(HttpAddUrl(queue, wide(url), NULL), 0);
    close_version_1(queue);
    EXPECT(HttpAddUrl(queue, wide(url), NULL), 6); /* Wine */
    EXPECT(HttpCreateHttpHandle(&queue, 0), 0);
    EXPECT(HttpAddUrl(queue, wide(url), NULL), 0);
    close_version_1(queue);
    EXPECT(HttpRemoveUrl(queue, wide(url)), 87);
}

static void sessions(void)
{
    HTTP_SERVER_SESSION_ID session = 0, other = 0;
    HTTP_URL_GROUP_ID group = 1;
    HTTPAPI_VERSION wrong[] = {{1, 1}, {3, 0}, {0, 0}, {2, 1}};
    size_t i;

    EXPECT(HttpCreateServerSession(ONE, NULL, 0), 87); /* Wine */
    EXPECT(HttpCreateServerSession(ONE, &session, 1), 87);
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT(HttpCreateServerSession(wrong[i], &session, 0), 1306); /* Wine */
    EXPECT(session, 0);
    EXPECT(HttpCreateServerSession(TWO, &session, 0), 0); /* Wine */
    EXPECT(HttpCreateServerSession(ONE, &other, 0), 0);   /* Wine */
    HOLDS(session && other && session != other);
    EXPECT(HttpCloseServerSession(session), 0);
    EXPECT(HttpCloseServerSession(session), 87);
    EXPECT(HttpCloseServerSession(0xdead), 87); /* Wine */

    EXPECT(HttpCreateUrlGroup(0, &group, 0), 87); /* Wine */
    EXPECT(group, 1);                             /* Wine */
    EXPECT(HttpCreateUrlGroup(other, NULL, 0), 87);
    EXPECT(HttpCreateUrlGroup(other, &group, 1), 87);
    EXPECT(HttpCreateUrlGroup(other, &group, 0), 0);
    HOLDS(group > 1);
    EXPECT(HttpAddUrlToUrlGroup(group, wide("http://localhost:50001/"), 0, 0), 0);
    EXPECT(HttpCloseServerSession(other), 0);
    /* Groups are closed with their session. */
    EXPECT(HttpCloseUrlGroup(group), 87); /* Wine */
    EXPECT(HttpCreateServerSession(TWO, &session, 0), 0);
    EXPECT(HttpCreateUrlGroup(session, &group, 0), 0);
    EXPECT(HttpAddUrlToUrlGroup(group, wide("http://localhost:50001/"), 0, 0), 0);
    EXPECT(HttpCloseUrlGroup(group), 0); /* Wine */
    EXPECT(HttpCloseUrlGroup(group), 87);
    EXPECT(HttpCloseServerSession(session), 0); /* Wine */
}

static void version_2(void)
{
    static const char *wrong[] = {
        "http://localhost:50000", "localhost:50000", "localhost:50000/", "http://localhost/",
        "http://localhost:/", "http://localhost:0/",
    };
    const char *url = "http://localhost:50010/";
    HTTP_SERVER_SESSION_ID session;
    HTTP_URL_GROUP_ID group, other;
    HTTP_BINDING_INFO binding;
    HANDLE queue = NULL, second = NULL, first;
    ULONG number = 1;
    char name[301];
    size_t i;

    EXPECT(HttpCreateServerSession(TWO, &session, 0), 0);
    EXPECT(HttpCreateUrlGroup(session, &group, 0), 0);
    EXPECT(HttpCreateUrlGroup(session, &other, 0), 0);
    EXPECT(HttpCreateRequestQueue(TWO, NULL, NULL, 0, NULL), 87);
    EXPECT(HttpCreateRequestQueue(ONE, NULL, NULL, 0, &queue), 1306);
    EXPECT(HttpCreateRequestQueue(TWO, NULL, NULL, 0x80, &queue), 87);
    EXPECT(HttpCreateRequestQueue(TWO, NULL, NULL, HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING, &queue), 87);
    memset(name, 'q', 60), name[60] = 0;
    EXPECT(HttpCreateRequestQueue(TWO, wide(name), NULL, HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING, &queue), 2);
    HOLDS(!queue);
    EXPECT(HttpCreateRequestQueue(TWO, NULL, NULL, 0, &queue), 0); /* Wine */
    HOLDS(queue);
    EXPECT(HttpCreateRequestQueue(TWO, wide("Shop"), NULL, 0, &second), 0);
    EXPECT(HttpCreateRequestQueue(TWO, wide("shop"), NULL, 0, &first), 183);
    EXPECT(HttpCreateRequestQueue(TWO, wide("Shop"), NULL, HTTP_CREATE_REQUEST_QUEUE_FLAG_OPEN_EXISTING, &first), 0);
    EXPECT(HttpCloseRequestQueue(first), 0);
    EXPECT(HttpCloseRequestQueue(second), 0);
    EXPECT(HttpCreateRequestQueue(TWO, wide("Shop"), NULL, HTTP_CREATE_REQUEST_QUEUE_FLAG_CONTROLLER, &second), 0);

    memset(&binding, 0, sizeof binding);
    binding.Flags.Present = 1;
    binding.RequestQueueHandle = queue;
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerBindingProperty, &binding, sizeof binding), 0); /* Wine */
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerBindingProperty, NULL, sizeof binding), 87);
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerBindingProperty, &binding, 0), 87);
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerBindingProperty, &binding, 4), 87);
    EXPECT(HttpSetUrlGroupProperty(0xdead, HttpServerBindingProperty, &binding, sizeof binding), 87);
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerQueueLengthProperty, &number, sizeof number), 87);
    binding.RequestQueueHandle = (HANDLE)&number;
    EXPECT(HttpSetUrlGroupProperty(group, HttpServerBindingProperty, &binding, sizeof binding), 87);

    EXPECT(HttpAddUrlToUrlGroup(group, wide(url), 0xdeadbeef, 0), 0); /* Wine */
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT(HttpAddUrlToUrlGroup(group, wide(wrong[i]), 0xdeadbeef, 0), 87); /* Wine */
    EXPECT(HttpAddUrlToUrlGroup(group, wide(url), 0xdeadbeef, 0), 183);         /* Wine */
    EXPECT(HttpAddUrlToUrlGroup(other, wide(url), 0, 0), 183);
    EXPECT(HttpAddUrlToUrlGroup(other, wide("http://localhost:50011/"), 0, 1), 87);
    EXPECT(HttpAddUrlToUrlGroup(0xdead, wide("http://localhost:50011/"), 0, 0), 87);
    EXPECT(HttpRemoveUrlFromUrlGroup(other, wide(url), 0), 2);
    EXPECT(HttpRemoveUrlFromUrlGroup(group, wide(url), 0), 0); /* Wine */
    EXPECT(HttpRemoveUrlFromUrlGroup(group, wide(url), 0), 2); /* Wine */

    EXPECT(HttpAddUrlToUrlGroup(other, wide(url), 0, 0), 0);
    EXPECT(HttpAddUrlToUrlGroup(other, wide("http://localhost:50012/"), 0, 0), 0);
    EXPECT(HttpRemoveUrlFromUrlGroup(other, wide(url), HTTP_URL_FLAG_REMOVE_ALL), 87);
    EXPECT(HttpRemoveUrlFromUrlGroup(other, wide(url), 2), 87);
    EXPECT(HttpRemoveUrlFromUrlGroup(other, NULL, 0), 87);
    EXPECT(HttpRemoveUrlFromUrlGroup(0xdead, wide(url), 0), 87);
    EXPECT(HttpRemoveUrlFromUrlGroup(other, NULL, HTTP_URL_FLAG_REMOVE_ALL), 0);
    EXPECT(HttpAddUrlToUrlGroup(group, wide("http://localhost:50012/"), 0, 0), 0);

    EXPECT(HttpShutdownRequestQueue(queue), 0);
    EXPECT(HttpShutdownRequestQueue(NULL), 87);
    EXPECT(HttpCloseRequestQueue(queue), 0);  /* Wine */
    EXPECT(HttpCloseRequestQueue(second), 0);
    EXPECT(HttpCloseUrlGroup(group), 0);        /* Wine */
    EXPECT(HttpCloseServerSession(session), 0); /* Wine */
}

static void names(void)
{
    WCHAR *prepared = NULL;
    size_t length = 0;

    HOLDS(HttpIsFeatureSupported(HttpFeatureResponseTrailers));
    HOLDS(!HttpIsFeatureSupported(HttpFeatureUnknown));
    EXPECT(HttpPrepareUrl(NULL, 0, wide("http://WWW.example.com:80/App"), &prepared), 0);
    while (prepared[length]) length++;
    HOLDS(!memcmp(prepared, wide("http://www.example.com:80/App/"), (length + 1) * sizeof *prepared));
#ifdef _WIN32
    HeapFree(GetProcessHeap(), 0, prepared);
#else
    free(prepared);
#endif
    EXPECT(HttpPrepareUrl(NULL, 0, wide("www.example.com"), &prepared), 87);
    EXPECT(HttpPrepareUrl(NULL, 1, wide("http://www.example.com:80/"), &prepared), 87);
    EXPECT(HttpPrepareUrl(NULL, 0, wide("http://www.example.com:80/"), NULL), 87);
}

/* What the tests before have left. */
static void listed(void)
{
    uint32_t process = 0, active = 7, count = 0;
    char url[64];

    EXPECT(CertbindHttpApiRegistration(0, url, sizeof url, &process, &active), 0);
    HOLDS(!strcmp(url, "http://localhost:50000/") && process && !active);
    EXPECT(CertbindHttpApiRegistration(0, url, 4, &process, &active), 122);
    EXPECT(CertbindHttpApiRegistration(0, url, sizeof url, NULL, &active), 87);
    while (!CertbindHttpApiRegistration(count, url, sizeof url, &process, &active)) {
        HOLDS(!active);
        count++;
    }
    EXPECT(count, 12);
    EXPECT(CertbindHttpApiRegistration(count, url, sizeof url, &process, &active), 259);
}

int main(void)
{
    uninitialized();
    EXPECT(HttpInitialize(ONE, HTTP_INITIALIZE_SERVER, NULL), 0);
    version_1();
    EXPECT(HttpTerminate(HTTP_INITIALIZE_SERVER, NULL), 0);
    EXPECT(HttpInitialize(TWO, HTTP_INITIALIZE_SERVER, NULL), 0);
    sessions();
    version_2();
    names();
    EXPECT(HttpTerminate(HTTP_INITIALIZE_SERVER, NULL), 0);
    listed();
    puts("every check has passed");
    return 0;
}
