//! `add`, `update` and `delete`: one binding is changed.

use std::path::Path;

use certbind_backends::Access;
use certbind_certificates::{Certificate, CertificateFile, LeafError};
use certbind_core::{Binding, BindingKey, CertHash, Record, StoreError, Uuid};

use crate::cli::certificate::CertificateSource;
use crate::cli::record::RecordOptions;
use crate::error::Error;
use crate::exit;
use crate::print::print;
use crate::stores::{Opened, StoreUrl};

/// How often `update` reads and tries again when somebody else changes the binding in between.
const UPDATE_ATTEMPTS: u32 = 16;

pub(crate) fn add(
    url: &StoreUrl,
    key: BindingKey,
    certificate: &CertificateSource,
    app_id: Uuid,
    options: &RecordOptions,
) -> Result<u8, Error> {
    let mut record = match (certificate.read()?, key.kind().names_certificate()) {
        (Some(hash), true) => Record::new(hash, None, app_id),
        (None, false) => Record::central(app_id),
        (None, true) => return Err(arguments(&key, "name the certificate by --hash or --cert")),
        (Some(_), false) => {
            return Err(arguments(
                &key,
                "its certificate comes from the central store; leave out --hash and --cert",
            ));
        }
    };
    options.apply(&key, &mut record)?;
    let binding = Binding::new(key, record)?;
    let text = format!("Bound {} to {}\n", binding.key(), certificate_of(&binding));
    Opened::open(url, Access::Create)?
        .bindings()
        .insert(binding)?;
    print(&text)?;
    Ok(exit::DONE)
}

pub(crate) fn update(
    url: &StoreUrl,
    key: &BindingKey,
    certificate: &CertificateSource,
    app_id: Option<Uuid>,
    options: &RecordOptions,
) -> Result<u8, Error> {
    let hash = certificate.read()?;
    if hash.is_none() && app_id.is_none() && options.is_empty() {
        return Err(Error::NothingToUpdate);
    }
    let store = Opened::open(url, Access::Change)?;
    let mut attempt = 1;
    loop {
        let found = store.bindings().get(key)?;
        let binding = found.ok_or_else(|| StoreError::NotFound { key: key.clone() })?;
        let mut record = binding.record().clone();
        match (&mut record.certificate, hash) {
            (Some(certificate), Some(hash)) => certificate.hash = hash,
            (None, Some(_)) => {
                return Err(arguments(
                    key,
                    "its certificate comes from the central store",
                ));
            }
            (_, None) => {}
        }
        record.app_id = app_id.unwrap_or(record.app_id);
        options.apply(key, &mut record)?;
        let changed = binding.clone().with_record(record)?;
        if changed == binding {
            print(&format!("{key} is like that already\n"))?;
            return Ok(exit::DONE);
        }
        let text = format!("Updated {}, bound to {}\n", key, certificate_of(&changed));
        match store
            .bindings()
            .compare_and_swap(key, Some(binding), Some(changed))
        {
            Err(StoreError::Conflict { .. }) if attempt < UPDATE_ATTEMPTS => attempt += 1,
            done => {
                done?;
                print(&text)?;
                return Ok(exit::DONE);
            }
        }
    }
}

pub(crate) fn delete(url: &StoreUrl, key: &BindingKey) -> Result<u8, Error> {
    let removed = Opened::open(url, Access::Change)?.bindings().remove(key)?;
    print(&format!(
        "Deleted {}, bound to {} before\n",
        key,
        certificate_of(&removed)
    ))?;
    Ok(exit::DONE)
}

impl CertificateSource {
    /// The hash that is named, or that of the server's certificate in the file.
    pub(crate) fn read(&self) -> Result<Option<CertHash>, Error> {
        match &self.cert {
            Some(path) => leaf_of_file(path).map(|leaf| Some(*leaf.hash())),
            None => Ok(self.hash),
        }
    }
}

/// The server's certificate in a file: the end of the chain, in whatever order the file has it.
pub(crate) fn leaf_of_file(path: &Path) -> Result<Certificate, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Input {
        path: path.to_owned(),
        source,
    })?;
    let leaf = CertificateFile::read(&bytes, &[])
        .map_err(LeafError::from)
        .and_then(|file| file.leaf().cloned());
    leaf.map_err(|source| Error::Certificate {
        path: path.to_owned(),
        source,
    })
}

fn arguments(key: &BindingKey, problem: &'static str) -> Error {
    Error::Arguments {
        key: key.clone(),
        problem,
    }
}

fn certificate_of(binding: &Binding) -> String {
    match binding.record().hash() {
        Some(hash) => hash.to_string(),
        None => "the central certificate store".to_owned(),
    }
}
