//! Common mistakes: the message contains the value found and the correct input.

use certbind::exit;

use super::{HASH, Host};

const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Arguments of `add`, the value found, and the correct input.
const ADDED: &[(&[&str], &str, &str)] = &[
    (
        &["0.0.0.0:443", "--app-id", "ISS"],
        "'ISS'",
        "did you mean IIS?",
    ),
    (
        &["0.0.0.0:443", "--app-id", "{IIS}"],
        "'{IIS}'",
        "did you mean IIS?",
    ),
    (
        &["0.0.0.0:443", "--app-id", "Exchnage"],
        "'Exchnage'",
        "did you mean Exchange?",
    ),
    (
        &["0.0.0.0:443", "--app-id", "4dc3e181-e14b"],
        "'4dc3e181-e14b'",
        "a GUID such as {4dc3e181-e14b-4a21-b022-59fc669b0914}, or one of exchange",
    ),
    (
        &["0.0.0.0:70000"],
        "the port 70000 is not from 1 to 65535",
        "type the port",
    ),
    (
        &["0.0.0.0:0"],
        "the port 0 is not from 1 to 65535",
        "type the port",
    ),
    (
        &["[::]:65536"],
        "the port 65536 is not from 1 to 65535",
        "type the port",
    ),
    (
        &["hostnameport=www.contoso.com:99999"],
        "the port 99999",
        "type the port",
    ),
    (
        &["ccs=65536"],
        "the port 65536 is not from 1 to 65535",
        "type the port",
    ),
    (
        &["[fe80::1%eth0]:443"],
        "the zone \"eth0\" is not a number",
        "[fe80::1%4]:443",
    ),
    (&["::1:443"], "in brackets", "type [::1]:443"),
    (&["ipport=fe80::1:443"], "in brackets", "type [fe80::1]:443"),
    (
        &["2001:db8:0:0:0:0:0:1"],
        "in brackets",
        "type [2001:db8::1]:443",
    ),
    (&["[::1:443"], "in brackets", "type [::1]:443"),
    (&["::1]:443"], "in brackets", "type [::1]:443"),
    (
        &["[::1]"],
        "\"[::1]\" is not",
        "did you mean ipport=[::1]:443?",
    ),
    (
        &["*:443"],
        "\"*\" is not an address",
        "0.0.0.0:443 and [::]:443",
    ),
    (
        &["ipport=*:443"],
        "\"*\" is not an address",
        "0.0.0.0:443 and [::]:443",
    ),
    (
        &["+:443"],
        "\"+\" is not an address",
        "0.0.0.0:443 and [::]:443",
    ),
    (
        &[":443"],
        "the address is missing",
        "0.0.0.0:443 and [::]:443",
    ),
    (
        &["http://+:8080/shop/"],
        "a key is not a URL",
        "every address is 0.0.0.0:8080 and [::]:8080",
    ),
    (
        &["http://www.contoso.com:"],
        "a key is not a URL",
        "type hostnameport=www.contoso.com:443",
    ),
    (
        &["https://10.0.0.5/"],
        "a key is not a URL",
        "type ipport=10.0.0.5:443",
    ),
    (
        &["https://[::1]/"],
        "a key is not a URL",
        "type ipport=[::1]:443",
    ),
    (
        &["256.1.1.1:443"],
        "\"256.1.1.1\" is not",
        "numbers from 0 to 255",
    ),
    (&["10.0.5:443"], "\"10.0.5\" is not", "four numbers"),
    (
        &["ipport=010.0.0.5:443"],
        "\"010.0.0.5\" is not",
        "without leading zeros, as in 10.0.0.5:443",
    ),
    (&["fe80::1%4:443"], "in brackets", "type [fe80::1%4]:443"),
    (
        &["fe80::1%eth0:443"],
        "the zone \"eth0\" is not a number",
        "[fe80::1%4]:443",
    ),
    (
        &["hostnameport=www.contoso.com"],
        "the port is missing",
        "type hostnameport=www.contoso.com:443",
    ),
    (
        &["scopedccs=www.contoso.com"],
        "the port is missing",
        "type scopedccs=www.contoso.com:443",
    ),
    (
        &["hostnameport=[::1]:443"],
        "an address is not a host name",
        "type ipport=[::1]:443",
    ),
    (
        &["https://www.contoso.com/shop"],
        "a key is not a URL",
        "type hostnameport=www.contoso.com:443",
    ),
    (
        &["hostnameport=https://www.contoso.com:8443"],
        "a key is not a URL",
        "type hostnameport=www.contoso.com:8443",
    ),
    (
        &["www.contoso.com"],
        "is not ipport=",
        "did you mean hostnameport=www.contoso.com:443?",
    ),
];

