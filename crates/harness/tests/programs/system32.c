/* Binds 0.0.0.0:443 through the httpapi.dll of the system's folder alone, as programs in Go do
 * (windows.NewLazySystemDLL): neither it nor what it imports is taken from the folder of the program. */

#define _WIN32_WINNT 0x0602
#include <winsock2.h>
#include <windows.h>
#include <http.h>
#include <stdio.h>
#include <string.h>

typedef ULONG(WINAPI *Initialize)(HTTPAPI_VERSION, ULONG, PVOID);
typedef ULONG(WINAPI *Set)(HANDLE, HTTP_SERVICE_CONFIG_ID, PVOID, ULONG, LPOVERLAPPED);

int main(void)
{
    HMODULE library = LoadLibraryExW(L"httpapi.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!library) {
        printf("LoadLibraryExW: %lu\n", GetLastError());
        return 2;
    }
    char path[MAX_PATH] = "";
    GetModuleFileNameA(library, path, sizeof path);
    printf("loaded %s\n", path);
    Initialize initialize = (Initialize)(void *)GetProcAddress(library, "HttpInitialize");
    Set set_configuration = (Set)(void *)GetProcAddress(library, "HttpSetServiceConfiguration");
    HTTPAPI_VERSION version = HTTPAPI_VERSION_1;
    if (!initialize || !set_configuration || initialize(version, HTTP_INITIALIZE_CONFIG, NULL))
        return 1;
    UCHAR hash[20];
    for (int i = 0; i < 20; i++)
        hash[i] = (UCHAR)(i + 1);
    UCHAR address[16] = {AF_INET, 0, 443 >> 8, 443 & 255};
    WCHAR store[] = L"MY";
    HTTP_SERVICE_CONFIG_SSL_SET set;
    memset(&set, 0, sizeof set);
    set.KeyDesc.pIpPort = (void *)address;
    set.ParamDesc.SslHashLength = sizeof hash;
    set.ParamDesc.pSslHash = hash;
    set.ParamDesc.pSslCertStoreName = store;
    ULONG code =
        set_configuration(NULL, HttpServiceConfigSSLCertInfo, &set, sizeof set, NULL);
    printf("HttpSetServiceConfiguration: %lu\n", code);
    return code == NO_ERROR ? 0 : 1;
}
