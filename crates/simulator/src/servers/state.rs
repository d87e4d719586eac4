//! The objects that a process has created.

use std::collections::{BTreeMap, BTreeSet};

use super::registrations::Owned;

/// The sessions, groups and queues of a process.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    created: u64,
    pub(super) sessions: BTreeSet<u64>,
    pub(super) groups: BTreeMap<u64, Group>,
    /// By their handles.
    pub(super) queues: BTreeMap<usize, Queue>,
}

/// A URL group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) session: u64,
    pub(super) urls: Vec<Owned>,
    pub(super) queue: Option<usize>,
}

/// A request queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) is_version_1: bool,
    pub(super) name: Option<Owned>,
    /// Those that were added to it by the functions of version 1.
    pub(super) urls: Vec<Owned>,
}

/// The upper half of ids, as `netsh http show servicestate` shows them on hosts.
const IDS: u64 = 0xff00_0000_2000_0000;

impl Servers {
    pub(super) fn add_session(&mut self) -> u64 {
        let session = self.next_id();
        self.sessions.insert(session);
        session
    }

    /// None if there is no such session.
    pub(super) fn add_group(&mut self, session: u64) -> Option<u64> {
        if !self.sessions.contains(&session) {
            return None;
        }
        let id = self.next_id();
        let group = Group {
            session,
            urls: Vec::new(),
            queue: None,
        };
        self.groups.insert(id, group);
        Some(id)
    }

    fn next_id(&mut self) -> u64 {
        self.created += 1;
        IDS + self.created
    }
}

impl Queue {
    /// All that was registered for it.
    pub(super) fn owned(self) -> Vec<Owned> {
        self.urls.into_iter().chain(self.name).collect()
    }
}
