//! Certificates of files are bound by their hash.

use certbind::exit;

use super::{HASH, Host, IIS};

#[test]
fn certificate_file_gives_the_hash() {
    let host = Host::new();
    let cert = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/certificates/tests/fixtures/www.contoso.com.pem"
    );
    host.add("0.0.0.0:443");
    host.ok(&["rotate", HASH, "--cert", cert]);
    let listed = host.json(&["list", "--format", "json"]);
    assert_eq!(
        listed[0]["certificate"]["hash"],
        "4b1c6b9d0730cbc3ea2c2be32e4a91e8ad2c7419"
    );
    let said = host.fails(
        exit::BROKEN_INPUT,
        &["update", "0.0.0.0:443", "--cert", "Cargo.toml"],
    );
    assert!(said.contains("Cargo.toml"), "{said}");
}

/// Bundles are ordered by their chain: the root of this one comes first.
#[test]
fn leaf_of_a_bundle_is_bound_in_any_order() {
    const LEAF: &str = "d04c475e5450b4d1440574f972789ea93e706986";
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/certificates/tests/fixtures"
    );
    let file = &format!("{fixtures}/formats/bundle-root-first.pem");
    // The certificate expires in 2027.
    let bundle = ["--cert", file, "--force"];
    let host = Host::new();
    let bound = |at: usize| {
        let listed = host.json(&["list", "--format", "json"]);
        listed[at]["certificate"]["hash"]
            .as_str()
            .map(str::to_owned)
    };
    let said = host.ok(&[&["add", "0.0.0.0:443", "--app-id", IIS][..], &bundle].concat());
    assert!(said.contains(LEAF), "{said}");
    assert_eq!(bound(0).as_deref(), Some(LEAF));
    host.ok(&["update", "0.0.0.0:443", "--hash", HASH]);
    host.ok(&[&["update", "0.0.0.0:443"][..], &bundle].concat());
    assert_eq!(bound(0).as_deref(), Some(LEAF));
    host.ok(&["update", "0.0.0.0:443", "--hash", HASH]);
    let said = host.ok(&[&["rotate", HASH][..], &bundle].concat());
    assert!(said.contains("CN="), "a bundle's leaf is named: {said}");
    assert_eq!(bound(0).as_deref(), Some(LEAF));

    // Two chains in one file: nothing is chosen.
    let two = host.file("two.pem");
    let other = format!("{fixtures}/www-2025.pem");
    let both = [std::fs::read(file).unwrap(), std::fs::read(other).unwrap()].concat();
    std::fs::write(&two, both).unwrap();
    let said = host.fails(
        exit::BROKEN_INPUT,
        &[
            "add",
            "[::]:443",
            "--cert",
            two.to_str().unwrap(),
            "--app-id",
            IIS,
        ],
    );
    assert!(
        said.contains(LEAF) && said.contains("CN=www.contoso.com"),
        "{said}"
    );
}
