//! The structures of a property's value, with the memory that their pointers point to.

use std::ffi::c_void;
use std::ptr;

use certbind_core::{
    DisabledCrypto, Header, Property, PropertyValue, SessionTicketKey, TlsName, TlsRestriction,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX, HTTP_TLS_SESSION_TICKET_KEYS_PARAM, HTTP_UNKNOWN_HEADER,
    HTTP2_SETTINGS_LIMITS_PARAM, HTTP2_WINDOW_SIZE_PARAM,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    CRYPTO_SETTINGS, LSA_UNICODE_STRING, SecPkgCred_SessionTicketKey, TLS_PARAMETERS,
};

/// Owns the memory that the pointers of a property point to.
#[derive(Default)]
pub(super) struct Value {
    headers: Vec<HTTP_UNKNOWN_HEADER>,
    ticket_keys: Vec<SecPkgCred_SessionTicketKey>,
    restrictions: Vec<TLS_PARAMETERS>,
    crypto: Vec<Vec<CRYPTO_SETTINGS>>,
    lists: Vec<Vec<LSA_UNICODE_STRING>>,
    texts: Vec<Vec<u16>>,
}

impl Value {
    /// The parameter of a property, valid as long as both exist.
    pub(super) fn param(&mut self, property: &Property) -> HTTP_SERVICE_CONFIG_SSL_PARAM_EX {
        let mut param = HTTP_SERVICE_CONFIG_SSL_PARAM_EX {
            ParamType: property.property_type().number().cast_signed(),
            Flags: property.flags,
            ..HTTP_SERVICE_CONFIG_SSL_PARAM_EX::default()
        };
        let value = &mut param.Anonymous;
        match &property.value {
            PropertyValue::Http2Window { receive_window } => {
                value.Http2WindowSizeParam = HTTP2_WINDOW_SIZE_PARAM {
                    Http2ReceiveWindowSize: *receive_window,
                };
            }
            PropertyValue::Http2SettingsLimits {
                max_per_frame,
                max_per_minute,
            } => {
                value.Http2SettingsLimitsParam = HTTP2_SETTINGS_LIMITS_PARAM {
                    Http2MaxSettingsPerFrame: *max_per_frame,
                    Http2MaxSettingsPerMinute: *max_per_minute,
                };
            }
            PropertyValue::Performance(setting) => {
                value.HttpPerformanceParam.Type = setting.kind();
                value.HttpPerformanceParam.BufferSize = count(setting.buffer());
                value.HttpPerformanceParam.Buffer = start(setting.buffer());
            }
            PropertyValue::TlsRestrictions(all) => {
                let restrictions = all.as_slice().iter();
                self.restrictions = restrictions.map(|one| self.restriction(one)).collect();
                value.HttpTlsRestrictionsParam.RestrictionCount = count(&self.restrictions);
                value.HttpTlsRestrictionsParam.TlsRestrictions = start(&self.restrictions);
            }
            PropertyValue::ErrorHeaders(all) => {
                self.headers = all.headers().iter().map(header).collect();
                value.HttpErrorHeadersParam.StatusCode = all.status();
                value.HttpErrorHeadersParam.HeaderCount = length(&self.headers);
                value.HttpErrorHeadersParam.Headers = start(&self.headers).cast();
            }
            PropertyValue::SessionTicketKeys(all) => {
                self.ticket_keys = all.as_slice().iter().map(ticket_key).collect();
                value.HttpTlsSessionTicketKeysParam = HTTP_TLS_SESSION_TICKET_KEYS_PARAM {
                    SessionTicketKeyCount: count(&self.ticket_keys),
                    SessionTicketKeys: start(&self.ticket_keys),
                };
            }
        }
        param
    }

    fn restriction(&mut self, restriction: &TlsRestriction) -> TLS_PARAMETERS {
        let crypto = restriction.disabled_crypto.iter();
        let crypto: Vec<_> = crypto.map(|one| self.crypto(one)).collect();
        let parameters = TLS_PARAMETERS {
            cAlpnIds: count(&restriction.alpn_ids),
            rgstrAlpnIds: self.names(&restriction.alpn_ids),
            grbitDisabledProtocols: restriction.disabled_protocols,
            cDisabledCrypto: count(&crypto),
            pDisabledCrypto: start(&crypto).cast(),
            dwFlags: restriction.flags,
        };
        self.crypto.push(crypto);
        parameters
    }

    fn crypto(&mut self, crypto: &DisabledCrypto) -> CRYPTO_SETTINGS {
        CRYPTO_SETTINGS {
            eAlgorithmUsage: crypto.usage,
            strCngAlgId: match &crypto.algorithm {
                Some(name) => self.name(name),
                None => LSA_UNICODE_STRING::default(),
            },
            cChainingModes: count(&crypto.chaining_modes),
            rgstrChainingModes: self.names(&crypto.chaining_modes),
            dwMinBitLength: crypto.min_bits,
            dwMaxBitLength: crypto.max_bits,
        }
    }

    fn names(&mut self, names: &[TlsName]) -> *mut LSA_UNICODE_STRING {
        let list: Vec<_> = names.iter().map(|name| self.name(name)).collect();
        let names = start(&list).cast();
        self.lists.push(list);
        names
    }

    fn name(&mut self, name: &TlsName) -> LSA_UNICODE_STRING {
        let text: Vec<u16> = name.as_str().encode_utf16().collect();
        let bytes = 2 * length(&text);
        let counted = LSA_UNICODE_STRING {
            Length: bytes,
            MaximumLength: bytes,
            Buffer: start(&text).cast(),
        };
        self.texts.push(text);
        counted
    }
}

fn header(header: &Header) -> HTTP_UNKNOWN_HEADER {
    HTTP_UNKNOWN_HEADER {
        NameLength: length(header.name().as_bytes()),
        RawValueLength: length(header.value()),
        pName: start(header.name().as_bytes()).cast(),
        pRawValue: start(header.value()).cast(),
    }
}

fn ticket_key(key: &SessionTicketKey) -> SecPkgCred_SessionTicketKey {
    let mut material = [0; SessionTicketKey::MAX_MATERIAL];
    material[..key.material().len()].copy_from_slice(key.material());
    SecPkgCred_SessionTicketKey {
        TicketInfoVersion: key.version(),
        KeyId: *key.id(),
        KeyingMaterial: material,
        KeyingMaterialSize: u8::try_from(key.material().len()).expect("it has at most 64 bytes"),
    }
}

/// The start of a list; null for an empty one. The C functions declare it writable, and none writes
/// to it.
fn start<T>(list: &[T]) -> *mut c_void {
    match list {
        [] => ptr::null_mut(),
        list => list.as_ptr().cast_mut().cast(),
    }
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("a property takes at most 8 KiB")
}

fn length<T>(list: &[T]) -> u16 {
    u16::try_from(list.len()).expect("a property takes at most 8 KiB")
}
