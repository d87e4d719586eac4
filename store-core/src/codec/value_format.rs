//! The version numbers of encoded values.

/// The newest format of encoded values. Records with extended properties are written in it; other
/// records are written in format 1, which has no extended properties.
pub const VALUE_FORMAT: u8 = 2;

/// The format of records without extended properties.
pub(super) const PLAIN: u8 = 1;
