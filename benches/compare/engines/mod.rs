//! The engines. Their results are checked as they are measured, so they may panic.

mod certbind;
mod fjall;
mod json;
mod lmdb;
mod map;
mod redb;
mod sqlite;

use certbind_core::codec::{decode_binding, encode_binding, encode_key};
use certbind_core::{Binding, BindingKey};

use crate::engine::Kind;

/// All of them, ours first.
pub(crate) static ALL: [Kind; 12] = [
    certbind::IN_MEMORY,
    certbind::FROM_FILE,
    certbind::NO_ROW_CACHE,
    certbind::WITH_HISTORY,
    redb::EACH,
    redb::SHARED_VIEW,
    sqlite::SQLITE,
    lmdb::EACH,
    lmdb::SHARED_VIEW,
    fjall::FJALL,
    json::JSON,
    map::MAP,
];

/// As certbind has them in its file: the peers keep the same bytes.
fn encoded(binding: &Binding) -> (Vec<u8>, Vec<u8>) {
    (encode_key(binding.key()), encode_binding(binding))
}

fn decoded(key: BindingKey, value: &[u8]) -> Binding {
    decode_binding(key, value).unwrap()
}
