//! Following the changes of a source.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use certbind_core::SslFlags;
use tokio::sync::Mutex;

use crate::certificates::ServerCertificates;
use crate::error::ServeError;
use crate::host::{CertificateFolders, Host};
use crate::report::Notice;
use crate::source::BindingSource;

/// The current host, and the data needed to replace it.
pub(crate) struct Current {
    host: ArcSwap<Host>,
    folders: CertificateFolders,
    reader: Mutex<Reader>,
    /// The number of requests for an update, and the last one that was served.
    requested: AtomicU64,
    met: AtomicU64,
}

struct Reader {
    source: Box<dyn BindingSource>,
    last_problem: Option<String>,
    /// Notices that were reported already.
    given: BTreeSet<String>,
}

impl Current {
    pub(crate) fn open(
        mut source: Box<dyn BindingSource>,
        folders: CertificateFolders,
    ) -> Result<(Self, Vec<Notice>), ServeError> {
        // Called first, so that a change during the first reading is seen later.
        source.may_have_changed();
        let bindings = source.read().map_err(ServeError::Source)?;
        let certificates = Arc::new(read_certificates(&folders)?);
        let host = Host::new(bindings, certificates, None);
        let mut reader = Reader {
            source,
            last_problem: None,
            given: BTreeSet::new(),
        };
        let notices = reader.new_notices(notices(&host));
        let current = Self {
            host: ArcSwap::from_pointee(host),
            folders,
            reader: Mutex::new(reader),
            requested: AtomicU64::new(0),
            met: AtomicU64::new(0),
        };
        Ok((current, notices))
    }

    pub(crate) fn host(&self) -> Arc<Host> {
        self.host.load_full()
    }

    pub(crate) fn folders(&self) -> &CertificateFolders {
        &self.folders
    }

    /// Brings the host up to date with every change that was made before the call. Concurrent calls
    /// share a reading.
    pub(crate) async fn refresh(&self) -> Vec<Notice> {
        let request = self.requested.fetch_add(1, Ordering::AcqRel) + 1;
        let mut reader = self.reader.lock().await;
        if self.met.load(Ordering::Acquire) >= request {
            return Vec::new();
        }
        let covers = self.requested.load(Ordering::Acquire);
        let mut notices = Vec::new();
        if reader.source.may_have_changed() {
            notices = tokio::task::block_in_place(|| self.reload(&mut reader));
        }
        self.met.store(covers, Ordering::Release);
        notices
    }

    fn reload(&self, reader: &mut Reader) -> Vec<Notice> {
        let bindings = match reader.source.read() {
            Ok(bindings) => bindings,
            Err(error) => {
                let problem = error.to_string();
                if reader.last_problem.as_ref() == Some(&problem) {
                    return Vec::new();
                }
                reader.last_problem = Some(problem.clone());
                return vec![Notice::Source { problem }];
            }
        };
        reader.last_problem = None;
        let before = self.host.load();
        if before.bindings().eq(&bindings) {
            return Vec::new();
        }
        let mut host = Host::new(bindings, before.certificates(), Some(&before));
        // A certificate may have been added to the folder with its binding.
        if !host.missing_certificates().is_empty()
            && let Ok(certificates) = read_certificates(&self.folders)
        {
            let bindings = host.bindings().cloned().collect();
            host = Host::new(bindings, Arc::new(certificates), Some(&before));
        }
        let notices = reader.new_notices(notices(&host));
        self.host.store(Arc::new(host));
        notices
    }
}

impl Reader {
    fn new_notices(&mut self, notices: Vec<Notice>) -> Vec<Notice> {
        let all: BTreeSet<_> = notices.iter().map(ToString::to_string).collect();
        let new = notices.into_iter();
        let new = new.filter(|notice| !self.given.contains(&notice.to_string()));
        let new = new.collect();
        self.given = all;
        new
    }
}

fn read_certificates(folders: &CertificateFolders) -> Result<ServerCertificates, ServeError> {
    let Some(folder) = &folders.certificates else {
        return Ok(ServerCertificates::default());
    };
    let read = ServerCertificates::read(folder, &folders.passwords);
    read.map_err(|source| ServeError::Folder {
        path: folder.clone(),
        source,
    })
}

/// Notices about bindings that are not served as on Windows.
fn notices(host: &Host) -> Vec<Notice> {
    let mut notices = Vec::new();
    let files = host.certificates();
    for (path, problem) in &files.problems {
        let (path, problem) = (path.clone(), problem.clone());
        notices.push(Notice::File { path, problem });
    }
    let mut missing: Vec<_> = host.missing_certificates().into_iter().collect();
    missing.sort_unstable();
    let missing = missing.into_iter();
    notices.extend(missing.map(|(hash, bindings)| Notice::MissingCertificate { hash, bindings }));
    let legacy = host.bindings().filter(|binding| {
        let flags = binding.record().flags;
        !flags.intersects(SslFlags::DISABLE_LEGACY_TLS | SslFlags::REJECT)
    });
    let bindings = legacy.count();
    if bindings > 0 {
        notices.push(Notice::LegacyTls { bindings });
    }
    let extended = host.bindings();
    let extended = extended.filter(|binding| !binding.record().extended.is_empty());
    let bindings = extended.count();
    if bindings > 0 {
        notices.push(Notice::ExtendedProperties { bindings });
    }
    notices
}
