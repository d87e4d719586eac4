/* What a test harness steers the simulated HTTP Server API by. The functions of the API itself are
 * declared by Windows' own http.h. Every function returns a Win32 code, 0 for success, unless it
 * says otherwise. */
#ifndef CERTBIND_HTTPAPI_H
#define CERTBIND_HTTPAPI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The functions, as faults and counts name them. */
enum certbind_httpapi_function {
    CERTBIND_HTTPAPI_INITIALIZE = 0,
    CERTBIND_HTTPAPI_SET = 1,
    CERTBIND_HTTPAPI_UPDATE = 2,
    CERTBIND_HTTPAPI_DELETE = 3,
    CERTBIND_HTTPAPI_QUERY_EXACT = 4,
    CERTBIND_HTTPAPI_QUERY_NEXT = 5
};

/* Makes the process's simulator anew. `configuration` is what the environment variable
 * CERTBIND_HTTPAPI may be: a store's URL ("redb:PATH", "memory:") or the path of a TOML file; NULL
 * for an empty store in memory. 87: it is not UTF-8. 21: it is broken, CertbindHttpApiError says
 * how. */
uint32_t CertbindHttpApiConfigure(const char *configuration);

/* Has the nth call of a function from now on, the next being the first, answer `code` and do
 * nothing. 87: there is no such function, or nth is 0. 21: there is no simulator. */
uint32_t CertbindHttpApiFail(uint32_t function, uint64_t nth, uint32_t code);

/* Has the nth call of a function from now on take so much longer. Answers as CertbindHttpApiFail. */
uint32_t CertbindHttpApiDelay(uint32_t function, uint64_t nth, uint32_t milliseconds);

/* Calls `action` with `context` before the nth call of a function from now on, in the thread of that
 * call. It may call the API: both calls of a query count, so an action before the second changes
 * the record in between. It must not unwind or jump out. Answers as CertbindHttpApiFail; 87 too
 * if `action` is NULL. */
uint32_t CertbindHttpApiBefore(uint32_t function, uint64_t nth, void (*action)(void *context),
                               void *context);

/* Adds a certificate to those that the host has: `file` is the content of a PEM, DER or PFX file without a
 * password. Where the configuration names a folder of certificates it is put there, and the next call of any
 * program can bind it; without a folder every certificate is there. 87: no certificate in it can be bound. 29:
 * the folder cannot be written. 21: there is no simulator. */
uint32_t CertbindHttpApiInstallCertificate(const void *file, size_t length);

/* How often a function was called since the simulator was made, which is no code; 0 where there is
 * none. */
uint64_t CertbindHttpApiCalls(uint32_t function);

/* Why there is no simulator; an empty string if there is one. 122: `length` is too small. */
uint32_t CertbindHttpApiError(char *buffer, size_t length);

/* The URLs that programs have registered on the host, in their order: the `index`th, the number of the
 * program's process, and 1 if it is registered still. 122: `length` is too small. 259: there are no more.
 * 87: a pointer is NULL. 21: there is no simulator. */
uint32_t CertbindHttpApiRegistration(uint32_t index, char *buffer, size_t length, uint32_t *process,
                                     uint32_t *active);

#ifdef __cplusplus
}
#endif

#endif
