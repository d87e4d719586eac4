//! Win32 codes and errors of stores.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

use std::io;
use std::path::Path;

use certbind_core::{BindingKey, StoreError};
use certbind_httpapi_abi::win32::{self, ToWin32};

#[test]
fn codes_round_trip() {
    let key: BindingKey = "0.0.0.0:443".parse().unwrap();
    for code in [2, 5, 31, 50, 87, 183, 1312, 0xdead_beef] {
        let error = win32::store_error(code, &key, "setting");
        assert_eq!(error.win32_code(), code);
        assert!(error.to_string().contains("ipport=0.0.0.0:443"), "{error}");
    }
}

#[test]
fn other_errors_have_the_nearest_code() {
    let io = |kind: io::ErrorKind| StoreError::io("write", Path::new("a"), kind.into());
    assert_eq!(
        io(io::ErrorKind::StorageFull).win32_code(),
        win32::DISK_FULL
    );
    assert_eq!(io(io::ErrorKind::Other).win32_code(), win32::IO_DEVICE);
    let backend = StoreError::backend("reading", "a database's own error");
    assert_eq!(backend.win32_code(), win32::IO_DEVICE);
}
