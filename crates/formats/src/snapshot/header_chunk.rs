//! The source of a snapshot, as JSON, in one chunk or several.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::export::Header;
use crate::netsh::layout::Layout;

/// The most bytes that a head has: the layout of a listing has a line for each key that the host
/// did not list in canonical order.
pub(super) const MAX_LENGTH: usize = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderChunk<'a> {
    pub(super) header: Cow<'a, Header>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) layout: Option<Cow<'a, Layout>>,
}
