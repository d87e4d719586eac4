//! Which records of HTTP.sys answer for the bindings of IIS's sites.

use std::net::{IpAddr, SocketAddr};

use certbind_core::{BindingKey, Host as HostName, HostPort, IpPort, Port};

use crate::finding::{FindingLocation, Subject};
use crate::fleet::Host;
use crate::host_binding::HostBinding;
use crate::host_export::SitesOfIis;
use crate::iis::{Configuration, Site, SiteBinding, SiteFlags};

/// A binding of a site.
#[derive(Clone, Copy)]
pub(crate) struct OfSite<'a> {
    pub(crate) site: &'a Site,
    pub(crate) binding: &'a SiteBinding,
}

/// How a site's binding is answered.
pub(crate) enum Answer<'h, 'a> {
    /// By the record that it requires.
    Own(&'h HostBinding<'a>),
    /// By a record of another kind, which does not contain the site's name.
    Other(&'h HostBinding<'a>),
    Nothing,
}

impl<'a> Host<'a> {
    /// The configuration of IIS, if it was read.
    pub(crate) fn iis(&self) -> Option<&'a Configuration> {
        match &self.export.iis {
            SitesOfIis::Read { configuration, .. } if self.export.not_assessed.is_none() => {
                Some(configuration)
            }
            _ => None,
        }
    }

    /// The `https` bindings of the sites that start with IIS.
    pub(crate) fn site_bindings(&self) -> impl Iterator<Item = OfSite<'a>> {
        let sites = self.iis().into_iter().flat_map(|it| &it.sites);
        let started = sites.filter(|site| site.starts);
        started.flat_map(|site| {
            let bindings = site.https.iter();
            bindings.map(move |binding| OfSite { site, binding })
        })
    }

    /// The place of a site's binding.
    pub(crate) fn place_of_site(&self, of: OfSite<'_>) -> FindingLocation {
        let name = of.binding.name(of.site);
        self.place(Subject::Site(name.into()), Some(of.binding.line))
    }

    fn find(&self, key: &BindingKey) -> Option<&HostBinding<'a>> {
        let at = self
            .bindings
            .binary_search_by(|bound| bound.binding.key().cmp(key));
        at.ok().map(|at| &self.bindings[at])
    }

    /// The record of a host name, or else of the wildcard that covers it.
    fn find_name(
        &self,
        host: &str,
        port: Port,
        key: impl Fn(HostPort) -> BindingKey,
    ) -> Option<&HostBinding<'a>> {
        let find = |name: &str| {
            let name = HostName::new(name).ok()?;
            self.find(&key(HostPort::new(name, port)))
        };
        let wildcard = || find(&wildcard(host)?);
        find(host).or_else(wildcard)
    }

    /// The record that a site's binding requires, or another that answers in its place.
    pub(crate) fn answer(&self, of: &SiteBinding) -> Answer<'_, 'a> {
        let name = of.host.as_deref();
        let port = of.port;
        let by_name = || self.find_name(name?, port, BindingKey::Sni);
        let by_central = || {
            let scoped = || self.find_name(name?, port, BindingKey::ScopedCcs);
            scoped().or_else(|| self.find(&BindingKey::Ccs(port)))
        };
        let by_address = || self.by_address(of.address, port);
        let own = match () {
            () if of.flags.contains(SiteFlags::CENTRAL) => by_central(),
            () if of.flags.contains(SiteFlags::SNI) => by_name(),
            () => by_address(),
        };
        match own {
            Some(own) => Answer::Own(own),
            None => by_name()
                .or_else(by_central)
                .or_else(by_address)
                .map_or(Answer::Nothing, Answer::Other),
        }
    }

    /// The record that answers at an address, or for all addresses if there is none. For all, the record
    /// of a single address answers in part, where there is no other.
    fn by_address(&self, address: Option<IpAddr>, port: Port) -> Option<&HostBinding<'a>> {
        let at = |ip: IpAddr| {
            let endpoint = IpPort::new(SocketAddr::new(ip, port.get())).ok()?;
            self.find(&BindingKey::IpPort(endpoint))
        };
        let any_v4 = || at(IpAddr::from([0; 4]));
        let any_v6 = || at(IpAddr::from([0; 16]));
        match address {
            Some(ip) if ip.is_ipv4() => at(ip).or_else(any_v4),
            // 0.0.0.0 is for every address of either version (HTTP_SERVICE_CONFIG_SSL_KEY).
            Some(ip) => at(ip).or_else(any_v6).or_else(any_v4),
            None => any_v4().or_else(any_v6).or_else(|| {
                let single = &self.ports.get(&port)?.addresses;
                let key = single.first()?.binding.key();
                self.find(key)
            }),
        }
    }
}

/// The wildcard that covers a host name: `*.contoso.com` for `www.contoso.com`.
pub(crate) fn wildcard(host: &str) -> Option<String> {
    let (_, parent) = host.split_once('.')?;
    Some(format!("*.{parent}"))
}
