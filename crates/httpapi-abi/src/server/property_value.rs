//! Reads the value of an extended property out of the memory of a C program.

#![expect(unsafe_code, reason = "follows pointers of C programs")]

use std::ffi::c_void;
use std::mem::size_of;

use certbind_core::{
    DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, PerformanceSetting, PropertyError,
    PropertyType, PropertyValue, SessionTicketKey, SessionTicketKeys, TlsName, TlsRestriction,
    TlsRestrictions,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX_0, HTTP_UNKNOWN_HEADER,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    CRYPTO_SETTINGS, LSA_UNICODE_STRING, SecPkgCred_SessionTicketKey, TLS_PARAMETERS,
};

use super::request_error::RequestError;

/// Reads the member of the union that a property of this type has.
///
/// # Safety
/// The pointers in that member are null or valid for reads of as many bytes as the counts and
/// lengths next to them specify, and so are the pointers in the memory they point to.
pub(super) unsafe fn value(
    property: PropertyType,
    union: &HTTP_SERVICE_CONFIG_SSL_PARAM_EX_0,
) -> Result<PropertyValue, RequestError> {
    let memory = Memory {
        property,
        left: ExtendedProperties::MAX_BYTES,
    };
    // SAFETY: the caller's guarantee.
    unsafe { memory.value(union) }
}

/// The remaining budget of bytes to read through the pointers of a property: lists of lists could
/// otherwise claim far more than a property can have.
struct Memory {
    property: PropertyType,
    left: usize,
}

impl Memory {
    /// # Safety
    /// As [`value`].
    unsafe fn value(
        mut self,
        union: &HTTP_SERVICE_CONFIG_SSL_PARAM_EX_0,
    ) -> Result<PropertyValue, RequestError> {
        Ok(match self.property {
            PropertyType::Http2Window => PropertyValue::Http2Window {
                // SAFETY: any bytes make one.
                receive_window: unsafe { union.Http2WindowSizeParam }.Http2ReceiveWindowSize,
            },
            PropertyType::Http2SettingsLimits => {
                // SAFETY: any bytes make one.
                let limits = unsafe { union.Http2SettingsLimitsParam };
                PropertyValue::Http2SettingsLimits {
                    max_per_frame: limits.Http2MaxSettingsPerFrame,
                    max_per_minute: limits.Http2MaxSettingsPerMinute,
                }
            }
            PropertyType::Performance => {
                // SAFETY: any bytes make one.
                let param = unsafe { union.HttpPerformanceParam };
                let what = "the performance setting";
                // SAFETY: the caller's guarantee.
                let buffer = unsafe { self.list::<u8>(param.Buffer, param.BufferSize, what) }?;
                PropertyValue::Performance(PerformanceSetting::new(param.Type, &buffer)?)
            }
            PropertyType::TlsRestrictions => {
                // SAFETY: any bytes make one.
                let param = unsafe { union.HttpTlsRestrictionsParam };
                let (list, count) = (param.TlsRestrictions, param.RestrictionCount);
                // SAFETY: the caller's guarantee.
                let all =
                    unsafe { self.list::<TLS_PARAMETERS>(list, count, "the TLS restrictions") }?;
                // SAFETY: the caller's guarantee for the pointers in each.
                let all = all.iter().map(|one| unsafe { self.restriction(one) });
                let all = all.collect::<Result<_, _>>()?;
                PropertyValue::TlsRestrictions(TlsRestrictions::new(all)?)
            }
            PropertyType::ErrorHeaders => {
                // SAFETY: any bytes make one.
                let param = unsafe { union.HttpErrorHeadersParam };
                let (list, count) = (param.Headers.cast(), param.HeaderCount.into());
                // SAFETY: the caller's guarantee.
                let all = unsafe { self.list::<HTTP_UNKNOWN_HEADER>(list, count, "the headers") }?;
                // SAFETY: the caller's guarantee for the pointers in each.
                let all = all.iter().map(|one| unsafe { self.header(one) });
                let all = all.collect::<Result<_, _>>()?;
                PropertyValue::ErrorHeaders(ErrorHeaders::new(param.StatusCode, all)?)
            }
            PropertyType::SessionTicketKeys => {
                // SAFETY: any bytes make one.
                let param = unsafe { union.HttpTlsSessionTicketKeysParam };
                let (list, count) = (param.SessionTicketKeys, param.SessionTicketKeyCount);
                let what = "the session ticket keys";
                // SAFETY: the caller's guarantee.
                let all = unsafe { self.list::<SecPkgCred_SessionTicketKey>(list, count, what) }?;
                let all = all.iter().map(ticket_key).collect::<Result<_, _>>()?;
                PropertyValue::SessionTicketKeys(SessionTicketKeys::new(all)?)
            }
        })
    }

