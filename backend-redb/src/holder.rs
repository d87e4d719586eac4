//! Who has a file open, where the system tells it.

use std::path::Path;

/// The process that holds a lock on the file: its id, and its name where that can be read.
#[cfg(target_os = "linux")]
pub(crate) fn of(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let inode = std::fs::metadata(path).ok()?.ino().to_string();
    // "1: FLOCK  ADVISORY  WRITE 4711 fe:00:12345 0 EOF"; the process is -1 for a lock that
    // belongs to an open file rather than to a process.
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let own = std::process::id().to_string();
    let process = locks
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(5).and_then(|f| f.rsplit(':').next()) == Some(&inode))
        .filter_map(|fields| fields.get(4).map(|process| (*process).to_owned()))
        .find(|process| process.parse::<u32>().is_ok())
        .or_else(|| opener(path))?;
    if process == own {
        return Some("this process".to_owned());
    }
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok();
    Some(match name {
        Some(name) => format!("process {process} ({})", name.trim_end()),
        None => format!("process {process}"),
    })
}

/// A process that has the file open, found by its file descriptors.
#[cfg(target_os = "linux")]
fn opener(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    processes
        .map(|process| process.file_name().to_string_lossy().into_owned())
        .filter(|process| process.bytes().all(|b| b.is_ascii_digit()))
        .find(|process| {
            let files = std::fs::read_dir(format!("/proc/{process}/fd"));
            files
                .into_iter()
                .flatten()
                .flatten()
                .any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == path))
        })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn of(_: &Path) -> Option<String> {
    None
}
