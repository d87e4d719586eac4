//! `doctor`: the answers of a host, from the simulator's configuration to a profile and back.

use serde_json::Value;

use super::schemas::{messages, validate};
use super::{HASH, Host, IIS};

const WINDOWS: &str = "store = \"redb:records.redb\"\nshared = true\n\n[windows]\n\
                       query_next_end = 2\nsmall_buffer = 234\nproperty_unset = \"empty\"\n";

impl Host {
    fn configured(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The JSON output of `doctor`.
    fn doctor(&self, configuration: &str, arguments: &[&str]) -> (Option<i32>, Value) {
        let url = format!("httpsys:{}", self.library.display());
        let start = ["doctor", &url, "--format", "json"];
        let output = self.run_with(configuration, &[&start, arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::String(said));
        if found.is_object() {
            validate("doctor", &found);
        }
        messages(&output);
        (output.status.code(), found)
    }
}

fn answer<'a>(found: &'a Value, option: &str) -> &'a str {
    let findings = found["findings"].as_array().unwrap();
    let mut findings = findings.iter();
    let finding = findings.find(|finding| finding["option"] == option);
    finding.unwrap_or_else(|| panic!("{option}: {found}"))["answer"]
        .as_str()
        .unwrap()
}

#[test]
fn profile_makes_the_simulator_answer_as_the_host() {
    let host = Host::new();
    for key in ["10.0.0.1:443", "10.0.0.2:443"] {
        host.ok(&["add", key, "--hash", HASH, "--app-id", IIS]);
    }
    let windows = host.configured("windows.toml", WINDOWS);
    let profile = host.folder.path().join("profile.toml");
    let (code, found) = host.doctor(&windows, &["--simulator", profile.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{found}");
    for (option, printed) in [
        ("query_next_end", "2"),
        ("small_buffer", "234"),
        ("property_unset", "empty"),
        ("order", "sorted"),
    ] {
        assert_eq!(answer(&found, option), printed, "{option}");
    }
    let written = std::fs::read_to_string(&profile).unwrap();
    let start = "store = \"redb:records.redb\"\nshared = true\n";
    let again = host.configured("again.toml", &format!("{start}{written}"));
    let (code, repeated) = host.doctor(&again, &[]);
    assert_eq!(code, Some(0), "{repeated}");
    assert_eq!(found["findings"], repeated["findings"]);
}

#[test]
fn write_probe_needs_consent_and_an_unused_port() {
    let host = Host::new();
    host.ok(&["add", "10.0.0.1:443", "--hash", HASH, "--app-id", IIS]);
    let windows = host.configured("windows.toml", WINDOWS);
    let before = host.ok(&["list"]);
    let certificate = ["--hash", HASH];
    let (code, _) = host.doctor(&windows, &[&["--write"][..], &certificate].concat());
    assert_eq!(code, Some(2));
    let write = [&["--write", "--yes"][..], &certificate].concat();
    let (code, said) = host.doctor(&windows, &[&write[..], &["--port", "443"]].concat());
    assert_eq!(code, Some(1));
    assert!(said.to_string().contains("10.0.0.1:443 is bound"), "{said}");
    let (code, found) = host.doctor(&windows, &write);
    assert_eq!(code, Some(0), "{found}");
    assert_eq!(answer(&found, "update"), "replaces");
    assert_eq!(host.ok(&["list"]), before);
}

#[test]
fn a_store_that_is_no_host_is_refused() {
    let output = Host::new().run(&["doctor", "memory:"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("doctor on memory:"), "{said}");
}
