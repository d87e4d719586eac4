//! Writing down the calls of an API.

#![expect(unsafe_code, reason = "stands before a C interface")]

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use certbind_httpapi_abi::HttpApi;
use jiff::Timestamp;
use windows_sys::Win32::Foundation::{ERROR_SUCCESS, HANDLE};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_INITIALIZE, HTTP_SERVICE_CONFIG_ID, HTTPAPI_VERSION,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use crate::decode::{self, unless};
use crate::entry::{Argument, Entry, Function};

/// An API that records its calls. It returns the answers of the wrapped API.
///
/// Arguments are decoded before the call, in this process: an invalid pointer, which the kernel
/// would reject with an error code, crashes the process.
pub struct Recorder<A> {
    api: A,
    /// None after it could not be written to.
    file: Mutex<Option<File>>,
}

impl<A> Recorder<A> {
    /// Writes to the end of a file, which is created if it does not exist. Each line is one write,
    /// so that several processes can write to one file. On Unix a new file is for its owner alone,
    /// and a link or a file of another user is refused.
    ///
    /// # Errors
    /// The file cannot be opened, or belongs to another user.
    pub fn append(api: A, path: &Path) -> io::Result<Self> {
        // Before it is opened, since a named pipe is opened when it has a reader.
        #[cfg(unix)]
        if let Ok(found) = std::fs::symlink_metadata(path) {
            check_owner(&found)?;
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // A trace has names of hosts and stores, and may be made by root in a folder of others.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;

            let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits());
            let no_follow = no_follow.expect("flags of open(2) are an int");
            options.mode(0o600).custom_flags(no_follow);
        }
        let file = options.open(path)?;
        #[cfg(unix)]
        check_owner(&file.metadata()?)?;
        Ok(Self {
            api,
            file: Mutex::new(Some(file)),
        })
    }

    /// Records a call of a function that the trait does not contain, and returns its result.
    pub fn other(&self, name: &str, call: impl FnOnce() -> usize) -> usize {
        let begun = StartedCall::now();
        let answer = call();
        self.write(&Entry {
            argument: Argument::Undecoded("not a configuration of bindings".into()),
            // Codes and truth values are 32 bits.
            #[expect(clippy::cast_possible_truncation, reason = "the upper half is not set")]
            result: answer as u32,
            ..begun.entry(Function::Other(name.to_owned()))
        });
        answer
    }

    fn configure(
        &self,
        function: Function,
        id: HTTP_SERVICE_CONFIG_ID,
        argument: Argument,
        call: impl FnOnce() -> u32,
    ) -> u32 {
        let begun = StartedCall::now();
        let result = call();
        self.write(&Entry {
            id: Some(id),
            argument,
            result,
            ..begun.entry(function)
        });
        result
    }

    /// A program under test must not be affected if its calls can no longer be recorded.
    fn write(&self, entry: &Entry) {
        let Ok(mut line) = serde_json::to_vec(entry) else {
            return;
        };
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &mut *file
            && let Err(error) = open.write_all(&line)
        {
            *file = None;
            let told = format!("httpapi (recorded by certbind): the trace ends here: {error}\n");
            let _ = io::stderr().write_all(told.as_bytes());
        }
    }
}

/// Refuses a file that another user has planted, and could read. A device keeps nothing.
#[cfg(unix)]
fn check_owner(found: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    let (owner, user) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner == user || found.file_type().is_char_device() || found.is_symlink() {
        return Ok(());
    }
    let problem = format!("it belongs to user {owner}, not to the current user {user}");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, problem))
}

/// When a call began.
struct StartedCall {
    time: Timestamp,
    clock: Instant,
}

impl StartedCall {
    fn now() -> Self {
        Self {
            time: Timestamp::now(),
            clock: Instant::now(),
        }
    }

    /// The entry of a call that ends now.
    fn entry(self, call: Function) -> Entry {
        Entry {
            time: self.time,
            micros: u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX),
            process: std::process::id(),
            call,
            id: None,
            argument: Argument::Flags(0),
            room: None,
            result: ERROR_SUCCESS,
            found: None,
        }
    }
}

impl<A: HttpApi> HttpApi for Recorder<A> {
    unsafe fn initialize(
        &self,
        version: HTTPAPI_VERSION,
        flags: HTTP_INITIALIZE,
        reserved: *mut c_void,
    ) -> u32 {
        let begun = StartedCall::now();
        // SAFETY: the caller's promise is the same.
        let result = unsafe { self.api.initialize(version, flags, reserved) };
        let argument = Argument::Version {
            major: version.HttpApiMajorVersion,
            minor: version.HttpApiMinorVersion,
            flags,
        };
        self.write(&Entry {
            argument: unless(!reserved.is_null(), argument),
            result,
            ..begun.entry(Function::Initialize)
        });
        result
    }

    unsafe fn terminate(&self, flags: HTTP_INITIALIZE, reserved: *mut c_void) -> u32 {
        let begun = StartedCall::now();
        // SAFETY: the caller's promise is the same.
        let result = unsafe { self.api.terminate(flags, reserved) };
        self.write(&Entry {
            argument: unless(!reserved.is_null(), Argument::Flags(flags)),
            result,
            ..begun.entry(Function::Terminate)
        });
        result
    }

