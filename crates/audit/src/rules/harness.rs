//! Trying rules: scenes that trip them, and scenes that do not.

use certbind_certificates::Certificate;
use certbind_core::{Binding, CertHash, Kind, Record, SslFlags};
use certbind_formats::{Configuration, ReadOptions, read};
use certbind_httpapi_abi::service::UrlReservation;

use crate::applications::IIS;
use crate::config::Config;
use crate::engine::audit;
use crate::finding::Finding;
use crate::host_export::{Baseline, HostExport, SitesOfIis};
use crate::iis::Site;
use crate::inventory::Inventory;
use crate::rule::Rule;
use crate::waiver::{Scope, Waiver};

/// The cases in which a rule has a finding, and those in which it has none.
#[derive(Default)]
pub(crate) struct Cases {
    trips: Vec<(Scene, &'static [&'static str], &'static str)>,
    passes: Vec<(&'static str, Scene)>,
}

impl Cases {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The rule has findings exactly in these places; the first sentence contains `said`.
    pub(crate) fn trips(
        mut self,
        scene: Scene,
        places: &'static [&'static str],
        said: &'static str,
    ) -> Self {
        self.trips.push((scene, places, said));
        self
    }

    /// The rule finds nothing, because of this.
    pub(crate) fn passes(mut self, why: &'static str, scene: Scene) -> Self {
        self.passes.push((why, scene));
        self
    }

    pub(crate) fn hold(&self, rule: &'static Rule) {
        assert!(
            !self.trips.is_empty() && !self.passes.is_empty(),
            "{}",
            rule.id
        );
        for (scene, places, said) in &self.trips {
            let found = scene.findings(rule);
            let at: Vec<_> = found
                .iter()
                .map(|it| it.place.subject.to_string())
                .collect();
            assert_eq!(at, *places, "{}: {found:?}", rule.id);
            let sentence = &found[0].sentence;
            assert!(sentence.contains(said), "{}: {sentence}", rule.id);
        }
        for (why, scene) in &self.passes {
            let found = scene.findings(rule);
            assert!(found.is_empty(), "{}, {why}: {found:?}", rule.id);
        }
    }
}

/// Hosts, the other data of the audit, and the configuration. The time is 1 June 2026.
pub(crate) struct Scene {
    hosts: Vec<HostExport>,
    inventory: Inventory,
    config: Config,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self {
            hosts: vec![HostExport::of_bindings("web-01", Vec::new())],
            inventory: Inventory::none(),
            config: Config::at("2026-06-01T00:00:00Z".parse().unwrap()),
        }
    }

    /// `www.contoso.com`, bound to its certificate, which is known.
    pub(crate) fn www() -> Self {
        Self::new()
            .knows("www")
            .bind_to("hostnameport=www.contoso.com:443", "www")
    }

    /// All bindings from here on are on another host.
    pub(crate) fn host(mut self, name: &str) -> Self {
        self.hosts.push(HostExport::of_bindings(name, Vec::new()));
        self
    }

    pub(crate) fn bind(self, key: &str) -> Self {
        self.bind_as(key, |_| ())
    }

    /// Binds a key to a record that is at every default but for this.
    pub(crate) fn bind_as(mut self, key: &str, but: impl FnOnce(&mut Record)) -> Self {
        let binding = bound(key, but);
        let host = self.hosts.last_mut().unwrap();
        host.reading.export.bindings.push(binding);
        self
    }

    /// Binds a key to one of the certificates in the folder of fixtures.
    pub(crate) fn bind_to(self, key: &str, certificate: &str) -> Self {
        let hash = *fixture(certificate).hash();
        self.bind_as(key, |record| {
            record.certificate.as_mut().unwrap().hash = hash;
        })
    }

    /// The host has a URL reservation.
    pub(crate) fn reserved(self, url: &str, sddl: &str) -> Self {
        let reservation = UrlReservation {
            url: url.parse().unwrap(),
            sddl: sddl.parse().unwrap(),
        };
        self.configured(|configuration| configuration.url_reservations.push(reservation))
    }

    /// The host has a listen list.
    pub(crate) fn listening_on(self, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
        self.configured(|configuration| configuration.listen_list = addresses)
    }

    /// The host has these timeouts, in seconds.
    pub(crate) fn timeouts(self, idle: u16, header: u16) -> Self {
        self.configured(|configuration| {
            configuration.idle_connection_timeout = Some(idle);
            configuration.header_wait_timeout = Some(header);
        })
    }

    fn configured(mut self, change: impl FnOnce(&mut Configuration)) -> Self {
        let host = self.hosts.last_mut().unwrap();
        change(host.reading.export.configuration.get_or_insert_default());
        self
    }

    /// The host's export is this text.
    pub(crate) fn export(mut self, text: &str) -> Self {
        let options = ReadOptions {
            keep_going: true,
            ..ReadOptions::default()
        };
        let host = self.hosts.last_mut().unwrap();
        host.reading = read(text.as_bytes(), &options).unwrap();
        self
    }

    /// IIS has a site with this `https` binding, and those before.
    pub(crate) fn site(mut self, name: &str, information: &str, flags: u32) -> Self {
        let binding = format!(
            "<configuration><system.applicationHost><sites><site name='{name}' id='1'><bindings>\
             <binding protocol='https' bindingInformation='{information}' sslFlags='{flags}'/>\
             </bindings></site></sites></system.applicationHost></configuration>"
        );
        let SitesOfIis::Read { configuration, .. } = SitesOfIis::parse("", binding.as_bytes())
        else {
            panic!("{binding}");
        };
        let host = self.hosts.last_mut().unwrap();
        match &mut host.iis {
            SitesOfIis::Read {
                configuration: before,
                ..
            } => before.sites.extend(configuration.sites),
            none => {
                *none = SitesOfIis::Read {
                    file: "applicationHost.config".to_owned(),
                    configuration,
                };
            }
        }
        self
    }

    /// Changes the sites.
    pub(crate) fn change_sites(mut self, change: impl FnOnce(&mut Vec<Site>)) -> Self {
        let host = self.hosts.last_mut().unwrap();
        if host.iis == SitesOfIis::NotGiven {
            host.iis = SitesOfIis::Read {
                file: "applicationHost.config".to_owned(),
                configuration: Box::default(),
            };
        }
        if let SitesOfIis::Read { configuration, .. } = &mut host.iis {
            change(&mut configuration.sites);
        }
        self
    }

    /// The configuration of IIS is this file.
    pub(crate) fn iis(mut self, file: &str) -> Self {
        let sites = SitesOfIis::parse("applicationHost.config", file.as_bytes());
        self.hosts.last_mut().unwrap().iis = sites;
        self
    }

    /// The host was so once.
    pub(crate) fn was(mut self, baseline: Vec<Binding>) -> Self {
        self.hosts.last_mut().unwrap().baseline = Baseline::of_bindings(baseline);
        self
    }

    /// Changes the host.
    pub(crate) fn host_with(mut self, change: impl FnOnce(&mut HostExport)) -> Self {
        change(self.hosts.last_mut().unwrap());
        self
    }

    /// An inventory with this certificate, and those added later.
    pub(crate) fn knows(self, certificate: &str) -> Self {
        let path = format!("{FIXTURES}/{certificate}.pem");
        let bytes = std::fs::read(path).unwrap();
        self.knows_file(certificate, &bytes)
    }

    pub(crate) fn knows_file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.inventory.add_file(name, bytes, &[]);
        self
    }

    pub(crate) fn with(mut self, decide: impl FnOnce(&mut Config)) -> Self {
        decide(&mut self.config);
        self
    }

    pub(crate) fn on(self, day: &str) -> Self {
        let now = format!("{day}T00:00:00Z").parse().unwrap();
        self.with(|config| config.now = now)
    }

    fn findings(&self, rule: &'static Rule) -> Vec<Finding> {
        let report = audit(&self.hosts, &self.inventory, &self.config);
        let of_rule = report.findings.into_iter();
        of_rule
            .filter(|finding| finding.rule.id == rule.id)
            .collect()
    }
}

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

