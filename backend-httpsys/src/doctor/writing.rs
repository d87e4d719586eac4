//! Questions that binding an unused key answers: how records are stored.

use certbind_core::{
    Binding, BindingKey, CertCheckMode, ExtendedProperties, Kind, Property, PropertyType,
    PropertyValue, Record, SslFlags, StoreName, Uuid,
};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{Query, with_delete_property, with_set_property};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use super::{Doctor, WriteProbe};
use crate::code::is_absent;
use crate::session::Answer;

/// Flags and a check mode without a name in `http.h`.
const UNKNOWN_FLAG: u32 = 0x8000_0000;
const UNKNOWN_MODE: u32 = 0x2000_0000;

/// How often a key is read until a deletion has taken effect.
const READS: u32 = 8;

/// How often a key is deleted until it is given up.
const DELETIONS: u32 = 2;

/// The owner of the keys of a probe.
pub(super) const APP_ID: Uuid = Uuid::from_u128(0xce27_b13d_d0c7_4000_8000_0000_0000_0001);
const OTHER_APP_ID: Uuid = Uuid::from_u128(0xce27_b13d_d0c7_4000_8000_0000_0000_0002);

/// The options that only writing can show.
pub(super) const OF_WRITES: [&str; 24] = [
    "rights",
    "certificate_new",
    "ipv6",
    "host_names",
    "set",
    "set_bound",
    "set_after_delete",
    "delete",
    "delete_unbound",
    "update",
    "update_any",
    "update_scoped_ccs",
    "done_but",
    "flags",
    "check_mode",
    "times",
    "store_name",
    "ctl_store",
    "property_set",
    "property_update",
    "property_delete",
    "property_on_update",
    "property_on_delete",
    "certificate_missing",
];

impl<A: HttpApi> Doctor<A> {
    pub(super) fn write(&mut self, probe: &WriteProbe) {
        let key = format!("ipport=127.0.0.1:{}", probe.port);
        let key: BindingKey = key.parse().expect("an address and a port");
        let record = |store: Option<StoreName>| Record::new(probe.certificate, store, APP_ID);
        let plain = Binding::new(key, record(probe.store_name.clone())).expect("an ipport record");
        if self.found.has_update {
            self.session.update(&plain);
            if self.bound(plain.key(), None).is_some() {
                self.finding("update", "upsert", "an update of a key that is not bound");
                self.clear(&plain);
            }
        }
        if self.probe_record(&plain) {
            self.properties_of(&plain);
            self.unusual(&plain);
            self.other_keys(probe);
        }
        self.not_probed(&OF_WRITES, "the write probe did not come to it");
    }

    /// Binds the key. Whether it is bound then.
    fn probe_record(&mut self, plain: &Binding) -> bool {
        let evidence = format!("a set of {}", plain.key());
        let mut code = self.set_until_bound(plain);
        let first = code;
        for attempt in 0..READS {
            if first != win32::INVALID_PARAMETER || self.bound(plain.key(), None).is_some() {
                break;
            }
            self.session.pause(attempt);
            code = self.session.set(plain);
        }
        let Some(found) = self.bound(plain.key(), None) else {
            match code {
                NO_ERROR if self.is_deleted(plain) => self.finding("set", "forgets", &evidence),
                win32::ACCESS_DENIED => self.finding("rights", "read", &evidence),
                code => self.not_probed(&OF_WRITES, &format!("the set was answered {code}")),
            }
            self.clear(plain);
            return false;
        };
        let is_new = first == win32::INVALID_PARAMETER && code == NO_ERROR;
        let new = if is_new { first } else { NO_ERROR };
        self.finding("certificate_new", new, &evidence);
        self.finding("set", "stores", &evidence);
        self.finding("rights", "all", &evidence);
        self.finding("done_but", code, &evidence);
        self.compare(plain, &found);
        let again = self.session.set(plain);
        self.finding("set_bound", again, "a set of a bound key");
        self.update(plain, &found);
        true
    }

    /// Compares a record without options with the form in which Windows stored it.
    fn compare(&mut self, wanted: &Binding, found: &Binding) {
        let (a, b) = (wanted.record(), found.record());
        let evidence = "a record that was read back";
        let times = match b.url_retrieval_timeout {
            timeout if timeout == a.url_retrieval_timeout => "kept",
            _ => "default",
        };
        self.finding("times", times, evidence);
        let store = |record: &Record| {
            let certificate = record.certificate.as_ref();
            certificate.and_then(|certificate| certificate.store_name.clone())
        };
        let store = match (store(a), store(b)) {
            (None, Some(_)) => Some("null-to-my"),
            (Some(_), None) => Some("my-to-null"),
            _ => None,
        };
        if let Some(store) = store {
            self.finding("store_name", store, evidence);
        }
        let filled = a.ctl_store_name.is_none() && b.ctl_store_name.is_some();
        self.finding(
            "ctl_store",
            if filled { "filled" } else { "kept" },
            evidence,
        );
        if b.flags.bits() & !a.flags.bits() != 0 {
            self.finding("flags", "add", evidence);
        }
    }

