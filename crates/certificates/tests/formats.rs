//! Files of other programs are read completely.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use certbind_certificates::{CertificateFile, FileError, LeafError, PartError, hash_of_file};
use certbind_core::CertHash;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

const LEAF: &str = "d04c475e5450b4d1440574f972789ea93e706986";
const INTERMEDIATE: &str = "ad571f4d036e0163662b9fe91723e1df832d89eb";
const ROOT: &str = "20ca7735";

const BUNDLE: &[u8] = include_bytes!("fixtures/formats/bundle-root-first.pem");
const LEAF_PEM: &[u8] = include_bytes!("fixtures/formats/leaf.pem");
const NODE_FORGE: &[u8] = include_bytes!("fixtures/formats/node-forge-default.p12");
const HMAC_SHA1: &[u8] = include_bytes!("fixtures/formats/pbes2-hmac-sha1.p12");
const NSS: &[u8] = include_bytes!("fixtures/formats/nss-ber.p12");
const BER_P7B: &[u8] = include_bytes!("fixtures/formats/bouncycastle-ber.p7b");
const MIXED: &[u8] = include_bytes!("fixtures/formats/certificate-then-pkcs7.pem");
const NULL_PASSWORD: &[u8] = include_bytes!("fixtures/formats/null-password-mac-certtool.p12");
const TRUSTED: &[u8] = include_bytes!("fixtures/formats/trusted-certificate.pem");
const WWW: &[u8] = include_bytes!("fixtures/www-2025.pem");
const MAIL: &[u8] = include_bytes!("fixtures/mail-2025.pem");

fn read(bytes: &[u8], passwords: &[&str]) -> Result<CertificateFile, FileError> {
    let passwords: Vec<_> = passwords.iter().map(|it| (*it).to_owned()).collect();
    CertificateFile::read(bytes, &passwords)
}

/// The certificates of a file of which every part can be read.
fn whole(bytes: &[u8], passwords: &[&str]) -> Vec<String> {
    let file = read(bytes, passwords).unwrap();
    assert_eq!(file.errors(), []);
    hashes(&file)
}

fn hashes(file: &CertificateFile) -> Vec<String> {
    let certificates = file.certificates().iter();
    certificates.map(|it| it.hash().to_string()).collect()
}

fn is_chain(hashes: &[String]) -> bool {
    let [leaf, intermediate, root] = hashes else {
        return false;
    };
    leaf == LEAF && intermediate == INTERMEDIATE && root.starts_with(ROOT)
}

fn der(pem: &[u8]) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem).unwrap().to_vec()
}

/// The base64 lines of PEM, without its BEGIN and END lines.
fn bare(pem: &[u8]) -> String {
    let text = std::str::from_utf8(pem).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_pfx_in_ber_is_read() {
    let mut found = whole(NSS, &["x"]);
    found.sort_by_key(|hash| {
        [LEAF, INTERMEDIATE]
            .iter()
            .position(|it| it == hash)
            .unwrap_or(2)
    });
    assert!(is_chain(&found), "{found:?}");
    let wrong = read(NSS, &["wrong"]).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "it is a PFX that none of the passwords opens"
    );
}

/// Its certificates are not encrypted, so that no password is needed.
#[test]
fn an_encrypted_key_hides_no_certificate() {
    for passwords in [&["x"][..], &["wrong"], &[]] {
        let found = whole(NODE_FORGE, passwords);
        assert!(is_chain(&found), "{found:?}");
    }
    let file = read(NODE_FORGE, &[]).unwrap();
    assert!(file.has_key_of(&file.certificates()[0]));
    assert!(!file.has_key_of(&file.certificates()[1]));
}

#[test]
fn the_default_hash_of_pbkdf2_is_sha_1() {
    assert_eq!(whole(HMAC_SHA1, &["x"]), [LEAF]);
}

