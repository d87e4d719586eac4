// Writes files with the library of BouncyCastle. Each has the certificates leaf.pem and root.pem.

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.ntt.NTTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAbsentContent;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.crypto.util.PBKDF2Config;
import org.bouncycastle.crypto.util.PBKDFConfig;
import org.bouncycastle.crypto.util.ScryptConfig;
import org.bouncycastle.jcajce.PKCS12StoreParameter;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.pkcs.PKCS12PfxPduBuilder;
import org.bouncycastle.pkcs.PKCS12SafeBag;
import org.bouncycastle.pkcs.bc.BcPKCS12MacCalculatorBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS12SafeBagBuilder;
import org.bouncycastle.pkcs.jcajce.JcePKCSPBEOutputEncryptorBuilder;

public class BouncyCastle {
    static char[] password;
    static Path folder;
    static Path unsupported;
    static X509Certificate leaf;
    static X509Certificate root;
    static PrivateKey key;

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        password = arguments[0].toCharArray();
        folder = Path.of(arguments[1]);
        unsupported = Path.of(arguments[2]);
        leaf = certificate("leaf.pem");
        root = certificate("root.pem");
        String pem = Files.readString(Path.of("leaf.key")).replaceAll("-----.*-----", "");
        byte[] der = Base64.getMimeDecoder().decode(pem);
        key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
        keyStores();
        signedData();
        PBKDF2Config.Builder pbkdf2 = new PBKDF2Config.Builder().withIterationCount(100);
        for (var hash : new AlgorithmIdentifier[] {
                PBKDF2Config.PRF_SHA1, PBKDF2Config.PRF_SHA256, PBKDF2Config.PRF_SHA512,
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA224, DERNull.INSTANCE),
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA384, DERNull.INSTANCE),
                new AlgorithmIdentifier(NISTObjectIdentifiers.id_hmacWithSHA3_224),
                PBKDF2Config.PRF_SHA3_256,
                new AlgorithmIdentifier(NISTObjectIdentifiers.id_hmacWithSHA3_384),
                PBKDF2Config.PRF_SHA3_512}) {
            for (int salt : new int[] {1, 8, 20, 64, 200}) {
                var name = "pbkdf2-" + hash.getAlgorithm() + "-" + salt;
                var config = pbkdf2.withPRF(hash).withSaltLength(salt).build();
                pfx(folder.resolve(name), config, NISTObjectIdentifiers.id_aes256_CBC);
            }
        }
        var scrypt = new ScryptConfig.Builder(1024, 8, 1).withSaltLength(16).build();
        pfx(folder.resolve("scrypt"), scrypt, NISTObjectIdentifiers.id_aes128_CBC);
        var sha1 = pbkdf2.withPRF(PBKDF2Config.PRF_SHA1).build();
        pfx(folder.resolve("3des"), sha1, PKCSObjectIdentifiers.des_EDE3_CBC);
        keyWithPassword(sha1, NISTObjectIdentifiers.id_aes256_CBC);
        pfx(unsupported.resolve("camellia"), sha1, NTTObjectIdentifiers.id_camellia256_cbc);
    }

    static X509Certificate certificate(String file) throws Exception {
        try (FileInputStream in = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    /** The key stores of the provider: BER, its default, and DER. */
    static void keyStores() throws Exception {
        for (String kind : new String[] {"PKCS12", "PKCS12-DEF", "PKCS12-3DES-3DES", "PKCS12-DEF-3DES-3DES"}) {
            KeyStore store = KeyStore.getInstance(kind, "BC");
            store.load(null, null);
            store.setKeyEntry("server", key, null, new Certificate[] {leaf, root});
            var out = new ByteArrayOutputStream();
            store.store(out, password);
            Files.write(folder.resolve("ber-" + kind), out.toByteArray());
            out.reset();
            store.store(new PKCS12StoreParameter(out, password, true));
            Files.write(folder.resolve("der-" + kind), out.toByteArray());
        }
        for (String kind : new String[] {"BKS", "UBER", "BCFKS"}) {
            KeyStore store = KeyStore.getInstance(kind, "BC");
            store.load(null, null);
            store.setCertificateEntry("server", leaf);
            var out = new ByteArrayOutputStream();
            store.store(out, password);
            Files.write(unsupported.resolve(kind), out.toByteArray());
        }
    }

    static void signedData() throws Exception {
        var generator = new CMSSignedDataGenerator();
        generator.addCertificates(new JcaCertStore(Arrays.asList(leaf, root)));
        CMSSignedData data = generator.generate(new CMSAbsentContent());
        Files.write(folder.resolve("ber.p7b"), data.getEncoded());
        Files.write(folder.resolve("der.p7b"), data.toASN1Structure().getEncoded("DER"));
        try (var pem = new JcaPEMWriter(new FileWriter(folder.resolve("pem.p7b").toFile()))) {
            pem.writeObject(data.toASN1Structure());
        }
    }

    /// A key that another password opens.
    static void keyWithPassword(PBKDFConfig derivation, ASN1ObjectIdentifier cipher) throws Exception {
        var of_key = new JcePKCSPBEOutputEncryptorBuilder(derivation, cipher).setProvider("BC");
        var of_certificates = new JcePKCSPBEOutputEncryptorBuilder(derivation, cipher).setProvider("BC");
        var pfx = new PKCS12PfxPduBuilder();
        pfx.addData(new JcaPKCS12SafeBagBuilder(key, of_key.build("another".toCharArray())).build());
        pfx.addEncryptedData(of_certificates.build(password), new PKCS12SafeBag[] {
            new JcaPKCS12SafeBagBuilder(leaf).build(), new JcaPKCS12SafeBagBuilder(root).build()});
        byte[] file = pfx.build(new BcPKCS12MacCalculatorBuilder(), password).getEncoded();
        Files.write(folder.resolve("key-password"), file);
    }

    static void pfx(Path file, PBKDFConfig derivation, ASN1ObjectIdentifier cipher) throws Exception {
        var encryptor = new JcePKCSPBEOutputEncryptorBuilder(derivation, cipher).setProvider("BC").build(password);
        var pfx = new PKCS12PfxPduBuilder();
        pfx.addEncryptedData(encryptor, new PKCS12SafeBag[] {
            new JcaPKCS12SafeBagBuilder(leaf).build(), new JcaPKCS12SafeBagBuilder(root).build()});
        Files.write(file, pfx.build(new BcPKCS12MacCalculatorBuilder(), password).getEncoded());
    }
}
