//! What a batch believes of the store, and the transaction that holds it to that.

use certbind_core::{Applied, Batch, Binding, Change, Precondition, Result};
use uuid::Uuid;

use crate::layout::{self, Head, Place};
use crate::rpc::{
    Compare, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, Request, RequestOp, Response,
    ResponseOp, TxnRequest,
};

/// The head and what a batch's keys hold.
#[derive(Debug)]
pub(crate) struct View {
    /// The revision in which the head was written.
    pub(crate) head: i64,
    keys: Vec<Held>,
}

#[derive(Debug)]
enum Held {
    /// It was read, and last written in this revision.
    Read(i64, Option<Binding>),
    /// It was not read. If the change is right to expect it, this is it.
    Expected(Option<Binding>),
}

impl View {
    /// What the batch itself says of every key, where it says enough.
    pub(crate) fn expected(batch: &Batch, head: i64) -> Option<Self> {
        let keys = batch
            .changes()
            .iter()
            .map(|change| match change.precondition() {
                Precondition::Absent => Some(Held::Expected(None)),
                Precondition::Exactly(binding) => Some(Held::Expected(Some((**binding).clone()))),
                Precondition::Any | Precondition::Present => None,
            });
        let keys = keys.collect::<Option<_>>()?;
        Some(Self { head, keys })
    }

    /// Reads all of it, at one point.
    pub(crate) fn reading(batch: &Batch, place: &Place) -> TxnRequest {
        TxnRequest {
            success: reads(batch, place),
            ..TxnRequest::default()
        }
    }

    /// The head that the answer of [`reading`](Self::reading) or of a [`transaction`](Self::transaction)
    /// that did nothing has.
    pub(crate) fn head_of(answer: &[ResponseOp]) -> Result<Head> {
        Head::read(answer.first().and_then(found))
    }

    /// All that such an answer has.
    pub(crate) fn of(head: Head, answer: &[ResponseOp], place: &Place) -> Result<Self> {
        let keys = answer.iter().skip(1).map(|op| match found(op) {
            Some(found) => Ok(Held::Read(found.mod_revision, Some(place.binding(found)?))),
            None => Ok(Held::Read(0, None)),
        });
        Ok(Self {
            head: head.revision,
            keys: keys.collect::<Result<_>>()?,
        })
    }

    /// What the batch will do if the view is right, or why it cannot.
    pub(crate) fn check(&self, batch: &Batch) -> Result<Applied> {
        let mut keys = self.keys.iter();
        // A batch is checked in its order, in which the view was read.
        batch.check(|_| {
            Ok(keys.next().and_then(|held| match held {
                Held::Read(_, binding) | Held::Expected(binding) => binding.clone(),
            }))
        })
    }

    /// Applies the batch if the view is right, and otherwise reads a new one.
    pub(crate) fn transaction(&self, batch: &Batch, id: Uuid, place: &Place) -> TxnRequest {
        let changes = batch.changes();
        let mut compare = vec![Compare::mod_revision(place.head(), self.head)];
        compare.extend(changes.iter().zip(&self.keys).map(|(change, held)| {
            let key = place.key(change.key());
            match held {
                Held::Read(revision, _) => Compare::mod_revision(key, *revision),
                Held::Expected(None) => Compare::mod_revision(key, 0),
                Held::Expected(Some(binding)) => Compare::value(key, layout::value(binding)),
            }
        }));
        let head = Request::Put(PutRequest {
            key: place.head(),
            value: Head::value(id),
        });
        let mut success = vec![head.into()];
        success.extend(changes.iter().map(|change| write(change, place)));
        TxnRequest {
            compare,
            success,
            failure: reads(batch, place),
        }
    }
}

fn write(change: &Change, place: &Place) -> RequestOp {
    let key = place.key(change.key());
    match change.new_value() {
        Some(binding) => Request::Put(PutRequest {
            key,
            value: layout::value(binding),
        }),
        None => Request::DeleteRange(DeleteRangeRequest { key }),
    }
    .into()
}

fn reads(batch: &Batch, place: &Place) -> Vec<RequestOp> {
    let keys = batch.changes().iter().map(|change| place.key(change.key()));
    let read = |key| {
        Request::Range(RangeRequest {
            key,
            ..RangeRequest::default()
        })
        .into()
    };
    std::iter::once(place.head())
        .chain(keys)
        .map(read)
        .collect()
}

fn found(op: &ResponseOp) -> Option<&KeyValue> {
    let Some(Response::Range(range)) = &op.response else {
        return None;
    };
    range.kvs.first()
}
