//! The effects of the options of [`Windows`](crate::Windows) on the simulator's answers.

use std::net::SocketAddr;

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CertHash, CtlIdentifier, ExtendedProperties, IpPort, Kind,
    PropertyType, Record, Scan, SslFlags, StoreName,
};
use certbind_httpapi_abi::win32;

use crate::faults::Call;
use crate::simulator::{Simulator, code as store_code};
use crate::windows::code;

/// The flags and check modes that `http.h` names.
const KNOWN_FLAGS: u32 = 0xFFFF;
const KNOWN_MODES: u32 = 0x1_0017;

/// How many queries still find a record that was deleted.
const DELETING: u32 = 3;

/// How many uses of a new certificate are refused.
const REFUSED_USES: u32 = 2;

/// How many sets after a deletion are refused.
const REFUSED_SETS: u32 = 2;

impl Simulator {
    /// Counts a call, and returns the code of a Windows that refuses it for any arguments.
    pub(crate) fn refusal(&self, call: Call) -> Result<(), u32> {
        let windows = self.windows();
        if let Some(code) = code(windows.service) {
            return Err(code);
        }
        let mut history = self.history();
        history.calls += 1;
        if let Some(code) = code(windows.failing_from).filter(|_| history.calls >= 60) {
            return Err(code);
        }
        if matches!(call, Call::QueryExact | Call::QueryNext) {
            drop(history);
            self.finish_deletions(|left| left <= 1);
            let mut history = self.history();
            history.queries += 1;
            let fails = history.queries.is_multiple_of(9);
            return code(windows.transient_query)
                .filter(|_| fails)
                .map_or(Ok(()), Err);
        }
        history.writes += 1;
        let is_refused = match windows.rights {
            "read" => true,
            "third-write" => history.writes == 3,
            _ => false,
        };
        if is_refused {
            return Err(win32::ACCESS_DENIED);
        }
        let fails = history.writes.is_multiple_of(5);
        let transient = code(windows.transient_write).filter(|_| fails);
        transient.map_or(Ok(()), Err)
    }

    /// The code of a change that has happened.
    pub(crate) fn done(&self) -> Result<(), u32> {
        code(self.windows().done_but).map_or(Ok(()), Err)
    }

    /// Whether this Windows has the records, or the properties, of a kind.
    pub(crate) fn id_refusal(&self, kind: Kind, is_property: bool) -> Result<(), u32> {
        let windows = self.windows();
        let refusal = match kind {
            _ if is_property => windows.property_ids,
            Kind::Sni => windows.sni_ids,
            Kind::ScopedCcs => windows.scoped_ccs_ids,
            Kind::IpPort | Kind::Ccs => "0",
        };
        let denied = matches!(
            (windows.rights, kind, is_property),
            ("no-sni", Kind::Sni, false) | ("no-properties", _, true)
        );
        let is_late = (is_property || matches!(kind, Kind::Sni | Kind::ScopedCcs))
            && self.history().calls >= 40;
        let later = code(windows.later_ids).filter(|_| is_late);
        let denied = denied.then_some(win32::ACCESS_DENIED);
        match code(refusal).or(denied).or(later) {
            Some(code) => Err(code),
            None => Ok(()),
        }
    }

    /// The record as this Windows stores it.
    pub(crate) fn stored_form(&self, binding: &Binding) -> Result<Binding, u32> {
        let windows = self.windows();
        let mut record = binding.record().clone();
        let flags = record.flags.bits();
        record.flags = SslFlags::from_bits_retain(match windows.flags {
            "drop-unknown" => flags & KNOWN_FLAGS,
            "drop-known" => flags & !SslFlags::NEGOTIATE_CLIENT_CERT.bits(),
            "add" => flags | 0x4000_0000,
            "refuse-unknown" if flags & !KNOWN_FLAGS != 0 => return Err(win32::INVALID_PARAMETER),
            _ => flags,
        });
        let modes = record.check_mode.bits();
        record.check_mode = CertCheckMode::from_bits_retain(match windows.check_mode {
            "drop-unknown" => modes & KNOWN_MODES,
            "refuse-unknown" if modes & !KNOWN_MODES != 0 => return Err(win32::INVALID_PARAMETER),
            _ => modes,
        });
        if windows.times == "default" && record.url_retrieval_timeout == 0 {
            record.url_retrieval_timeout = 15_000;
        }
        if windows.ctl_store == "filled" && record.ctl_store_name.is_none() {
            record.ctl_store_name = StoreName::new("CA").ok();
        }
        if let Some(certificate) = &mut record.certificate {
            let name = certificate.store_name.take();
            let is_my = |name: &StoreName| name.as_str().eq_ignore_ascii_case("MY");
            certificate.store_name = match windows.store_name {
                "null-to-my" => name.or_else(|| StoreName::new("MY").ok()),
                "my-to-null" => name.filter(|name| !is_my(name)),
                "upper" => {
                    name.map(|name| StoreName::new(&name.as_str().to_uppercase()).unwrap_or(name))
                }
                _ => name,
            };
        }
        let key = self.stored_key(binding.key());
        let spelling = binding
            .host_spelling()
            .filter(|_| windows.host_names != "lower");
        let stored = Binding::new(key, record).map_err(|_| win32::INVALID_PARAMETER)?;
        match spelling {
            Some(spelling) => stored
                .with_host_spelling(spelling)
                .map_err(|_| win32::INVALID_PARAMETER),
            None => Ok(stored),
        }
    }

