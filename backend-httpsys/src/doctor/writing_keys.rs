//! Questions that binding an unused key answers: how keys are stored.

use certbind_core::{Binding, BindingKey, CertHash, Kind, Record};
use certbind_httpapi_abi::HttpApi;
use windows_sys::Win32::Foundation::NO_ERROR;

use super::writing::APP_ID;
use super::{Doctor, WriteProbe};

/// The hash of no certificate.
const NO_CERTIFICATE: CertHash = CertHash::new(*b"certbind doctor hash");

impl<A: HttpApi> Doctor<A> {
    pub(super) fn other_keys(&mut self, probe: &WriteProbe) {
        let store = probe.store_name.clone();
        let binding = |key: &str, hash: CertHash| {
            let key: BindingKey = format!("{key}:{}", probe.port).parse().expect("a key");
            let record = match key.kind().names_certificate() {
                true => Record::new(hash, store.clone(), APP_ID),
                false => Record::central(APP_ID),
            };
            Binding::new(key, record).expect("a record of the kind")
        };
        let absent = binding("ipport=127.0.0.1", NO_CERTIFICATE);
        let code = self.session.set(&absent);
        let evidence = "a set with a certificate that is not there";
        self.finding("certificate_missing", code, evidence);
        self.clear(&absent);
        self.ipv6(
            &binding("ipport=[fe80::1%1]", probe.certificate),
            "no-scope",
        );
        let mapped = binding("ipport=[::ffff:127.0.0.1]", probe.certificate);
        self.ipv6(&mapped, "mapped-to-ipv4");
        if self.found.answer("ipv6").is_none() && self.found.left.is_empty() {
            self.finding("ipv6", "as-given", "IPv6 addresses that were bound");
        }
        if self.has(Kind::Sni) {
            let name = binding("hostnameport=certbind-doctor.invalid", probe.certificate);
            self.host_name(&name);
        }
        if self.has(Kind::ScopedCcs) && self.found.has_update {
            let scoped = binding("scopedccs=certbind-doctor.invalid", probe.certificate);
            if self.session.set(&scoped) == NO_ERROR {
                let code = self.session.update(&scoped);
                let any = self.found.answer("update_any").map(str::to_owned);
                let is_any = any.as_deref() == Some(code.to_string().as_str());
                let answer = if is_any { NO_ERROR } else { code };
                self.finding("update_scoped_ccs", answer, "an update of a scoped CCS key");
            }
            self.clear(&scoped);
        }
    }

    /// Binds an IPv6 address, and looks for the form in which Windows may have stored it.
    fn ipv6(&mut self, wanted: &Binding, answer: &str) {
        let Some(other) = crate::records::other_spelling(wanted.key()) else {
            return;
        };
        if self.bound(&other, None).is_some() || self.session.set(wanted) != NO_ERROR {
            return self.clear(wanted);
        }
        if self.is_listed(&other) {
            self.finding("ipv6", answer, &format!("a set of {}", wanted.key()));
            let moved = Binding::new(other, wanted.record().clone()).expect("an ipport record");
            self.clear(&moved);
        }
        self.clear(wanted);
    }

    fn is_listed(&self, key: &BindingKey) -> bool {
        let listing = self.session.records(key.kind());
        listing.records.iter().any(|(_, listed, _)| listed == key)
    }

    /// Binds a host name with capitals.
    fn host_name(&mut self, binding: &Binding) {
        let spelled = "Certbind-Doctor.Invalid";
        let Ok(binding) = binding.clone().with_host_spelling(spelled) else {
            return;
        };
        let evidence = format!("a set of {}", binding.spelled_key());
        self.session.set(&binding);
        let listed = self.session.records(Kind::Sni).records.into_iter();
        let mut listed = listed.filter(|(_, key, _)| key == binding.key());
        if let Some((.., listed)) = listed.next() {
            let exact = self.bound(binding.key(), Some(spelled));
            let exact = exact.map(|exact| exact.host_spelling().map(str::to_owned));
            let answer = match (listed.host_spelling(), exact) {
                (_, None) => "exact-case",
                (Some(listed), _) if listed == spelled => "as-spelled",
                (_, Some(Some(exact))) if exact == spelled => "lower-listed",
                _ => "lower",
            };
            self.finding("host_names", answer, &evidence);
        }
        self.clear(&binding);
    }
}
