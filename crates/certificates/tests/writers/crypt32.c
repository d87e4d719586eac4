/* Writes a serialized store with crypt32 of Windows. It has the certificates leaf.der and root.der. */

#include <stdio.h>
#include <windows.h>
#include <wincrypt.h>

static const DWORD ENCODING = X509_ASN_ENCODING | PKCS_7_ASN_ENCODING;

static int add(HCERTSTORE store, const char *name)
{
    static BYTE bytes[65536];
    FILE *file = fopen(name, "rb");
    DWORD length = file ? (DWORD)fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    return CertAddEncodedCertificateToStore(store, ENCODING, bytes, length, CERT_STORE_ADD_ALWAYS, NULL);
}

int main(void)
{
    HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
    int ok = store && add(store, "leaf.der") && add(store, "root.der");
    ok = ok && CertSaveStore(store, ENCODING, CERT_STORE_SAVE_AS_STORE, CERT_STORE_SAVE_TO_FILENAME_A,
                             "certificates.sst", 0);
    if (!ok)
        printf("error %lu\n", GetLastError());
    return !ok;
}
