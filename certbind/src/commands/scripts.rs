//! Writing the change scripts of a plan.

use std::path::{Path, PathBuf};

use certbind_formats::netsh::Layout;
use certbind_migrate::Plan;
use certbind_migrate::script::{ChangeScripts, ScriptOptions};

use crate::cli::script::Scripts;
use crate::error::Error;
use crate::output_file;

/// Writes `apply` and `rollback` into a folder. `layout` is that of the host's own listing, if known.
pub(super) fn write(
    folder: &Path,
    plan: &Plan,
    arguments: &Scripts,
    layout: Option<&Layout>,
) -> Result<[PathBuf; 2], Error> {
    let stores = plan.changes().filter_map(|step| {
        let certificate = step.new_value()?.record().certificate.as_ref()?;
        certificate.store_name.as_ref().map(ToString::to_string)
    });
    let mut options = ScriptOptions::default();
    options.import_pfx = arguments.import_pfx(stores.into_iter().next().as_deref());
    options.layout = layout.cloned();
    let dialect = arguments.dialect();
    let scripts = ChangeScripts::new(plan, dialect, &options)?;
    make_folder(folder)?;
    let path = |name: &str| folder.join(format!("{name}.{}", dialect.extension()));
    let paths = [path("apply"), path("rollback")];
    for (path, text) in paths.iter().zip([&scripts.apply, &scripts.rollback]) {
        output_file::write(path, |out| Ok(out.write_all(text.as_bytes())?))?;
    }
    Ok(paths)
}

pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })
}
