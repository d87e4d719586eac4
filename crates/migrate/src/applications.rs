//! The applications that are known to create bindings, and how each renews its certificate.
//!
//! Some applications keep the hash of their certificate in their own configuration as well. If only
//! the binding is renewed, they stop working, or they bind the old certificate again. [`owner`] names
//! the application of a binding, and [`Application::renewal`] the command that renews it there.

use std::fmt;
use std::str::FromStr;

use certbind_core::{Binding, BindingKey, CertHash, Uuid};
use certbind_formats::applications as ids;

/// The id of IIS.
pub const IIS: Uuid = ids::IIS.id;

/// The id of IIS Express.
pub const IIS_EXPRESS: Uuid = ids::IIS_EXPRESS.id;

/// An application that creates bindings.
#[derive(Debug)]
#[non_exhaustive]
pub struct Application {
    /// Its name.
    pub name: &'static str,
    /// The short name by which the command line selects it.
    pub alias: &'static str,
    /// The application id of its bindings. Without one, its bindings have the id of IIS or an
    /// arbitrary one, and are recognized by their key.
    pub id: Option<Uuid>,
    /// Whether a binding without a characteristic id is one of this application.
    recognizes: fn(&Binding) -> bool,
    /// The command that renews the certificate in the application's own configuration; `HASH` is
    /// the placeholder for the hash.
    command: Option<&'static str>,
}

/// The application of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The application.
    pub application: &'static Application,
    /// How certain that is.
    pub certainty: Certainty,
}

/// How an [`Owner`] was recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// By its application id.
    Id,
    /// By its port, address or host name: it may be another application.
    Likely,
}

/// Every known application. Those that are recognized by their keys come first.
///
/// | Application | Source of the id or key | Source of the command |
/// |---|---|---|
/// | Exchange | sites "Default Web Site" (`127.0.0.1:443`) and "Exchange Back End" (port 444): learn.microsoft.com, "Default settings for Exchange virtual directories" | learn.microsoft.com, `Enable-ExchangeCertificate` |
/// | RD Gateway | IIS's id at port 443; host names by custom, such as `rdgw` | learn.microsoft.com, RDS provider for PowerShell; Certify The Web's `RDPGatewayServices.ps1` |
/// | Windows Admin Center | default port 6516: learn.microsoft.com, "Install Windows Admin Center" | the same page: `SME_THUMBPRINT` |
/// | SSTP | KB 947026; the URL path `/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/` of MS-SSTP | KB 947026; learn.microsoft.com, `Set-RemoteAccess`; Posh-ACME.Deploy, `Set-RASSTPCertificate` |
/// | AD FS, Web Application Proxy | learn.microsoft.com, "AD FS Troubleshooting: TLS/SSL fallback bindings" | learn.microsoft.com, `Set-AdfsSslCertificate`, `Set-WebApplicationProxySslCertificate` |
/// | WinRM | Chef's `winrm` cookbook (`WINRM_APPID`) | learn.microsoft.com, "Installation and configuration for Windows Remote Management" |
/// | Reporting Services | public renewal scripts for SSRS 2017 and later | learn.microsoft.com, `CreateSSLCertificateBinding` of the WMI provider |
/// | KDC Proxy, Work Folders, BranchCache | Microsoft's set-up pages for each | none: the binding is the only place |
pub static APPLICATIONS: &[Application] = &[
    Application {
        name: "Exchange",
        alias: "exchange",
        id: None,
        recognizes: is_exchange,
        command: Some("Enable-ExchangeCertificate -Thumbprint HASH -Services IIS"),
    },
    Application {
        name: "RD Gateway",
        alias: "rdgateway",
        id: None,
        recognizes: is_rd_gateway,
        command: Some(
            "Set-Item RDS:\\GatewayServer\\SSLCertificate\\Thumbprint -Value HASH; \
             Restart-Service TSGateway",
        ),
    },
    Application {
        name: "Windows Admin Center",
        alias: "wac",
        id: None,
        recognizes: |binding| binding.key().port().get() == 6516,
        command: Some("msiexec /i WindowsAdminCenter.msi /qn SME_PORT=6516 SME_THUMBPRINT=HASH"),
    },
    Application {
        command: None,
        ..known(ids::IIS)
    },
    Application {
        command: None,
        ..known(ids::IIS_EXPRESS)
    },
    Application {
        command: Some(
            "Set-RemoteAccess -SslCertificate (Get-Item Cert:\\LocalMachine\\My\\HASH); \
             Restart-Service RemoteAccess",
        ),
        ..known(ids::SSTP)
    },
    Application {
        command: Some("Set-AdfsSslCertificate -Thumbprint HASH"),
        ..known(ids::AD_FS)
    },
    Application {
        command: Some("Set-WebApplicationProxySslCertificate -Thumbprint HASH"),
        ..known(ids::WEB_APPLICATION_PROXY)
    },
    Application {
        command: Some(
            "winrm set winrm/config/Listener?Address=*+Transport=HTTPS \
             '@{CertificateThumbprint=\"HASH\"}'",
        ),
        ..known(ids::WINRM)
    },
    known(ids::KDC_PROXY),
    known(ids::WORK_FOLDERS),
    known(ids::BRANCHCACHE),
    Application {
        command: Some(
            "Report Server Configuration Manager, or CreateSSLCertificateBinding of \
             MSReportServer_ConfigurationSetting with HASH",
        ),
        ..known(ids::REPORTING_SERVICES)
    },
];

