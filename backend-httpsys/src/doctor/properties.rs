//! Questions about extended properties that reading answers.

use certbind_core::{Binding, BindingKey, Kind, Property, PropertyType};
use certbind_httpapi_abi::HttpApi;
use certbind_httpapi_abi::client::{PropertyQuery, Query, read_property, with_query_property};
use certbind_httpapi_abi::win32;
use windows_sys::Win32::Foundation::NO_ERROR;

use super::Doctor;
use crate::listing::FAR_INDEX;
use crate::session::Answer;
use crate::unbound_key::unbound_key;

/// The size of a key before a property, for addresses.
const KEY: usize = 128;

const OF_PROPERTIES: [&str; 5] = [
    "property_types",
    "property_unset",
    "property_key",
    "property_next",
    "performance_settings",
];

/// The bytes of an answer, and the property decoded from them.
type Answered = (Vec<u8>, Result<(BindingKey, Property), String>);

impl<A: HttpApi> Doctor<A> {
    pub(super) fn properties(&mut self) {
        let window = PropertyType::Http2Window;
        let unknown = self.unknown(window);
        let evidence = format!("index 0 of {window}");
        self.finding("property_ids", unknown.unwrap_or(NO_ERROR), &evidence);
        if unknown.is_some() {
            return self.not_probed(&OF_PROPERTIES, "the host has no extended properties");
        }
        let limits = PropertyType::ALL.into_iter().find(|of| of.number() == 2);
        if let Some(of) = limits {
            let unknown = self.unknown(of).unwrap_or(NO_ERROR);
            self.finding("property_types", unknown, &format!("index 0 of {of}"));
        }
        self.property_next(window);
        self.performance_settings();
        self.property_unset(window);
        self.not_probed(
            &OF_PROPERTIES,
            "no binding has the property that would show it",
        );
    }

    /// The code for a type that the host does not support.
    fn unknown(&self, of: PropertyType) -> Option<u32> {
        let Answer::Code(code) = self.next(of, 0) else {
            return None;
        };
        let exact = self.exact(&unbound_key(Kind::IpPort), of);
        let is_same = matches!(exact, Answer::Code(exact) if exact == code);
        (code != win32::NO_MORE_ITEMS && is_same).then_some(code)
    }

    fn property_next(&mut self, of: PropertyType) {
        let far = self.next(of, FAR_INDEX);
        let first = [0, 1, 2].map(|index| self.next(of, index));
        let is_default = |answer: &Answer<Answered>| match answer {
            Answer::Found((_, Ok((_, property)))) => property.is_default(),
            _ => false,
        };
        let is_found = |answer: &Answer<Answered>| matches!(answer, Answer::Found(_));
        let is_other = |answer: &Answer<Answered>| match answer {
            Answer::Found((_, Ok((_, property)))) => property.property_type() != of,
            _ => false,
        };
        let answer = match &first {
            _ if is_found(&far) => "endless",
            all if all.iter().any(is_other) => "all-types",
            all if all.iter().any(is_default) => "all-keys",
            [Answer::Found(_), Answer::Code(win32::FILE_NOT_FOUND), _] => "hole",
            [Answer::Found(_), ..] => "set",
            _ => return,
        };
        self.finding("property_next", answer, &format!("the indices of {of}"));
    }

    fn performance_settings(&mut self) {
        let of = PropertyType::Performance;
        let key = |index| match self.next(of, index) {
            Answer::Found((_, Ok((key, found)))) if found.property_type() == of => Some(key),
            _ => None,
        };
        let Some(first) = key(0) else { return };
        let is_several =
            Some(first) == key(1) && self.found.answer("property_next") != Some("endless");
        let answer = if is_several { "several" } else { "one" };
        self.finding(
            "performance_settings",
            answer,
            &format!("the indices of {of}"),
        );
    }

    /// Queries the property of a binding that has none.
    fn property_unset(&mut self, of: PropertyType) {
        let mut set = Vec::new();
        for index in 0..64 {
            match self.next(of, index) {
                Answer::Found((_, Ok((key, found)))) if !found.is_default() => set.push(key),
                Answer::Found(_) | Answer::Malformed(_) => {}
                Answer::Code(_) if index < 2 => {}
                Answer::Code(_) => break,
            }
        }
        let bound = (0..64).find_map(|index| match self.nth(Kind::IpPort, index) {
            Answer::Found(record) => record.binding.ok().filter(|b| !set.contains(b.key())),
            _ => None,
        });
        let Some(bound) = bound else { return };
        self.unset(&bound, of);
    }

    fn unset(&mut self, bound: &Binding, of: PropertyType) {
        let evidence = format!("a query of {of} of {}", bound.key());
        let (bytes, property) = match self.exact(bound.key(), of) {
            Answer::Code(code) => return self.finding("property_unset", code, &evidence),
            Answer::Malformed(_) => return,
            Answer::Found(found) => found,
        };
        let at = |offset: usize| {
            bytes
                .get(offset..offset + 4)
                .is_some_and(|word| word != [0; 4])
        };
        let (family, left_out, in_place) = (at(0), at(16), at(KEY + 16));
        let key = match (family, left_out, in_place) {
            (true, ..) => "given",
            (false, true, _) => "left-out",
            (false, false, true) => "zeros",
            (false, false, false) => {
                return self.finding("property_unset", "empty", &evidence);
            }
        };
        self.finding("property_key", key, &evidence);
        let offset = if key == "left-out" { 16 } else { KEY + 16 };
        let window = bytes
            .get(offset..offset + 4)
            .and_then(|word| word.try_into().ok());
        let window = window.map(u32::from_ne_bytes);
        let is_default = match (&property, window) {
            (Ok((_, property)), _) => property.is_default(),
            (Err(_), window) => window == Some(DEFAULT_WINDOW),
        };
        let answer = if is_default {
            "default"
        } else {
            "other-default"
        };
        self.finding("property_unset", answer, &evidence);
    }

    pub(super) fn exact(&self, key: &BindingKey, property: PropertyType) -> Answer<Answered> {
        let host_spelling = None;
        self.ask(
            key.kind(),
            PropertyQuery::Exact {
                key,
                host_spelling,
                property,
            },
        )
    }

    fn next(&self, property: PropertyType, token: u32) -> Answer<Answered> {
        let kind = Kind::IpPort;
        self.ask(
            kind,
            PropertyQuery::Next {
                kind,
                token,
                property,
            },
        )
    }

    fn ask(&self, kind: Kind, query: PropertyQuery<'_>) -> Answer<Answered> {
        let ask = |buffer: &mut [u64]| {
            with_query_property(query, |request| self.session.raw_query(request, buffer))
        };
        let read = |bytes: &[u8]| {
            let property = read_property(kind, bytes).map_err(|error| error.to_string());
            Ok((bytes.to_vec(), property))
        };
        self.session.query(ask, read)
    }

    /// Whether a key is bound, and the record.
    pub(super) fn bound(&self, key: &BindingKey, spelling: Option<&str>) -> Option<Binding> {
        let host_spelling = spelling;
        let found = self.record(key.kind(), Query::Exact { key, host_spelling });
        match found {
            Answer::Found(record) => record.binding.ok().filter(|found| found.key() == key),
            _ => None,
        }
    }
}

/// The receive window that hosts show where none is set.
const DEFAULT_WINDOW: u32 = 1_048_576;
