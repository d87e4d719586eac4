//! A simulated host whose netsh runs in this process: quick enough for every fault and every kill of
//! many batch files.

use std::collections::BTreeSet;
use std::io::empty;

use certbind::netsh::{Netsh, Profile};
use certbind_core::{Batch, Binding, BindingStore, Change, MemoryStore, Precondition, Scan};
use certbind_formats::netsh::Newline;

use crate::batch::{self, Files, Programs};
use crate::checks::{Point, Run};

/// An event while a batch file runs. Commands that change something are counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A kill or a fault.
    At(Point),
    /// At this command netsh can be started no more.
    NoNetsh(usize),
    /// From this command on, of those that change nothing as well, netsh answers nothing and exits with
    /// this code.
    Silent(usize, i32),
    /// Only for this command.
    SilentOnce(usize, i32),
    /// The batch file is killed at this second of its wait.
    KillWait(usize),
    /// Another batch file of the folder is run at this second, and has to exit with this code.
    Run(usize, &'static str, i32),
}

const NOT_BOUND: &str = "The system cannot find the file specified.";

pub(crate) struct WindowsHost {
    store: MemoryStore,
    profile: Profile,
    pub(crate) files: Files,
    /// Every command that was run, except the one that queries a text.
    pub(crate) commands: Vec<Vec<String>>,
    event: Option<Event>,
    changes: usize,
    /// How many seconds batch files waited.
    pub(crate) waited: usize,
    /// The exit code of certutil.
    pub(crate) certutil: i32,
    /// Whether the host has a netsh.
    pub(crate) has_netsh: bool,
    /// The host's message, in its language, for a key that is not bound.
    pub(crate) not_bound: &'static str,
}

impl WindowsHost {
    pub(crate) fn new(profile: Profile, bindings: &[Binding]) -> Self {
        let store = MemoryStore::new();
        let changes = bindings.iter().map(|binding| {
            let key = binding.key().clone();
            Change::new(key, Precondition::Absent, Some(binding.clone())).unwrap()
        });
        store.apply(&Batch::new(changes).unwrap()).unwrap();
        Self {
            store,
            profile,
            files: Files::new(),
            commands: Vec::new(),
            event: None,
            changes: 0,
            waited: 0,
            certutil: 0,
            has_netsh: true,
            not_bound: NOT_BOUND,
        }
    }

    pub(crate) fn bindings(&self) -> Vec<Binding> {
        let all = self.store.scan(&Scan::all()).unwrap();
        all.map(Result::unwrap).collect()
    }

    /// Runs a batch file. Its temporary files must not exist afterwards unless it was killed.
    pub(crate) fn run(&mut self, script: &str, event: Option<Event>) -> Run {
        self.event = event;
        self.changes = 0;
        self.waited = 0;
        self.commands.clear();
        let mut files = std::mem::take(&mut self.files);
        let given: BTreeSet<_> = files.keys().cloned().collect();
        let (code, text) = batch::run(script, &mut files, self);
        let is_marker = |path: &String| path.starts_with(batch::FOLDER) || given.contains(path);
        assert!(code.is_none() || files.keys().all(is_marker), "{files:?}");
        files.retain(|path, _| is_marker(path));
        self.files = files;
        Run {
            code,
            text,
            changes: self.changes,
        }
    }

    /// Runs a single netsh command.
    pub(crate) fn command(&mut self, arguments: &[String]) -> String {
        self.event = None;
        self.netsh(arguments).unwrap().0
    }

    fn netsh(&mut self, arguments: &[String]) -> Option<(String, i32)> {
        let commands = self.commands.iter().filter(|it| it[0] == "netsh").count();
        match self.event {
            Some(Event::Silent(at, exit)) if commands >= at => return Some((String::new(), exit)),
            Some(Event::SilentOnce(at, exit)) if commands == at => {
                return Some((String::new(), exit));
            }
            _ => {}
        }
        let is_help = arguments.last().is_some_and(|last| last == "/?");
        let changes = arguments[1] != "show" && !is_help;
        self.changes += usize::from(changes);
        if let (true, Some(Event::At(Point::Fault(at, code, exit)))) = (changes, self.event)
            && at == self.changes
        {
            let text = format!("\r\nSSL Certificate change failed, Error: {code}\r\n\r\n");
            return Some((text, exit));
        }
        if let (true, Some(Event::NoNetsh(at))) = (changes, self.event)
            && at == self.changes
        {
            self.has_netsh = false;
            return Some(not_found());
        }
        if let (true, Some(Event::At(Point::KillBefore(at)))) = (changes, self.event)
            && at == self.changes
        {
            return None;
        }
        let netsh = Netsh::new(&self.store, self.profile).with_newline(Newline::Crlf);
        let mut printed = Vec::new();
        let code = netsh.run(arguments, &mut empty(), &mut printed).unwrap();
        if let (true, Some(Event::At(Point::KillAfter(at)))) = (changes, self.event)
            && at == self.changes
        {
            return None;
        }
        let printed = String::from_utf8(printed).unwrap();
        Some((printed.replace(NOT_BOUND, self.not_bound), code.into()))
    }
}

impl Programs for WindowsHost {
    fn run(&mut self, program: &str, arguments: &[String]) -> Option<(String, i32)> {
        if program != "net" {
            let mut command = vec![program.to_owned()];
            command.extend_from_slice(arguments);
            self.commands.push(command);
        }
        match program {
            "certutil" => Some(("CertUtil: done\r\n".to_owned(), self.certutil)),
            "net" => {
                assert_eq!(arguments, ["helpmsg", "2"]);
                Some((format!("\r\n{}\r\n\r\n", self.not_bound), 0))
            }
            "netsh" if self.has_netsh => self.netsh(arguments),
            _ => Some(not_found()),
        }
    }

    fn wait(&mut self, files: &mut Files) -> Option<()> {
        self.waited += 1;
        match self.event {
            Some(Event::KillWait(at)) if at == self.waited => return None,
            Some(Event::Run(at, name, expected)) if at == self.waited => {
                let script = files[&format!("{}{name}", batch::FOLDER)].clone();
                let (code, text) = batch::run(&script, files, self);
                assert_eq!(code, Some(expected), "{text}");
            }
            _ => {}
        }
        Some(())
    }
}

/// The message of `cmd` and its ERRORLEVEL for a program that it does not find.
fn not_found() -> (String, i32) {
    ("is not recognized\r\n".to_owned(), 9009)
}
