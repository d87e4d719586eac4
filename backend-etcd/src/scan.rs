//! Scans, page by page, of one revision.

use std::vec;

use certbind_core::{Binding, Result, Scan, StoreError};

use crate::errors;
use crate::rpc::{KeyValue, RangeRequest};
use crate::session::Session;

/// How many bindings a page has.
const PAGE: i64 = 1000;

/// The rest of a scan.
pub(crate) struct Pages<'a> {
    session: &'a Session,
    page: vec::IntoIter<KeyValue>,
    /// The request for the next page, if there is one.
    next: Option<RangeRequest>,
}

impl<'a> Pages<'a> {
    /// Reads the first page. All other pages are of the same revision.
    pub(crate) fn begin(session: &'a Session, scan: &Scan) -> Result<Self> {
        let mut pages = Self {
            session,
            page: Vec::new().into_iter(),
            next: session
                .keys
                .range(scan)
                .map(|(key, range_end)| RangeRequest {
                    key,
                    range_end,
                    limit: PAGE,
                    ..RangeRequest::default()
                }),
        };
        pages.turn()?;
        Ok(pages)
    }

    fn turn(&mut self) -> Result<()> {
        let Some(request) = self.next.take() else {
            return Ok(());
        };
        let answer = self.session.client.read(&request).map_err(|error| {
            if errors::is_compacted(error.status()) {
                return StoreError::Unstable { attempts: 1 };
            }
            self.session.failed("reading", &error)
        })?;
        if let (true, Some(last)) = (answer.more, answer.kvs.last()) {
            let now = answer.header.map_or(0, |header| header.revision);
            self.next = Some(RangeRequest {
                key: [last.key.as_slice(), &[0]].concat(),
                revision: if request.revision == 0 {
                    now
                } else {
                    request.revision
                },
                ..request
            });
        }
        self.page = answer.kvs.into_iter();
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Binding>;

    fn next(&mut self) -> Option<Result<Binding>> {
        if self.page.as_slice().is_empty()
            && let Err(error) = self.turn()
        {
            return Some(Err(error));
        }
        let found = self.page.next()?;
        let binding = self.session.keys.binding(&found);
        if binding.is_err() {
            self.page = Vec::new().into_iter();
            self.next = None;
        }
        Some(binding)
    }
}
