//! Writes extended properties into the buffers of C programs.

#![expect(unsafe_code, reason = "writes into buffers of C programs")]

use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::ptr;

use certbind_core::{
    Binding, BindingKey, DisabledCrypto, Header, Property, PropertyValue, SessionTicketKey,
    TlsName, TlsRestriction,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_ERROR_HEADERS_PARAM as HeadersParam, HTTP_PERFORMANCE_PARAM as PerformanceParam,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM_EX as Param,
    HTTP_SERVICE_CONFIG_SSL_SET_EX as SslSet, HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey,
    HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX as SniSet, HTTP_TLS_RESTRICTIONS_PARAM as RestrictionsParam,
    HTTP_TLS_SESSION_TICKET_KEYS_PARAM as KeysParam, HTTP_UNKNOWN_HEADER as UnknownHeader,
    HTTP2_SETTINGS_LIMITS_PARAM as LimitsParam,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    CRYPTO_SETTINGS as Crypto, LSA_UNICODE_STRING as Counted,
    SecPkgCred_SessionTicketKey as TicketKey, TLS_PARAMETERS as Restriction,
};

use super::answer::{ALIGNMENT, address, any, wide};

/// The layout of a property in a caller's buffer: one structure, followed by the data that its
/// pointers point to.
#[derive(Debug)]
pub struct PropertyAnswer {
    bytes: Vec<u8>,
    /// The offset of a pointer, and the offset that it points to.
    pointers: Vec<(usize, usize)>,
}

impl PropertyAnswer {
    /// Lays out a property of this binding.
    #[must_use]
    pub fn new(binding: &Binding, property: &Property) -> Self {
        let key = binding.key();
        let (head, param) = match key {
            BindingKey::IpPort(_) => (size_of::<SslSet>(), offset_of!(SslSet, ParamDesc)),
            BindingKey::Sni(_) | BindingKey::ScopedCcs(_) => {
                (size_of::<SniSet>(), offset_of!(SniSet, ParamDesc))
            }
            BindingKey::Ccs(_) => (size_of::<CcsSet>(), offset_of!(CcsSet, ParamDesc)),
        };
        let mut answer = Self {
            bytes: vec![0; head.next_multiple_of(ALIGNMENT)],
            pointers: Vec::new(),
        };
        // Each of them begins with an address.
        match key {
            BindingKey::IpPort(endpoint) => answer.put(0, &address(endpoint.addr())),
            _ => answer.put(0, &address(any(key.port()))),
        }
        if let Some(host) = key.host() {
            let host = wide(binding.host_spelling().unwrap_or(host.as_str()));
            answer.lead(offset_of!(SniKey, Host), &host);
        }
        let of = property.property_type().number();
        answer.put(param + offset_of!(Param, ParamType), &of.to_ne_bytes());
        answer.put(
            param + offset_of!(Param, Flags),
            &property.flags.to_ne_bytes(),
        );
        answer.value(param + offset_of!(Param, Anonymous), &property.value);
        answer
    }