#[test]
fn mistakes_in_arguments_have_answers() {
    let host = Host::new();
    for (arguments, found, typed) in ADDED {
        let iis = ["--app-id", "IIS"];
        let rest = if arguments.contains(&"--app-id") {
            &[][..]
        } else {
            &iis
        };
        let add = [&["add"], *arguments, rest, &["--hash", HASH]].concat();
        let said = host.fails(exit::USAGE, &add);
        assert!(
            said.contains(found) && said.contains(typed),
            "{add:?}: {said}"
        );
    }
    for arguments in [
        &["add", "0.0.0.0:443", "--app-id", "IIS", "--hash", SHA256][..],
        &["rotate", "--from", SHA256, "--to", HASH],
        &["rotate", "--from", HASH, "--to", &SHA256.to_uppercase()],
        &["update", "0.0.0.0:443", "--hash", SHA256],
        &["list", "--cert", SHA256],
    ] {
        let said = host.fails(exit::USAGE, arguments);
        assert!(said.contains("SHA-256 thumbprint"), "{arguments:?}: {said}");
        assert!(said.contains("--cert FILE"), "{arguments:?}: {said}");
    }
    assert!(!host.file("bindings.redb").exists());
}

/// They are correct, although they look like mistakes.
#[test]
fn names_braces_and_separators_are_understood() {
    let host = Host::new();
    let spaced = "52:26:DC:6C:54:55:97:61:CD:47:1B:86:EB:51:C0:96:25:2C:90:F2";
    for (key, app, hash) in [
        ("0.0.0.0:443", "IIS", HASH),
        ("0.0.0.0:444", "iis", spaced),
        (
            "[fe80::1%4]:443",
            "{4DC3E181-E14B-4A21-B022-59FC669B0914}",
            HASH,
        ),
        ("hostnameport=WWW.contoso.com:443", "IIS", HASH),
    ] {
        host.ok(&["add", key, "--app-id", app, "--hash", hash]);
    }
    let listed = host.json(&["list", "--format", "json"]);
    let listed = listed.as_array().unwrap();
    assert_eq!(listed.len(), 4);
    assert!(
        listed.iter().all(|it| it["app_id"] == super::IIS),
        "{listed:?}"
    );
    assert!(
        listed.iter().all(|it| it["certificate"]["hash"] == HASH),
        "{listed:?}"
    );
}

#[test]
fn mistakes_in_stores_have_answers() {
    let host = Host::new();
    host.add("0.0.0.0:443");
    let listing = host.listing(2).display().to_string();
    let store = host.file("bindings.redb").display().to_string();
    let as_store = format!("redb:{listing}");
    let misspelled = format!("rebd:{store}");
    for (url, code, found, typed) in [
        (
            store.as_str(),
            exit::USAGE,
            "it is the path of a store",
            format!("type redb:{store}"),
        ),
        (
            "new.redb",
            exit::USAGE,
            "a store in a file is named by its URL",
            "type redb:new.redb".into(),
        ),
        (
            &listing,
            exit::USAGE,
            "it is a file, not a store",
            format!("certbind list {listing}"),
        ),
        (
            &as_store,
            exit::REFUSED,
            "is an export, not a store",
            format!("certbind import {listing} --store redb:PATH"),
        ),
        (
            &misspelled,
            exit::USAGE,
            "there are no rebd: stores",
            format!("did you mean redb:{store}?"),
        ),
        (
            "C:\\certbind\\web.redb",
            exit::USAGE,
            "a store in a file is named by its URL",
            "type redb:C:\\certbind\\web.redb".into(),
        ),
        (
            "REDB:web",
            exit::USAGE,
            "there are no REDB: stores",
            "did you mean redb:web?".into(),
        ),
        (
            "store",
            exit::USAGE,
            "'store'",
            "expected httpsys:, ".into(),
        ),
    ] {
        let said = host.fails(code, &["list", "--store", url]);
        assert!(
            said.contains(found) && said.contains(&typed),
            "{url}: {said}"
        );
    }
}

