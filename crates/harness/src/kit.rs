//! The files that a harness places before the system's.

use std::path::{Path, PathBuf};

use crate::error::HarnessError;

/// A folder with the drop-in library and the program `certbind`, which is `netsh` under that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kit {
    pub(crate) library: PathBuf,
    pub(crate) program: PathBuf,
}

/// Names the folder.
const VARIABLE: &str = "CERTBIND_KIT";

impl Kit {
    /// The kit in the folder that the environment variable `CERTBIND_KIT` names; without it, in the
    /// nearest parent folder of the running program that has one, which is where cargo builds.
    ///
    /// # Errors
    /// [`HarnessError::NoKit`] if it is nowhere.
    pub fn find() -> Result<Self, HarnessError> {
        if let Some(folder) = std::env::var_os(VARIABLE) {
            return Self::in_folder(folder);
        }
        let program = std::env::current_exe().unwrap_or_default();
        let found = program.ancestors().skip(1).find_map(Self::of);
        found.ok_or_else(|| no_kit(&format!("around {}", program.display())))
    }

    /// The kit in a folder.
    ///
    /// # Errors
    /// [`HarnessError::NoKit`] if it does not exist.
    pub fn in_folder(folder: impl AsRef<Path>) -> Result<Self, HarnessError> {
        let folder = folder.as_ref();
        Self::of(folder).ok_or_else(|| no_kit(&format!("in {}", folder.display())))
    }

    fn of(folder: &Path) -> Option<Self> {
        let folder = std::path::absolute(folder).ok()?;
        let kit = Self {
            library: folder.join(library_name()),
            program: folder.join(program_name()),
        };
        (kit.library.is_file() && kit.program.is_file()).then_some(kit)
    }
}

/// The names under which programs load the library. On Linux the system's loader tries a name as it
/// is; .NET, Mono and JNA add `lib` before and `.so` after the name in the program. Windows names
/// are written in either case.
pub(crate) fn names_of_library() -> Vec<String> {
    if cfg!(windows) {
        return vec![library_name()];
    }
    let mut names = Vec::new();
    for name in ["httpapi", "Httpapi", "HttpApi", "HTTPAPI"] {
        for before in ["", "lib"] {
            for behind in ["", ".dll", ".DLL", ".so", ".dll.so", ".DLL.so"] {
                names.push(format!("{before}{name}{behind}"));
            }
        }
    }
    names
}

pub(crate) fn library_name() -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

    format!("{DLL_PREFIX}httpapi{DLL_SUFFIX}")
}

fn program_name() -> String {
    format!("certbind{}", std::env::consts::EXE_SUFFIX)
}

fn no_kit(looked: &str) -> HarnessError {
    HarnessError::NoKit {
        library: library_name(),
        program: program_name(),
        looked: looked.to_owned(),
        variable: VARIABLE,
    }
}
