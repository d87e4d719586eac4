//! Files of node-forge.

use std::process::Command;

use certbind_test_support::{require, skip};

use crate::chain::{BOTH, Chain, PASSWORD, installed, source};

#[test]
fn node_forge_with_every_encryption() {
    require!("openssl", "node");
    let package = installed("node-forge/node_modules/node-forge");
    if !package.is_dir() {
        return skip("needs node-forge, which `cargo xtask test --install` installs");
    }
    let chain = Chain::new();
    let folder = chain.folder("read");
    let mut node = Command::new("node");
    node.arg(source("node_forge.js")).arg(package);
    chain.finish(node.arg(PASSWORD).arg(&folder));
    let found = chain.all_subjects(&folder);
    assert_eq!(found.len(), 20, "{found:?}");
    for (name, subjects) in found {
        assert_eq!(subjects, BOTH, "{name}");
    }
}
