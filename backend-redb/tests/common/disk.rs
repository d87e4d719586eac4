//! A disk in memory that loses power, tears what it was writing, and fails on command.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redb::StorageBackend;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What the system says of a disk that is full: `ENOSPC`, `ERROR_DISK_FULL`.
pub(crate) const FULL: i32 = if cfg!(windows) { 112 } else { 28 };

/// What it says of one that is broken: `EIO`, `ERROR_IO_DEVICE`.
pub(crate) const BROKEN: i32 = if cfg!(windows) { 1117 } else { 5 };

/// A handle; clones are of the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What reads see.
    now: Vec<u8>,
    /// What is there whatever happens.
    synced: Vec<u8>,
    unsynced: Vec<Change>,
    done: Counts,
    plan: Plan,
    sync_takes: Duration,
    resident: bool,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

/// How often each thing was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) syncs: u64,
    pub(crate) set_lens: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Write,
    Sync,
    SetLen,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Plan {
    #[default]
    Nothing,
    /// So many writes, syncs and changes of length happen; the next one is under way when the power
    /// goes.
    PowerCut(u64),
    /// Nothing happens any more.
    Off,
    /// This operation fails when it was done this often; where `half` is set, a write happens in
    /// part. It fails `times` times from there on.
    Fail {
        operation: Operation,
        after: u64,
        times: u64,
        half: bool,
        /// The system's code.
        code: i32,
    },
    /// The next sync panics.
    Panic,
}

impl Disk {
    /// A disk with this on it.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let state = State {
            now: bytes.to_vec(),
            synced: bytes.to_vec(),
            ..State::default()
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Has stores opened on it keep their bindings in memory.
    pub(crate) fn read_from_memory(self, resident: bool) -> Self {
        self.state().resident = resident;
        self
    }

    pub(crate) fn is_read_from_memory(&self) -> bool {
        self.state().resident
    }

    /// What goes wrong from now on. Counting starts anew.
    pub(crate) fn plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.done = Counts::default();
    }

    pub(crate) fn sync_takes(&self, time: Duration) {
        self.state().sync_takes = time;
    }

    /// What was asked for since the last plan.
    pub(crate) fn counts(&self) -> Counts {
        self.state().done
    }

    /// What reads see.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().now.clone()
    }

    /// Puts other bytes in the place of those that are there.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        self.state().now.copy_from_slice(bytes);
    }

    /// What may be there after the power was cut: of each sector the synced version or any later
    /// one, and the synced length or any later one. `choose` picks one of so many, from 0 for what
    /// was synced.
    pub(crate) fn after_power_cut(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let state = self.state();
        let mut lengths = vec![state.synced.len()];
        let mut sectors: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        let mut contents = state.synced.clone();
        for change in &state.unsynced {
            change.make(&mut contents);
            match change {
                Change::SetLen(length) => lengths.push(*length),
                Change::Write(at, data) => {
                    for sector in at / SECTOR..=(at + data.len() - 1) / SECTOR {
                        let end = contents.len().min((sector + 1) * SECTOR);
                        let version = contents[sector * SECTOR..end].to_vec();
                        sectors.entry(sector).or_default().push(version);
                    }
                }
            }
        }
        let mut left = state.synced.clone();
        let longest = lengths.iter().copied().max().unwrap_or(0);
        left.resize(longest, 0);
        for (sector, versions) in sectors {
            let chosen = choose(versions.len() + 1);
            if chosen > 0 {
                let version = &versions[chosen - 1];
                let start = sector * SECTOR;
                let end = (start + version.len()).min(left.len());
                if start < end {
                    left[start..end].copy_from_slice(&version[..end - start]);
                }
            }
        }
        left.resize(lengths[choose(lengths.len())], 0);
        Self::of(&left)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    fn make(&self, contents: &mut Vec<u8>) {
        match self {
            Self::SetLen(length) => contents.resize(*length, 0),
            Self::Write(at, data) => {
                if contents.len() < at + data.len() {
                    contents.resize(at + data.len(), 0);
                }
                contents[*at..at + data.len()].copy_from_slice(data);
            }
        }
    }
}

/// Whether an operation goes on.
enum Fate {
    Happens,
    /// The power goes while it happens: some of it may be there afterwards, and nobody is told.
    UnderWay,
    Fails(Error, bool),
}

impl State {
    fn fate(&mut self, operation: Operation) -> Fate {
        let count = match operation {
            Operation::Read => &mut self.done.reads,
            Operation::Write => &mut self.done.writes,
            Operation::Sync => &mut self.done.syncs,
            Operation::SetLen => &mut self.done.set_lens,
        };
        let nth = *count;
        *count += 1;
        match &mut self.plan {
            Plan::PowerCut(0) if operation != Operation::Read => {
                self.plan = Plan::Off;
                Fate::UnderWay
            }
            Plan::PowerCut(left) if operation != Operation::Read => {
                *left -= 1;
                Fate::Happens
            }
            Plan::Off => Fate::Fails(off(), false),
            Plan::Fail {
                operation: failing,
                after,
                times,
                half,
                code,
            } if *failing == operation && (*after..*after + *times).contains(&nth) => {
                Fate::Fails(Error::from_raw_os_error(*code), *half)
            }
            Plan::Panic if operation == Operation::Sync => {
                self.plan = Plan::Nothing;
                // Without the hook, which would print.
                std::panic::resume_unwind(Box::new("the disk panics on purpose"));
            }
            _ => Fate::Happens,
        }
    }

    fn change(&mut self, change: Change) {
        change.make(&mut self.now);
        self.unsynced.push(change);
    }
}

fn off() -> Error {
    Error::other("the power is off")
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a disk in memory")
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.state().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let mut state = self.state();
        if let Fate::Fails(error, _) = state.fate(Operation::Read) {
            return Err(error);
        }
        let start = index(offset);
        let there = state.now.get(start..start + out.len());
        out.copy_from_slice(there.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut state = self.state();
        let change = Change::SetLen(index(length));
        match state.fate(Operation::SetLen) {
            Fate::Happens => state.change(change),
            Fate::UnderWay => {
                state.change(change);
                return Err(off());
            }
            Fate::Fails(error, _) => return Err(error),
        }
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state();
        match state.fate(Operation::Sync) {
            Fate::Happens => {
                state.synced = state.now.clone();
                state.unsynced.clear();
            }
            Fate::UnderWay => return Err(off()),
            Fate::Fails(error, _) => return Err(error),
        }
        let time = state.sync_takes;
        drop(state);
        std::thread::sleep(time);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state();
        let change = |length| Change::Write(index(offset), data[..length].to_vec());
        match state.fate(Operation::Write) {
            Fate::Happens => state.change(change(data.len())),
            Fate::UnderWay => {
                state.change(change(data.len()));
                return Err(off());
            }
            Fate::Fails(error, half) => {
                if half {
                    state.change(change(data.len() / 2));
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
