//! Reads extended properties from the buffer of a query.

use std::mem::{offset_of, size_of};

use certbind_core::{
    BindingKey, DisabledCrypto, ErrorHeaders, ExtendedProperties, Header, IpPort, Kind,
    PerformanceSetting, Property, PropertyType, PropertyValue, SessionTicketKey, SessionTicketKeys,
    TlsName, TlsRestriction, TlsRestrictions,
};
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_ERROR_HEADERS_PARAM as HeadersParam, HTTP_PERFORMANCE_PARAM as PerformanceParam,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX as CcsSet, HTTP_SERVICE_CONFIG_SSL_PARAM_EX as Param,
    HTTP_SERVICE_CONFIG_SSL_SET_EX as SslSet, HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX as SniSet,
    HTTP_TLS_RESTRICTIONS_PARAM as RestrictionsParam,
    HTTP_TLS_SESSION_TICKET_KEYS_PARAM as KeysParam, HTTP_UNKNOWN_HEADER as UnknownHeader,
    HTTP2_SETTINGS_LIMITS_PARAM as LimitsParam, HTTP2_WINDOW_SIZE_PARAM as WindowParam,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    CRYPTO_SETTINGS as Crypto, LSA_UNICODE_STRING as Counted,
    SecPkgCred_SessionTicketKey as TicketKey, TLS_PARAMETERS as Restriction,
};

use super::buffer::{Buffer, MalformedReply, malformed};

/// Reads the key and the property that a query for an extended property of `kind` has written to
/// `buffer`, as [`read_record`](super::read_record) reads records.
///
/// # Errors
/// [`MalformedReply`] for a pointer out of the buffer, and for an invalid property.
pub fn read_property(kind: Kind, buffer: &[u8]) -> Result<(BindingKey, Property), MalformedReply> {
    let (head, param) = match kind {
        Kind::IpPort => (size_of::<SslSet>(), offset_of!(SslSet, ParamDesc)),
        Kind::Sni | Kind::ScopedCcs => (size_of::<SniSet>(), offset_of!(SniSet, ParamDesc)),
        Kind::Ccs => (size_of::<CcsSet>(), offset_of!(CcsSet, ParamDesc)),
    };
    let buffer = Buffer { head, buffer };
    let key = match kind {
        Kind::IpPort => {
            let address = buffer.address(offset_of!(SslSet, KeyDesc.IpPort))?;
            BindingKey::IpPort(IpPort::new(address).map_err(malformed)?)
        }
        Kind::Sni | Kind::ScopedCcs => buffer.host_key(kind, offset_of!(SniSet, KeyDesc))?.0,
        Kind::Ccs => BindingKey::Ccs(buffer.any_address(offset_of!(CcsSet, KeyDesc))?),
    };
    let of = buffer.u32(param + offset_of!(Param, ParamType))?;
    let of = PropertyType::from_number(of)
        .ok_or_else(|| malformed(format_args!("the property is of the unknown type {of}")))?;
    let property = Property {
        flags: buffer.u64(param + offset_of!(Param, Flags))?,
        value: buffer.value(of, param + offset_of!(Param, Anonymous))?,
    };
    Ok((key, property))
}

