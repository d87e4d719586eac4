//! Passwords and keys in memory: overwritten when they are no longer needed, and in no core dump.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use certbind_test_support::require;

use super::Host;
use crate::served::Running;

const PASSWORD: &str = "Zz-unremembered-7319";

/// A certificate in `certificates/host.pfx`, encrypted with [`PASSWORD`], which is in `passwords.txt`.
fn encrypted() -> Host {
    let host = Host::new();
    let folder = host.file("certificates");
    std::fs::create_dir(&folder).unwrap();
    crate::served::certificate(host.file("").as_path(), "host");
    let made = Command::new("openssl")
        .args(["pkcs12", "-export", "-in"])
        .arg(host.file("host.pem"))
        .arg("-inkey")
        .arg(host.file("host.key"))
        .arg("-out")
        .arg(folder.join("host.pfx"))
        .args(["-passout", &format!("pass:{PASSWORD}")])
        .status();
    assert!(made.unwrap().success());
    std::fs::write(host.file("passwords.txt"), format!("{PASSWORD}\n")).unwrap();
    host
}

/// An audit that has read the certificates, and waits for its standard input.
fn waiting(command: &mut Command) -> Running {
    let audit = Running(command.stdin(Stdio::piped()).spawn().unwrap());
    let end = Instant::now() + Duration::from_secs(30);
    while !reads_standard_input(&audit.0) {
        assert!(Instant::now() < end, "it does not read");
        std::thread::sleep(Duration::from_millis(20));
    }
    audit
}

/// Whether a process is in the system call 0, read(2), of descriptor 0.
fn reads_standard_input(process: &Child) -> bool {
    let call = std::fs::read_to_string(format!("/proc/{}/syscall", process.id()));
    call.is_ok_and(|call| call.starts_with("0 0x0 "))
}

/// Whether this process may look into those of the tests, which are marked as not dumpable.
fn may_look() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    let is_root = user.trim_ascii() == b"0";
    if !is_root {
        println!("SKIPPED: only root may look into a process that is not dumpable");
    }
    is_root
}

/// Everything that a process may write to in its memory.
fn memory(process: &Child) -> Vec<u8> {
    let mut memory = File::open(format!("/proc/{}/mem", process.id())).unwrap();
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", process.id())).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let [start, end] = [start, end].map(|at| u64::from_str_radix(at, 16).unwrap());
        memory.seek(SeekFrom::Start(start)).unwrap();
        // Some areas of the kernel cannot be read.
        let _ = memory.by_ref().take(end - start).read_to_end(&mut found);
    }
    found
}

fn contains(memory: &[u8], text: &[u8]) -> bool {
    memory.windows(text.len()).any(|part| part == text)
}

#[cfg(target_arch = "x86_64")]
#[test]
fn passwords_are_overwritten_in_memory() {
    require!("openssl");
    if !may_look() {
        return;
    }
    let host = encrypted();
    let mut audit = host.command(&["audit", "-", "--certificates", "certificates"]);
    audit
        .args(["--passwords", "passwords.txt"])
        .current_dir(host.file(""));
    let audit = waiting(&mut audit);
    let memory = memory(&audit.0);
    assert!(
        contains(&memory, b"passwords.txt"),
        "what is there is found"
    );
    // In the form of the file, and in the one from which PKCS #12 derives keys.
    assert!(!contains(&memory, &PASSWORD.as_bytes()[1..]));
    for unit in [u16::to_be_bytes, u16::to_le_bytes] {
        let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(unit).collect();
        assert!(!contains(&memory, &wide[2..]));
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn core_dumps_are_off() {
    if !may_look() {
        return;
    }
    let host = Host::new();
    let folder = host.file("");
    // The hard limit of the user allows them.
    let allowed = |program: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh", program])
            .current_dir(&folder);
        command
    };
    let mut audit = allowed(env!("CARGO_BIN_EXE_certbind"));
    let mut audit = waiting(audit.args(["audit", "-"]));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", audit.0.id())).unwrap();
    let limit = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let limit = limit.unwrap().split_whitespace().nth(4);
    assert_eq!(limit, Some("0"), "{limits}");
    assert!(!aborted(&mut audit), "a core dump was written");
    // Another program leaves one, where the system writes them at all.
    let mut other = Running(allowed("sleep").arg("60").spawn().unwrap());
    // The shell has become the program.
    let name = format!("/proc/{}/comm", other.0.id());
    let end = Instant::now() + Duration::from_secs(30);
    while std::fs::read_to_string(&name).unwrap().trim() != "sleep" {
        assert!(Instant::now() < end, "it is not executed");
        std::thread::sleep(Duration::from_millis(5));
    }
    if !aborted(&mut other) {
        println!("SKIPPED in part: this system writes no core dumps");
    }
}

/// Ends a process as a fault does. Returns whether it left a core dump.
fn aborted(process: &mut Running) -> bool {
    let id = process.0.id().to_string();
    let sent = Command::new("kill").args(["-ABRT", &id]).status().unwrap();
    assert!(sent.success());
    let ended = process.0.wait().unwrap();
    assert_eq!(ended.signal(), Some(6), "{ended}");
    ended.core_dumped()
}