/// An application that is recognized by its id, and whose binding is the only place of the hash.
const fn known(application: ids::ApplicationId) -> Application {
    Application {
        name: application.name,
        alias: application.alias,
        id: Some(application.id),
        recognizes: |_| false,
        command: None,
    }
}

impl PartialEq for Application {
    fn eq(&self, other: &Self) -> bool {
        self.alias == other.alias
    }
}

impl Eq for Application {}

/// The name of the application with this id, if it is known.
#[must_use]
pub fn name(app_id: &Uuid) -> Option<&'static str> {
    by_id(app_id).map(|application| application.name)
}

/// The application that owns a binding, if it is known: by the application id, or, for applications
/// without an id of their own, by the address, port or host name.
///
/// ```
/// use certbind_core::{Binding, CertHash, Record};
/// use certbind_migrate::applications::{Certainty, owner};
///
/// let sstp = "ba195980-cd49-458b-9e23-c84ee0adcd75".parse()?;
/// let binding = Binding::new("[::]:443".parse()?, Record::new(CertHash::new([1; 20]), None, sstp))?;
/// let owner = owner(&binding).expect("a known application");
/// assert_eq!((owner.application.name, owner.certainty), ("SSTP", Certainty::Id));
/// let renewal = owner.application.renewal(&CertHash::new([2; 20])).expect("a command");
/// assert!(renewal.starts_with("Set-RemoteAccess -SslCertificate"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn owner(binding: &Binding) -> Option<Owner> {
    let app_id = &binding.record().app_id;
    let found = |application, certainty| Owner {
        application,
        certainty,
    };
    let own = by_id(app_id);
    // IIS hosts the sites of other applications, and an unknown id may be any.
    if own.is_none_or(|application| application.id == Some(IIS)) {
        let mut likely = APPLICATIONS.iter();
        if let Some(application) = likely.find(|it| (it.recognizes)(binding)) {
            return Some(found(application, Certainty::Likely));
        }
    }
    own.map(|application| found(application, Certainty::Id))
}

impl Application {
    /// The command that renews the certificate in the application's own configuration. `None` if the
    /// application has the certificate in its binding alone.
    #[must_use]
    pub fn renewal(&self, new: &CertHash) -> Option<String> {
        let command = self.command?;
        Some(command.replace("HASH", &new.to_string()))
    }
}

fn by_id(app_id: &Uuid) -> Option<&'static Application> {
    APPLICATIONS
        .iter()
        .find(|it| it.id.as_ref() == Some(app_id))
}

fn is_exchange(binding: &Binding) -> bool {
    let is_loopback = match binding.key() {
        BindingKey::IpPort(endpoint) => endpoint.ip().is_loopback(),
        _ => false,
    };
    let port = binding.key().port().get();
    binding.record().app_id == IIS && (port == 444 || (is_loopback && port == 443))
}

fn is_rd_gateway(binding: &Binding) -> bool {
    let host = binding.key().host().map(certbind_core::Host::as_str);
    let label = host.and_then(|host| host.split('.').next());
    binding.key().port().get() == 443
        && label.is_some_and(|label| ["rdgw", "rdgateway", "rdg", "tsgateway"].contains(&label))
}

/// An application as an operator names it: by its alias or name, or any application id.
///
/// ```
/// use certbind_migrate::applications::ApplicationName;
///
/// assert!("sstp".parse::<ApplicationName>().is_ok());
/// assert!("BA195980-CD49-458B-9E23-C84EE0ADCD75".parse::<ApplicationName>().is_ok());
/// assert!("sstpp".parse::<ApplicationName>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationName {
    /// A known application.
    Known(&'static Application),
    /// An application id.
    Id(Uuid),
}

impl ApplicationName {
    /// Whether a binding is one of this application.
    #[must_use]
    pub fn owns(&self, binding: &Binding) -> bool {
        let app_id = binding.record().app_id;
        match self {
            Self::Id(id) => app_id == *id,
            Self::Known(application) => {
                application.id == Some(app_id)
                    || owner(binding).is_some_and(|owner| owner.application == *application)
            }
        }
    }
}