#[test]
fn a_pfx_without_a_password_is_read() {
    for passwords in [&[][..], &["x"]] {
        assert_eq!(whole(NULL_PASSWORD, passwords).len(), 1);
    }
}

#[test]
fn pkcs_7_in_ber_is_read() {
    let found = whole(BER_P7B, &[]);
    assert!(is_chain(&found), "{found:?}");
}

#[test]
fn every_block_of_a_pem_file_is_read() {
    assert_eq!(whole(MIXED, &[]).len(), 4);
    assert_eq!(whole(&[LEAF_PEM, MIXED, TRUSTED].concat(), &[]).len(), 6);
    // A block begins on the line on which another one ends.
    assert_eq!(whole(&[WWW.trim_ascii_end(), MAIL].concat(), &[]).len(), 2);
}

/// The hash is that of the certificate, without the trust settings after it.
#[test]
fn a_trusted_certificate_of_openssl_is_read() {
    assert_eq!(whole(TRUSTED, &[]), [LEAF]);
}

#[test]
fn base64_without_begin_and_end_is_read() {
    assert_eq!(whole(bare(LEAF_PEM).as_bytes(), &[]), [LEAF]);
    let windows = bare(LEAF_PEM).replace('\n', "\r\n");
    assert_eq!(whole(windows.as_bytes(), &[]), [LEAF]);
}

/// PowerShell redirects output in UTF-16.
#[test]
fn utf_16_and_byte_order_marks_are_read() {
    let text = std::str::from_utf8(LEAF_PEM).unwrap();
    let utf16 = |encode: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(encode).collect()
    };
    assert_eq!(whole(&utf16(u16::to_le_bytes), &[]), [LEAF]);
    assert_eq!(whole(&utf16(u16::to_be_bytes), &[]), [LEAF]);
    assert_eq!(whole(&[b"\xef\xbb\xbf", LEAF_PEM].concat(), &[]), [LEAF]);
}

#[test]
fn bytes_after_the_end_hide_nothing() {
    let der = der(LEAF_PEM);
    for padding in [&b"\n"[..], b"\r\n", &[0; 512]] {
        assert_eq!(whole(&[&der, padding].concat(), &[]), [LEAF]);
    }
    // Certificates one after the other.
    assert_eq!(whole(&[der.clone(), der.clone()].concat(), &[]).len(), 2);
    let file = read(&[&der, &b"rubbish"[..]].concat(), &[]).unwrap();
    assert_eq!(hashes(&file), [LEAF]);
    assert_eq!(file.errors(), [PartError::Damaged]);
}

#[test]
fn a_part_that_cannot_be_read_is_reported() {
    let nonsense = b"-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
    let cut = &WWW[..WWW.len() / 2];
    for file in [
        [LEAF_PEM, &nonsense[..]].concat(),
        [&nonsense[..], LEAF_PEM].concat(),
        [LEAF_PEM, cut].concat(),
        [cut, LEAF_PEM].concat(),
    ] {
        let file = read(&file, &[]).unwrap();
        assert_eq!(hashes(&file), [LEAF]);
        assert_eq!(file.errors(), [PartError::Certificate]);
    }
}

/// An unsupported format is not reported as a wrong password.
#[test]
fn other_formats_are_named() {
    let error = |bytes: &[u8]| read(bytes, &["x"]).unwrap_err().to_string();
    let keystore = [&[0xfe, 0xed, 0xfe, 0xed][..], &[0; 40]].concat();
    assert!(error(&keystore).contains("Java keystore (JKS)"));
    let pgp = error(b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n");
    assert!(
        pgp.contains("PGP MESSAGE") && pgp.contains("not supported"),
        "{pgp}"
    );
    // AES in GCM mode (2.16.840.1.101.3.4.1.6) where the file has CBC.
    let cbc = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a];
    let at = HMAC_SHA1
        .windows(cbc.len())
        .position(|it| it == cbc)
        .unwrap();
    let mut gcm = HMAC_SHA1.to_vec();
    gcm[at + 8] = 46;
    let said = error(&gcm);
    assert!(
        said.contains("2.16.840.1.101.3.4.1.46 is not supported"),
        "{said}"
    );
    assert!(!said.contains("password"), "{said}");
}

