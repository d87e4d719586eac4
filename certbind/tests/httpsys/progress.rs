//! Long work over the HTTP Server API is shown, on a terminal alone.

use super::{HASH, Host, IIS};

/// The output of a command on a host on which one call takes long, on a terminal or on none.
fn printed(host: &Host, arguments: &str, is_terminal: bool) -> String {
    let configuration = host.folder.path().join("simulator.toml");
    let text = "store = \"redb:records.redb\"\n[[fault]]\ncall = \"query-next\"\nnth = 12\ndelay_ms = 2000\n";
    std::fs::write(&configuration, text).unwrap();
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_certbind"));
    let output = certbind_test_support::shell(&line, is_terminal)
        .env(
            "CERTBIND_STORE",
            format!("httpsys:{}", host.library.display()),
        )
        .env("CERTBIND_HTTPAPI", configuration)
        .env("CERTBIND_JOURNAL", host.folder.path().join("journal"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}: {output:?}");
    let both = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn long_operation_shows_its_calls_on_a_terminal() {
    certbind_test_support::require!("script");
    let host = Host::new();
    host.ok(&["add", "0.0.0.0:443", "--hash", HASH, "--app-id", IIS]);
    for arguments in ["list", "export --format json"] {
        let shown = printed(&host, arguments, true);
        assert!(
            shown.contains("HTTP Server API: "),
            "{arguments}: {shown:?}"
        );
        assert!(shown.contains(" calls"), "{arguments}: {shown:?}");
    }
    let shown = printed(&host, "list", false);
    assert!(!shown.contains("calls"), "{shown:?}");
}