    fn update(&mut self, plain: &Binding, before: &Binding) {
        let evidence = format!("an update of {}", plain.key());
        if !self.found.has_update {
            return self.finding("update_any", "not-exported", &evidence);
        }
        let with_flags = |flags| {
            let mut record = plain.record().clone().with_flags(flags);
            record.app_id = OTHER_APP_ID;
            plain.clone().with_record(record).expect("an ipport record")
        };
        let first = with_flags(SslFlags::NEGOTIATE_CLIENT_CERT);
        let code = self.session.update(&first);
        let Some(found) = self.bound(plain.key(), None) else {
            return;
        };
        let (a, b) = (found.record(), before.record());
        let answer = match () {
            () if a.app_id == b.app_id && code != NO_ERROR => {
                return self.finding("update_any", code, &evidence);
            }
            () if a.app_id == b.app_id => "nothing",
            () if !a.flags.contains(SslFlags::NEGOTIATE_CLIENT_CERT) => "certificate",
            () => {
                self.session.update(&with_flags(SslFlags::USE_DS_MAPPER));
                let merged = self.bound(plain.key(), None);
                let flag = SslFlags::NEGOTIATE_CLIENT_CERT;
                match merged.is_some_and(|found| found.record().flags.contains(flag)) {
                    true => "merges",
                    false => "replaces",
                }
            }
        };
        self.finding("update_any", NO_ERROR, &evidence);
        self.finding("update", answer, &evidence);
    }

    /// Sets, updates and deletes a property of the bound key.
    fn properties_of(&mut self, bound: &Binding) {
        let options = OF_WRITES
            .iter()
            .filter(|option| option.starts_with("property"));
        let options: Vec<_> = options.copied().collect();
        if self.found.answer("property_ids") != Some("0") {
            return self.not_probed(&options, "the host has no extended properties");
        }
        let window = |receive_window| Property::from(PropertyValue::Http2Window { receive_window });
        let key = bound.key();
        let of = PropertyType::Http2Window;
        let set = |doctor: &Self, property: &Property, updates: bool| {
            with_set_property(key, None, property, |request| match updates {
                true => doctor.session.raw_update(request),
                false => doctor.session.raw_set(request),
            })
        };
        let is = |doctor: &Self, wanted: &Property| match doctor.exact(key, of) {
            Answer::Found((_, Ok((_, found)))) => found == *wanted,
            _ => false,
        };
        for (option, property, updates) in [
            ("property_set", window(71_000), false),
            ("property_update", window(72_000), true),
        ] {
            let code = set(self, &property, updates);
            let answer = match (code, is(self, &property)) {
                (_, true) => "stores".to_owned(),
                (NO_ERROR, false) => "forgets".to_owned(),
                (code, false) => code.to_string(),
            };
            self.finding(option, answer, "a window of a bound key");
        }
        let kept = [window(71_000), window(72_000)];
        let is_set = |doctor: &Self| kept.iter().any(|property| is(doctor, property));
        if !is_set(self) {
            return self.not_probed(&options, "no property could be set");
        }
        if matches!(self.found.answer("update"), Some("replaces" | "upsert")) {
            self.session.update(bound);
            let answer = if is_set(self) { "kept" } else { "dropped" };
            self.finding(
                "property_on_update",
                answer,
                "an update of a record with a window",
            );
            set(self, &kept[0], false);
            set(self, &kept[1], true);
        }
        self.session.delete(bound);
        self.is_deleted(bound);
        self.set_until_bound(bound);
        let answer = if is_set(self) { "left" } else { "deleted" };
        self.finding(
            "property_on_delete",
            answer,
            "a deletion of a record with a window",
        );
        set(self, &kept[0], false);
        set(self, &kept[1], true);
        let code = with_delete_property(key, None, of, |request| self.session.raw_delete(request));
        let answer = match (code, is_set(self)) {
            (_, false) => "removes".to_owned(),
            (NO_ERROR, true) => "keeps".to_owned(),
            (code, true) => code.to_string(),
        };
        self.finding("property_delete", answer, "a deletion of a window");
        let is_kept = is_set(self) && self.found.answer("property_on_delete") == Some("left");
        if is_kept {
            self.leave(key);
        }
    }

