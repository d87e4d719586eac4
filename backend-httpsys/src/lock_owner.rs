//! The process that holds the journal's lock.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// The longest description that is read.
const MAX_LENGTH: u64 = 200;

/// Writes this process as the owner into the lock file.
pub(crate) fn record(lock: &File) -> io::Result<()> {
    let name = std::env::current_exe().ok();
    let name = name.as_deref().and_then(Path::file_name);
    let name = name.map_or_else(String::new, |name| format!(" ({})", name.to_string_lossy()));
    let mut lock = lock;
    lock.set_len(0)?;
    lock.rewind()?;
    write!(lock, "process {}{name}", std::process::id())
}

/// The process that owns the lock, where that can be determined.
pub(crate) fn read(lock: &File) -> Option<String> {
    #[cfg(target_os = "linux")]
    if let Some(process) = holder_by_kernel(lock) {
        let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
        return Some(format!(
            "process {process} ({})",
            name.trim_end().escape_debug()
        ));
    }
    let mut text = String::new();
    let mut lock = lock;
    lock.rewind().ok()?;
    lock.take(MAX_LENGTH).read_to_string(&mut text).ok()?;
    (!text.is_empty()).then(|| text.escape_debug().to_string())
}

/// By the kernel's list of locks: `1: FLOCK  ADVISORY  WRITE 4711 fe:00:12345 0 EOF`.
#[cfg(target_os = "linux")]
fn holder_by_kernel(lock: &File) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    let inode = lock.metadata().ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, process, file, ..] = fields[..] else {
            return None;
        };
        let found = file.rsplit(':').next()?.parse::<u64>().ok()?;
        let process = process.parse().ok().filter(|process| *process != 0)?;
        (found == inode).then_some(process)
    })
}
