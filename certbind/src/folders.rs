//! Folders for files that only their owner may read and replace.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

/// Creates the missing folders of a path, on Unix for their owner alone under any umask: who may
/// write to a folder may replace the scripts and plans in it.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
