//! Paths in addresses.

use std::path::Path;

/// A path that means the same in every folder.
pub(super) fn absolute(path: &str) -> String {
    let path = Path::new(path);
    let absolute = std::path::absolute(path);
    let path = absolute.as_deref().unwrap_or(path);
    path.display().to_string()
}
