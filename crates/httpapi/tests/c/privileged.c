/* Makes a call of the HTTP Server API, and prints whether the kernel started the program with more
 * rights than its caller has. */

#include "../../include/windows_on_linux.h"

#include <stdio.h>
#include <sys/auxv.h>

int main(void) {
    HTTPAPI_VERSION version = {1, 0};
    ULONG code = HttpInitialize(version, HTTP_INITIALIZE_CONFIG, NULL);
    printf("%lu %lu\n", getauxval(AT_SECURE), (unsigned long)code);
    return 0;
}
