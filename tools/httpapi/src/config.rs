//! What `CERTBIND_HTTPAPI` says.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backend_redb::RedbStore;
use httpapi_sim::{Call, Inventory, InventoryError, Privilege, Simulator, UnknownProfile};
use serde::Deserialize;
use store_core::{BindingStore, MemoryStore, StoreError};

/// A configuration file. Every field may be left out.
///
/// ```toml
/// store = "redb:bindings.redb"     # or "memory:"; paths are relative to the file
/// profile = "2022"                 # 7, 8, 10-1607, 10-1703, 2019, 2022, 2025
/// certificates = "certificates"    # a folder of PEM and DER files; without, any is there
/// user = "administrator"           # or "standard"
///
/// [[fault]]
/// call = "set"                     # initialize, set, update, delete, query-exact, query-next
/// nth = 2
/// answer = 1312                    # or delay_ms = 500
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    store: Option<String>,
    profile: Option<String>,
    certificates: Option<PathBuf>,
    user: Option<User>,
    #[serde(default)]
    fault: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum User {
    Administrator,
    Standard,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    call: Function,
    nth: NonZeroU64,
    answer: Option<u32>,
    delay_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Function {
    Initialize,
    Set,
    Update,
    Delete,
    QueryExact,
    QueryNext,
}

/// Why there is no simulator.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{}: {source}", path.display())]
    Syntax {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("[[fault]] number {0} has neither `answer` nor `delay_ms`: give it one")]
    Fault(usize),
    #[error("{0:?} is no store; there are redb:PATH and memory:")]
    Store(String),
    #[error(transparent)]
    Open(#[from] StoreError),
    #[error(transparent)]
    Profile(#[from] UnknownProfile),
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// The simulator that a text describes: a store's URL, or the path of a file.
pub(crate) fn simulator(text: &str) -> Result<Simulator, ConfigError> {
    if text.is_empty() {
        return Ok(Simulator::new(Arc::new(MemoryStore::new())));
    }
    if text.starts_with("redb:") || text.starts_with("memory:") {
        return Ok(Simulator::new(open(text, Path::new(""))?));
    }
    let path = PathBuf::from(text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
        path: path.clone(),
        source,
    })?;
    let file: File = toml::from_str(&file).map_err(|source| ConfigError::Syntax {
        path: path.clone(),
        source: Box::new(source),
    })?;
    of_file(&file, folder)
}

fn of_file(file: &File, folder: &Path) -> Result<Simulator, ConfigError> {
    let store = open(file.store.as_deref().unwrap_or("memory:"), folder)?;
    let mut simulator = Simulator::new(store).privilege(match file.user {
        Some(User::Standard) => Privilege::StandardUser,
        Some(User::Administrator) | None => Privilege::Administrator,
    });
    if let Some(profile) = &file.profile {
        simulator = simulator.profile(profile.parse()?);
    }
    if let Some(certificates) = &file.certificates {
        simulator = simulator.inventory(Inventory::of_folder(&folder.join(certificates))?);
    }
    for (number, fault) in (1..).zip(&file.fault) {
        let call = match fault.call {
            Function::Initialize => Call::Initialize,
            Function::Set => Call::Set,
            Function::Update => Call::Update,
            Function::Delete => Call::Delete,
            Function::QueryExact => Call::QueryExact,
            Function::QueryNext => Call::QueryNext,
        };
        if fault.answer.is_none() && fault.delay_ms.is_none() {
            return Err(ConfigError::Fault(number));
        }
        if let Some(code) = fault.answer {
            simulator.fail(call, fault.nth.get(), code);
        }
        if let Some(delay) = fault.delay_ms {
            simulator.delay(call, fault.nth.get(), Duration::from_millis(delay));
        }
    }
    Ok(simulator)
}

fn open(url: &str, folder: &Path) -> Result<Arc<dyn BindingStore>, ConfigError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryStore::new())),
        Some(("redb", path)) if !path.is_empty() => {
            Ok(Arc::new(RedbStore::open(folder.join(path))?))
        }
        _ => Err(ConfigError::Store(url.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_file_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("certificates")).unwrap();
        let text = r#"
            store = "redb:bindings.redb"
            profile = "10-1607"
            certificates = "certificates"
            user = "standard"

            [[fault]]
            call = "query-next"
            nth = 2
            answer = 1312
        "#;
        let path = folder.path().join("simulator.toml");
        std::fs::write(&path, text).unwrap();
        simulator(path.to_str().unwrap()).unwrap();
        assert!(folder.path().join("bindings.redb").exists());
    }

    #[test]
    fn what_is_wrong_with_a_configuration_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulator.toml");
        for (text, said) in [
            ("stroe = \"memory:\"", "stroe"),
            ("store = \"etcd:x\"", "redb:PATH"),
            ("profile = \"11\"", "2025"),
            ("certificates = \"nowhere\"", "nowhere"),
            ("[[fault]]\ncall = \"sett\"\nnth = 1", "sett"),
            ("[[fault]]\ncall = \"set\"\nnth = 0\nanswer = 5", "nonzero"),
            ("[[fault]]\ncall = \"set\"\nnth = 1", "delay_ms"),
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
}
