//! A binding from the values of its key.

use certbind_core::{
    Binding, BindingError, BindingKey, BoxError, CertCheckMode, CertHash, Certificate,
    CtlIdentifier, Kind, Record, SslFlags, StoreName, TextError, Uuid,
};

use super::data::{Data, Type};
use super::found::Found;
use super::location::RegistryLocation;
use super::names::ccs_port;
use super::values::{
    APP_ID, CERT_HASH, CERT_STORE_NAME, CHECK_MODE, CTL_IDENTIFIER, CTL_STORE_NAME, FLAGS,
    FRESHNESS_TIME, HOSTNAME_PORT, RETRIEVAL_TIMEOUT,
};
use crate::report::{ConversionWarning, ParseError, WarningKind};

/// The binding of a key, the place of the key, and warnings for the rest of it.
pub(super) fn binding(
    kind: Kind,
    name: &str,
    found: Found<'_>,
) -> Result<(Binding, RegistryLocation, Vec<ConversionWarning>), ParseError> {
    let mut reader = Reader(found);
    let (key, spelling) = reader.key(kind, name)?;
    let record = reader.record(kind)?;
    let refused = |error: BindingError| reader.error(None, error.to_string()).caused_by(error);
    let mut binding = Binding::new(key, record).map_err(refused)?;
    if let Some(host) = spelling {
        let spelled = binding.with_host_spelling(&host);
        binding = spelled.map_err(refused)?;
    }
    reader.leave_the_rest();
    let warnings = std::mem::take(&mut reader.0.warnings).into_iter();
    let warnings = warnings.map(|warning| warning.of(binding.key())).collect();
    Ok((binding, reader.0.into_location(), warnings))
}

/// A key whose values are taken one by one.
struct Reader<'a>(Found<'a>);

impl Reader<'_> {
    /// Takes a value, as something.
    fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Data<'_>) -> Result<T, BoxError>,
    ) -> Result<Option<T>, ParseError> {
        let Some(value) = self.0.values.remove(name) else {
            return Ok(None);
        };
        let read = read(&value.data);
        read.map(Some).map_err(|error| {
            self.error(value.line, format!("{name}: {error}"))
                .caused_by(error)
        })
    }

    fn text<T>(
        &mut self,
        name: &str,
        make: fn(&str) -> Result<T, TextError>,
    ) -> Result<Option<T>, ParseError> {
        let text = self.take(name, |data| {
            Ok(data.as_text()?.as_deref().map(make).transpose()?)
        })?;
        Ok(text.flatten())
    }

    /// A number; 0 if it is missing.
    fn number(&mut self, name: &str) -> Result<u32, ParseError> {
        Ok(self.take(name, |data| Ok(data.as_dword()?))?.unwrap_or(0))
    }

    fn lose(&mut self, kind: WarningKind, line: Option<u64>, what: impl Into<String>) {
        let warning = self.0.warning(kind, line.or(self.0.line), what);
        self.0.warnings.push(warning);
    }

    fn error(&self, line: Option<u64>, what: String) -> ParseError {
        ParseError::in_location(line.or(self.0.line), self.0.location(), what)
    }

    fn line_of(&self, name: &str) -> Option<u64> {
        self.0.value(name).and_then(|value| value.line)
    }

    /// The key of the binding, and its host name in its original spelling.
    fn key(&mut self, kind: Kind, name: &str) -> Result<(BindingKey, Option<String>), ParseError> {
        match kind {
            Kind::IpPort => {
                let key = BindingKey::parse_as(kind, name);
                Ok((
                    key.map_err(|error| self.error(None, error.to_string()).caused_by(error))?,
                    None,
                ))
            }
            Kind::Ccs => {
                let wrong = || format!("expected PORT or 0.0.0.0:PORT for a name, found {name:?}");
                let port = ccs_port(name).ok_or_else(|| self.error(None, wrong()))?;
                let key = BindingKey::parse_as(kind, port);
                Ok((
                    key.map_err(|error| self.error(None, error.to_string()).caused_by(error))?,
                    None,
                ))
            }
            Kind::Sni | Kind::ScopedCcs => self.host_key(kind, name),
        }
    }

    fn host_key(
        &mut self,
        kind: Kind,
        name: &str,
    ) -> Result<(BindingKey, Option<String>), ParseError> {
        let line = self.line_of(HOSTNAME_PORT);
        let stated = self.text(HOSTNAME_PORT, |text| Ok(text.to_owned()))?;
        let text = match &stated {
            Some(text) => text,
            None if name.contains(':') => name,
            None => {
                let what = format!(
                    "no {HOSTNAME_PORT}, and a name that is not a host name and port; expected \
                     one of \
                     them"
                );
                return Err(self.error(None, what));
            }
        };
        let key = BindingKey::parse_as(kind, text).map_err(|error| {
            let value = stated.as_ref().map_or("", |_| "HostnamePort: ");
            self.error(line, format!("{value}{error}")).caused_by(error)
        })?;
        if let Ok(named) = BindingKey::parse_as(kind, name)
            && named != key
        {
            let what = format!("the key is named after another host; {HOSTNAME_PORT} was taken");
            self.lose(WarningKind::Inferred, line, what);
        }
        let spelling = text.rsplit_once(':').map(|(host, _)| host.to_owned());
        Ok((key, spelling))
    }

    fn record(&mut self, kind: Kind) -> Result<Record, ParseError> {
        let store_line = self.line_of(CERT_STORE_NAME);
        let store_name = self.text(CERT_STORE_NAME, StoreName::new)?;
        let hash = self.take(CERT_HASH, |data| match data.as_binary()? {
            [] => Ok(None),
            bytes => Ok(Some(CertHash::try_from(bytes)?)),
        })?;
        if hash.flatten().is_none() && store_name.is_some() && !kind.names_certificate() {
            let what = format!("{CERT_STORE_NAME}: no certificate is named that could be in it");
            self.lose(WarningKind::Value, store_line, what);
        }
        if hash.flatten().is_none() && kind.names_certificate() {
            let what = format!("no {CERT_HASH}; expected the 20 bytes of a certificate's hash");
            return Err(self.error(None, what));
        }
        let app_id = self.take(APP_ID, |data| Ok(data.as_guid()?))?;
        if app_id.is_none() {
            let what = format!("no {APP_ID}; assumed to be all zeros");
            self.lose(WarningKind::Trimmed, None, what);
        }
        let certificate = hash.flatten().map(Certificate::new);
        let certificate = certificate.map(|certificate| certificate.with_store_name(store_name));
        Ok(Record::central(app_id.unwrap_or(Uuid::nil()))
            .with_certificate(certificate)
            .with_check_mode(CertCheckMode::from_bits_retain(self.number(CHECK_MODE)?))
            .with_revocation_freshness_time(self.number(FRESHNESS_TIME)?)
            .with_url_retrieval_timeout(self.number(RETRIEVAL_TIMEOUT)?)
            .with_ctl_identifier(self.text(CTL_IDENTIFIER, CtlIdentifier::new)?)
            .with_ctl_store_name(self.text(CTL_STORE_NAME, StoreName::new)?)
            .with_flags(SslFlags::from_bits_retain(self.number(FLAGS)?)))
    }

    /// Reports the values that are still there.
    fn leave_the_rest(&mut self) {
        if self.0.values.is_empty() {
            return;
        }
        for value in std::mem::take(&mut self.0.values).in_order() {
            let what = format!(
                "the value {:?} ({}) is unknown; it is not converted",
                value.name,
                Type(value.data.kind)
            );
            self.lose(WarningKind::Value, value.line, what);
        }
    }
}
