//! Applies a batch exactly once.
//!
//! Every batch is a transaction that compares the revision of the host record with the revision that
//! the batch was built for, and writes its own id into the record. Of all copies of a batch that were
//! sent, etcd therefore executes at most one, however late it arrives: the first one changes the
//! record's revision, so the comparison of every other copy fails. A copy without an answer may be
//! sent again. If the retry finds the record changed, the record's history shows whether an earlier
//! copy changed it.

use std::io;

use certbind_core::{Applied, Batch, BoxError, Result, StoreError};
use tonic::Status;
use uuid::Uuid;

use crate::client::CallError;
use crate::errors;
use crate::events;
use crate::read_set::ReadSet;
use crate::rpc::TxnResponse;
use crate::schema::HostRecord;
use crate::session::Session;

/// Applies a batch that is not empty. `known` is the last known revision of the host record.
pub(crate) fn apply(session: &Session, batch: &Batch, known: &mut Option<i64>) -> Result<Applied> {
    let id = Uuid::new_v4();
    let mut retry = session.client.retry();
    let assumed = known
        .take()
        .and_then(|revision| ReadSet::assumed(batch, revision));
    let mut reads = match assumed {
        Some(reads) => reads,
        None => read(session, batch)?,
    };
    let mut attempts = 1;
    loop {
        *known = Some(reads.record_revision);
        let applied = reads.check(batch)?;
        let transaction = reads.transaction(batch, id, &session.keys);
        let mut unanswered = false;
        let answer = loop {
            match session.client.once(&transaction) {
                Ok(answer) => break answer,
                Err(error) => {
                    *known = None;
                    match error {
                        CallError::Rejected(status) if !unanswered => {
                            return Err(rejected(session, batch, status));
                        }
                        CallError::Unknown(_) if retry.again() => unanswered = true,
                        error => return Err(unknown(session, error.status())),
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
        let record = match ReadSet::record_of(&answer.responses) {
            Ok(record) => record,
            Err(error) if unanswered => return Err(doubt(session, error)),
            Err(error) => return Err(error),
        };
        if unanswered
            && let Some(revision) = applied_at(session, id, reads.record_revision, record)?
        {
            return Ok(at(applied, revision));
        }
        reads = ReadSet::of(record, &answer.responses, &session.keys)?;
        attempts += 1;
        events::overtaken(session.keys.prefix(), attempts);
        if attempts > 2 && !retry.pause() {
            return Err(StoreError::Unstable { attempts });
        }
    }
}

fn read(session: &Session, batch: &Batch) -> Result<ReadSet> {
    let answer: TxnResponse = session
        .client
        .read(&ReadSet::request(batch, &session.keys))
        .map_err(|error| match error {
            CallError::Rejected(status) => rejected(session, batch, status),
            error => session.failed("reading", &error),
        })?;
    let record = ReadSet::record_of(&answer.responses)?;
    ReadSet::of(record, &answer.responses, &session.keys)
}

/// The revision in which the batch `id` was applied, if it was applied after the revision `from` and
/// not after the record that was found.
fn applied_at(session: &Session, id: Uuid, from: i64, found: HostRecord) -> Result<Option<i64>> {
    let mut record = found;
    while record.revision > from {
        if record.batch == id {
            return Ok(Some(record.revision));
        }
        record = match session.record_at(record.revision - 1) {
            Ok(Ok(record)) => record,
            Ok(Err(error)) => return Err(doubt(session, error)),
            Err(error) => return Err(unknown(session, error.status())),
        };
    }
    if record.revision < from {
        return Err(doubt(
            session,
            "the host record was deleted by another program",
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

fn rejected(session: &Session, batch: &Batch, status: Status) -> StoreError {
    let message = status.message();
    let limit = if message.contains("too many operations") {
        "--max-txn-ops"
    } else if message.contains("request is too large") || message.contains("larger than max") {
        "--max-request-bytes, 1.5 MiB by default"
    } else {
        return session.failed("changing", &CallError::Rejected(status));
    };
    StoreError::Unsupported {
        what: format!("a batch of {} changes (the servers' {limit})", batch.len()).into(),
    }
}

fn unknown(session: &Session, status: &Status) -> StoreError {
    StoreError::OutcomeUnknown {
        store: session.name(),
        source: errors::io_error(status),
    }
}

fn doubt(session: &Session, reason: impl Into<BoxError>) -> StoreError {
    StoreError::OutcomeUnknown {
        store: session.name(),
        source: io::Error::other(reason),
    }
}