    /// # Safety
    /// As [`value`], of the pointers in it.
    unsafe fn restriction(
        &mut self,
        found: &TLS_PARAMETERS,
    ) -> Result<TlsRestriction, RequestError> {
        let (list, count) = (found.pDisabledCrypto.cast(), found.cDisabledCrypto);
        let what = "the disabled algorithms";
        // SAFETY: the caller's guarantee.
        let crypto = unsafe { self.list::<CRYPTO_SETTINGS>(list, count, what) }?;
        // SAFETY: the caller's guarantee for the pointers in each.
        let crypto = crypto.iter().map(|one| unsafe { self.crypto(one) });
        let disabled_crypto = crypto.collect::<Result<_, _>>()?;
        Ok(TlsRestriction {
            // SAFETY: the caller's guarantee.
            alpn_ids: unsafe { self.names(found.rgstrAlpnIds, found.cAlpnIds) }?,
            disabled_protocols: found.grbitDisabledProtocols,
            disabled_crypto,
            flags: found.dwFlags,
        })
    }

    /// # Safety
    /// As [`value`], of the pointers in it.
    unsafe fn crypto(&mut self, found: &CRYPTO_SETTINGS) -> Result<DisabledCrypto, RequestError> {
        let (list, count) = (found.rgstrChainingModes, found.cChainingModes);
        Ok(DisabledCrypto {
            usage: found.eAlgorithmUsage,
            // SAFETY: the caller's guarantee.
            algorithm: unsafe { self.name(&found.strCngAlgId) }?,
            // SAFETY: the caller's guarantee.
            chaining_modes: unsafe { self.names(list, count) }?,
            min_bits: found.dwMinBitLength,
            max_bits: found.dwMaxBitLength,
        })
    }

    /// # Safety
    /// As [`value`], of the pointers in it.
    unsafe fn header(&mut self, found: &HTTP_UNKNOWN_HEADER) -> Result<Header, RequestError> {
        let (name, length) = (found.pName.cast_mut().cast(), found.NameLength.into());
        // SAFETY: the caller's guarantee.
        let name = unsafe { self.list::<u8>(name, length, "the name of a header") }?;
        let (value, length) = (
            found.pRawValue.cast_mut().cast(),
            found.RawValueLength.into(),
        );
        // SAFETY: the caller's guarantee.
        let value = unsafe { self.list::<u8>(value, length, "the value of a header") }?;
        Ok(Header::new(&String::from_utf8_lossy(&name), &value)?)
    }

    /// # Safety
    /// `list` is null or valid for reads of `count` counted strings, whose pointers are null or valid
    /// for reads of their lengths.
    unsafe fn names(
        &mut self,
        list: *mut LSA_UNICODE_STRING,
        count: u32,
    ) -> Result<Vec<TlsName>, RequestError> {
        let what = "a list of names";
        // SAFETY: the caller's guarantee.
        let names = unsafe { self.list::<LSA_UNICODE_STRING>(list.cast(), count, what) }?;
        let names = names.iter().map(|name| {
            // SAFETY: the caller's guarantee for the pointer in it.
            let name = unsafe { self.name(name) }?;
            name.ok_or(RequestError::Null { what })
        });
        names.collect()
    }

    /// A counted string; an empty one counts as absent.
    ///
    /// # Safety
    /// The pointer in it is null or valid for reads of its length.
    unsafe fn name(&mut self, found: &LSA_UNICODE_STRING) -> Result<Option<TlsName>, RequestError> {
        let what = "a counted string";
        let text = found.Buffer.cast();
        if !found.Length.is_multiple_of(2) {
            return Err(RequestError::Utf16 { what });
        }
        // SAFETY: the caller's guarantee.
        let units = unsafe { self.list::<u16>(text, u32::from(found.Length) / 2, what) }?;
        if units.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf16(&units).map_err(|_| RequestError::Utf16 { what })?;
        Ok(Some(TlsName::new(&text)?))
    }

    /// # Safety
    /// `list` is null or valid for reads of `count` of `T`, and any bytes make one.
    unsafe fn list<T: Copy>(
        &mut self,
        list: *mut c_void,
        count: u32,
        what: &'static str,
    ) -> Result<Vec<T>, RequestError> {
        let (property, limit) = (self.property, ExtendedProperties::MAX_BYTES);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let bytes = count.saturating_mul(size_of::<T>());
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(PropertyError::TooLarge { property, limit })?;
        if count == 0 {
            return Ok(Vec::new());
        }
        if list.is_null() {
            return Err(RequestError::Null { what });
        }
        let read = |n| {
            // SAFETY: the caller's guarantee; it is an element of the list.
            unsafe { list.cast::<T>().wrapping_add(n).read_unaligned() }
        };
        Ok((0..count).map(read).collect())
    }
}

fn ticket_key(found: &SecPkgCred_SessionTicketKey) -> Result<SessionTicketKey, RequestError> {
    let length = usize::from(found.KeyingMaterialSize);
    let limit = SessionTicketKey::MAX_MATERIAL;
    let material = found.KeyingMaterial.get(..length);
    let material = material.ok_or(PropertyError::TicketKeyTooLong {
        found: length,
        limit,
    })?;
    Ok(SessionTicketKey::new(
        found.TicketInfoVersion,
        found.KeyId,
        material,
    )?)
}