    unsafe fn set(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's promise.
        let argument = unsafe { decode::set(id, information, length) };
        let argument = unless(!handle.is_null() || !overlapped.is_null(), argument);
        self.configure(Function::Set, id, argument, || {
            // SAFETY: the caller's promise is the same.
            unsafe { self.api.set(handle, id, information, length, overlapped) }
        })
    }

    unsafe fn delete(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's promise.
        let argument = unsafe { decode::delete(id, information, length) };
        let argument = unless(!handle.is_null() || !overlapped.is_null(), argument);
        self.configure(Function::Delete, id, argument, || {
            // SAFETY: the caller's promise is the same.
            unsafe { self.api.delete(handle, id, information, length, overlapped) }
        })
    }

    unsafe fn query(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        input: *const c_void,
        input_length: u32,
        output: *mut c_void,
        output_length: u32,
        return_length: *mut u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's promise.
        let argument = unsafe { decode::query(id, input, input_length) };
        let begun = StartedCall::now();
        // SAFETY: the caller's promise is the same.
        let result = unsafe {
            self.api.query(
                handle,
                id,
                input,
                input_length,
                output,
                output_length,
                return_length,
                overlapped,
            )
        };
        let entry = begun.entry(Function::Query);
        // The bytes after the record are uninitialized, and so is the length after a failure. If
        // the caller requests no length, the call is forwarded unchanged and its record is not
        // read.
        let written = match result == ERROR_SUCCESS && !return_length.is_null() {
            // SAFETY: the caller's promise.
            true => unsafe { return_length.read_unaligned() }.min(output_length),
            false => 0,
        };
        // SAFETY: the caller's promise, and the API has answered that it has written a record.
        let found = unsafe { decode::found(id, result, output, written) };
        self.write(&Entry {
            id: Some(id),
            argument: unless(!handle.is_null() || !overlapped.is_null(), argument),
            room: (!output.is_null()).then_some(output_length),
            result,
            found,
            ..entry
        });
        result
    }

    unsafe fn update(
        &self,
        handle: HANDLE,
        id: HTTP_SERVICE_CONFIG_ID,
        information: *const c_void,
        length: u32,
        overlapped: *const OVERLAPPED,
    ) -> u32 {
        // SAFETY: the caller's promise.
        let argument = unsafe { decode::set(id, information, length) };
        let argument = unless(!handle.is_null() || !overlapped.is_null(), argument);
        self.configure(Function::Update, id, argument, || {
            // SAFETY: the caller's promise is the same.
            unsafe { self.api.update(handle, id, information, length, overlapped) }
        })
    }

    fn has_update(&self) -> bool {
        self.api.has_update()
    }

    fn is_multi_process(&self) -> bool {
        self.api.is_multi_process()
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::{null, null_mut};
    use std::sync::Arc;

    use certbind_core::{Binding, BindingKey, MemoryStore, Record, Uuid};
    use certbind_httpapi_abi::client::{Query, Request, with_query, with_set};
    use certbind_simulator::Simulator;

    use super::*;
    use crate::entry::QueryResult;
    use crate::replay::{ReplayOutcome, replay};

    /// A buffer as large as any record of these tests, with the alignment of records.
    type Buffer = [u64; 64];

    fn query(
        recorder: &Recorder<Simulator>,
        key: &BindingKey,
        buffer: &mut Buffer,
        return_length: *mut u32,
    ) -> u32 {
        let query = Query::Exact {
            key,
            host_spelling: None,
        };
        with_query(query, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            let output = buffer.as_mut_ptr().cast();
            // SAFETY: the request lives while the closure runs, and the buffer has so many bytes.
            unsafe {
                recorder.query(
                    null_mut(),
                    id,
                    pointer,
                    length,
                    output,
                    512,
                    return_length,
                    null(),
                )
            }
        })
    }

    #[test]
    fn query_without_length_replays_alike() {
        let api = || Simulator::new(Arc::new(MemoryStore::new()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("trace.jsonl");
        let recorder = Recorder::append(api(), &file).unwrap();
        let version = HTTPAPI_VERSION {
            HttpApiMajorVersion: 1,
            HttpApiMinorVersion: 0,
        };
        // SAFETY: the reserved argument is null.
        assert_eq!(unsafe { recorder.initialize(version, 2, null_mut()) }, 0);
        let key: BindingKey = "0.0.0.0:443".parse().unwrap();
        let record = Record::new([1; 20].into(), None, Uuid::nil());
        let binding = Binding::new(key.clone(), record).unwrap();
        let set = with_set(&binding, |request| {
            let Request {
                id,
                pointer,
                length,
            } = request;
            // SAFETY: the request lives while the closure runs.
            unsafe { recorder.set(null_mut(), id, pointer, length, null()) }
        });
        assert_eq!(set, 0);
        let (mut buffer, mut length) = ([0; 64], 0);
        assert_eq!(query(&recorder, &key, &mut buffer, null_mut()), 0);
        assert_eq!(query(&recorder, &key, &mut buffer, &raw mut length), 0);

        let entries = crate::read(&std::fs::read(&file).unwrap()).unwrap();
        let found: Vec<_> = entries.iter().map(|(_, entry)| &entry.found).collect();
        assert_eq!(
            found,
            [&None, &None, &None, &Some(QueryResult::Binding(binding))]
        );
        let replayed: Vec<_> = replay(&api(), &entries).collect();
        assert!(
            replayed.iter().all(|one| *one == ReplayOutcome::Same),
            "{replayed:?}"
        );
    }
}
