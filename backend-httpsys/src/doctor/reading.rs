//! Questions about records that reading answers.

use std::net::{IpAddr, Ipv4Addr};

use certbind_core::{BindingKey, IpPort, Kind};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::Query;
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use super::Doctor;
use super::record::{Record, UNTOUCHED};
use crate::code::is_absent;
use crate::listing::FAR_INDEX;
use crate::session::Answer;
use crate::unbound_key::unbound_key;

/// How many records of a kind are read.
const RECORDS: u32 = 64;

/// The options that only records can show.
const OF_RECORDS: [&str; 9] = [
    "index",
    "order",
    "query_next_end",
    "small_buffer",
    "null_buffer",
    "needed_length",
    "pointers",
    "text_end",
    "missing_key",
];

const SERVICE_DISABLED: u32 = 1058;
const SERVICE_NOT_ACTIVE: u32 = 1062;

impl<A: HttpApi> Doctor<A> {
    pub(super) fn read(&mut self) {
        let first = Kind::ALL.map(|kind| (kind, self.nth(kind, 0)));
        if let Answer::Code(code @ (SERVICE_DISABLED | SERVICE_NOT_ACTIVE)) = first[0].1 {
            self.finding("service", code, "a query of every kind");
            return;
        }
        self.finding("service", "running", "a query of every kind");
        self.kinds(&first);
        let mut fullest: Option<(Kind, Vec<Answer<Record>>)> = None;
        for kind in self.found.kinds.clone() {
            let (sequence, end) = self.sequence(kind);
            self.of_kind(kind, &sequence, &end);
            if fullest
                .as_ref()
                .is_none_or(|(_, of)| of.len() < sequence.len())
            {
                fullest = Some((kind, sequence));
            }
        }
        if self.found.answer("index").is_none() {
            self.not_probed(&OF_RECORDS, "no kind of key has a record");
        }
        if let Some((kind, sequence)) = fullest {
            self.order(kind, &sequence);
        }
        self.missing_key();
        self.properties();
        self.service();
    }

    /// Which kinds there are, and how an empty one answers.
    fn kinds(&mut self, first: &[(Kind, Answer<Record>); 4]) {
        let asked = first.each_ref().map(|(kind, answer)| match answer {
            Answer::Code(code) => {
                let key = unbound_key(*kind);
                let host_spelling = None;
                let exact = Query::Exact {
                    key: &key,
                    host_spelling,
                };
                let is_same = matches!(self.record(*kind, exact), Answer::Code(c) if c == *code);
                (*kind, *code, is_same)
            }
            _ => (*kind, NO_ERROR, false),
        });
        let has_ids = |kind| matches!(kind, Kind::Sni | Kind::ScopedCcs);
        let is_empty = |code: u32, is_same: bool| is_absent(code) || (code != NO_ERROR && !is_same);
        // A host that counts from 1 gives this answer for index 0, with or without records.
        let counts_from_1 = |doctor: &Self, kind| matches!(doctor.nth(kind, 1), Answer::Found(_));
        let mut empty = None;
        for has_ids_now in [false, true] {
            for (kind, code, is_same) in asked {
                if has_ids(kind) == has_ids_now
                    && is_empty(code, is_same)
                    && empty.is_none()
                    && !counts_from_1(self, kind)
                {
                    empty = Some(code);
                    self.finding("empty_kind", code, &format!("index 0 of {kind}"));
                }
            }
        }
        self.not_probed(&["empty_kind"], "every kind has a record");
        for (kind, code, is_same) in asked {
            let option = match kind {
                Kind::Sni => Some("sni_ids"),
                Kind::ScopedCcs => Some("scoped_ccs_ids"),
                Kind::IpPort | Kind::Ccs => None,
            };
            let is_unknown = code != NO_ERROR && is_same && empty != Some(code);
            if let Some(option) = option {
                let answer = if is_unknown { code } else { NO_ERROR };
                self.finding(option, answer, &format!("index 0 of {kind}"));
            }
            if !is_unknown {
                self.found.kinds.push(kind);
            }
        }
    }

