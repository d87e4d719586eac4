//! `dump`: its commands restore the configuration.

use std::sync::Arc;

use certbind::netsh::{Netsh, Profile};
use certbind_core::{Binding, BindingStore, MemoryStore, Scan, strategy};
use certbind_httpapi_abi::HttpApi;
use certbind_simulator::Simulator;
use proptest::prelude::*;

use crate::bench::{Bench, CommandOutput, HASH, IIS};

/// A host with tables of its own.
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

    fn run(&self, words: &[&str]) -> CommandOutput {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut printed = Vec::new();
        let netsh = Netsh::new(&*self.simulator, Profile::Server2025).with_api(&self.api);
        let code = netsh
            .run(&words, &mut std::io::empty(), &mut printed)
            .unwrap();
        let text = String::from_utf8(printed).unwrap();
        CommandOutput { text, code }
    }

    fn ok(&self, line: &str) -> String {
        let said = self.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(said.code, 0, "{line}: {}", said.text);
        said.text
    }

    /// Runs a script on it.
    fn exec(&self, script: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump.txt");
        std::fs::write(&file, script).unwrap();
        let said = self.run(&["exec", file.to_str().unwrap()]);
        assert_eq!(said.code, 0, "{}", said.text);
    }
}

#[test]
fn a_dump_restores_every_table() {
    let from = Host::new();
    for line in [
        format!(
            "http add sslcert hostnameport=a.Example:443 certhash={HASH} appid={IIS} certstorename=MY"
        ),
        format!("http add sslcert ccs=443 appid={IIS}"),
        "http update sslpropertyex ccs=443 propertyid=0 receivewindow=65536".to_owned(),
        "http add urlacl url=http://+:80/a=b/ sddl=D:(A;;GX;;;WD)(A;;GA;;;BA)".to_owned(),
        "http add iplisten ipaddress=::1:80".to_owned(),
        "http add timeout timeouttype=headerwaittimeout value=7".to_owned(),
        "http add cacheparam type=maxcacheresponsesize value=8".to_owned(),
        "http add setting settingtype=sslthrottle value=9".to_owned(),
    ] {
        from.ok(&line);
    }
    let dump = from.ok("http dump");
    let to = Host::new();
    to.exec(&dump);
    for object in [
        "sslcert",
        "urlacl",
        "iplisten",
        "timeout",
        "cacheparam",
        "setting",
    ] {
        let line = format!("http show {object}");
        assert_eq!(to.ok(&line), from.ok(&line));
    }
    assert_eq!(to.ok("http dump"), dump);
}

#[test]
fn a_binding_without_a_command_is_named() {
    let bench = Bench::new(Profile::Server2025);
    let add = format!("http add sslcert ccs=443 appid={IIS}");
    bench.ok(&add);
    bench.ok(&format!(
        "http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid={IIS} disablesessionid=enable"
    ));
    let older = Bench {
        profile: Profile::Server2012R2,
        ..bench
    };
    let said = older.fails("http dump");
    assert!(
        said.contains("# ipport=0.0.0.0:443: netsh of 2012r2 has no disablesessionid\n"),
        "{said}"
    );
    assert!(said.contains(&add["http ".len()..]), "{said}");
}

proptest! {
    #[test]
    fn every_dump_restores_its_bindings(
        bindings in proptest::collection::vec(strategy::binding(), 1..4)
    ) {
        let from = Bench::new(Profile::Server2025);
        for binding in bindings {
            from.store.put(binding).unwrap();
        }
        let said = from.run("http dump");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump.txt");
        std::fs::write(&file, &said.text).unwrap();
        let to = Bench::new(Profile::Server2025);
        let restored = to.run(&format!("exec {}", file.display()));
        prop_assert_eq!(restored.code, 0, "{}", restored.text);
        let all = |bench: &Bench| -> Vec<Binding> {
            bench.store.scan(&Scan::all()).unwrap().map(Result::unwrap).collect()
        };
        // A failed dump has named the missing parts.
        let lacking = said.text.lines().filter(|line| line.starts_with("# ") && line.contains('='));
        let lacks = |binding: &Binding| {
            let key = format!("# {}:", binding.key());
            said.text.lines().any(|line| line.to_lowercase().starts_with(&key))
        };
        prop_assert_eq!(said.code == 1, lacking.count() > 0);
        let mut expected = all(&from);
        expected.retain(|binding| !lacks(binding));
        prop_assert_eq!(all(&to), expected);
    }
}
