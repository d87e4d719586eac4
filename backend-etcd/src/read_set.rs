//! The read set of a batch, and the transaction that applies the batch if the read set is still
//! current.

use certbind_core::{Applied, Batch, Binding, Change, Precondition, Result};
use uuid::Uuid;

use crate::rpc::{
    Compare, DeleteRangeRequest, KeyValue, PutRequest, RangeRequest, Request, RequestOp, Response,
    ResponseOp, TxnRequest,
};
use crate::schema::{self, HostKeys, HostRecord};

/// The revision of the host record, and the value of each key of a batch.
#[derive(Debug)]
pub(crate) struct ReadSet {
    /// The revision in which the host record was written.
    pub(crate) record_revision: i64,
    keys: Vec<KeyState>,
}

#[derive(Debug)]
enum KeyState {
    /// It was read, and last written in this revision.
    Read(i64, Option<Binding>),
    /// It was not read. The change's precondition requires this value.
    Assumed(Option<Binding>),
}

impl ReadSet {
    /// The read set that the preconditions imply, if they determine the value of every key.
    pub(crate) fn assumed(batch: &Batch, record_revision: i64) -> Option<Self> {
        let keys = batch
            .changes()
            .iter()
            .map(|change| match change.precondition() {
                Precondition::Absent => Some(KeyState::Assumed(None)),
                Precondition::Exactly(binding) => {
                    Some(KeyState::Assumed(Some((**binding).clone())))
                }
                Precondition::Any | Precondition::Present => None,
            });
        let keys = keys.collect::<Option<_>>()?;
        Some(Self {
            record_revision,
            keys,
        })
    }

    /// Reads all keys in one revision.
    pub(crate) fn request(batch: &Batch, keys: &HostKeys) -> TxnRequest {
        TxnRequest {
            success: reads(batch, keys),
            ..TxnRequest::default()
        }
    }

    /// The host record in the answer to a [`request`](Self::request) or to a
    /// [`transaction`](Self::transaction) whose comparison failed.
    pub(crate) fn record_of(answer: &[ResponseOp]) -> Result<HostRecord> {
        HostRecord::read(answer.first().and_then(found))
    }

    /// The read set in such an answer.
    pub(crate) fn of(record: HostRecord, answer: &[ResponseOp], keys: &HostKeys) -> Result<Self> {
        let states = answer.iter().skip(1).map(|op| match found(op) {
            Some(found) => Ok(KeyState::Read(
                found.mod_revision,
                Some(keys.binding(found)?),
            )),
            None => Ok(KeyState::Read(0, None)),
        });
        Ok(Self {
            record_revision: record.revision,
            keys: states.collect::<Result<_>>()?,
        })
    }

    /// The result of the batch if the read set is current, or the precondition that fails.
    pub(crate) fn check(&self, batch: &Batch) -> Result<Applied> {
        let mut keys = self.keys.iter();
        // The keys were read in the order of the batch, in which it is checked.
        batch.check(|_| {
            Ok(keys.next().and_then(|state| match state {
                KeyState::Read(_, binding) | KeyState::Assumed(binding) => binding.clone(),
            }))
        })
    }

    /// Applies the batch if the read set is still current, and otherwise reads all keys again.
    pub(crate) fn transaction(&self, batch: &Batch, id: Uuid, keys: &HostKeys) -> TxnRequest {
        let changes = batch.changes();
        let mut compare = vec![Compare::mod_revision(keys.record(), self.record_revision)];
        compare.extend(changes.iter().zip(&self.keys).map(|(change, state)| {
            let key = keys.key(change.key());
            match state {
                KeyState::Read(revision, _) => Compare::mod_revision(key, *revision),
                KeyState::Assumed(None) => Compare::mod_revision(key, 0),
                KeyState::Assumed(Some(binding)) => Compare::value(key, schema::value(binding)),
            }
        }));
        let record = Request::Put(PutRequest {
            key: keys.record(),
            value: HostRecord::value(id),
        });
        let mut success = vec![record.into()];
        success.extend(changes.iter().map(|change| write(change, keys)));
        TxnRequest {
            compare,
            success,
            failure: reads(batch, keys),
        }
    }
}

fn write(change: &Change, keys: &HostKeys) -> RequestOp {
    let key = keys.key(change.key());
    match change.new_value() {
        Some(binding) => Request::Put(PutRequest {
            key,
            value: schema::value(binding),
        }),
        None => Request::DeleteRange(DeleteRangeRequest { key }),
    }
    .into()
}

/// Reads without a revision: a range of a past revision inside a transaction can make the members of
/// a cluster diverge (etcd issue 18667).
fn reads(batch: &Batch, keys: &HostKeys) -> Vec<RequestOp> {
    let bindings = batch.changes().iter().map(|change| keys.key(change.key()));
    let read = |key| {
        Request::Range(RangeRequest {
            key,
            ..RangeRequest::default()
        })
        .into()
    };
    std::iter::once(keys.record())
        .chain(bindings)
        .map(read)
        .collect()
}

fn found(op: &ResponseOp) -> Option<&KeyValue> {
    let Some(Response::Range(range)) = &op.response else {
        return None;
    };
    range.kvs.first()
}

#[cfg(test)]
mod tests {
    use certbind_core::{CertHash, Record};

    use super::*;

    /// A range of a past revision inside a transaction can make members diverge (etcd issue 18667):
    /// no request has one.
    #[test]
    fn transactions_read_the_current_revision_alone() {
        let keys = HostKeys::of(&"web01".parse().unwrap());
        let record = Record::new(CertHash::new([1; 20]), None, Uuid::nil());
        let binding = Binding::new("0.0.0.0:443".parse().unwrap(), record).unwrap();
        let batch = Batch::new([Change::insert(binding)]).unwrap();
        let reads = ReadSet::assumed(&batch, 7).unwrap();
        let sent = reads.transaction(&batch, Uuid::nil(), &keys);
        let read = ReadSet::request(&batch, &keys);
        let operations = [sent.success, sent.failure, read.success, read.failure].concat();
        let ranges = operations.iter().filter_map(|op| match &op.request {
            Some(Request::Range(range)) => Some(range.revision),
            _ => None,
        });
        assert_eq!(ranges.collect::<Vec<_>>(), [0; 4]);
    }
}
