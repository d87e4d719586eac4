/* .NET Core 3.1 wants OpenSSL 1.1 for hashes, and Debian 12 has OpenSSL 3. This library, as libssl.so.1.1, is OpenSSL 3
 * with the functions that it has no longer, or under another name. Roslyn calls the second alone. */

int EVP_MD_get_size(const void *digest);

void ERR_put_error(int library, int function, int reason, const char *file, int line)
{
    (void)library, (void)function, (void)reason, (void)file, (void)line;
}

int EVP_MD_size(const void *digest)
{
    return EVP_MD_get_size(digest);
}

void *SSL_get_peer_certificate(const void *connection)
{
    (void)connection;
    return 0;
}
