// Writes files with node-forge. Each has the certificates leaf.pem and root.pem.

"use strict";

const fs = require("fs");
const path = require("path");

const [package_folder, password, folder] = process.argv.slice(2);
const forge = require(package_folder);
const read = (name) => fs.readFileSync(name, "utf8");
const chain = ["leaf.pem", "root.pem"].map((name) => forge.pki.certificateFromPem(read(name)));
const key = forge.pki.privateKeyFromPem(read("leaf.key"));

function write(name, asn1) {
    fs.writeFileSync(path.join(folder, name), Buffer.from(forge.asn1.toDer(asn1).getBytes(), "binary"));
}

for (const algorithm of ["aes128", "aes192", "aes256", "3des"]) {
    for (const saltSize of [1, 8, 64]) {
        const options = { algorithm, saltSize, count: 100 };
        write(`${algorithm}-${saltSize}.p12`, forge.pkcs12.toPkcs12Asn1(key, chain, password, options));
    }
}
write("defaults.p12", forge.pkcs12.toPkcs12Asn1(key, chain, password));
write("no-mac.p12", forge.pkcs12.toPkcs12Asn1(key, chain, password, { useMac: false }));
write("no-key-id.p12", forge.pkcs12.toPkcs12Asn1(key, chain, password, { generateLocalKeyId: false }));
write("no-key.p12", forge.pkcs12.toPkcs12Asn1(null, chain, password));
write("null-password.p12", forge.pkcs12.toPkcs12Asn1(key, chain, null));

const signed = forge.pkcs7.createSignedData();
chain.forEach((certificate) => signed.addCertificate(certificate));
write("certificates.p7b", signed.toAsn1());
fs.writeFileSync(path.join(folder, "pem.p7b"), forge.pkcs7.messageToPem(signed));
fs.writeFileSync(path.join(folder, "chain.pem"), chain.map((it) => forge.pki.certificateToPem(it)).join(""));
