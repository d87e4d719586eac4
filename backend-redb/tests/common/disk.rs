//! A disk in memory that loses power, tears writes, and fails on command. It has two files, a store
//! and its WAL, each of which is synced separately.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use certbind_redb::RedbBuilder;
use redb::StorageBackend;

/// The size that a disk writes atomically.
const SECTOR: usize = 512;

/// The system's error code for a full disk: `ENOSPC`, `ERROR_DISK_FULL`.
pub(crate) const FULL: i32 = if cfg!(windows) { 112 } else { 28 };

/// The system's error code for a broken disk: `EIO`, `ERROR_IO_DEVICE`.
pub(crate) const BROKEN: i32 = if cfg!(windows) { 1117 } else { 5 };

/// A handle of a file; clones are of the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    file: usize,
}

#[derive(Debug, Default)]
struct State {
    files: [File; 2],
    done: Counts,
    plan: Plan,
    sync_takes: Duration,
    options: RedbBuilder,
}

#[derive(Debug, Default)]
struct File {
    /// The state that reads see.
    now: Vec<u8>,
    /// The state that survives any power cut.
    synced: Vec<u8>,
    unsynced: Vec<Change>,
    /// Whether changes of length fail.
    fixed_len: bool,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

/// How often each operation was called.
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

/// The faults of a disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Plan {
    #[default]
    Nothing,
    /// This many writes, syncs and changes of length happen; the next one is in progress at the
    /// power cut.
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

impl Operation {
    /// That it fails when it was done this often, and not again, with the system's code.
    pub(crate) fn fails_once(self, after: u64, code: i32) -> Plan {
        Plan::Fail {
            operation: self,
            after,
            times: 1,
            half: false,
            code,
        }
    }
}

impl Disk {
    /// A disk with this store on it.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::with_wal(bytes, &[])
    }

    /// A disk with this store on it, and this log.
    pub(crate) fn with_wal(store: &[u8], log: &[u8]) -> Self {
        let state = State {
            files: [store, log].map(File::of),
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            file: 0,
        }
    }

    /// How stores on it are opened.
    pub(crate) fn opened_with(self, options: RedbBuilder) -> Self {
        self.state().options = options;
        self
    }

    pub(crate) fn options(&self) -> RedbBuilder {
        self.state().options.clone()
    }

    /// The file of the log.
    pub(crate) fn wal(&self) -> Self {
        Self {
            file: 1,
            ..self.clone()
        }
    }

    /// Sets the faults from now on. Counting starts anew.
    pub(crate) fn plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.done = Counts::default();
    }

    /// Changes of the length of this file fail from now on.
    pub(crate) fn fail_set_len(&self) {
        self.state().files[self.file].fixed_len = true;
    }

    pub(crate) fn sync_takes(&self, time: Duration) {
        self.state().sync_takes = time;
    }

    /// The number of operations since the last plan.
    pub(crate) fn counts(&self) -> Counts {
        self.state().done
    }

    /// The state that reads see.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().files[self.file].now.clone()
    }

    /// Replaces the bytes of the disk.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        self.state().files[self.file].now.copy_from_slice(bytes);
    }

    /// Another disk with the same state.
    pub(crate) fn copy(&self) -> Self {
        let [store, log] = self.state().files.each_ref().map(|file| file.now.clone());
        Self::with_wal(&store, &log).opened_with(self.options())
    }

    /// A possible state after a power cut: of each sector the synced version or any later one, and the
    /// synced length or any later one. A length of 0 removes a file, and later writes go to a new one of the
    /// same name: either is left. `choose` picks one of so many, from 0 for the synced version.
    pub(crate) fn after_power_cut(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let files = self
            .state()
            .files
            .each_ref()
            .map(|file| file.left(&mut choose));
        let [store, log] = files;
        Self::with_wal(&store, &log).opened_with(self.options())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    fn of(bytes: &[u8]) -> Self {
        Self {
            now: bytes.to_vec(),
            synced: bytes.to_vec(),
            unsynced: Vec::new(),
            fixed_len: false,
        }
    }

    fn left(&self, choose: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let is_removal = |change: &Change| matches!(change, Change::SetLen(0));
        let files: Vec<_> = self.unsynced.split(is_removal).collect();
        // Nothing is chosen where there is one alone.
        let chosen = if files.len() > 1 {
            choose(files.len())
        } else {
            0
        };
        let synced: &[u8] = if chosen == 0 { &self.synced } else { &[] };
        let mut lengths = vec![synced.len()];
        let mut sectors: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        let mut contents = synced.to_vec();
        for change in files[chosen] {
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
        let mut left = synced.to_vec();
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
        left
    }

    fn change(&mut self, change: Change) {
        change.make(&mut self.now);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.make(&mut self.synced);
        }
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

/// Whether an operation continues.
enum Verdict {
    Happens,
    /// The power fails during the operation: some of it may survive, and no caller gets a result.
    UnderWay,
    Fails(Error, bool),
}

impl State {
    fn verdict(&mut self, operation: Operation) -> Verdict {
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
                Verdict::UnderWay
            }
            Plan::PowerCut(left) if operation != Operation::Read => {
                *left -= 1;
                Verdict::Happens
            }
            Plan::Off => Verdict::Fails(off(), false),
            Plan::Fail {
                operation: failing,
                after,
                times,
                half,
                code,
            } if *failing == operation && (*after..*after + *times).contains(&nth) => {
                Verdict::Fails(Error::from_raw_os_error(*code), *half)
            }
            Plan::Panic if operation == Operation::Sync => {
                self.plan = Plan::Nothing;
                // Without the hook, which would print.
                std::panic::resume_unwind(Box::new("the disk panics on purpose"));
            }
            _ => Verdict::Happens,
        }
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
        Ok(self.state().files[self.file].now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let mut state = self.state();
        if let Verdict::Fails(error, _) = state.verdict(Operation::Read) {
            return Err(error);
        }
        let start = index(offset);
        let there = state.files[self.file].now.get(start..start + out.len());
        out.copy_from_slice(there.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        let mut state = self.state();
        let change = Change::SetLen(index(length));
        if state.files[self.file].fixed_len {
            return Err(Error::from_raw_os_error(BROKEN));
        }
        match state.verdict(Operation::SetLen) {
            Verdict::Happens => state.files[self.file].change(change),
            Verdict::UnderWay => {
                state.files[self.file].change(change);
                return Err(off());
            }
            Verdict::Fails(error, _) => return Err(error),
        }
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.state();
        match state.verdict(Operation::Sync) {
            Verdict::Happens => state.files[self.file].sync(),
            Verdict::UnderWay => return Err(off()),
            Verdict::Fails(error, _) => return Err(error),
        }
        let time = state.sync_takes;
        drop(state);
        std::thread::sleep(time);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut state = self.state();
        let change = |length| Change::Write(index(offset), data[..length].to_vec());
        match state.verdict(Operation::Write) {
            Verdict::Happens => state.files[self.file].change(change(data.len())),
            Verdict::UnderWay => {
                state.files[self.file].change(change(data.len()));
                return Err(off());
            }
            Verdict::Fails(error, half) => {
                if half {
                    state.files[self.file].change(change(data.len() / 2));
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