    /// Deletes the key and sets it again, with bits that have no name in `http.h`.
    fn unusual(&mut self, plain: &Binding) {
        let code = self.session.delete(plain);
        let evidence = format!("a deletion of {}", plain.key());
        let is_later = code == NO_ERROR && self.bound(plain.key(), None).is_some();
        let is_gone = self.is_deleted(plain);
        let answer = match (is_gone, is_later) {
            (false, _) => "keeps",
            (true, true) => "later",
            (true, false) => "removes",
        };
        self.finding("delete", answer, &evidence);
        if !is_gone {
            self.leave(plain.key());
            return;
        }
        let with = |flags: u32, mode: u32, store: Option<StoreName>| {
            let mut record = plain.record().clone();
            record.flags = SslFlags::from_bits_retain(flags);
            record.check_mode = CertCheckMode::from_bits_retain(mode);
            record.extended = ExtendedProperties::default();
            if let (Some(certificate), Some(store)) = (&mut record.certificate, store) {
                certificate.store_name = Some(store);
            }
            plain.clone().with_record(record).expect("an ipport record")
        };
        let known = SslFlags::NEGOTIATE_CLIENT_CERT.bits();
        let code = self.session.set(&with(known, 0, None));
        let code = match code {
            win32::ALREADY_EXISTS => {
                self.finding("set_after_delete", code, "a set after a deletion");
                self.set_until_bound(&with(known, 0, None))
            }
            code => {
                self.finding("set_after_delete", NO_ERROR, "a set after a deletion");
                code
            }
        };
        let evidence = "a set with bits that http.h does not name";
        if let Some(found) = self.bound(plain.key(), None) {
            if found.record().flags.bits() & known == 0 {
                self.finding("flags", "drop-known", evidence);
            }
        } else {
            return self.not_probed(&["flags"], &format!("the set was answered {code}"));
        }
        for (option, flags, mode) in [("flags", UNKNOWN_FLAG, 0), ("check_mode", 0, UNKNOWN_MODE)] {
            self.session.delete(plain);
            self.is_deleted(plain);
            let code = self.set_until_bound(&with(flags, mode, None));
            let found = self.bound(plain.key(), None);
            let bits = found.map(|found| match mode {
                0 => found.record().flags.bits() & UNKNOWN_FLAG,
                _ => found.record().check_mode.bits() & UNKNOWN_MODE,
            });
            let answer = match (bits, code) {
                (None, win32::INVALID_PARAMETER) => "refuse-unknown",
                (None, _) => continue,
                (Some(0), _) => "drop-unknown",
                (Some(_), _) => "kept",
            };
            self.finding(option, answer, evidence);
        }
        self.store_name(plain, &with);
        self.clear(plain);
        let code = self.session.delete(plain);
        self.finding(
            "delete_unbound",
            code,
            "a deletion of a key that is not bound",
        );
    }

    /// Names the certificate store in lower case.
    fn store_name(
        &mut self,
        plain: &Binding,
        with: &impl Fn(u32, u32, Option<StoreName>) -> Binding,
    ) {
        let certificate = plain.record().certificate.as_ref();
        let name = certificate.and_then(|certificate| certificate.store_name.as_ref());
        let lower = name.map_or_else(|| "my".to_owned(), |name| name.as_str().to_lowercase());
        let Ok(lower) = StoreName::new(&lower) else {
            return;
        };
        self.session.delete(plain);
        self.is_deleted(plain);
        self.set_until_bound(&with(0, 0, Some(lower.clone())));
        let Some(found) = self.bound(plain.key(), None) else {
            return;
        };
        let certificate = found.record().certificate.as_ref();
        let stored = certificate.and_then(|certificate| certificate.store_name.as_ref());
        let answer = match stored {
            None => "my-to-null",
            Some(stored) if *stored == lower => "kept",
            Some(_) => "upper",
        };
        self.finding(
            "store_name",
            answer,
            "a set that names the store in lower case",
        );
    }

    /// Deletes a key of the probe, and keeps it in the list of those left if it may be bound still.
    pub(super) fn clear(&mut self, binding: &Binding) {
        for _ in 0..DELETIONS {
            self.session.delete(binding);
            if self.is_deleted(binding) {
                return;
            }
        }
        self.leave(binding.key());
    }

    pub(super) fn leave(&mut self, key: &BindingKey) {
        if !self.found.left.contains(key) {
            self.found.left.push(key.clone());
        }
    }

    /// Sets a key, again while a deletion before it takes effect. The last code.
    pub(super) fn set_until_bound(&self, binding: &Binding) -> u32 {
        let mut code = self.session.set(binding);
        for attempt in 0..READS {
            if code != win32::ALREADY_EXISTS {
                break;
            }
            self.session.pause(attempt);
            code = self.session.set(binding);
        }
        code
    }

    /// Whether a key is known not to be bound, at once or after a pause.
    pub(super) fn is_deleted(&self, binding: &Binding) -> bool {
        (0..READS).any(|attempt| {
            let is_deleted = self.is_unbound(binding);
            if !is_deleted {
                self.session.pause(attempt);
            }
            is_deleted
        })
    }

    fn is_unbound(&self, binding: &Binding) -> bool {
        let (key, host_spelling) = (binding.key(), binding.host_spelling());
        match self.record(key.kind(), Query::Exact { key, host_spelling }) {
            Answer::Found(record) => {
                // Another record serves the key where it is not bound.
                let is_other = |found: &Binding| found.key() != key;
                record.is_blank || record.binding.as_ref().is_ok_and(is_other)
            }
            Answer::Code(code) => {
                let missing = self.found.answer("missing_key");
                is_absent(code) || missing == Some(code.to_string().as_str())
            }
            Answer::Malformed(_) => false,
        }
    }

    /// Whether a kind of key can be probed.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.found.kinds.contains(&kind)
    }
}
