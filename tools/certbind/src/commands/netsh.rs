//! `netsh`: netsh's own command line over a store.

use crate::error::Error;
use crate::stores::StoreUrl;

pub(crate) fn run(_url: &StoreUrl, _arguments: &[String]) -> Result<u8, Error> {
    Ok(1)
}
