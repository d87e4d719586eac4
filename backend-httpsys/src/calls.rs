//! The number of calls of a store.

use certbind_httpapi_abi::HttpApi;

use crate::store::HttpSysStore;

impl<A: HttpApi> HttpSysStore<A> {
    /// How many calls of the HTTP Server API this handle has made: a measure of progress, since a
    /// host may take seconds for each.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.session.calls()
    }
}
