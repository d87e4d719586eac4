// Writes files with the library of .NET. Each has the certificates leaf.pem and root.pem, or the first.

using System;
using System.IO;
using System.Security.Cryptography.X509Certificates;

static class Writer
{
    static string folder;

    static void Main(string[] arguments)
    {
        string password = arguments[0];
        folder = arguments[1];
        var leaf = new X509Certificate2("leaf.pem");
        var root = new X509Certificate2("root.pem");
        var chain = new X509Certificate2Collection(new[] { leaf, root });
        Write("password.pfx", chain, X509ContentType.Pfx, password);
        Write("empty-password.pfx", chain, X509ContentType.Pfx, "");
        Write("null-password.pfx", chain, X509ContentType.Pfx, null);
        var keyed = new X509Certificate2Collection();
        keyed.Import("in.pfx", "x", X509KeyStorageFlags.Exportable);
        Write("key.pfx", keyed, X509ContentType.Pfx, password);
        // Mono writes no PKCS #7.
        if (Type.GetType("Mono.Runtime") == null)
            Write("certificates.p7b", chain, X509ContentType.Pkcs7, null);
    }

    static void Write(string name, X509Certificate2Collection chain, X509ContentType format, string password)
    {
        File.WriteAllBytes(Path.Combine(folder, name), chain.Export(format, password));
    }
}