impl Buffer<'_> {
    fn value(&self, of: PropertyType, at: usize) -> Result<PropertyValue, MalformedReply> {
        Ok(match of {
            PropertyType::Http2Window => PropertyValue::Http2Window {
                receive_window: self.u32(at + offset_of!(WindowParam, Http2ReceiveWindowSize))?,
            },
            PropertyType::Http2SettingsLimits => PropertyValue::Http2SettingsLimits {
                max_per_frame: self.u32(at + offset_of!(LimitsParam, Http2MaxSettingsPerFrame))?,
                max_per_minute: self
                    .u32(at + offset_of!(LimitsParam, Http2MaxSettingsPerMinute))?,
            },
            PropertyType::Performance => {
                let kind = self.i32(at + offset_of!(PerformanceParam, Type))?;
                let length = self.count(at + offset_of!(PerformanceParam, BufferSize))?;
                let buffer = at + offset_of!(PerformanceParam, Buffer);
                let buffer = self.run(buffer, length, "the performance setting")?;
                let setting = PerformanceSetting::new(kind, buffer);
                PropertyValue::Performance(setting.map_err(malformed)?)
            }
            PropertyType::TlsRestrictions => {
                let count = self.count(at + offset_of!(RestrictionsParam, RestrictionCount))?;
                let list = at + offset_of!(RestrictionsParam, TlsRestrictions);
                let all = self.list::<Restriction>(list, count, "the TLS restrictions")?;
                let all = all.map(|at| self.restriction(at));
                let all = TlsRestrictions::new(all.collect::<Result<_, _>>()?);
                PropertyValue::TlsRestrictions(all.map_err(malformed)?)
            }
            PropertyType::ErrorHeaders => {
                let status = self.u16(at + offset_of!(HeadersParam, StatusCode))?;
                let count = self.u16(at + offset_of!(HeadersParam, HeaderCount))?;
                let list = at + offset_of!(HeadersParam, Headers);
                let all = self.list::<UnknownHeader>(list, count.into(), "the error headers")?;
                let all = all.map(|at| self.header(at));
                let headers = ErrorHeaders::new(status, all.collect::<Result<_, _>>()?);
                PropertyValue::ErrorHeaders(headers.map_err(malformed)?)
            }
            PropertyType::SessionTicketKeys => {
                let count = self.count(at + offset_of!(KeysParam, SessionTicketKeyCount))?;
                let list = at + offset_of!(KeysParam, SessionTicketKeys);
                let all = self.list::<TicketKey>(list, count, "the session ticket keys")?;
                let all = all.map(|at| self.ticket_key(at));
                let keys = SessionTicketKeys::new(all.collect::<Result<_, _>>()?);
                PropertyValue::SessionTicketKeys(keys.map_err(malformed)?)
            }
        })
    }

    fn restriction(&self, at: usize) -> Result<TlsRestriction, MalformedReply> {
        let count = self.count(at + offset_of!(Restriction, cDisabledCrypto))?;
        let list = at + offset_of!(Restriction, pDisabledCrypto);
        let crypto = self.list::<Crypto>(list, count, "the disabled algorithms")?;
        Ok(TlsRestriction {
            alpn_ids: self.names(
                at + offset_of!(Restriction, cAlpnIds),
                at + offset_of!(Restriction, rgstrAlpnIds),
            )?,
            disabled_protocols: self.u32(at + offset_of!(Restriction, grbitDisabledProtocols))?,
            disabled_crypto: crypto.map(|at| self.crypto(at)).collect::<Result<_, _>>()?,
            flags: self.u32(at + offset_of!(Restriction, dwFlags))?,
        })
    }

    fn crypto(&self, at: usize) -> Result<DisabledCrypto, MalformedReply> {
        Ok(DisabledCrypto {
            usage: self.i32(at + offset_of!(Crypto, eAlgorithmUsage))?,
            algorithm: self.name(at + offset_of!(Crypto, strCngAlgId))?,
            chaining_modes: self.names(
                at + offset_of!(Crypto, cChainingModes),
                at + offset_of!(Crypto, rgstrChainingModes),
            )?,
            min_bits: self.u32(at + offset_of!(Crypto, dwMinBitLength))?,
            max_bits: self.u32(at + offset_of!(Crypto, dwMaxBitLength))?,
        })
    }

    fn header(&self, at: usize) -> Result<Header, MalformedReply> {
        let run = |length: usize, pointer: usize, what| {
            self.run(at + pointer, self.u16(at + length)?.into(), what)
        };
        let name = run(
            offset_of!(UnknownHeader, NameLength),
            offset_of!(UnknownHeader, pName),
            "the name of a header",
        )?;
        let value = run(
            offset_of!(UnknownHeader, RawValueLength),
            offset_of!(UnknownHeader, pRawValue),
            "the value of a header",
        )?;
        Header::new(&String::from_utf8_lossy(name), value).map_err(malformed)
    }

    fn ticket_key(&self, at: usize) -> Result<SessionTicketKey, MalformedReply> {
        let what = "a session ticket key";
        let version = self.u32(at + offset_of!(TicketKey, TicketInfoVersion))?;
        let id = self.bytes(at + offset_of!(TicketKey, KeyId), what)?;
        let material: [u8; SessionTicketKey::MAX_MATERIAL] =
            self.bytes(at + offset_of!(TicketKey, KeyingMaterial), what)?;
        let [length] = self.bytes(at + offset_of!(TicketKey, KeyingMaterialSize), what)?;
        let material = material.get(..length.into()).ok_or_else(|| {
            malformed(format_args!(
                "{what} has {length} bytes, more than its field"
            ))
        })?;
        SessionTicketKey::new(version, id, material).map_err(malformed)
    }

    fn names(&self, count: usize, list: usize) -> Result<Vec<TlsName>, MalformedReply> {
        let what = "a list of names";
        let places = self.list::<Counted>(list, self.count(count)?, what)?;
        let names = places.map(|at| {
            let name = self.name(at)?;
            name.ok_or_else(|| malformed(format_args!("{what} has an empty one")))
        });
        names.collect()
    }

    /// A counted string; an empty one counts as absent.
    fn name(&self, at: usize) -> Result<Option<TlsName>, MalformedReply> {
        let what = "a counted string";
        let length = self.u16(at + offset_of!(Counted, Length))?;
        let bytes = self.run(at + offset_of!(Counted, Buffer), length.into(), what)?;
        let (pairs, odd) = bytes.as_chunks::<2>();
        let units: Vec<_> = pairs.iter().map(|pair| u16::from_ne_bytes(*pair)).collect();
        match String::from_utf16(&units) {
            Ok(_) if length == 0 => Ok(None),
            Ok(name) if odd.is_empty() => TlsName::new(&name).map(Some).map_err(malformed),
            _ => Err(malformed(format_args!("{what} is not UTF-16"))),
        }
    }

    /// The places of the `count` structures that the pointer at `offset` points to.
    fn list<T>(
        &self,
        offset: usize,
        count: usize,
        what: &str,
    ) -> Result<impl Iterator<Item = usize> + use<T>, MalformedReply> {
        let length = count.saturating_mul(size_of::<T>());
        if length > ExtendedProperties::MAX_BYTES {
            return Err(malformed(format_args!("{what} take {length} bytes")));
        }
        let at = self.place(offset, length, what)?;
        Ok((0..count).map(move |n| at + n * size_of::<T>()))
    }

    fn count(&self, at: usize) -> Result<usize, MalformedReply> {
        Ok(usize::try_from(self.u32(at)?).unwrap_or(usize::MAX))
    }

    fn i32(&self, at: usize) -> Result<i32, MalformedReply> {
        self.u32(at).map(u32::cast_signed)
    }
}
