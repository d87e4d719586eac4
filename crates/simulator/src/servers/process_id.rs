//! Processes, by a number that is not used again.

use std::sync::OnceLock;

/// A process: its number, and its start time in the system's units. Numbers alone are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessId {
    pub(super) number: u32,
    pub(super) began: u64,
}

impl ProcessId {
    /// This one.
    pub(super) fn current() -> Self {
        static BEGAN: OnceLock<(u32, u64)> = OnceLock::new();
        let number = std::process::id();
        let of_number = || (number, began(number).unwrap_or(0));
        let (known, began) = *BEGAN.get_or_init(of_number);
        // One that was forked has another number.
        let (number, began) = if known == number {
            (known, began)
        } else {
            of_number()
        };
        Self { number, began }
    }

    /// Whether it runs. A process of another system, or of a container with numbers of its own, does not.
    pub(super) fn is_running(self) -> bool {
        self == Self::current() || began(self.number) == Some(self.began)
    }
}

/// When a process began, if it runs: field 22 of its `stat` (proc_pid_stat(5)), after the name in
/// parentheses, which may contain any character. A zombie does not run.
#[cfg(not(windows))]
fn began(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let is_running = fields
        .next()
        .is_some_and(|state| !matches!(state, "Z" | "X"));
    fields.nth(18).filter(|_| is_running)?.parse().ok()
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "asks Windows about a process")]
fn began(process: u32) -> Option<u64> {
    use windows_sys::Win32::Foundation::{CloseHandle, FILETIME, WAIT_TIMEOUT};
    use windows_sys::Win32::System::Threading::{
        GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
        WaitForSingleObject,
    };

    const NEVER: FILETIME = FILETIME {
        dwLowDateTime: 0,
        dwHighDateTime: 0,
    };
    let access = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE;
    // SAFETY: it takes numbers alone.
    let handle = unsafe { OpenProcess(access, 0, process) };
    if handle.is_null() {
        return None;
    }
    let (mut created, mut exited, mut kernel, mut user) = (NEVER, NEVER, NEVER, NEVER);
    // An exited process can be opened while another process has a handle of it. SAFETY: the handle
    // is open.
    let is_running = unsafe { WaitForSingleObject(handle, 0) } == WAIT_TIMEOUT;
    let (exited, kernel, user) = (&raw mut exited, &raw mut kernel, &raw mut user);
    // SAFETY: as above, and the times are ours.
    let found = unsafe { GetProcessTimes(handle, &raw mut created, exited, kernel, user) } != 0;
    // SAFETY: as above, for the last time.
    unsafe { CloseHandle(handle) };
    let began = u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime);
    (is_running && found).then_some(began)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn processes_end() {
        let current = ProcessId::current();
        assert!(current.is_running() && current.began > 0);
        let earlier = ProcessId {
            began: current.began - 1,
            ..current
        };
        assert!(!earlier.is_running());

        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let number = child.id();
        let child_id = ProcessId {
            number,
            began: began(number).unwrap(),
        };
        assert!(child_id.is_running());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!child_id.is_running());
    }
}
