//! Answers that programs of others showed to be otherwise than was inferred, each with its source.

use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::MemoryStore;
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;

use crate::bench::{CommandOutput, HASH, IIS};

struct Host {
    simulator: Arc<Simulator>,
    api: Arc<dyn HttpApi>,
}

impl Host {
    fn new() -> Self {
        let simulator = Arc::new(Simulator::new(Arc::new(MemoryStore::new())));
        let api = Arc::clone(&simulator) as Arc<dyn HttpApi>;
        Self { simulator, api }
    }

    fn run(&self, profile: Profile, line: &str) -> CommandOutput {
        let words: Vec<_> = line.split(' ').map(String::from).collect();
        let netsh = Netsh::new(&*self.simulator, profile).with_api(&self.api);
        let mut printed = Vec::new();
        let code = netsh.run(&words, &mut std::io::empty(), &mut printed);
        CommandOutput {
            text: String::from_utf8(printed).unwrap(),
            code: code.unwrap(),
        }
    }
}

/// Chef's `windows_http_acl` runs it with `shell_out!`, which raises at another exit code;
/// Funbit/ets2-telemetry-server compares the whole text.
#[test]
fn an_unreserved_url_shows_the_title_alone() {
    for profile in Profile::ALL {
        let said = Host::new().run(profile, "http show urlacl url=http://+:25555/");
        assert_eq!(said.code, 0, "{profile}");
        assert_eq!(said.text, "\nURL Reservations: \n----------------- \n\n");
    }
}

/// Funbit/ets2-telemetry-server compares it; KurrentDB issue 2053, datalust/seq-forwarder issue 59.
#[test]
fn a_refusal_ends_with_two_blank_lines() {
    let host = Host::new();
    let add = format!("http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS}");
    assert_eq!(host.run(Profile::Server2022, &add).code, 0);
    assert_eq!(
        host.run(Profile::Server2022, &add).text,
        "\nSSL Certificate add failed, Error: 183\nCannot create a file when that file already \
         exists.\n\n\n"
    );
}

/// Webmin's module for Windows writes tags in this way.
#[test]
fn tags_and_values_may_have_spaces_between_them() {
    let host = Host::new();
    let add = format!("http add sslcert ipport = 0.0.0.0:443 certhash = {HASH} appid = {IIS}");
    assert_eq!(host.run(Profile::Server2019, &add).code, 0);
    assert_eq!(
        host.run(
            Profile::Server2019,
            "http delete sslcert ipport = 0.0.0.0:443"
        )
        .code,
        0
    );
}

/// Rising bits, as icacls and the root SDDL of WinRM (`(AU;SA;GXGW;;;WD)`) show them.
#[test]
fn rights_are_in_the_order_of_their_bits() {
    let host = Host::new();
    let add = "http add urlacl url=http://+:80/ sddl=D:(A;;GRGWGX;;;WD)";
    assert_eq!(host.run(Profile::Server2022, add).code, 0);
    let shown = host
        .run(Profile::Server2022, "http show urlacl url=http://+:80/")
        .text;
    assert!(shown.contains("SDDL: D:(A;;GXGWGR;;;WD)"), "{shown}");
}

/// A listing on a public page has the short form of an address with an IPv4 address in it.
#[test]
fn listen_addresses_have_the_form_of_keys() {
    let host = Host::new();
    assert_eq!(
        host.run(Profile::Server2022, "http add iplisten ::1:80")
            .code,
        0
    );
    let shown = host.run(Profile::Server2022, "http show iplisten").text;
    assert!(shown.contains("    ::0.1.0.128\n"), "{shown}");
}

/// RRAS blog (2007): Windows Server 2008 prints nothing after the colon of an absent CTL value.
#[test]
fn a_listing_of_server_2008_prints_back() {
    use certbind_formats::netsh::{self, Release};
    use certbind_formats::{Export, ReadOptions, read};

    let record =
        certbind_core::Record::new(HASH.parse().unwrap(), None, certbind_core::Uuid::nil());
    let binding = certbind_core::Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
    let export = Export {
        bindings: vec![binding],
        ..Export::default()
    };
    let mut listing = Vec::new();
    netsh::write(&mut listing, &export, &Release::Server2008.layout()).unwrap();
    let reading = read(&listing, &ReadOptions::default()).unwrap();
    let layout = reading.export.layout.clone().expect("a layout is learnt");
    let mut back = Vec::new();
    netsh::write(&mut back, &reading.export, &layout).unwrap();
    assert_eq!(String::from_utf8(back), String::from_utf8(listing));
}