    /// The key in the form that this Windows stores.
    pub(crate) fn stored_key(&self, key: &BindingKey) -> BindingKey {
        let BindingKey::IpPort(endpoint) = key else {
            return key.clone();
        };
        let SocketAddr::V6(mut v6) = endpoint.addr() else {
            return key.clone();
        };
        let address = match self.windows().ipv6 {
            "no-scope" => {
                v6.set_scope_id(0);
                SocketAddr::V6(v6)
            }
            "mapped-to-ipv4" => match v6.ip().to_ipv4_mapped() {
                Some(v4) => SocketAddr::from((v4, v6.port())),
                None => SocketAddr::V6(v6),
            },
            _ => SocketAddr::V6(v6),
        };
        IpPort::new(address).map_or_else(|_| key.clone(), BindingKey::IpPort)
    }

    /// The record after an update.
    pub(crate) fn updated(&self, found: &Binding, wanted: &Binding) -> Record {
        let (old, new) = (found.record(), wanted.record());
        let mut record = new.clone();
        match self.windows().update {
            "certificate" => {
                record = old.clone();
                record.certificate.clone_from(&new.certificate);
                record.app_id = new.app_id;
            }
            "merges" => {
                record.flags = old.flags | new.flags;
                record.check_mode = old.check_mode | new.check_mode;
                let none: Option<CtlIdentifier> = None;
                if record.ctl_identifier == none {
                    record.ctl_identifier.clone_from(&old.ctl_identifier);
                }
            }
            "nothing" => record = old.clone(),
            _ => {}
        }
        record.extended = match self.windows().property_on_update {
            "dropped" => ExtendedProperties::default(),
            _ => old.extended.clone(),
        };
        record
    }

    /// Whether a set is refused, since a key was just deleted.
    pub(crate) fn is_settling(&self) -> bool {
        let mut history = self.history();
        let is_refused = history.refused_sets > 0;
        history.refused_sets = history.refused_sets.saturating_sub(1);
        is_refused
    }

    /// Whether a certificate is too new to be used.
    pub(crate) fn is_new_certificate(&self, hash: &CertHash) -> bool {
        if self.windows().certificate_new != "87" {
            return false;
        }
        let mut history = self.history();
        let uses = history.uses.entry(*hash).or_default();
        *uses += 1;
        *uses <= REFUSED_USES
    }

    /// Makes the deletions in progress take effect, for a Windows that deletes later.
    pub fn settle(&self) {
        self.finish_deletions(|_| true);
    }

    /// Counts down the deletions in progress, and executes those that are due.
    fn finish_deletions(&self, is_due: impl Fn(u32) -> bool) {
        let mut due = Vec::new();
        self.history().deleting.retain(|key, left| {
            let is_due = is_due(*left);
            *left = left.saturating_sub(1);
            if is_due {
                due.push(key.clone());
            }
            !is_due
        });
        for key in due {
            // Another program may have removed it in the meantime.
            let _ = self.changing(|store| store.remove(&key).map(drop));
        }
    }

    /// Whether a deletion of the key is in progress; one is begun if `begins`.
    pub(crate) fn is_deleting(&self, key: &BindingKey, begins: bool) -> bool {
        if self.windows().delete != "later" {
            return false;
        }
        let mut history = self.history();
        if begins {
            history.deleting.entry(key.clone()).or_insert(DELETING);
        }
        history.deleting.contains_key(key)
    }

