//! The checks of certificates before they are bound, by the rules of audits.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use certbind_audit::{Config, guard, unmatched_name};
use certbind_certificates::{Certificate, Folder};
use certbind_core::{Binding, BindingKey, CertHash};
use jiff::Timestamp;

use crate::certificate_folder::certificate_folder;
use crate::cli::certificate::Checks;
use crate::error::Error;
use crate::message::warn;
use crate::new_certificate::NewCertificate;
use crate::terminal::escaped;

/// The known certificates, and whether objections are overridden.
pub(crate) struct Guards {
    new: Option<NewCertificate>,
    known: Vec<Folder>,
    config: Config,
    force: bool,
    /// Whether to warn about a certificate of which only the hash is known.
    needs_file: bool,
    names: OptionNames,
    /// The warnings that were printed: each is printed once.
    warned: Mutex<BTreeSet<String>>,
}

/// How messages name the options that answer them.
#[derive(Clone, Copy)]
pub(crate) struct OptionNames {
    cert: &'static str,
    force: &'static str,
}

impl OptionNames {
    const COMMAND_LINE: Self = Self {
        cert: "--cert",
        force: "--force",
    };
    /// Those of a DSC resource.
    pub(crate) const PROPERTIES: Self = Self {
        cert: "the property cert",
        force: "the property force",
    };
}

impl Guards {
    /// For commands that bind one certificate.
    pub(crate) fn of(checks: &Checks, new: Option<&NewCertificate>) -> Result<Self, Error> {
        let known = checks.certificates.as_deref().map(certificate_folder);
        let known = known.transpose()?.into_iter().collect();
        Ok(Self::new(new.cloned(), known, checks.force))
    }

    pub(crate) fn new(new: Option<NewCertificate>, known: Vec<Folder>, force: bool) -> Self {
        Self {
            new,
            known,
            config: Config::at(Timestamp::now()),
            force,
            needs_file: true,
            names: OptionNames::COMMAND_LINE,
            warned: Mutex::default(),
        }
    }

    /// For plans, which warn of unknown certificates themselves.
    pub(crate) fn of_plan(known: Vec<Folder>, force: bool) -> Self {
        Self {
            needs_file: false,
            ..Self::new(None, known, force)
        }
    }

    /// With other names of options in messages.
    pub(crate) fn naming(self, names: OptionNames) -> Self {
        Self { names, ..self }
    }

    fn warn(&self, text: String) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if !warned.contains(&text) {
            warn(&escaped(&text));
            warned.insert(text);
        }
    }

    /// Checks bindings that are going to be made: each with the one that it replaces, if any. Only a
    /// certificate that is not bound to the key yet is checked.
    ///
    /// # Errors
    /// [`Error::CertificateRefused`], unless it is overridden: then there are warnings.
    pub(crate) fn check<'a>(
        &self,
        changes: impl IntoIterator<Item = (Option<&'a Binding>, &'a Binding)>,
    ) -> Result<(), Error> {
        let mut objections: BTreeMap<(CertHash, String), Vec<BindingKey>> = BTreeMap::new();
        let mut unchecked = BTreeSet::new();
        for (before, after) in changes {
            if before.is_none()
                && let Some(warning) = name_warning(after)
            {
                self.warn(warning);
            }
            let Some(hash) = after.record().hash() else {
                continue;
            };
            let replaced = before.and_then(|before| before.record().hash());
            if replaced == Some(hash) {
                continue;
            }
            let mut object = |reason: String| {
                let keys = objections.entry((*hash, reason)).or_default();
                keys.push(after.key().clone());
            };
            if self.is_new(hash).is_some_and(NewCertificate::lacks_key) {
                object("its PFX file has no private key".to_owned());
            }
            let Some(certificate) = self.certificate(hash) else {
                unchecked.insert(*hash);
                continue;
            };
            let replaced = replaced.and_then(|hash| self.certificate(hash));
            for objection in guard(after, certificate, replaced, &self.config) {
                object(format!("{} ({})", objection.sentence, objection.rule.id));
            }
        }
        for hash in unchecked {
            if self.needs_file {
                self.warn(format!(
                    "{hash} was not checked, because only its hash is known; name its file by {}",
                    self.names.cert
                ));
            }
        }
        let objections = objections.into_iter();
        let objections = objections.map(|((hash, reason), keys)| refusal(&hash, &reason, &keys));
        let objections: Vec<_> = objections.collect();
        if objections.is_empty() {
            return Ok(());
        }
        if !self.force {
            return Err(Error::CertificateRefused {
                reasons: objections,
                force: self.names.force,
            });
        }
        for objection in objections {
            self.warn(format!(
                "{objection}; bound because of {}",
                self.names.force
            ));
        }
        Ok(())
    }

    fn is_new(&self, hash: &CertHash) -> Option<&NewCertificate> {
        self.new.as_ref().filter(|new| new.hash() == hash)
    }

    fn certificate(&self, hash: &CertHash) -> Option<&Certificate> {
        let new = self.is_new(hash).and_then(NewCertificate::certificate);
        new.or_else(|| self.known.iter().find_map(|folder| folder.get(hash)))
    }
}

/// A warning about a host name that clients do not send.
pub(crate) fn name_warning(binding: &Binding) -> Option<String> {
    let key = binding.key();
    if let Some(why) = unmatched_name(binding) {
        return Some(format!(
            "{key} can never match: {why}; bind the name as clients send it, or a wildcard as in \
             hostnameport=*.contoso.com:443"
        ));
    }
    let host = key.host()?.as_str();
    if let Some(name) = host.strip_suffix('.') {
        return Some(format!(
            "{key} has a dot at the end of its host name, which most clients do not send (CB026); the \
             name without it is {}={name}:{}",
            key.kind(),
            key.port()
        ));
    }
    let address: IpAddr = host.parse().ok()?;
    let address = SocketAddr::new(address, key.port().get());
    Some(format!(
        "{key} has an address for a host name, which most clients do not send (CB026); the binding of the \
         address is ipport={address}"
    ))
}

fn refusal(hash: &CertHash, reason: &str, keys: &[BindingKey]) -> String {
    let keys = match keys {
        [first, rest @ ..] if !rest.is_empty() => format!("{first} (and {} more)", rest.len()),
        [first, ..] => first.to_string(),
        [] => String::new(),
    };
    format!("{keys} and {hash}: {reason}")
}