    /// The answers for the first indices, to the first that is not a record and whose successor is
    /// none either; and that for an index far beyond.
    fn sequence(&self, kind: Kind) -> (Vec<Answer<Record>>, Answer<Record>) {
        let mut sequence = Vec::new();
        for index in 0..RECORDS {
            sequence.push(self.nth(kind, index));
            let mut last = sequence.iter().rev().take(2);
            let is_over = last.len() == 2 && last.all(|answer| matches!(answer, Answer::Code(_)));
            if is_over {
                break;
            }
        }
        (sequence, self.nth(kind, FAR_INDEX))
    }

    fn of_kind(&mut self, kind: Kind, sequence: &[Answer<Record>], far: &Answer<Record>) {
        for (index, answer) in sequence.iter().enumerate() {
            if let Answer::Found(Record {
                binding: Err(error),
                ..
            }) = answer
            {
                let unreadable = format!("index {index} of {kind}: {error}");
                self.found.unreadable.push(unreadable);
            }
        }
        let records: Vec<_> = sequence.iter().filter_map(found).collect();
        let Some(some) = records.first() else { return };
        self.index(kind, sequence, far);
        let index = sequence.iter().position(|answer| found(answer).is_some());
        self.buffers(kind, u32::try_from(index.unwrap_or_default()).unwrap_or(0));
        if let Some(pointers) = some.pointers {
            self.finding("pointers", pointers, &format!("a record of {kind}"));
        }
        if some.binding.is_ok() {
            let junk = if records.iter().any(|record| record.has_junk) {
                "junk"
            } else {
                "clean"
            };
            self.finding("text_end", junk, &format!("a record of {kind}"));
        }
        if let Some(address) = &some.address {
            self.finding("host_address", address, &format!("a record of {kind}"));
        }
        if records.iter().any(|record| record.has_empty_store) {
            self.finding(
                "store_name",
                "null-to-empty",
                &format!("a record of {kind}"),
            );
        }
        if records.iter().any(|record| record.has_flow_label) {
            self.finding("ipv6", "flow-label", &format!("a record of {kind}"));
        }
        if kind == Kind::Sni {
            self.host_names(&records);
        }
    }

    fn index(&mut self, kind: Kind, sequence: &[Answer<Record>], far: &Answer<Record>) {
        let keys: Vec<_> = sequence.iter().map(key).collect();
        let code = |index: usize| match sequence.get(index) {
            Some(Answer::Code(code)) => Some(*code),
            _ => None,
        };
        let end = match far {
            Answer::Code(code) => Some(*code),
            _ => None,
        };
        let key_at = |index: usize| keys.get(index).cloned().flatten();
        let answer = match (end, code(0), code(1)) {
            (None, ..)
                if keys
                    .iter()
                    .flatten()
                    .all(|key| Some(key) == key_at(0).as_ref()) =>
            {
                Some("ignored".into())
            }
            (None, ..) => Some("wraps".into()),
            (_, Some(_), None) => Some("from-1".into()),
            (Some(end), None, Some(hole)) if hole != end => Some(format!("hole-{hole}")),
            _ if key_at(0).is_some() && key_at(0) == key_at(1) => Some("twice".into()),
            _ if keys.iter().flatten().count() > 1 => Some("from-0".into()),
            // With one record alone a gap of the code that ends the list cannot be seen.
            _ => Some("from-0".into()),
        };
        if let Some(answer) = answer {
            self.finding("index", answer, &format!("the indices of {kind}"));
        }
        match end {
            Some(end) => self.finding("query_next_end", end, &format!("a far index of {kind}")),
            None => self.not_probed(&["query_next_end"], "the enumeration does not end"),
        }
    }