    /// Remembers the remains of a deletion.
    pub(crate) fn deleted(&self, found: &Binding) {
        let windows = self.windows();
        let mut history = self.history();
        if windows.set_after_delete == "183" {
            history.refused_sets = REFUSED_SETS;
        }
        if windows.property_on_delete == "left" {
            let left = found.record().extended.clone();
            history.left.insert(found.key().clone(), left);
        }
    }

    /// The properties that a deletion has left at a key.
    pub(crate) fn take_left(&self, key: &BindingKey) -> ExtendedProperties {
        self.history().left.remove(key).unwrap_or_default()
    }

    /// The record at an index, as this Windows counts.
    pub(crate) fn enumerated(
        &self,
        kind: Kind,
        index: u32,
        at: impl Fn(u32) -> Result<Binding, u32>,
    ) -> Result<Binding, u32> {
        let windows = self.windows();
        let count = || -> Result<u32, u32> {
            let found = self
                .store()
                .scan(&Scan::all().of_kind(kind))
                .map_err(store_code)?;
            Ok(u32::try_from(found.count()).unwrap_or(u32::MAX))
        };
        let is_reversed = match windows.order {
            "reversed" => true,
            "changing" => {
                let mut history = self.history();
                history.enumerations += u64::from(index == 0);
                history.enumerations.is_multiple_of(2)
            }
            _ => false,
        };
        let nth = |index: u32| match is_reversed {
            true => match count()?.checked_sub(index.saturating_add(1)) {
                Some(index) => at(index),
                None => Err(win32::NO_MORE_ITEMS),
            },
            false => at(index),
        };
        let found = match (windows.index, index) {
            ("from-1", 0) => Err(win32::INVALID_PARAMETER),
            ("from-1", index) => nth(index - 1),
            ("ignored", _) => nth(0),
            ("wraps", index) => nth(index.checked_rem(count()?).unwrap_or(index)),
            ("twice", index) => nth(index.saturating_sub(1)),
            ("hole-2", 1) => Err(2),
            ("hole-87", 1) => Err(87),
            ("hole-1168", 1) => Err(1168),
            ("hole-2" | "hole-87" | "hole-1168", index) if index > 1 => nth(index - 1),
            (_, index) => nth(index),
        };
        let is_plain = windows.empty_kind == windows.query_next_end;
        match found {
            Err(win32::NO_MORE_ITEMS) if !is_plain && count()? == 0 => {
                Err(code(windows.empty_kind).unwrap_or(win32::NO_MORE_ITEMS))
            }
            Err(win32::NO_MORE_ITEMS) => {
                Err(code(windows.query_next_end).unwrap_or(win32::NO_MORE_ITEMS))
            }
            found => found,
        }
    }

    /// The answer to an exact query of a key that is not bound: a record, or none for a success
    /// without one.
    pub(crate) fn missing(&self, key: &BindingKey) -> Result<Option<Binding>, u32> {
        match self.windows().missing_key {
            "empty" => Ok(None),
            "serving" => {
                let found = self.store().scan(&Scan::all().of_kind(key.kind()));
                let mut found = found.map_err(store_code)?.filter_map(Result::ok);
                let serving = found.find(|found| found.key().port() == key.port());
                serving.map(Some).ok_or(win32::FILE_NOT_FOUND)
            }
            answer => Err(code(answer).unwrap_or(win32::FILE_NOT_FOUND)),
        }
    }

    /// The record with its host name in the spelling that this Windows returns.
    pub(crate) fn spelled(&self, binding: Binding, is_listed: bool) -> Result<Binding, u32> {
        let host = binding.key().host().map(|host| host.as_str().to_owned());
        let spelled = match (host, self.windows().host_names) {
            (Some(host), "lower-listed") if is_listed => host,
            _ => return Ok(binding),
        };
        // A spelling that is invalid in a binding is omitted.
        Ok(binding
            .clone()
            .with_host_spelling(&spelled)
            .unwrap_or(binding))
    }

    /// Whether a record is the modified one: the first of its kind.
    pub(crate) fn is_odd(&self, binding: &Binding) -> bool {
        if self.windows().odd_record == "none" {
            return false;
        }
        let kind = binding.key().kind();
        let first = self
            .store()
            .scan(&Scan::all().of_kind(kind))
            .map(|mut found| found.next());
        matches!(first, Ok(Some(Ok(first))) if first.key() == binding.key())
    }

    /// Whether this Windows has a type of property.
    pub(crate) fn type_refusal(&self, of: PropertyType) -> Result<(), u32> {
        let refusal = code(self.windows().property_types).filter(|_| of.number() >= 2);
        refusal.map_or(Ok(()), Err)
    }
}
