//! Finds out a host's answers to the open questions about HTTP.sys, among the plausible ones.
//!
//! The page [answers with alternatives] lists the questions. Each is an option of the simulator's
//! `[windows]` table, and a [`Finding`] has the value that this host shows. Reading changes nothing;
//! with a [`WriteProbe`] keys of one unused port are bound, changed and deleted again.
//!
//! [answers with alternatives]: https://github.com/certbind/certbind/blob/main/docs/fidelity/options.md

mod properties;
mod reading;
mod record;
mod service;
mod writing;
mod writing_keys;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use certbind_core::{BindingKey, CertHash, Kind, StoreName};
use certbind_httpapi_abi::HttpApi;
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::session::Session;

/// An answer of a host to an open question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The question: the name of an option of the simulator's `[windows]` table.
    pub option: &'static str,
    /// The answer. A number is a Win32 code.
    pub answer: String,
    /// The call that showed it.
    pub evidence: String,
}

/// The findings on a host.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Diagnosis {
    /// One for each question that the host answered.
    pub findings: Vec<Finding>,
    /// The questions that could not be asked, and the reasons.
    pub not_probed: BTreeMap<&'static str, String>,
    /// Records that could not be read.
    pub unreadable: Vec<String>,
    /// The kinds of key that the host supports.
    pub kinds: Vec<Kind>,
    /// Whether the host has `HttpUpdateServiceConfiguration`.
    pub has_update: bool,
    /// How many calls were made, and how long one took on average.
    pub calls: u32,
    /// The average time of a call.
    pub call_time: Duration,
    /// Keys of the write probe that could not be deleted again.
    pub left: Vec<BindingKey>,
}

impl Diagnosis {
    /// The answer to a question.
    #[must_use]
    pub fn answer(&self, option: &str) -> Option<&str> {
        let mut findings = self.findings.iter();
        let found = findings.find(|finding| finding.option == option)?;
        Some(&found.answer)
    }
}

/// The temporary changes that [`diagnose`] may make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteProbe {
    /// A certificate of the host.
    pub certificate: CertHash,
    /// Its certificate store; none for `MY`.
    pub store_name: Option<StoreName>,
    /// A port at which no key is bound.
    pub port: u16,
}

/// Asks the HTTP Server API the open questions. Without `writes` nothing is changed; with it, keys
/// of the port are bound and deleted again, and [`Diagnosis::left`] lists those that stay.
///
/// Before a call is made again, `pause` passes, and twice as long before each further attempt.
/// Questions without an answer are listed in [`Diagnosis::not_probed`].
pub fn diagnose<A: HttpApi>(api: A, writes: Option<&WriteProbe>, pause: Duration) -> Diagnosis {
    let mut found = Diagnosis {
        has_update: api.has_update(),
        ..Diagnosis::default()
    };
    let session = match Session::try_initialize(api, pause) {
        Ok(session) => session,
        Err(code) => {
            found.findings.push(Finding {
                option: "initialize",
                answer: code.to_string(),
                evidence: "HttpInitialize".into(),
            });
            return found;
        }
    };
    let begun = Instant::now();
    let mut doctor = Doctor { session, found };
    doctor.finding("initialize", NO_ERROR, "HttpInitialize");
    doctor.read();
    match writes {
        Some(writes) if doctor.found.answer("service") == Some("running") => doctor.write(writes),
        Some(_) => doctor.not_probed(&writing::OF_WRITES, "the service does not run"),
        None => doctor.not_probed(&writing::OF_WRITES, "reading cannot show it"),
    }
    doctor.not_probed(&OF_TIME, "a single probe cannot show it");
    let Doctor { session, mut found } = doctor;
    found.calls = session.calls();
    found.call_time = begun.elapsed() / found.calls.max(1);
    found
}

/// The options that show only over time, or by chance.
const OF_TIME: [&str; 6] = [
    "call_time",
    "odd_record",
    "later_ids",
    "transient_query",
    "transient_write",
    "failing_from",
];

struct Doctor<A: HttpApi> {
    session: Session<A>,
    found: Diagnosis,
}

impl<A: HttpApi> Doctor<A> {
    /// Adds an answer, if the question has none yet.
    fn finding(&mut self, option: &'static str, answer: impl ToString, evidence: &str) {
        if self.found.answer(option).is_none() {
            self.found.not_probed.remove(option);
            self.found.findings.push(Finding {
                option,
                answer: answer.to_string(),
                evidence: evidence.to_owned(),
            });
        }
    }

    fn not_probed(&mut self, options: &[&'static str], why: &str) {
        for option in options {
            if self.found.answer(option).is_none() {
                self.found.not_probed.insert(option, why.to_owned());
            }
        }
    }
}
