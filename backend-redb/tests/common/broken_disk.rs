//! A disk that breaks its contract: syncs that lie, writes at a wrong offset, reads of old data.

use std::io::Result;
use std::sync::{Arc, Mutex};

use redb::StorageBackend;

use super::Dice;
use super::disk::Disk;

/// The size that a disk writes atomically.
const SECTOR: u64 = 512;

/// The way in which a disk breaks its contract.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// From the sync of this number on, none has an effect.
    SyncLies { after: u64 },
    /// One of so many writes lands so many sectors before or after its place.
    WrongPlace { one_of: usize, sectors: i64 },
    /// One of so many reads returns the bytes of an earlier moment.
    OldData { one_of: usize },
}

/// A disk with a fault. Both files share it.
#[derive(Clone, Debug)]
pub(crate) struct BrokenDisk {
    disk: Disk,
    fault: Option<Fault>,
    state: Arc<Mutex<State>>,
    /// The bytes of this file after each of its syncs.
    versions: Arc<Mutex<Vec<Vec<u8>>>>,
}

#[derive(Debug)]
struct State {
    done: u64,
    dice: Dice,
    /// How often the fault took effect.
    effects: u64,
}

impl BrokenDisk {
    /// The store's file and its WAL.
    pub(crate) fn pair(disk: &Disk, fault: impl Into<Option<Fault>>, seed: u64) -> [Self; 2] {
        let fault = fault.into();
        let state = Arc::new(Mutex::new(State {
            done: 0,
            dice: Dice(seed),
            effects: 0,
        }));
        [disk.clone(), disk.wal()].map(|disk| Self {
            versions: Arc::new(Mutex::new(vec![disk.bytes()])),
            disk,
            fault,
            state: Arc::clone(&state),
        })
    }

    /// The same disk, which has this fault from now on.
    pub(crate) fn with(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    /// Whether the fault took effect.
    pub(crate) fn is_affected(&self) -> bool {
        self.state.lock().unwrap().effects > 0
    }

    /// The bytes of this file after each of its syncs, and now.
    pub(crate) fn versions(&self) -> Vec<Vec<u8>> {
        let mut versions = self.versions.lock().unwrap().clone();
        versions.push(self.disk.bytes());
        versions.dedup();
        versions
    }

    /// Counts an operation; returns its number.
    fn count(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.done += 1;
        state.done - 1
    }

    fn took_effect(&self) {
        self.state.lock().unwrap().effects += 1;
    }
}

impl StorageBackend for BrokenDisk {
    fn len(&self) -> Result<u64> {
        self.disk.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.disk.read(offset, out)?;
        if let Some(Fault::OldData { one_of }) = self.fault {
            let mut state = self.state.lock().unwrap();
            let versions = self.versions.lock().unwrap();
            let start = usize::try_from(offset).unwrap();
            if state.dice.below(one_of) == 0
                && let Some(old) = versions[state.dice.below(versions.len())].get(start..)
                && let Some(old) = old.get(..out.len())
                && old != out
            {
                out.copy_from_slice(old);
                state.effects += 1;
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        self.disk.set_len(length)
    }

    fn sync_data(&self) -> Result<()> {
        if let Some(Fault::SyncLies { after }) = self.fault
            && self.count() >= after
        {
            self.took_effect();
            return Ok(());
        }
        self.disk.sync_data()?;
        self.versions.lock().unwrap().push(self.disk.bytes());
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        if let Some(Fault::WrongPlace { one_of, sectors }) = self.fault
            && self.state.lock().unwrap().dice.below(one_of) == 0
        {
            let place = offset.saturating_add_signed(sectors * SECTOR.cast_signed());
            // A disk has sectors beyond the file, where nothing of this store is.
            let length = self.disk.len()?;
            let end = length.min(place + data.len() as u64);
            let part = end.saturating_sub(place.min(length));
            if place != offset && part > 0 {
                self.took_effect();
                return self
                    .disk
                    .write(place, &data[..usize::try_from(part).unwrap()]);
            }
        }
        self.disk.write(offset, data)
    }
}