    fn order(&mut self, kind: Kind, sequence: &[Answer<Record>]) {
        let keys = |sequence: &[Answer<Record>]| {
            let mut keys: Vec<_> = sequence.iter().filter_map(key).collect();
            keys.dedup();
            keys
        };
        let before = keys(sequence);
        let again = keys(&self.sequence(kind).0);
        let is_repeated = matches!(self.found.answer("index"), Some("ignored" | "wraps"));
        if before.len() < 2 || is_repeated {
            return self.not_probed(&["order"], "it takes a list of two records");
        }
        let answer = match before {
            _ if before != again => "changing",
            keys if keys.is_sorted() => "sorted",
            keys if keys.iter().rev().is_sorted() => "reversed",
            _ => "other",
        };
        self.finding("order", answer, &format!("the list of {kind}"));
    }

    fn buffers(&mut self, kind: Kind, token: u32) {
        let query = Query::Next { kind, token };
        let evidence = format!("index {token} of {kind}");
        let (null, _) = self.with_room(query, 0);
        self.finding("null_buffer", null, &evidence);
        let (small, printed) = self.with_room(query, 8);
        self.finding("small_buffer", small, &evidence);
        let answer = match printed {
            UNTOUCHED => "untouched",
            0 => "zero",
            huge if huge > 1 << 20 => "huge",
            printed => {
                let room = usize::try_from(printed).unwrap_or(usize::MAX);
                match self.with_room(query, room) {
                    (NO_ERROR, _) => "right",
                    (_, again) if again > printed => "growing",
                    _ => "too-small",
                }
            }
        };
        self.finding("needed_length", answer, &evidence);
    }

    fn host_names(&mut self, listed: &[&Record]) {
        let evidence = "a listed host name, and the query of its key";
        for record in listed {
            let Ok(binding) = &record.binding else {
                continue;
            };
            let key = binding.key();
            let spelled = binding.host_spelling().map(str::to_owned);
            let spelled = spelled.or_else(|| key.host().map(|host| host.as_str().to_owned()));
            let Some(spelled) = spelled else { continue };
            let host_spelling = Some(spelled.as_str());
            let exact = self.record(key.kind(), Query::Exact { key, host_spelling });
            let exact = found(&exact).and_then(|record| record.binding.as_ref().ok());
            match exact.map(|exact| exact.host_spelling()) {
                None => return self.finding("host_names", "exact-case", evidence),
                Some(Some(exact)) if exact != spelled => {
                    return self.finding("host_names", "lower-listed", evidence);
                }
                Some(Some(_)) => return self.finding("host_names", "as-spelled", evidence),
                Some(None) => {}
            }
        }
        self.not_probed(&["host_names"], "no host name has capitals");
    }

    /// An unbound address at a port at which another is bound.
    fn missing_key(&mut self) {
        let bound: Vec<_> = (0..RECORDS)
            .map_while(|index| match self.nth(Kind::IpPort, index) {
                Answer::Code(_) if index > 1 => None,
                answer => Some(key(&answer)),
            })
            .flatten()
            .collect();
        let port = bound.first().map_or(9, |key| key.port().get());
        let mut hosts = 77..=254;
        let key = hosts.find_map(|host| {
            let address = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), port);
            let key = BindingKey::IpPort(IpPort::new(address.into()).ok()?);
            (!bound.contains(&key)).then_some(key)
        });
        let Some(key) = key else { return };
        let host_spelling = None;
        let query = Query::Exact {
            key: &key,
            host_spelling,
        };
        let answer = match self.record(Kind::IpPort, query) {
            Answer::Code(code) => code.to_string(),
            Answer::Found(record) if record.is_blank => "empty".into(),
            Answer::Found(_) | Answer::Malformed(_) => "serving".into(),
        };
        // Without a record at the port, one that serves the key cannot show.
        if !bound.is_empty() || answer != win32::FILE_NOT_FOUND.to_string() {
            self.finding("missing_key", answer, &format!("a query of {key}"));
        }
    }
}

pub(super) fn found(answer: &Answer<Record>) -> Option<&Record> {
    match answer {
        Answer::Found(record) => Some(record),
        Answer::Malformed(_) | Answer::Code(_) => None,
    }
}

fn key(answer: &Answer<Record>) -> Option<BindingKey> {
    let binding = found(answer)?.binding.as_ref().ok()?;
    Some(binding.key().clone())
}