pub(crate) fn fixture(name: &str) -> Certificate {
    let bytes = std::fs::read(format!("{FIXTURES}/{name}.pem")).unwrap();
    certbind_certificates::of_file(&bytes).remove(0)
}

/// A binding without findings, except for the change.
pub(crate) fn bound(key: &str, but: impl FnOnce(&mut Record)) -> Binding {
    let key: certbind_core::BindingKey = key.parse().unwrap();
    let mut record = match key.kind().names_certificate() {
        true => Record::new(hash(1), Some("MY".parse().unwrap()), IIS),
        false => Record::central(IIS),
    };
    if key.kind() != Kind::Ccs {
        record.flags = SslFlags::DISABLE_LEGACY_TLS;
    }
    but(&mut record);
    Binding::new(key, record).unwrap()
}

pub(crate) fn hash(n: u8) -> CertHash {
    CertHash::new([n; 20])
}

/// Binds another certificate than others are bound to.
pub(crate) fn another_certificate(record: &mut Record) {
    record.certificate.as_mut().unwrap().hash = hash(2);
}

/// Decides to waive a rule's finding at a key until the end of a day.
pub(crate) fn waived(rule: &str, key: &str, until: &str) -> impl FnOnce(&mut Config) {
    let waiver = Waiver {
        rule: crate::rules::find(rule).unwrap().id,
        scope: Scope::Key(key.parse().unwrap()),
        host: None,
        reason: "It goes away.".to_owned(),
        until: until.parse().unwrap(),
    };
    |config| config.waivers.push(waiver)
}

/// The values of a binding in the registry.
pub(crate) const REGISTRY_BINDING: &str = "\"AppId\"=hex:11,11,11,11,11,11,11,11,11,11,11,11,11,11,11,11\r\n\
    \"SslCertHash\"=hex:52,52,52,52,52,52,52,52,52,52,52,52,52,52,52,52,52,52,52,52\r\n";

/// A registry export with these values of HTTP.sys, and these of the key of `0.0.0.0:443`.
pub(crate) fn registry(settings: &str, values: &str) -> String {
    let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\HTTP\Parameters";
    format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[{key}]\r\n{settings}\r\n\
         [{key}\\SslBindingInfo\\0.0.0.0:443]\r\n{values}"
    )
}
