//! The names of files without the extensions of compressed files and archives.

use std::path::Path;

/// A name without the extension of a compressed file.
pub(crate) fn without_compression(name: &str) -> &str {
    without(name, &[".gz", ".xz"])
}

/// The name of a file without its extensions: `web01` of `web01.txt.gz` and of `web01.tar.gz`.
pub(crate) fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    let name = without_compression(&name);
    let stem = Path::new(name).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The name of an archive without its extensions.
pub(crate) fn without_archive(name: &str) -> &str {
    let name = without_compression(name);
    without(name, &[".zip", ".tar", ".tgz", ".txz"])
}

fn without<'a>(name: &'a str, extensions: &[&str]) -> &'a str {
    let fits = |extension: &&str| {
        let at = name.len().checked_sub(extension.len())?;
        let (stem, end) = name.split_at_checked(at)?;
        (!stem.is_empty() && end.eq_ignore_ascii_case(extension)).then_some(stem)
    };
    extensions.iter().find_map(fits).unwrap_or(name)
}
