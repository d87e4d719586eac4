//! The sites of IIS and their bindings, read from `applicationHost.config`.
//!
//! HTTP.sys has the certificates and no sites, and this file has the sites and no certificates: only both
//! together say which certificate a site serves. Facts are from Microsoft's configuration reference
//! (`system.applicationHost/sites`) and its IISAdministration module.
//!
//! ```
//! use certbind_audit::iis::Configuration;
//!
//! let file = r#"<configuration><system.applicationHost><sites>
//!   <site name="Shop" id="2"><bindings>
//!     <binding protocol="https" bindingInformation="*:443:shop.contoso.com" sslFlags="1" />
//!   </bindings></site></sites></system.applicationHost></configuration>"#;
//! let configuration = Configuration::parse(file.as_bytes())?;
//! let binding = &configuration.sites[0].https[0];
//! assert_eq!(binding.host.as_deref(), Some("shop.contoso.com"));
//! assert!(binding.flags.contains(certbind_audit::iis::SiteFlags::SNI));
//! # Ok::<(), certbind_audit::iis::ConfigurationError>(())
//! ```

mod information;
mod limits;
mod lines;
mod parse;
mod text;
mod xml;

use std::net::IpAddr;

use certbind_core::{CertHash, Port, SslFlags};

pub use parse::{ConfigurationError, is_redirected};

/// The sites and their certificates in `applicationHost.config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The sites, in the order of the file.
    pub sites: Vec<Site>,
    /// The certificates in the metadata of the old IIS manager (`customMetadata`, property 5506).
    pub metadata: Vec<MetadataCertificate>,
}

/// A site of IIS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its number, which the metadata names it by.
    pub id: u32,
    /// Whether it starts with IIS (`serverAutoStart`).
    pub starts: bool,
    /// Its `https` bindings.
    pub https: Vec<SiteBinding>,
    /// The certificate of its FTP service, where it has an `ftp` binding.
    pub ftp: Option<FtpCertificate>,
}

/// An `https` binding of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteBinding {
    /// `bindingInformation` as the file has it: `*:443:www.contoso.com`.
    pub information: String,
    /// The address; none for all (`*`).
    pub address: Option<IpAddr>,
    /// The port.
    pub port: Port,
    /// The host name.
    pub host: Option<String>,
    /// `sslFlags`.
    pub flags: SiteFlags,
    /// The line, counted from 1.
    pub line: u64,
}

/// The certificate that FTP over TLS uses (`ftpServer/security/ssl/@serverCertHash`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FtpCertificate {
    /// Its hash.
    pub hash: CertHash,
    /// The line, counted from 1.
    pub line: u64,
}

/// Property 5506 of a key of `customMetadata`: a certificate hash of the IIS 6 metabase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataCertificate {
    /// The key: `LM/W3SVC/1`.
    pub path: String,
    /// The line, counted from 1.
    pub line: u64,
}

impl SiteBinding {
    /// The name of the binding in findings: `Default Web Site (*:443:)`.
    pub(crate) fn name(&self, site: &Site) -> String {
        format!("{} ({})", site.name, self.information)
    }

    /// The key of HTTP.sys that the binding asks for, as certbind and netsh write it.
    pub(crate) fn key_text(&self) -> String {
        let name = self.host.as_deref().unwrap_or_default();
        let port = self.port;
        match (self.address, self.flags) {
            (_, flags) if flags.contains(SiteFlags::CENTRAL) => format!("ccs={port}"),
            (_, flags) if flags.contains(SiteFlags::SNI) => format!("hostnameport={name}:{port}"),
            (Some(IpAddr::V4(address)), _) => format!("ipport={address}:{port}"),
            (Some(IpAddr::V6(address)), _) => format!("ipport=[{address}]:{port}"),
            (None, _) => format!("ipport=0.0.0.0:{port}"),
        }
    }
}

bitflags::bitflags! {
    /// `sslFlags` of a binding, by the names of the IISAdministration module.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SiteFlags: u32 {
        /// The certificate is chosen by the host name of the client (SNI).
        const SNI = 1;
        /// The certificate comes from the central certificate store.
        const CENTRAL = 2;
        /// `DisableHTTP2`.
        const DISABLE_HTTP2 = 4;
        /// `DisableOCSPStp`.
        const DISABLE_OCSP_STAPLING = 8;
        /// `DisableQUIC`.
        const DISABLE_QUIC = 16;
        /// `DisableTLS13`.
        const DISABLE_TLS13 = 32;
        /// `DisableLegacyTLS`.
        const DISABLE_LEGACY_TLS = 64;
        /// `NegotiateClientCert`.
        const NEGOTIATE_CLIENT_CERT = 128;

        const _ = !0;
    }
}

impl SiteFlags {
    /// The flags that ask for a flag of the HTTP.sys record, with its name in IIS. By their names; not
    /// verified on real Windows.
    const OF_RECORD: [(Self, SslFlags, &str); 6] = [
        (Self::DISABLE_HTTP2, SslFlags::DISABLE_HTTP2, "DisableHTTP2"),
        (
            Self::DISABLE_OCSP_STAPLING,
            SslFlags::DISABLE_OCSP_STAPLING,
            "DisableOCSPStp",
        ),
        (Self::DISABLE_QUIC, SslFlags::DISABLE_QUIC, "DisableQUIC"),
        (Self::DISABLE_TLS13, SslFlags::DISABLE_TLS13, "DisableTLS13"),
        (
            Self::DISABLE_LEGACY_TLS,
            SslFlags::DISABLE_LEGACY_TLS,
            "DisableLegacyTLS",
        ),
        (
            Self::NEGOTIATE_CLIENT_CERT,
            SslFlags::NEGOTIATE_CLIENT_CERT,
            "NegotiateClientCert",
        ),
    ];

    /// The flags of the record that these flags ask for.
    pub(crate) fn of_record(self) -> SslFlags {
        let asked = Self::OF_RECORD.into_iter();
        let asked = asked.filter(|(flag, _, _)| self.contains(*flag));
        asked.fold(SslFlags::empty(), |flags, (_, of_record, _)| {
            flags | of_record
        })
    }

    /// The names of the flags that a record with these flags does not have.
    pub(crate) fn missing_in(self, record: SslFlags) -> Vec<&'static str> {
        let asked = Self::OF_RECORD.into_iter();
        asked
            .filter(|(flag, of_record, _)| self.contains(*flag) && !record.contains(*of_record))
            .map(|(_, _, name)| name)
            .collect()
    }
}

#[cfg(test)]
mod tests;
