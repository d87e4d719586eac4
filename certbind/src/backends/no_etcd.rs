//! `etcd:` in a program without etcd: an error with that message.

use certbind_backends::{Access, OpenStore, StoreBackend};
use certbind_core::StoreError;

const ABSENT: &str = "this certbind was built without etcd";

pub(crate) struct Etcd;

impl StoreBackend for Etcd {
    fn scheme(&self) -> &'static str {
        "etcd"
    }

    fn help(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn check_address(&self, _: &str) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }

    fn open(&self, _: &str, _: Access) -> Result<Option<OpenStore>, StoreError> {
        Err(StoreError::Unsupported {
            what: ABSENT.into(),
        })
    }
}
