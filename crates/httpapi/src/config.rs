//! The simulator that `CERTBIND_HTTPAPI` describes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use certbind_backends::Sharing;
use certbind_core::MemoryStore;
use certbind_simulator::Simulator;

use crate::config_error::ConfigError;
use crate::config_file::ConfigFile;
use crate::stores::{OpenStores, is_url, open};

/// The simulator that a text describes: a store's URL, or the path of a configuration file.
pub(crate) fn configured(text: &str) -> Result<ConfiguredSimulator, ConfigError> {
    if text.is_empty() {
        return Ok(Simulator::new(Arc::new(MemoryStore::new())).into());
    }
    if is_url(text) {
        let OpenStores { bindings, tables } = open(text, Path::new(""), Sharing::Exclusive)?;
        return Ok(Simulator::new(bindings).tables(tables).into());
    }
    let path = PathBuf::from(text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = text_of(&path).map_err(|source| ConfigError::Read {
        path: path.clone(),
        source,
    })?;
    let file: ConfigFile = toml::from_str(&file).map_err(|source| ConfigError::Syntax {
        path: path.clone(),
        source: Box::new(source),
    })?;
    let trace = file.trace(folder)?;
    Ok(ConfiguredSimulator {
        simulator: file.simulator(folder)?,
        trace,
    })
}

/// The text of a file. A device or a named pipe is refused: it may have no end.
fn text_of(path: &Path) -> io::Result<String> {
    match fs::metadata(path)?.is_file() {
        true => fs::read_to_string(path),
        false => Err(io::Error::other("it is not a regular file")),
    }
}

/// A simulator, and the file of its trace.
pub(crate) struct ConfiguredSimulator {
    pub(crate) simulator: Simulator,
    pub(crate) trace: Option<PathBuf>,
}

impl From<Simulator> for ConfiguredSimulator {
    fn from(simulator: Simulator) -> Self {
        Self {
            simulator,
            trace: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::{Binding, BindingStore, Record, StoreError, StoreName, Uuid};
    use certbind_httpapi_abi::service::{ServiceKey, TimeoutKey};
    use certbind_httpapi_abi::win32::ToWin32;
    use certbind_httpsys::HttpSysStore;

    use super::*;

    fn simulator(text: &str) -> Result<Simulator, ConfigError> {
        configured(text).map(|configured| configured.simulator)
    }

    #[test]
    fn the_documented_file_is_understood() {
        let page = include_str!("../../../docs/simulator.md");
        let (_, file) = page.split_once("```toml\n").unwrap();
        let (file, _) = file.split_once("```").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("certificates")).unwrap();
        let path = folder.path().join("simulator.toml");
        std::fs::write(&path, file).unwrap();
        simulator(path.to_str().unwrap()).unwrap();
        assert!(folder.path().join("bindings.redb").exists());
    }

    /// Sets a record with a certificate in a store.
    fn set(simulator: Simulator, hash: &str, store: &str) -> Result<(), StoreError> {
        let journal = tempfile::tempdir().unwrap();
        let journal = journal.path().to_owned();
        let host = HttpSysStore::builder(Arc::new(simulator))
            .journal(journal)
            .open()
            .unwrap();
        let record = Record::new(
            hash.parse().unwrap(),
            Some(StoreName::new(store).unwrap()),
            Uuid::nil(),
        );
        host.insert(Binding::new("ipport=0.0.0.0:443".parse().unwrap(), record).unwrap())
    }

    #[test]
    fn certificate_and_store_settings_are_effective() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        let hash = "5226dc6c54559761cd471b86eb51c096252c90f2";
        let other = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
        for (state, hash, store, code) in [
            ("\"usable\"", hash, "MY", 0),
            ("\"usable\"", hash, "WebHosting", 1312),
            ("\"without-key\"", hash, "MY", 1312),
            ("\"absent\"", hash, "MY", 1312),
            ("\"absent\"", other, "MY", 0),
            ("{ settling = 1 }", hash, "MY", 87),
            ("{ settling = 0 }", hash, "MY", 0),
        ] {
            let text = format!(
                "missing_stores = [\"WebHosting\"]\n\
                 [[certificate]]\nhash = \"5226dc6c54559761cd471b86eb51c096252c90f2\"\nstate = {state}"
            );
            std::fs::write(&path, text).unwrap();
            let result = set(simulator(path.to_str().unwrap()).unwrap(), hash, store);
            assert_eq!(
                result.map_or_else(|e| e.win32_code(), |()| 0),
                code,
                "{state}"
            );
        }
    }

    /// Every later process finds the state of the host.
    #[test]
    fn file_seeds_a_host_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        for shared in [false, true] {
            let text = format!(
                r#"
                store = "redb:{shared}.redb"
                shared = {shared}
                ip_listen = ["127.0.0.1", "::1"]
                timeout = {{ headerwaittimeout = 60 }}
                [[urlacl]]
                url = "http://+:8080/App/"
                sddl = "D:(A;;GX;;;NS)"
                "#
            );
            std::fs::write(&path, text).unwrap();
            let reserved = |simulator: &Simulator| {
                let config = simulator.service();
                let urls = config.url_reservations().unwrap();
                let list = config.listen_list().unwrap();
                let timeout = config.timeout(TimeoutKey::HeaderWait).unwrap();
                (urls, list.len(), timeout)
            };
            let first = simulator(path.to_str().unwrap()).unwrap();
            let (urls, addresses, timeout) = reserved(&first);
            assert_eq!(urls[0].url.as_str(), "http://+:8080/App/");
            assert_eq!((urls.len(), addresses, timeout), (1, 2, 60));
            let key = ServiceKey::Reservation(urls[0].url.clone());
            first.service().delete(&key).unwrap();
            drop(first);
            let second = simulator(path.to_str().unwrap()).unwrap();
            assert_eq!(reserved(&second), (vec![], 2, 60), "shared: {shared}");
        }
    }

    #[test]
    fn reservations_of_the_file_override_stock_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        let text = r#"
            store = "redb:stock.redb"
            shared = true
            stock = true
            [[urlacl]]
            url = "http://+:5985/wsman/"
            sddl = "D:(A;;GX;;;BA)"
        "#;
        std::fs::write(&path, text).unwrap();
        let stock = certbind_simulator::stock_reservations();
        let reserved = || {
            let simulator = simulator(path.to_str().unwrap()).unwrap();
            let reserved = simulator.service().url_reservations().unwrap();
            (simulator, reserved)
        };
        let (simulator, found) = reserved();
        assert_eq!(found.len(), stock.len());
        let of_url = |url: &str| {
            found
                .iter()
                .find(|found| found.url.as_str() == url)
                .unwrap()
        };
        assert_eq!(
            of_url("http://+:5985/wsman/").sddl.to_string(),
            "D:(A;;GX;;;BA)"
        );
        let url = &stock[0].url;
        assert_eq!(of_url(url.as_str()), &stock[0]);
        simulator
            .service()
            .delete(&ServiceKey::Reservation(url.clone()))
            .unwrap();
        assert_eq!(
            reserved().1.len(),
            stock.len() - 1,
            "what was deleted stays deleted"
        );
    }

    #[test]
    fn record_of_the_file_appears_between_two_calls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        // A Windows without extended properties, which would need separate calls.
        let text = r#"
            profile = "10-1607"

            [[fault]]
            call = "query-exact"
            nth = 4
            delete = "ccs=443"
            fired = "deleted"

            [[fault]]
            call = "query-exact"
            nth = 2
            put = { key = "ccs=443", app_id = "4dc3e181-e14b-4a21-b022-59fc669b0914" }
        "#;
        std::fs::write(&path, text).unwrap();
        let journal = folder.path().join("journal");
        let simulator = simulator(path.to_str().unwrap()).unwrap();
        let host = HttpSysStore::builder(Arc::new(simulator))
            .journal(journal)
            .open()
            .unwrap();
        let key = "ccs=443".parse().unwrap();
        let found = [(); 4].map(|()| host.get(&key).unwrap().is_some());
        assert_eq!(found, [false, true, true, false]);
        assert!(folder.path().join("deleted").exists());
    }

    #[test]
    fn configuration_error_is_described() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        for (text, said) in [
            ("stroe = \"memory:\"", "stroe"),
            ("store = \"etcd:x\"", "redb:PATH"),
            ("profile = \"11\"", "2025"),
            ("certificates = \"nowhere\"", "nowhere"),
            ("certificates = '\\\\server\\share'", "another machine"),
            ("store = 'redb:\\\\server\\share\\x'", "another machine"),
            ("trace = '//server/share/x'", "another machine"),
            ("[[fault]]\ncall = \"sett\"\nnth = 1", "sett"),
            ("[[fault]]\ncall = \"set\"\nnth = 0\nanswer = 5", "nonzero"),
            ("[[fault]]\ncall = \"set\"\nnth = 1", "delay_ms"),
            ("[windows]\nquery_next_emd = 2", "query_next_emd"),
            ("[windows]\nquery_next_end = 3", "1168, 1450, 2, 259, 87"),
            ("ip_listen = [\"localhost\"]", "localhost"),
            ("[[urlacl]]\nurl = \"http://+\"\nsddl = \"D:\"", "no slash"),
            (
                "[[urlacl]]\nurl = \"http://+:1/\"\nsddl = \"all\"",
                "no discretionary access control list",
            ),
            ("[accounts]\n\"CONTOSO\\\\svc\" = \"1104\"", "S-1-5-21-"),
            ("[accounts]\n\"a:b\" = \"S-1-5-21-1-2-3-4\"", "a:b"),
            ("run_as = \"nobody-here\"", "nobody-here"),
            ("machine = \"a b/\"", "a b/"),
            ("[timeout]\nidleconnectiontimeout = 0", "zero"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = simulator(path.to_str().unwrap()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(
            simulator("/nowhere/simulator.toml")
                .unwrap_err()
                .to_string()
                .contains("nowhere")
        );
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_no_configuration() {
        let error = simulator("/dev/zero").unwrap_err().to_string();
        assert!(error.contains("it is not a regular file"), "{error}");
    }
}
