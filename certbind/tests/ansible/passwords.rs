//! Passwords of PFX files.

use std::path::Path;

use certbind_test_support::require;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;

use crate::ansible::{Ansible, succeeded};

const KEY: &str = "hostnameport=www.contoso.com:443";
const PASSWORD: &str = "correct-horse";
const WRONG: &str = "battery-staple";

/// A PFX file, and the hash of its certificate.
fn pfx(ansible: &Ansible) -> (String, String) {
    let params = CertificateParams::new(vec!["www.contoso.com".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let hash = certbind_certificates::hash_of_file(pem.as_bytes()).unwrap();
    std::fs::write(ansible.file("cert.pem"), pem).unwrap();
    std::fs::write(ansible.file("key.pem"), key.serialize_pem()).unwrap();
    let password = format!("pass:{PASSWORD}");
    let arguments = [
        "pkcs12", "-export", "-passout", &password, "-inkey", "key.pem", "-in", "cert.pem", "-out",
        "cert.pfx",
    ];
    succeeded(&ansible.run("openssl", &arguments));
    (ansible.text_of("cert.pfx"), hash.to_string())
}

#[test]
fn passwords_open_a_pfx_file() {
    require!("openssl");
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let (file, hash) = pfx(&ansible);
    let run = |passwords: &[&str]| json!({ "key": KEY, "app_id": "IIS", "certificate": file, "passwords": passwords });
    let runs = [
        run(&[WRONG]),
        run(&[WRONG, PASSWORD]),
        run(&[PASSWORD]),
        run(&["two\nlines"]),
    ];
    let results = ansible.of_store(&runs, &[]);
    assert_eq!(results[0]["rc"], 3, "{}", results[0]);
    assert_eq!(
        results[1]["after"]["certificate"]["hash"], hash,
        "{}",
        results[1]
    );
    assert_eq!(results[2]["changed"], false, "{}", results[2]);
    assert!(
        results[3]["msg"].as_str().unwrap().contains("line break"),
        "{}",
        results[3]
    );
}

/// Correct, wrong, or no texts: with every detail that Ansible prints, and in check mode.
#[test]
fn passwords_are_not_printed_and_not_written() {
    require!("openssl");
    let Some(ansible) = Ansible::new() else {
        return;
    };
    let (file, _) = pfx(&ansible);
    let number = 905_117_264;
    let task = |passwords: serde_json::Value| {
        json!({
            "certbind.certbind.binding": {
                "store": ansible.store(), "key": KEY, "app_id": "IIS", "certificate": file,
                "passwords": passwords,
            },
            "ignore_errors": true,
        })
    };
    let tasks = [
        task(json!([WRONG])),
        task(json!([WRONG, PASSWORD])),
        task(json!([number])),
        task(json!([[PASSWORD]])),
    ];
    for options in [&["-vvv", "--check", "--diff"][..], &["-vvv", "--diff"]] {
        let output = ansible.play(&tasks, options);
        let printed = succeeded(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(printed.contains("none of the passwords opens"), "{printed}");
        assert!(printed.contains("changed=1"), "{printed}");
        for secret in [WRONG, PASSWORD, &number.to_string()] {
            assert!(!printed.contains(secret), "{secret}: {printed}");
        }
    }
    // The history of the store has command lines.
    let log = ansible.certbind(&["log", "--format", "json"]);
    assert!(log.contains("/dev/stdin"), "{log}");
    std::fs::remove_file(ansible.file("playbook.yml")).unwrap();
    assert!(!has(&ansible.file(""), PASSWORD) && !has(&ansible.file(""), WRONG));
}

/// Whether a file in a folder has this text.
fn has(folder: &Path, text: &str) -> bool {
    let entries = folder.read_dir().unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths.any(|path| match path.is_dir() {
        true => has(&path, text),
        false => std::fs::read(path).is_ok_and(|content| {
            let mut windows = content.windows(text.len());
            windows.any(|it| it == text.as_bytes())
        }),
    })
}
