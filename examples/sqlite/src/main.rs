//! The program `certbind` with a further backend, `sqlite:PATH`.

// ANCHOR: program
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use certbind::{Access, OpenStore, StoreBackend};
use certbind_core::Result;
use certbind_sqlite::SqliteStore;

struct Sqlite;

impl StoreBackend for Sqlite {
    fn scheme(&self) -> &'static str {
        "sqlite"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "sqlite:PATH",
            "a SQLite database; `add` and `import` create it",
        )]
    }

    fn open(&self, address: &str, access: Access) -> Result<Option<OpenStore>> {
        let path = Path::new(address);
        if access != Access::Create && !path.exists() {
            return Ok(None);
        }
        Ok(Some(OpenStore::new(Arc::new(SqliteStore::open(path)?))))
    }

    /// Whether a file is a store: then no output overwrites it.
    fn owns(&self, file: &Path) -> io::Result<bool> {
        let mut start = Vec::new();
        File::open(file)?.take(16).read_to_end(&mut start)?;
        Ok(start == b"SQLite format 3\0")
    }
}

fn main() -> ExitCode {
    certbind::main_with(&[&Sqlite], std::env::args_os())
}
// ANCHOR_END: program
