//! Settings of a host that stand next to its bindings.

use certbind_formats::{ReadOptions, WarningKind, read};

use certbind_test_support::hive::{Node, binding, file, key, system_with};

/// Only 0 of a number switches HTTP/2 off, and it is a setting of the host: no binding is lost.
#[test]
fn http2_switched_off_for_the_host_is_reported() {
    let families = || key("SslBindingInfo").key(binding("0.0.0.0:443"));
    let setting = |parameters: Node| {
        let file = file(&system_with(parameters.key(families())));
        let reading = read(&file, &ReadOptions::default()).unwrap();
        assert_eq!(reading.export.bindings.len(), 1);
        let warnings = reading.warnings.into_iter();
        let settings = warnings.filter(|it| it.kind == WarningKind::HostSetting);
        settings.map(|it| it.path.unwrap()).collect::<Vec<_>>()
    };
    let parameters = || key("Parameters");
    assert_eq!(
        setting(parameters().dword("enablehttp2tls", 0)),
        ["Parameters"]
    );
    for other in [
        parameters(),
        parameters().dword("EnableHttp2Tls", 1),
        parameters().dword("EnableHttp2Cleartext", 0),
        parameters().text("EnableHttp2Tls", "0"),
    ] {
        assert!(setting(other).is_empty());
    }
}
