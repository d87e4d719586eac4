//! Finds the process that has a file locked, where the system reveals it.

use std::path::Path;

/// The process that holds a lock on the file: its id, and its name if that can be read.
#[cfg(target_os = "linux")]
pub(crate) fn describe(path: &Path) -> Option<String> {
    let process = lock_holder(path).or_else(|| opener(path))?;
    if process == std::process::id() {
        return Some("this process, which has it open already".to_owned());
    }
    // A process chooses its own name.
    Some(
        match std::fs::read_to_string(format!("/proc/{process}/comm")) {
            Ok(name) => format!("process {process} ({})", name.trim_end().escape_debug()),
            Err(_) => format!("process {process}"),
        },
    )
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn describe(_: &Path) -> Option<String> {
    None
}

/// The process that `/proc/locks` names for the file.
#[cfg(target_os = "linux")]
fn lock_holder(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    let inode = std::fs::metadata(path).ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // An inode number is unique only within a file system, and the device in `/proc/locks` may
    // differ from the one of stat(2). So the process must have the file open as well, unless its
    // open files cannot be listed.
    processes_in(&locks, inode).find(|process| has_open(*process, path).unwrap_or(true))
}

/// The processes that hold a lock on an inode, from lines of `/proc/locks`: `1: FLOCK  ADVISORY
/// WRITE 4711 fe:00:12345 0 EOF`. A waiting process has `->` before the kind; a lock of an open
/// file description has the process id -1.
#[cfg(target_os = "linux")]
fn processes_in(locks: &str, inode: u64) -> impl Iterator<Item = u32> {
    locks.lines().filter_map(move |line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, kind, _, _, process, file, ..] = fields[..] else {
            return None;
        };
        let found = file.rsplit(':').next()?.parse::<u64>().ok()?;
        let process = process.parse().ok().filter(|process| *process != 0)?;
        (kind != "->" && found == inode).then_some(process)
    })
}

/// A process that has the file open.
#[cfg(target_os = "linux")]
fn opener(path: &Path) -> Option<u32> {
    std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|process| has_open(*process, path) == Some(true))
}

/// Whether a process has the file open; `None` if that cannot be read.
#[cfg(target_os = "linux")]
fn has_open(process: u32, path: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;

    let wanted = std::fs::metadata(path).ok()?;
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).ok()?;
    Some(files.flatten().any(|file| {
        // Follows the link, so that names do not matter.
        std::fs::metadata(file.path())
            .is_ok_and(|open| (open.dev(), open.ino()) == (wanted.dev(), wanted.ino()))
    }))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn proc_locks_names_the_owner() {
        let locks = "1: OFDLCK ADVISORY  WRITE -1 fe:00:77 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 4711 fe:00:77 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 4712 fe:00:77 0 EOF\n\
                     3: POSIX  ADVISORY  READ  4713 00:2a:770 128 128\n\
                     4: nonsense\n";
        assert_eq!(processes_in(locks, 77).collect::<Vec<_>>(), [4711]);
        assert_eq!(processes_in(locks, 770).collect::<Vec<_>>(), [4713]);
        assert_eq!(processes_in(locks, 7).count(), 0);
    }

    #[test]
    fn own_open_file_is_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(has_open(std::process::id(), file.path()), Some(true));
        let path = file.into_temp_path();
        assert_eq!(has_open(std::process::id(), &path), Some(false));
    }
}