impl FromStr for ApplicationName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |it: &&Application| {
            it.alias.eq_ignore_ascii_case(text) || it.name.eq_ignore_ascii_case(text)
        };
        if let Some(application) = APPLICATIONS.iter().find(named) {
            return Ok(Self::Known(application));
        }
        text.parse().map(Self::Id).map_err(|_| {
            let aliases: Vec<_> = APPLICATIONS.iter().map(|it| it.alias).collect();
            match meant(text) {
                Some(name) => {
                    format!("it is neither an application id nor a name; did you mean {name}?")
                }
                None => format!(
                    "expected an application id, a GUID such as {{{}}}, or one of {}",
                    ids::IIS.id,
                    aliases.join(", ")
                ),
            }
        })
    }
}

/// The name that was probably meant: without braces, which are for ids, or the most similar one.
fn meant(text: &str) -> Option<&'static str> {
    let text = text.trim_matches(['{', '}', '"', '\'', ' ']).to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&text, &name.to_lowercase());
    let names = APPLICATIONS
        .iter()
        .flat_map(|it| [it.name, it.alias].map(|name| (name, it.name)));
    let nearest = names.map(|(name, shown)| (distance(name), shown)).min();
    let (distance, name) = nearest?;
    (distance <= 1 + text.len() / 5).then_some(name)
}

impl fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(application) => f.write_str(application.name),
            Self::Id(id) => write!(f, "{{{id}}}"),
        }
    }
}

/// Which applications' bindings are selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationFilter {
    /// Only bindings of these applications. Empty: of all.
    pub only: Vec<ApplicationName>,
    /// No bindings of these applications.
    pub skip: Vec<ApplicationName>,
}

impl ApplicationFilter {
    /// Whether a binding is selected.
    #[must_use]
    pub fn matches(&self, binding: &Binding) -> bool {
        let is_among = |names: &[ApplicationName]| names.iter().any(|name| name.owns(binding));
        (self.only.is_empty() || is_among(&self.only)) && !is_among(&self.skip)
    }

    /// Whether every binding is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use certbind_core::Record;

    use super::*;

    fn binding(key: &str, app_id: Uuid) -> Binding {
        let record = Record::new(CertHash::new([1; 20]), Some("MY".parse().unwrap()), app_id);
        Binding::new(key.parse().unwrap(), record).unwrap()
    }

    #[test]
    fn ids_and_aliases_are_unique() {
        for (at, one) in APPLICATIONS.iter().enumerate() {
            for other in &APPLICATIONS[..at] {
                assert!(one.alias != other.alias && one.name != other.name);
                assert!(one.id.is_none() || one.id != other.id, "{}", one.name);
            }
        }
    }

    /// A name in a desired state and one on the command line are of the same application.
    #[test]
    fn every_named_id_is_of_an_application() {
        for named in ids::KNOWN {
            let application = by_id(&named.id).expect(named.name);
            assert_eq!(
                (application.name, application.alias),
                (named.name, named.alias)
            );
        }
    }

    #[test]
    fn owners_are_recognized_by_id_or_key() {
        let unknown = Uuid::from_u128(7);
        for (key, app_id, expected) in [
            ("0.0.0.0:443", IIS, Some("IIS")),
            ("0.0.0.0:444", IIS, Some("Exchange")),
            ("127.0.0.1:443", IIS, Some("Exchange")),
            ("127.0.0.1:443", unknown, None),
            ("0.0.0.0:6516", unknown, Some("Windows Admin Center")),
            ("hostnameport=rdgw.contoso.com:443", IIS, Some("RD Gateway")),
            ("hostnameport=www.contoso.com:443", IIS, Some("IIS")),
            ("0.0.0.0:443", unknown, None),
            ("0.0.0.0:444", IIS_EXPRESS, Some("IIS Express")),
        ] {
            let found = owner(&binding(key, app_id)).map(|owner| owner.application.name);
            assert_eq!(found, expected, "{key}");
        }
    }

    #[test]
    fn a_filter_selects_and_skips_applications() {
        let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        let filter = |only: &[&str], skip: &[&str]| ApplicationFilter {
            only: names(only),
            skip: names(skip),
        };
        let (site, exchange) = (binding("0.0.0.0:443", IIS), binding("0.0.0.0:444", IIS));
        for (filter, matches) in [
            (filter(&[], &[]), [true, true]),
            (filter(&["iis"], &[]), [true, true]),
            (filter(&["iis"], &["exchange"]), [true, false]),
            (filter(&["exchange"], &[]), [false, true]),
            (filter(&["sstp"], &[]), [false, false]),
            (
                filter(&[], &["4dc3e181-e14b-4a21-b022-59fc669b0914"]),
                [false, false],
            ),
        ] {
            assert_eq!([&site, &exchange].map(|it| filter.matches(it)), matches);
        }
    }
}
