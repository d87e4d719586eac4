//! Folders with an access control list of their own, on Windows.

#![expect(unsafe_code, reason = "calls the Windows API")]

use std::ffi::{OsStr, OsString, c_void};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, ERROR_ALREADY_EXISTS, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetTokenInformation, OBJECT_SECURITY_INFORMATION,
    OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    CreateDirectoryW, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, READ_CONTROL,
};
use windows_sys::Win32::System::Com::CoTaskMemFree;
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows_sys::Win32::UI::Shell::{FOLDERID_ProgramData, SHGetKnownFolderPath};

use super::{refused, rights};

/// Owned by Administrators, for them and SYSTEM alone. Its files inherit that; it inherits nothing.
const OF_ADMINISTRATORS: &str = "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// `%ProgramData%\certbind`, where [`create_private_folder`](crate::create_private_folder) creates
/// folders for administrators alone. The path comes from the system, and not from the environment,
/// which the caller controls.
///
/// # Errors
/// If the system does not return the folder.
pub fn system_folder() -> io::Result<PathBuf> {
    let mut path = ptr::null_mut();
    // SAFETY: the id is a constant, and the call writes one pointer, which is freed below as its
    // documentation requires, also if it fails.
    let result =
        unsafe { SHGetKnownFolderPath(&FOLDERID_ProgramData, 0, ptr::null_mut(), &mut path) };
    // SAFETY: the pointer is null or a text that ends in a null.
    let found = unsafe { text(path) };
    // SAFETY: it came from the call, and is not used again.
    unsafe { CoTaskMemFree(path.cast()) };
    match found {
        Some(found) if result >= 0 => Ok(PathBuf::from(found).join("certbind")),
        _ => Err(io::Error::other(format!(
            "cannot find the folder ProgramData (0x{result:08x})"
        ))),
    }
}

/// Creates the missing folders of a path, for administrators; outside of [`system_folder`] for the
/// current user as well, if that is not an administrator.
pub(super) fn create(folder: &Path) -> io::Result<()> {
    if fs::symlink_metadata(folder).is_ok() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|it| !it.as_os_str().is_empty()) {
        create(parent)?;
    }
    let Err(error) = create_one(folder, OF_ADMINISTRATORS) else {
        return Ok(());
    };
    if system_folder().is_ok_and(|own| folder.starts_with(own)) {
        let problem = format!("only an administrator may create it ({error})");
        return Err(refused(&problem));
    }
    let user = user()?;
    let own = format!("D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{user})");
    create_one(folder, &own)
}

/// Checks the owner and the access control list of a folder, and those of [`system_folder`] if it is in that.
pub(super) fn check_folder(folder: &Path) -> io::Result<()> {
    let own = system_folder().ok();
    for folder in [
        own.filter(|own| folder.starts_with(own)).as_deref(),
        Some(folder),
    ] {
        let Some(folder) = folder else { continue };
        let mut options = OpenOptions::new();
        options
            .access_mode(READ_CONTROL)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
        check(&options.open(folder)?)?;
    }
    Ok(())
}

/// Checks the owner and the access control list of an open file.
pub(super) fn check(file: &File) -> io::Result<()> {
    // In the spelling of descriptors: well-known accounts have an abbreviation.
    let user = Descriptor::parse(&format!("O:{}", user()?))?;
    let user = user.to_text(OWNER_SECURITY_INFORMATION)?;
    let user = user.strip_prefix("O:").unwrap_or(&user);
    let found =
        Descriptor::of(file)?.to_text(OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)?;
    rights::check(&found, user).map_err(|problem| refused(&problem))
}

fn create_one(folder: &Path, descriptor: &str) -> io::Result<()> {
    let descriptor = Descriptor::parse(descriptor)?;
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor.0,
        bInheritHandle: 0,
    };
    let path = wide(folder.as_os_str());
    // SAFETY: the path ends in a null, and both outlive the call.
    match unsafe { CreateDirectoryW(path.as_ptr(), &attributes) } {
        0 => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(ERROR_ALREADY_EXISTS as i32) => Ok(()),
            error => Err(error),
        },
        _ => Ok(()),
    }
}

/// The security identifier of the current user, as text.
fn user() -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: the call writes one handle, which is closed below.
    if unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // A user and the longest identifier, aligned for pointers.
    let mut buffer = [0_u64; 32];
    let mut length = 0;
    // SAFETY: the buffer has the length that is passed.
    let found = unsafe {
        GetTokenInformation(
            token,
            TokenUser,
            buffer.as_mut_ptr().cast(),
            size_of_val(&buffer) as u32,
            &mut length,
        )
    };
    let failed = (found == 0).then(io::Error::last_os_error);
    // SAFETY: the handle is ours, and is not used again.
    unsafe { CloseHandle(token) };
    if let Some(error) = failed {
        return Err(error);
    }
    // SAFETY: the call has written such a structure at the start of the buffer, which is aligned
    // for it; its pointer points into the buffer.
    let sid = unsafe { (*buffer.as_ptr().cast::<TOKEN_USER>()).User.Sid };
    let mut name = ptr::null_mut();
    // SAFETY: the identifier is in the buffer, and the call writes one pointer.
    if unsafe { ConvertSidToStringSidW(sid, &mut name) } == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has given a text that ends in a null, to be freed by us.
    unsafe { taken(name) }
}

/// A security descriptor that the system has allocated.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: it was allocated by a call that requires this, and is not used again.
        unsafe { LocalFree(self.0) };
    }
}