/// A file states the cost of its key derivation itself.
#[test]
fn a_costly_pfx_is_refused_at_once() {
    // The iterations of PBKDF2 in the file: 1,024.
    let at = HMAC_SHA1
        .windows(4)
        .position(|it| it == [2, 2, 4, 0])
        .unwrap();
    let mut costly = HMAC_SHA1.to_vec();
    costly[at + 2..at + 4].copy_from_slice(&[0x7f, 0xff]);
    let start = std::time::Instant::now();
    assert!(matches!(
        read(&costly, &["x"]),
        Err(FileError::Password { .. })
    ));
    // 600,000 iterations become more than 8,000,000.
    let mut nss = NSS.to_vec();
    let count = [2, 3, 9, 0x27, 0xc0];
    let ats: Vec<_> = (0..nss.len() - 5)
        .filter(|at| nss[*at..][..5] == count)
        .collect();
    assert!(!ats.is_empty());
    for at in ats {
        nss[at + 2] = 0x7f;
    }
    let error = read(&nss, &["x"]).unwrap_err();
    let FileError::Unreadable {
        source: PartError::TooExpensive { iterations, .. },
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(iterations > 8_000_000);
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn cut_and_damaged_files_never_panic() {
    for (file, password) in [
        (NODE_FORGE, "x"),
        (HMAC_SHA1, "x"),
        (BER_P7B, ""),
        (MIXED, ""),
    ] {
        for end in (0..file.len()).step_by(29) {
            let _ = read(&file[..end], &[password]);
            let mut damaged = file.to_vec();
            damaged[end] ^= 0xff;
            let _ = read(&damaged, &[password]);
        }
    }
}

#[test]
fn the_leaf_is_found_in_any_order() {
    let file = read(BUNDLE, &[]).unwrap();
    assert_eq!(file.certificates().len(), 3);
    assert_ne!(file.certificates()[0].hash().to_string(), LEAF);
    assert_eq!(file.leaf().unwrap().hash().to_string(), LEAF);
    assert_eq!(hash_of_file(BER_P7B).unwrap().to_string(), LEAF);
    // Twice the same.
    let twice = [BUNDLE, LEAF_PEM].concat();
    assert_eq!(hash_of_file(&twice).unwrap().to_string(), LEAF);
    // An authority of its own.
    let blocks = std::str::from_utf8(BUNDLE).unwrap();
    let root = &blocks[..blocks.match_indices("-----BEGIN").nth(1).unwrap().0];
    assert!(
        hash_of_file(root.as_bytes())
            .unwrap()
            .to_string()
            .starts_with(ROOT)
    );
    let with_root = [root.as_bytes(), LEAF_PEM].concat();
    assert_eq!(hash_of_file(&with_root).unwrap().to_string(), LEAF);
}

#[test]
fn several_leaves_are_refused_by_name() {
    let error = hash_of_file(&[BUNDLE, WWW].concat()).unwrap_err();
    let LeafError::Several { candidates } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(candidates.len(), 2);
    let message = error.to_string();
    assert!(
        message.contains(LEAF) && message.contains("CN=www.contoso.com"),
        "{message}"
    );
    let key = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    assert_eq!(hash_of_file(key), Err(LeafError::None));
}

/// The hash of a certificate is that of its bytes in the file.
#[test]
fn the_hash_is_the_thumbprint() {
    let expected: CertHash = LEAF.parse().unwrap();
    assert_eq!(hash_of_file(LEAF_PEM), Ok(expected));
    assert_eq!(hash_of_file(&der(LEAF_PEM)), Ok(expected));
}
