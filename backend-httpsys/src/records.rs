//! Records: one by its key, or all of a kind.

use std::cell::OnceCell;

use certbind_core::{Binding, BindingKey, IpPort, Kind, Result};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{
    Query, Request, read_record, with_delete, with_query, with_set,
};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use crate::code::{is_absent, is_too_small, is_unsupported};
use crate::listing::{Issue, Listing, Reply, list};
use crate::properties::{Passes, Properties, with};
use crate::read_failure::ReadFailure;
use crate::session::{Answer, Session, unreadable};
use crate::unbound_key::unbound_key;

/// No `HTTP_SERVICE_CONFIG_ID`.
const NO_SUCH_ID: i32 = 0x4000_0000;

/// The records of a kind.
pub(crate) type Records = Listing<BindingKey, Binding>;

/// Records and extended properties of each kind, listed when they are first needed and then kept
/// for the rest of an operation.
#[derive(Default)]
pub(crate) struct ReadCache {
    records: [OnceCell<Records>; Kind::ALL.len()],
    properties: [OnceCell<Properties>; Kind::ALL.len()],
}

impl ReadCache {
    pub(crate) fn records<A: HttpApi>(&self, session: &Session<A>, kind: Kind) -> &Records {
        self.records[kind as usize].get_or_init(|| session.records(kind))
    }

    fn has_properties(&self, kind: Kind) -> bool {
        self.properties[kind as usize].get().is_some()
    }

    fn properties<A: HttpApi>(&self, session: &Session<A>, kind: Kind) -> &Properties {
        self.properties[kind as usize].get_or_init(|| session.properties(kind, Passes::UntilStable))
    }
}

/// The answer of an exact query for a key.
enum Exact {
    Record(Binding),
    Absent,
    /// Neither: the code does not mean absence, or the record is another key's or makes no sense.
    Unknown(ReadFailure),
}

impl<A: HttpApi> Session<A> {
    /// The code of a query for the first record of a kind; 0 if there is one.
    pub(crate) fn probe(&self, kind: Kind) -> u32 {
        match self.nth(kind, 0) {
            Answer::Found(_) | Answer::Malformed(_) => NO_ERROR,
            Answer::Code(code) if is_too_small(code) => NO_ERROR,
            Answer::Code(code) => code,
        }
    }

    /// Whether the API answers a query of an id that does not exist as one of an empty kind.
    pub(crate) fn answers_any_id(&self) -> bool {
        let query = Query::Next {
            kind: Kind::IpPort,
            token: 0,
        };
        let (code, _) = with_query(query, |request| {
            let id = NO_SUCH_ID;
            self.raw_query(Request { id, ..request }, &mut [0; 64])
        });
        code == win32::FILE_NOT_FOUND
    }

    /// The record at an index of those of a kind, without extended properties.
    pub(crate) fn nth(&self, kind: Kind, token: u32) -> Answer<Binding> {
        self.record_query(kind, Query::Next { kind, token })
    }

    /// One pass over the records of a kind.
    pub(crate) fn records(&self, kind: Kind) -> Records {
        let mut last = NO_ERROR;
        let mut listing = list(|index| match self.nth(kind, index) {
            Answer::Found(binding) => Reply::Record(binding.key().clone(), binding),
            Answer::Malformed(cause) => Reply::Malformed(ReadFailure::Malformed(cause)),
            Answer::Code(code) => {
                last = code;
                Reply::Code(code)
            }
        });
        // Such a code may end an enumeration, or mean that the kind is no longer supported.
        if is_unsupported(last) && listing.plain_end.is_none() {
            let known = listing.records.first().map(|(_, key, _)| key.clone());
            if self.is_gone(&known.unwrap_or_else(|| unbound_key(kind))) {
                listing.issues.push(Issue {
                    subject: "the further entries".into(),
                    cause: ReadFailure::Code(last),
                });
            }
        }
        listing
    }

    /// Whether this Windows lacks a kind, by a query of a key.
    fn is_gone(&self, key: &BindingKey) -> bool {
        let host_spelling = None;
        let query = Query::Exact { key, host_spelling };
        matches!(self.record_query(key.kind(), query), Answer::Code(code) if is_unsupported(code))
    }

    /// The binding of a key.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`](certbind_core::StoreError::Unreadable) if not all of it can be
    /// read.
    pub(crate) fn binding(&self, key: &BindingKey, cache: &ReadCache) -> Result<Option<Binding>> {
        let Some(record) = self.record(key, None, cache)? else {
            return Ok(None);
        };
        if !self.has_properties() {
            return Ok(Some(record));
        }
        if !cache.has_properties(key.kind())
            && let Some(found) = self.exact_properties(&record)
        {
            return with(record, found).map(Some);
        }
        let properties = cache.properties(self, key.kind());
        let binding = properties.attach_all(record)?;
        self.learn_from(&binding);
        Ok(Some(binding))
    }

