//! One batch, applied once.
//!
//! Every batch is a transaction that compares the revision of the host's head with the one that the
//! batch was made for, and writes its own id there. So of all copies of a batch that were sent, at
//! most one is carried out, however late: the first that is moves the head, and the others find it
//! moved. A copy whose answer is lost may therefore be sent again. If that does nothing, because the
//! head has moved, the head's history tells whether it was the lost copy that moved it.

use std::io::{self, ErrorKind};

use certbind_core::{Applied, Batch, Result, StoreError};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::client::Failure;
use crate::errors;
use crate::layout::Head;
use crate::rpc::TxnResponse;
use crate::store::EtcdStore;
use crate::view::View;

/// Applies a batch that is not empty; `known` is the revision of the head, where it was seen.
pub(crate) fn apply(store: &EtcdStore, batch: &Batch, known: &mut Option<i64>) -> Result<Applied> {
    let id = Uuid::new_v4();
    let mut retry = store.client.retry();
    let guess = known.take().and_then(|head| View::expected(batch, head));
    let mut view = match guess {
        Some(view) => view,
        None => read(store, batch)?,
    };
    let mut attempts = 1;
    loop {
        *known = Some(view.head);
        let applied = view.check(batch)?;
        let transaction = view.transaction(batch, id, &store.place);
        let mut lost = false;
        let answer = loop {
            match store.client.once(&transaction) {
                Ok(answer) => break answer,
                Err(failure) => {
                    *known = None;
                    match failure {
                        Failure::Refused(status) if !lost => {
                            return Err(refused(store, batch, status));
                        }
                        Failure::Lost(_) if retry.again() => lost = true,
                        failure => return Err(unknown(store, failure.status())),
                    }
                }
            }
        };
        if answer.succeeded {
            let revision = answer.header.map_or(0, |header| header.revision);
            *known = Some(revision);
            return Ok(at(applied, revision));
        }
        *known = None;
        let head = View::head_of(&answer.responses);
        if lost {
            let head = match &head {
                Ok(head) => *head,
                Err(error) => return Err(doubt(store, error.to_string())),
            };
            if let Some(revision) = moved_by(store, id, view.head, head)? {
                return Ok(at(applied, revision));
            }
        }
        view = View::of(head?, &answer.responses, &store.place)?;
        attempts += 1;
        // Whoever writes beside us was faster.
        if attempts > 2 && !retry.pause() {
            return Err(StoreError::Unstable { attempts });
        }
    }
}

fn read(store: &EtcdStore, batch: &Batch) -> Result<View> {
    let answer: TxnResponse = store
        .client
        .read(&View::reading(batch, &store.place))
        .map_err(|failure| match failure {
            Failure::Refused(status) => refused(store, batch, status),
            failure => store.failed("read", &failure),
        })?;
    let head = View::head_of(&answer.responses)?;
    View::of(head, &answer.responses, &store.place)
}

/// The revision in which the batch `id` was applied, if it was between the head `from` and the one
/// that was found.
fn moved_by(store: &EtcdStore, id: Uuid, from: i64, found: Head) -> Result<Option<i64>> {
    let mut head = found;
    while head.revision > from {
        if head.batch == id {
            return Ok(Some(head.revision));
        }
        head = match store.past_head(head.revision - 1) {
            Ok(Ok(head)) => head,
            Ok(Err(error)) => return Err(doubt(store, error.to_string())),
            Err(failure) => return Err(unknown(store, failure.status())),
        };
    }
    if head.revision < from {
        return Err(doubt(
            store,
            "somebody took the host out of etcd".to_owned(),
        ));
    }
    Ok(None)
}

fn at(applied: Applied, revision: i64) -> Applied {
    match u64::try_from(revision) {
        Ok(revision) => applied.at_revision(revision),
        Err(_) => applied,
    }
}

fn refused(store: &EtcdStore, batch: &Batch, status: Status) -> StoreError {
    let said = status.message();
    let limit = if said.contains("too many operations") {
        "--max-txn-ops"
    } else if said.contains("request is too large") || said.contains("larger than max") {
        "--max-request-bytes, 1.5 MiB unless set"
    } else {
        return store.failed("change", &Failure::Refused(status));
    };
    StoreError::Unsupported {
        what: format!("a batch of {} changes (the servers' {limit})", batch.len()).into(),
    }
}

fn unknown(store: &EtcdStore, status: &Status) -> StoreError {
    let kind = match status.code() {
        Code::PermissionDenied | Code::Unauthenticated => ErrorKind::PermissionDenied,
        _ => ErrorKind::TimedOut,
    };
    StoreError::OutcomeUnknown {
        store: store.name(),
        source: io::Error::new(kind, errors::message(status)),
    }
}

fn doubt(store: &EtcdStore, reason: String) -> StoreError {
    StoreError::OutcomeUnknown {
        store: store.name(),
        source: io::Error::other(reason),
    }
}
