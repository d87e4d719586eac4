//! Files that are their owner's alone.
//!
//! A journal that is found is replayed, so no other user may be able to write it; and it contains
//! session ticket keys, so no other user may read it. On Windows its folder has an access control
//! list of its own.

#[cfg(any(windows, test))]
mod rights;
#[cfg(windows)]
pub(crate) mod windows;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a folder, if it does not exist, for its owner alone: with the mode 0700 on Unix, and on
/// Windows with an access control list of its own, for SYSTEM and Administrators. There a user
/// without administrator rights is on the list as well, but not below `%ProgramData%\\certbind`.
///
/// # Errors
/// An I/O error, also if the folder is another user's, or writable by others.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    #[cfg(windows)]
    windows::create(folder)?;
    #[cfg(not(windows))]
    {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    check_folder(folder)
}

/// # Errors
/// An I/O error, also if the folder is a link, another user's, or writable by others.
pub(crate) fn check_folder(folder: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(folder)?;
    if !metadata.is_dir() {
        return Err(refused("it is not a folder"));
    }
    #[cfg(windows)]
    windows::check_folder(folder)?;
    check(&metadata)
}

/// Opens an existing file. A link is not followed.
///
/// # Errors
/// An I/O error, also if the file is a link, another user's, or writable by others, or has other names.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    checked(options().open(path)?)
}

/// Opens a file, and creates it if it does not exist.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    checked(options().create(true).truncate(false).open(path)?)
}

/// Creates a file, replacing any existing one.
///
/// # Errors
/// An I/O error.
pub(crate) fn create_anew(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => options().create_new(true).open(path),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).expect("flags of open(2) are an int");
        options.mode(0o600).custom_flags(flags);
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;

        options.custom_flags(windows_sys::Win32::Storage::FileSystem::FILE_FLAG_OPEN_REPARSE_POINT);
    }
    options
}

fn checked(file: File) -> io::Result<File> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(refused("it is not a file"));
    }
    check(&metadata)?;
    #[cfg(windows)]
    windows::check(&file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};

        // A hard link, planted while the folder could be written to, leads to any file of its owner.
        if metadata.nlink() > 1 {
            return Err(refused("it has another name (a hard link); delete it"));
        }

        // One of an earlier version may be readable by others.
        if metadata.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

#[cfg(unix)]
fn check(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    let user = rustix::process::geteuid().as_raw();
    if owner != user {
        let problem = format!("it belongs to user {owner}, not to the current user {user}");
        return Err(refused(&problem));
    }
    if mode & 0o022 != 0 {
        let problem = format!("others may write to it (mode {mode:04o}); run chmod go-w on it");
        return Err(refused(&problem));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

fn refused(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, problem.to_owned())
}
