//! A store to run commands over.

use certbind::netsh::{Netsh, Profile};
use certbind_core::{
    Applied, Batch, Binding, BindingKey, BindingStore, Bindings, Capabilities, MemoryStore, Result,
    Scan, StoreError,
};
use certbind_httpapi_abi::win32;

pub(crate) const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
pub(crate) const NEXT: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
pub(crate) const IIS: &str = "{4dc3e181-e14b-4a21-b022-59fc669b0914}";

/// A store in memory and the netsh over it.
pub(crate) struct Bench {
    pub(crate) store: MemoryStore,
    pub(crate) profile: Profile,
}

/// The output and exit code of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandOutput {
    pub(crate) text: String,
    pub(crate) code: u8,
}

impl Bench {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            store: MemoryStore::new(),
            profile,
        }
    }

    /// Runs a command given as on a command line; words with spaces are not needed here.
    pub(crate) fn run(&self, line: &str) -> CommandOutput {
        let words: Vec<_> = line.split(' ').map(String::from).collect();
        run(&self.store, self.profile, &words)
    }

    /// Runs a command that has to succeed.
    pub(crate) fn ok(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "{}: {line}: {}", self.profile, said.text);
        said.text
    }

    /// Runs a command that has to fail and change nothing.
    pub(crate) fn fails(&self, line: &str) -> String {
        let before = self.bindings();
        let said = self.run(line);
        assert_eq!(said.code, 1, "{}: {line}: {}", self.profile, said.text);
        assert_eq!(self.bindings(), before, "{}: {line}", self.profile);
        said.text
    }

    pub(crate) fn bindings(&self) -> Vec<Binding> {
        let scan = self.store.scan(&Scan::all()).unwrap();
        scan.map(Result::unwrap).collect()
    }

    pub(crate) fn binding(&self, key: &str) -> Option<Binding> {
        self.store.get(&key.parse().unwrap()).unwrap()
    }
}

pub(crate) fn run(store: &dyn BindingStore, profile: Profile, words: &[String]) -> CommandOutput {
    let mut printed = Vec::new();
    let netsh = Netsh::new(store, profile);
    let code = netsh.run(words, &mut std::io::empty(), &mut printed);
    CommandOutput {
        text: String::from_utf8(printed).unwrap(),
        code: code.unwrap(),
    }
}

/// A store that returns a Win32 code for every operation, as HTTP.sys does; with 19 it is
/// read-only, which HTTP.sys never is.
pub(crate) struct Refusing(pub(crate) u32);

impl Refusing {
    fn error(&self, key: &BindingKey) -> StoreError {
        match self.0 {
            19 => StoreError::ReadOnly,
            code => win32::store_error(code, key, "setting"),
        }
    }
}

impl BindingStore for Refusing {
    fn capabilities(&self) -> Capabilities {
        Capabilities::full()
    }

    fn get(&self, key: &BindingKey) -> Result<Option<Binding>> {
        Err(self.error(key))
    }

    fn scan(&self, _: &Scan) -> Result<Bindings<'_>> {
        let key: BindingKey = "0.0.0.0:443".parse().unwrap();
        Err(self.error(&key))
    }

    fn apply(&self, batch: &Batch) -> Result<Applied> {
        let key = batch.changes()[0].key();
        Err(self.error(key))
    }
}