impl Descriptor {
    fn parse(sddl: &str) -> io::Result<Self> {
        let sddl = wide(OsStr::new(sddl));
        let mut descriptor = ptr::null_mut();
        // SAFETY: the text ends in a null; the call writes one pointer, and its length nowhere.
        let parsed = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        };
        match parsed {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(Self(descriptor)),
        }
    }

    /// That of an open file or folder.
    fn of(file: &File) -> io::Result<Self> {
        let mut descriptor = ptr::null_mut();
        // SAFETY: the handle is open; the parts are not requested, and the descriptor is one
        // pointer.
        let code = unsafe {
            GetSecurityInfo(
                file.as_raw_handle(),
                SE_FILE_OBJECT,
                OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &mut descriptor,
            )
        };
        match code {
            0 => Ok(Self(descriptor)),
            code => Err(io::Error::from_raw_os_error(code as i32)),
        }
    }

    fn to_text(&self, parts: OBJECT_SECURITY_INFORMATION) -> io::Result<String> {
        let mut sddl = ptr::null_mut();
        // SAFETY: the descriptor is valid; the call writes one pointer, and its length nowhere.
        let done = unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                self.0,
                SDDL_REVISION_1,
                parts,
                &mut sddl,
                ptr::null_mut(),
            )
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has given a text that ends in a null, to be freed by us.
        unsafe { taken(sddl) }
    }
}

/// A text of the system's, which is freed.
///
/// # Safety
/// It is null, or ends in a null and was allocated by `LocalAlloc`.
unsafe fn taken(pointer: *mut u16) -> io::Result<String> {
    // SAFETY: as the caller guarantees.
    let found = unsafe { text(pointer) };
    // SAFETY: as the caller guarantees.
    unsafe { LocalFree(pointer.cast::<c_void>()) };
    let found = found.and_then(|found| found.into_string().ok());
    found.ok_or_else(|| io::Error::other("Windows returned no text"))
}

/// A copy of a text.
///
/// # Safety
/// It is null, or ends in a null.
unsafe fn text(pointer: *const u16) -> Option<OsString> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: each is read before the null that ends the text.
    let length = (0..)
        .take_while(|at| unsafe { *pointer.add(*at) } != 0)
        .count();
    // SAFETY: that many were read.
    let units = unsafe { std::slice::from_raw_parts(pointer, length) };
    Some(OsString::from_wide(units))
}

fn wide(text: &OsStr) -> Vec<u16> {
    text.encode_wide().chain([0]).collect()
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::Authorization::SetSecurityInfo;
    use windows_sys::Win32::Security::{
        GetSecurityDescriptorDacl, PROTECTED_DACL_SECURITY_INFORMATION,
    };
    use windows_sys::Win32::Storage::FileSystem::WRITE_DAC;

    use super::*;

    /// The descriptor of an existing folder.
    fn descriptor(folder: &Path) -> String {
        let mut options = OpenOptions::new();
        options
            .access_mode(READ_CONTROL)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        let found = Descriptor::of(&options.open(folder).unwrap()).unwrap();
        found
            .to_text(OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
            .unwrap()
    }

    #[test]
    fn system_folder_is_in_program_data() {
        let found = system_folder().unwrap();
        assert_eq!(found, Path::new(r"C:\ProgramData\certbind"));
    }

    /// The test above, in a process whose environment names others.
    #[test]
    fn environment_does_not_choose_the_folder() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "private::windows::tests::system_folder_is_in_program_data",
            ])
            .env("ProgramData", r"C:\planted")
            .env("ALLUSERSPROFILE", r"C:\planted")
            .env("ProgramFiles", r"C:\planted")
            .status();
        assert!(status.unwrap().success());
    }

    /// Wine keeps only the part of a list that the mode of a Unix file can represent: whether
    /// others may read and write.
    #[test]
    fn folders_are_created_for_administrators_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("deep").join("journal");
        super::super::create_folder(&made).unwrap();
        for made in [&made, &folder.path().join("deep")] {
            let found = descriptor(made);
            for other in [";WD)", ";BU)", ";AU)"] {
                assert!(!found.contains(other), "{found}");
            }
            check_folder(made).unwrap();
        }
        let file = super::super::open_or_create(&made.join("lock")).unwrap();
        check(&file).unwrap();
        // It is unchanged.
        super::super::create_folder(&made).unwrap();
    }

    /// Sets another list for a folder.
    fn set_list(folder: &Path, list: &str) {
        let mut options = OpenOptions::new();
        options
            .access_mode(READ_CONTROL | WRITE_DAC)
            .custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
        let folder = options.open(folder).unwrap();
        let descriptor = Descriptor::parse(list).unwrap();
        let (mut is_there, mut acl, mut is_default) = (0, ptr::null_mut(), 0);
        // SAFETY: the descriptor is valid, and the call writes three values, of which one points
        // into it.
        let found = unsafe {
            GetSecurityDescriptorDacl(descriptor.0, &mut is_there, &mut acl, &mut is_default)
        };
        assert!(found != 0 && is_there != 0);
        // SAFETY: the handle is open, and the list is in the descriptor, which outlives the call.
        let code = unsafe {
            SetSecurityInfo(
                folder.as_raw_handle(),
                SE_FILE_OBJECT,
                DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                ptr::null_mut(),
                ptr::null_mut(),
                acl,
                ptr::null_mut(),
            )
        };
        assert_eq!(code, 0);
    }

    #[test]
    fn folders_that_others_may_write_to_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let planted = folder.path().join("planted");
        super::super::create_folder(&planted).unwrap();
        set_list(
            &planted,
            "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;WD)",
        );
        let error = super::super::create_folder(&planted).unwrap_err();
        let found = descriptor(&planted);
        assert!(
            error.to_string().contains("WD may write"),
            "{error}: {found}"
        );
    }
}