    /// Whether a key has properties that its binding does not.
    pub(crate) fn inherits(&self, binding: &Binding, cache: &ReadCache) -> bool {
        let properties = cache.properties(self, binding.key().kind());
        let found = properties.set.get(binding.key());
        found.is_some_and(|found| *found != binding.record().extended)
    }

    /// The record of a key, without extended properties. `spelling` is a possible spelling of the
    /// host name.
    ///
    /// HTTP.sys may know a key under another spelling, or answer an exact query with the record
    /// that serves the key. So where an exact query finds nothing, all records are searched, unless
    /// the key has only one spelling.
    pub(crate) fn record(
        &self,
        key: &BindingKey,
        spelling: Option<&str>,
        cache: &ReadCache,
    ) -> Result<Option<Binding>> {
        let mut unknown = None;
        let unicode = key.host().and_then(|host| {
            let (unicode, valid) = idna::domain_to_unicode(host.as_str());
            (valid.is_ok() && unicode != host.as_str()).then_some(unicode)
        });
        let mut spellings = vec![spelling, None, unicode.as_deref()];
        spellings.dedup();
        let first = spellings.remove(0);
        for spelling in std::iter::once(first).chain(spellings.into_iter().filter(|s| *s != first))
        {
            match self.exact(key, spelling) {
                Exact::Record(binding) => return Ok(Some(binding)),
                Exact::Absent => {}
                Exact::Unknown(cause) => unknown = Some(cause),
            }
        }
        if unknown.is_none() && has_one_spelling(key) {
            return Ok(None);
        }
        let listing = cache.records(self, key.kind());
        let listed = listing.records.iter().find(|(_, listed, _)| listed == key);
        match (listed, unknown) {
            (Some((_, _, binding)), _) => Ok(Some(binding.clone())),
            (None, Some(cause)) if !listing.issues.is_empty() => {
                Err(unreadable(key.to_string(), cause))
            }
            (None, _) => Ok(None),
        }
    }

    fn exact(&self, key: &BindingKey, host_spelling: Option<&str>) -> Exact {
        match self.record_query(key.kind(), Query::Exact { key, host_spelling }) {
            Answer::Found(binding) if binding.key() == key => Exact::Record(binding),
            Answer::Found(binding) => {
                let message = format!("Windows answers with {}", binding.key());
                Exact::Unknown(ReadFailure::Contradiction(message))
            }
            Answer::Malformed(cause) => Exact::Unknown(ReadFailure::Malformed(cause)),
            Answer::Code(code) if is_absent(code) => Exact::Absent,
            Answer::Code(code) => Exact::Unknown(ReadFailure::Code(code)),
        }
    }

    fn record_query(&self, kind: Kind, query: Query<'_>) -> Answer<Binding> {
        let ask = |buffer: &mut [u64]| with_query(query, |request| self.raw_query(request, buffer));
        let read = |bytes: &[u8]| read_record(kind, bytes);
        self.query_of(self.records_budget(kind), ask, read)
    }

    pub(crate) fn set(&self, binding: &Binding) -> u32 {
        with_set(binding, |request| self.raw_set(request))
    }

    pub(crate) fn update(&self, binding: &Binding) -> u32 {
        with_set(binding, |request| self.raw_update(request))
    }

    /// Deletes the record that `binding` was read from.
    pub(crate) fn delete(&self, binding: &Binding) -> u32 {
        let (key, host) = (binding.key(), binding.host_spelling());
        with_delete(key, host, |request| self.raw_delete(request))
    }
}

/// Whether HTTP.sys can know the key under only one spelling. A host name has many, and an IPv6
/// address may be stored without its scope or as the IPv4 address in it.
pub(crate) fn has_one_spelling(key: &BindingKey) -> bool {
    match key {
        BindingKey::IpPort(endpoint) => match endpoint.addr() {
            std::net::SocketAddr::V4(_) => true,
            std::net::SocketAddr::V6(v6) => {
                v6.scope_id() == 0 && v6.ip().to_ipv4_mapped().is_none()
            }
        },
        BindingKey::Ccs(_) => true,
        BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => false,
    }
}

/// The key in which HTTP.sys may store an IPv6 address: without its scope, or the IPv4 address in
/// it.
pub(crate) fn other_spelling(key: &BindingKey) -> Option<BindingKey> {
    let BindingKey::IpPort(endpoint) = key else {
        return None;
    };
    let std::net::SocketAddr::V6(mut v6) = endpoint.addr() else {
        return None;
    };
    let other = match v6.ip().to_ipv4_mapped() {
        Some(v4) => std::net::SocketAddr::from((v4, v6.port())),
        None if v6.scope_id() != 0 => {
            v6.set_scope_id(0);
            v6.into()
        }
        None => return None,
    };
    IpPort::new(other).ok().map(BindingKey::IpPort)
}
