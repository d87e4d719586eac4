//! The version of the JSON of reports, which the writer and the reader share.

/// The version of the format. A reader of one version reads all that have the same.
pub const VERSION: u32 = 1;
