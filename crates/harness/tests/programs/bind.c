/* Binds 0.0.0.0:443 through the HTTP Server API, as a service does when it is installed. It ends with
 * 0, or with 3 where Windows does not find the certificate. Under Windows it is compiled against
 * Windows' own headers. */

#ifdef _WIN32
#define _WIN32_WINNT 0x0602
#include <winsock2.h>
#include <windows.h>
#include <http.h>
#else
#include "windows_on_linux.h"
#endif

#include <stdio.h>
#include <string.h>

int main(void)
{
    HTTPAPI_VERSION version = HTTPAPI_VERSION_1;
    ULONG code = HttpInitialize(version, HTTP_INITIALIZE_CONFIG, NULL);
    if (code != NO_ERROR) {
        printf("HttpInitialize: %lu\n", (unsigned long)code);
        return 1;
    }
    UCHAR hash[20];
    for (int i = 0; i < 20; i++) {
        hash[i] = (UCHAR)(i + 1);
    }
    UCHAR address[16] = {AF_INET, 0, 443 >> 8, 443 & 255};
    WCHAR store[] = {'M', 'Y', 0};
    HTTP_SERVICE_CONFIG_SSL_SET set;
    memset(&set, 0, sizeof set);
    set.KeyDesc.pIpPort = (void *)address;
    set.ParamDesc.SslHashLength = sizeof hash;
    set.ParamDesc.pSslHash = hash;
    set.ParamDesc.pSslCertStoreName = store;
    code = HttpSetServiceConfiguration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL);
    printf("HttpSetServiceConfiguration: %lu\n", (unsigned long)code);
    HttpTerminate(HTTP_INITIALIZE_CONFIG, NULL);
    return code == NO_ERROR ? 0 : code == 1312 ? 3 : 1;
}
