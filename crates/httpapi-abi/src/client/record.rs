//! Reads records from the buffer of a query.

use std::mem::{offset_of, size_of};

use certbind_core::{
    Binding, BindingKey, CertCheckMode, CertHash, Certificate, CtlIdentifier, IpPort, Kind, Record,
    SslFlags, StoreName, Uuid,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM as Param,
    HTTP_SERVICE_CONFIG_SSL_SET as SslSet, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

use super::buffer::{Buffer, MalformedReply, malformed};

/// Reads the record of `kind` that a query has written to `buffer`. It has to be the buffer of the
/// call itself, at the same address, since the pointers in it are interpreted relative to that.
///
/// The buffer may contain any bytes. Empty strings are taken as absent.
///
/// # Errors
/// [`MalformedReply`] for a pointer out of the buffer, and for a record that no binding can have.
pub fn read_record(kind: Kind, buffer: &[u8]) -> Result<Binding, MalformedReply> {
    let (head, param) = match kind {
        Kind::IpPort => (size_of::<SslSet>(), offset_of!(SslSet, ParamDesc)),
        Kind::Sni | Kind::ScopedCcs => (size_of::<SniSet>(), offset_of!(SniSet, ParamDesc)),
        Kind::Ccs => (size_of::<CcsSet>(), offset_of!(CcsSet, ParamDesc)),
    };
    let buffer = Buffer { head, buffer };
    let (key, spelling) = match kind {
        Kind::IpPort => {
            let at = buffer.pointer(offset_of!(SslSet, KeyDesc.pIpPort), "the address")?;
            let at = at.ok_or_else(|| malformed("the address is null"))?;
            let endpoint = IpPort::new(buffer.address(at)?).map_err(malformed)?;
            (BindingKey::IpPort(endpoint), None)
        }
        Kind::Sni | Kind::ScopedCcs => {
            let (key, host) = buffer.host_key(kind, offset_of!(SniSet, KeyDesc))?;
            (key, Some(host))
        }
        Kind::Ccs => {
            let port = buffer.any_address(offset_of!(CcsSet, KeyDesc.LocalAddress))?;
            (BindingKey::Ccs(port), None)
        }
    };
    let binding = Binding::new(key, buffer.record(param)?).map_err(malformed)?;
    match spelling {
        Some(host) => binding.with_host_spelling(&host).map_err(malformed),
        None => Ok(binding),
    }
}

impl Buffer<'_> {
    fn record(&self, at: usize) -> Result<Record, MalformedReply> {
        let store = at + offset_of!(Param, pSslCertStoreName);
        let store_name = self.store_name(store, "the certificate store name")?;
        let ctl = at + offset_of!(Param, pDefaultSslCtlIdentifier);
        let ctl = self.text(ctl, "the CTL identifier", CtlIdentifier::MAX_LENGTH)?;
        let ctl = ctl.as_deref().map(CtlIdentifier::new);
        let ctl_store = at + offset_of!(Param, pDefaultSslCtlStoreName);
        let check_mode = self.u32(at + offset_of!(Param, DefaultCertCheckMode))?;
        let freshness = at + offset_of!(Param, DefaultRevocationFreshnessTime);
        let timeout = at + offset_of!(Param, DefaultRevocationUrlRetrievalTimeout);
        let flags = self.u32(at + offset_of!(Param, DefaultFlags))?;
        let certificate = self.hash(at)?.map(Certificate::new);
        let certificate = certificate.map(|certificate| certificate.with_store_name(store_name));
        let app_id = self.guid(at + offset_of!(Param, AppId))?;
        Ok(Record::central(app_id)
            .with_certificate(certificate)
            .with_check_mode(CertCheckMode::from_bits_retain(check_mode))
            .with_revocation_freshness_time(self.u32(freshness)?)
            .with_url_retrieval_timeout(self.u32(timeout)?)
            .with_ctl_identifier(ctl.transpose().map_err(malformed)?)
            .with_ctl_store_name(self.store_name(ctl_store, "the CTL store name")?)
            .with_flags(SslFlags::from_bits_retain(flags)))
    }

    fn hash(&self, param: usize) -> Result<Option<CertHash>, MalformedReply> {
        let length = self.u32(param + offset_of!(Param, SslHashLength))?;
        if length == 0 {
            return Ok(None);
        }
        if usize::try_from(length) != Ok(CertHash::LENGTH) {
            return Err(malformed(format_args!(
                "the hash has {length} bytes, not 20"
            )));
        }
        let at = self.pointer(param + offset_of!(Param, pSslHash), "the hash")?;
        let at = at.ok_or_else(|| malformed("the hash is null"))?;
        self.bytes(at, "the hash").map(CertHash::new).map(Some)
    }

    fn guid(&self, at: usize) -> Result<Uuid, MalformedReply> {
        let rest: [u8; 8] = self.bytes(at + 8, "the structure")?;
        Ok(Uuid::from_fields(
            self.u32(at)?,
            self.u16(at + 4)?,
            self.u16(at + 6)?,
            &rest,
        ))
    }

    fn store_name(&self, offset: usize, what: &str) -> Result<Option<StoreName>, MalformedReply> {
        let name = self.text(offset, what, StoreName::MAX_LENGTH)?;
        name.as_deref()
            .map(StoreName::new)
            .transpose()
            .map_err(malformed)
    }
}
