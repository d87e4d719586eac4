//! Processes: their processors, their time and their memory.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The processors of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processors {
    /// Those of this process.
    Unchanged,
    First,
    All,
}

/// A process that ends with its value.
pub(crate) struct Running(Child);

impl Running {
    /// Starts a program without input and output.
    pub(crate) fn start(command: &Command, processors: Processors) -> Self {
        let mask = match processors {
            Processors::Unchanged => None,
            Processors::First => Some("1"),
            Processors::All => Some("ffffffff"),
        };
        let mut started = match mask {
            Some(mask) => {
                let mut taskset = Command::new("taskset");
                taskset.arg(mask).arg(command.get_program());
                taskset
            }
            None => Command::new(command.get_program()),
        };
        started.args(command.get_args());
        let changed = command.get_envs();
        started.envs(changed.filter_map(|(name, value)| Some((name, value?))));
        let started = started.stdin(Stdio::null()).stdout(Stdio::null());
        Self(started.spawn().unwrap())
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// The processor time of the process and its children, in steps of 10 ms.
    pub(crate) fn processor_time(&self) -> Duration {
        let id = self.0.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let all = children.split_whitespace().map(str::to_owned);
        all.chain([id.to_string()])
            .map(|id| time_of(Path::new(&format!("/proc/{id}/stat"))))
            .sum()
    }

    /// The resident memory, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx ends its workers at this signal; it fails only if the process has ended.
        let id = self.0.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.0.wait();
    }
}

/// User and system time of a process. A tick is 10 ms on every Linux.
fn time_of(stat: &Path) -> Duration {
    let text = std::fs::read_to_string(stat).unwrap();
    // The name of the program, in parentheses, may contain spaces.
    let (_, fields) = text.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split(' ').collect();
    let ticks: u64 = [11, 12]
        .iter()
        .map(|at| fields[*at].parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Puts this process on the second processor; false if that is impossible.
pub(crate) fn pin_client() -> bool {
    let is_alone = std::thread::available_parallelism().map_or(1, usize::from) < 2;
    if is_alone {
        return false;
    }
    let id = std::process::id().to_string();
    let mut taskset = Command::new("taskset");
    let pinned = taskset.args(["--cpu-list", "--pid", "1", &id]);
    pinned
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The load averages of the system, in words.
pub(crate) fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(", ")
}
