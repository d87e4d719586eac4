//! Writing the change scripts of a plan.

use std::path::{Path, PathBuf};

use certbind_formats::netsh::Layout;
use certbind_migrate::Plan;
use certbind_migrate::script::{ChangeScripts, ScriptOptions};

use crate::cli::script::Scripts;
use crate::error::Error;
use crate::folders;
use crate::output_file;

/// Writes `apply`, `rollback` and, with --confirm, `confirm` into a folder. `layout` is that of the host's own listing, if known.
pub(super) fn write(
    folder: &Path,
    plan: &Plan,
    arguments: &Scripts,
    layout: Option<&Layout>,
) -> Result<Vec<PathBuf>, Error> {
    let stores = plan.changes().filter_map(|step| {
        let certificate = step.new_value()?.record().certificate.as_ref()?;
        certificate.store_name.as_ref().map(ToString::to_string)
    });
    let mut options = ScriptOptions::default();
    options.import_pfx = arguments.import_pfx(stores.into_iter().next().as_deref());
    options.layout = layout.cloned();
    options.confirm = arguments.confirm();
    let dialect = arguments.dialect();
    let scripts = ChangeScripts::new(plan, dialect, &options)?;
    make_folder(folder)?;
    let written = [
        ("apply", Some(&scripts.apply)),
        ("rollback", Some(&scripts.rollback)),
        ("confirm", scripts.confirm.as_ref()),
    ];
    let mut paths = Vec::new();
    for (name, text) in written {
        let Some(text) = text else { continue };
        let path = folder.join(format!("{name}.{}", dialect.extension()));
        output_file::write(&path, |out| Ok(out.write_all(text.as_bytes())?))?;
        paths.push(path);
    }
    Ok(paths)
}

pub(super) fn make_folder(folder: &Path) -> Result<(), Error> {
    folders::create(folder).map_err(|source| Error::WriteFile {
        path: folder.to_owned(),
        source,
    })
}