#[test]
fn store_is_not_created_in_a_misspelled_folder() {
    let host = Host::new();
    std::fs::create_dir(host.file("bindings")).unwrap();
    let url = format!("redb:{}", host.file("bindngs/web.redb").display());
    let listing = host.listing(2).display().to_string();
    let add = ["add", "ccs=443", "--app-id", "IIS", "--store", &url];
    for command in [&add[..], &["import", &listing, "--store", &url]] {
        let said = host.fails(exit::REFUSED, command);
        assert!(said.contains("bindngs does not exist"), "{said}");
        assert!(
            said.contains("did you mean") && said.contains("bindings?"),
            "{said}"
        );
        assert!(said.contains("add --create"), "{said}");
        assert!(!host.file("bindngs").exists());
    }
    host.ok(&[&add[..], &["--create"]].concat());
    assert!(host.file("bindngs/web.redb").exists());
}

#[test]
fn missing_stores_have_the_nearest_name() {
    let host = Host::new();
    std::fs::create_dir(host.file("bindings")).unwrap();
    let listing = host.listing(2).display().to_string();
    let url = |name: &str| format!("redb:{}", host.file(name).display());
    let store = url("bindings/web01.redb");
    host.ok(&["import", &listing, "--store", &store]);
    for (name, answers) in [
        (
            "bindngs/web01.redb",
            ["bindngs does not exist; did you mean", "bindings?"],
        ),
        ("bindings/wbe01.redb", ["did you mean", "web01.redb?"]),
        ("bindings/other", ["`certbind add`", "create one"]),
    ] {
        let said = host.fails(exit::REFUSED, &["list", "--store", &url(name)]);
        assert!(answers.iter().all(|it| said.contains(it)), "{name}: {said}");
    }
}

#[test]
fn names_that_never_match_are_warned_of() {
    let host = Host::new();
    for (name, why) in [
        ("www.*.com", "a wildcard must be the whole first label"),
        ("*.*.com", "only one wildcard"),
        ("*.com", "directly below a top-level domain"),
        ("www..com", "an empty label"),
    ] {
        let key = format!("hostnameport={name}:443");
        let output = host.run(&["add", &key, "--app-id", "IIS", "--hash", HASH]);
        let said = super::text(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{name}: {said}");
        assert!(
            said.contains(&format!("{key} can never match: ")),
            "{name}: {said}"
        );
        assert!(
            said.contains(why) && said.contains("hostnameport=*.contoso.com:443"),
            "{name}: {said}"
        );
    }
    let output = host.run(&[
        "add",
        "hostnameport=10.0.0.5:443",
        "--app-id",
        "IIS",
        "--hash",
        HASH,
    ]);
    let said = super::text(&output.stderr);
    assert!(
        said.contains("the binding of the address is ipport=10.0.0.5:443"),
        "{said}"
    );
    let dotted = "scopedccs=www.contoso.com.:443";
    let output = host.run(&["add", dotted, "--app-id", "IIS"]);
    let said = super::text(&output.stderr);
    assert!(
        said.contains("a dot at the end") && said.contains("scopedccs=www.contoso.com:443"),
        "{said}"
    );
    let output = host.run(&[
        "add",
        "hostnameport=*.contoso.com:443",
        "--app-id",
        "IIS",
        "--hash",
        HASH,
    ]);
    assert!(!super::text(&output.stderr).contains("never match"));
}