    /// The size of the answer in bytes: the value of `*pReturnLength`.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).expect("a property takes at most 8 KiB")
    }

    /// Writes it. Its pointers point into the same buffer, which need not be aligned.
    ///
    /// # Safety
    /// `output` is valid for writes of [`size`](Self::size) bytes.
    pub unsafe fn write(&self, output: *mut c_void) {
        let (bytes, length) = (self.bytes.as_ptr(), self.bytes.len());
        // SAFETY: the caller's guarantee; our bytes do not overlap it.
        unsafe { ptr::copy_nonoverlapping(bytes, output.cast::<u8>(), length) };
        for (at, target) in &self.pointers {
            let pointer = output.wrapping_byte_add(*target);
            let place = output.wrapping_byte_add(*at).cast::<*mut c_void>();
            // SAFETY: the caller's guarantee; the place is a pointer's within the bytes.
            unsafe { place.write_unaligned(pointer) };
        }
    }

    fn value(&mut self, at: usize, value: &PropertyValue) {
        match value {
            PropertyValue::Http2Window { receive_window } => self.number(at, *receive_window),
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => {
                let frame = offset_of!(LimitsParam, Http2MaxSettingsPerFrame);
                let minute = offset_of!(LimitsParam, Http2MaxSettingsPerMinute);
                self.number(at + frame, *max_per_frame);
                self.number(at + minute, *max_per_minute);
            }
            PropertyValue::Performance(setting) => {
                let kind = setting.kind().to_ne_bytes();
                self.put(at + offset_of!(PerformanceParam, Type), &kind);
                self.count(
                    at + offset_of!(PerformanceParam, BufferSize),
                    setting.buffer(),
                );
                self.lead(at + offset_of!(PerformanceParam, Buffer), setting.buffer());
            }
            PropertyValue::TlsRestrictions(all) => {
                let all = all.as_slice();
                self.count(at + offset_of!(RestrictionsParam, RestrictionCount), all);
                let list = at + offset_of!(RestrictionsParam, TlsRestrictions);
                let list = self.list::<Restriction, _>(list, all);
                for (at, restriction) in list.zip(all) {
                    self.restriction(at, restriction);
                }
            }
            PropertyValue::ErrorHeaders(all) => {
                let status = all.status().to_ne_bytes();
                self.put(at + offset_of!(HeadersParam, StatusCode), &status);
                self.short(
                    at + offset_of!(HeadersParam, HeaderCount),
                    all.headers().len(),
                );
                let list = at + offset_of!(HeadersParam, Headers);
                let list = self.list::<UnknownHeader, _>(list, all.headers());
                for (at, header) in list.zip(all.headers()) {
                    self.header(at, header);
                }
            }
            PropertyValue::SessionTicketKeys(all) => {
                let all = all.as_slice();
                self.count(at + offset_of!(KeysParam, SessionTicketKeyCount), all);
                let list = at + offset_of!(KeysParam, SessionTicketKeys);
                let list = self.list::<TicketKey, _>(list, all);
                for (at, key) in list.zip(all) {
                    self.ticket_key(at, key);
                }
            }
        }
    }

    fn restriction(&mut self, at: usize, restriction: &TlsRestriction) {
        self.count(
            at + offset_of!(Restriction, cAlpnIds),
            &restriction.alpn_ids,
        );
        self.names(
            at + offset_of!(Restriction, rgstrAlpnIds),
            &restriction.alpn_ids,
        );
        let protocols = offset_of!(Restriction, grbitDisabledProtocols);
        self.number(at + protocols, restriction.disabled_protocols);
        let crypto = &restriction.disabled_crypto;
        self.count(at + offset_of!(Restriction, cDisabledCrypto), crypto);
        let list = at + offset_of!(Restriction, pDisabledCrypto);
        let list = self.list::<Crypto, _>(list, crypto);
        for (at, crypto) in list.zip(crypto) {
            self.crypto(at, crypto);
        }
        self.number(at + offset_of!(Restriction, dwFlags), restriction.flags);
    }

    fn crypto(&mut self, at: usize, crypto: &DisabledCrypto) {
        let usage = crypto.usage.to_ne_bytes();
        self.put(at + offset_of!(Crypto, eAlgorithmUsage), &usage);
        if let Some(algorithm) = &crypto.algorithm {
            self.name(at + offset_of!(Crypto, strCngAlgId), algorithm);
        }
        self.count(
            at + offset_of!(Crypto, cChainingModes),
            &crypto.chaining_modes,
        );
        self.names(
            at + offset_of!(Crypto, rgstrChainingModes),
            &crypto.chaining_modes,
        );
        self.number(at + offset_of!(Crypto, dwMinBitLength), crypto.min_bits);
        self.number(at + offset_of!(Crypto, dwMaxBitLength), crypto.max_bits);
    }

    fn header(&mut self, at: usize, header: &Header) {
        let (name, value) = (header.name().as_bytes(), header.value());
        self.short(at + offset_of!(UnknownHeader, NameLength), name.len());
        self.short(at + offset_of!(UnknownHeader, RawValueLength), value.len());
        self.lead(at + offset_of!(UnknownHeader, pName), name);
        self.lead(at + offset_of!(UnknownHeader, pRawValue), value);
    }

    fn ticket_key(&mut self, at: usize, key: &SessionTicketKey) {
        self.number(at + offset_of!(TicketKey, TicketInfoVersion), key.version());
        self.put(at + offset_of!(TicketKey, KeyId), key.id());
        self.put(at + offset_of!(TicketKey, KeyingMaterial), key.material());
        let length = u8::try_from(key.material().len()).expect("it has at most 64 bytes");
        self.put(at + offset_of!(TicketKey, KeyingMaterialSize), &[length]);
    }

    fn names(&mut self, at: usize, names: &[TlsName]) {
        let list = self.list::<Counted, _>(at, names);
        for (at, name) in list.zip(names) {
            self.name(at, name);
        }
    }

    fn name(&mut self, at: usize, name: &TlsName) {
        let units = name.as_str().encode_utf16();
        let text: Vec<u8> = units.flat_map(u16::to_ne_bytes).collect();
        self.short(at + offset_of!(Counted, Length), text.len());
        self.short(at + offset_of!(Counted, MaximumLength), text.len());
        self.lead(at + offset_of!(Counted, Buffer), &text);
    }

    /// Reserves a structure for each element, which the pointer at `at` points to, and returns
    /// their places.
    fn list<T, U>(&mut self, at: usize, of: &[U]) -> impl Iterator<Item = usize> + use<T, U> {
        let start = self.lead(at, &vec![0; size_of::<T>() * of.len()]);
        (0..of.len()).map(move |n| start + n * size_of::<T>())
    }

    /// Appends bytes, which the pointer at `at` points to, and returns their place. For no bytes
    /// the pointer is null.
    fn lead(&mut self, at: usize, bytes: &[u8]) -> usize {
        let target = self.bytes.len();
        if !bytes.is_empty() {
            self.pointers.push((at, target));
            self.bytes.extend(bytes);
            let aligned = self.bytes.len().next_multiple_of(ALIGNMENT);
            self.bytes.resize(aligned, 0);
        }
        target
    }

    fn count<T>(&mut self, at: usize, of: &[T]) {
        let count = u32::try_from(of.len()).expect("a property takes at most 8 KiB");
        self.number(at, count);
    }

    fn short(&mut self, at: usize, length: usize) {
        let length = u16::try_from(length).expect("a property takes at most 8 KiB");
        self.put(at, &length.to_ne_bytes());
    }

    fn number(&mut self, at: usize, number: u32) {
        self.put(at, &number.to_ne_bytes());
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }
}
