//! Requests about service configuration other than bindings, and the answers to them.

#![expect(unsafe_code, reason = "reads and writes structures of C programs")]

use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::net::{IpAddr, SocketAddr};
use std::ptr;

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_CACHE_KEY, HTTP_SERVICE_CONFIG_CACHE_SET,
    HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM, HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY,
    HTTP_SERVICE_CONFIG_SETTING_KEY, HTTP_SERVICE_CONFIG_SETTING_SET,
    HTTP_SERVICE_CONFIG_TIMEOUT_KEY, HTTP_SERVICE_CONFIG_TIMEOUT_SET,
    HTTP_SERVICE_CONFIG_URLACL_KEY, HTTP_SERVICE_CONFIG_URLACL_PARAM,
    HTTP_SERVICE_CONFIG_URLACL_QUERY, HTTP_SERVICE_CONFIG_URLACL_SET, HttpServiceConfigQueryExact,
    HttpServiceConfigQueryNext,
};
use windows_sys::Win32::Networking::WinSock::{
    ADDRESS_FAMILY, AF_INET, SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_STORAGE,
};

use super::answer::{address, wide};
use super::request::{is_ipv6, read, text, v4, v6};
use super::request_error::RequestError;
use crate::service::{
    CacheKey, ListenAddress, MAX_URL_LENGTH, SecurityDescriptor, ServiceAnswer, ServiceKey,
    ServiceKind, ServiceQuery, ServiceRecord, SettingKey, TimeoutKey, UrlPrefix, UrlReservation,
};

/// Reads the record of a set.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// `information` is null, or valid for reads of `length` bytes. If those hold the structure of
/// `kind`, the pointers in it are null or valid for reads: of strings up to their closing NUL or
/// their limit, of an address up to its length.
pub unsafe fn read_service_set(
    kind: ServiceKind,
    information: *const c_void,
    length: u32,
) -> Result<ServiceRecord, RequestError> {
    Ok(match kind {
        ServiceKind::ListenList => {
            // SAFETY: the caller's guarantee.
            ServiceRecord::Listen(unsafe { listen_address(information, length) }?)
        }
        ServiceKind::UrlReservation => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_URLACL_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            let url = unsafe { url(&set.KeyDesc) }?;
            let what = "the security descriptor";
            let sddl = set.ParamDesc.pStringSecurityDescriptor;
            // SAFETY: the caller's guarantee for the pointer in it.
            let sddl = unsafe { text(sddl, what, SecurityDescriptor::MAX_LENGTH) }?;
            let sddl = sddl.ok_or(RequestError::Null { what })?.parse()?;
            ServiceRecord::Reservation(UrlReservation { url, sddl })
        }
        ServiceKind::Timeout => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_TIMEOUT_SET>(information, length) }?;
            let (what, found) = ("the value of the timeout", i64::from(set.ParamDesc));
            if found == 0 {
                return Err(RequestError::Number { what, found });
            }
            ServiceRecord::Timeout(timeout(set.KeyDesc)?, set.ParamDesc)
        }
        ServiceKind::Cache => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_CACHE_SET>(information, length) }?;
            ServiceRecord::Cache(cache(set.KeyDesc)?, set.ParamDesc)
        }
        ServiceKind::Setting => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SETTING_SET>(information, length) }?;
            ServiceRecord::Setting(setting(set.KeyDesc)?, set.ParamDesc)
        }
    })
}

/// Reads the key of a deletion. The structure is that of a set; only its key is read.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_service_set`], of the key alone.
pub unsafe fn read_service_delete(
    kind: ServiceKind,
    information: *const c_void,
    length: u32,
) -> Result<ServiceKey, RequestError> {
    Ok(match kind {
        ServiceKind::ListenList => {
            // SAFETY: the caller's guarantee.
            ServiceKey::Listen(unsafe { listen_address(information, length) }?)
        }
        ServiceKind::UrlReservation => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_URLACL_SET>(information, length) }?;
            // SAFETY: the caller's guarantee for the pointer in it.
            ServiceKey::Reservation(unsafe { url(&set.KeyDesc) }?)
        }
        ServiceKind::Timeout => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_TIMEOUT_SET>(information, length) }?;
            ServiceKey::Timeout(timeout(set.KeyDesc)?)
        }
        ServiceKind::Cache => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_CACHE_SET>(information, length) }?;
            ServiceKey::Cache(cache(set.KeyDesc)?)
        }
        ServiceKind::Setting => {
            // SAFETY: the caller's guarantee.
            let set = unsafe { read::<HTTP_SERVICE_CONFIG_SETTING_SET>(information, length) }?;
            ServiceKey::Setting(setting(set.KeyDesc)?)
        }
    })
}

/// Reads a query. One of the listen list has no input ("set to NULL"), so the pointer is ignored.
///
/// # Errors
/// [`RequestError`], with the invalid part.
///
/// # Safety
/// As [`read_service_set`], of the query structure of `kind`, for an exact query.
pub unsafe fn read_service_query(
    kind: ServiceKind,
    input: *const c_void,
    length: u32,
) -> Result<ServiceQuery, RequestError> {
    Ok(match kind {
        ServiceKind::ListenList => ServiceQuery::ListenList,
        ServiceKind::UrlReservation => {
            // SAFETY: the caller's guarantee.
            let query = unsafe { read::<HTTP_SERVICE_CONFIG_URLACL_QUERY>(input, length) }?;
            match query.QueryDesc {
                found if found == HttpServiceConfigQueryExact => {
                    // SAFETY: the caller's guarantee for the pointer in it.
                    ServiceQuery::Reservation(unsafe { url(&query.KeyDesc) }?)
                }
                found if found == HttpServiceConfigQueryNext => {
                    ServiceQuery::NextReservation(query.dwToken)
                }
                found => return Err(RequestError::QueryType { found }),
            }
        }
        ServiceKind::Timeout => {
            // SAFETY: the caller's guarantee.
            let key = unsafe { read::<HTTP_SERVICE_CONFIG_TIMEOUT_KEY>(input, length) }?;
            ServiceQuery::Timeout(timeout(key)?)
        }
        ServiceKind::Cache => {
            // SAFETY: the caller's guarantee.
            let key = unsafe { read::<HTTP_SERVICE_CONFIG_CACHE_KEY>(input, length) }?;
            ServiceQuery::Cache(cache(key)?)
        }
        ServiceKind::Setting => {
            // SAFETY: the caller's guarantee.
            let key = unsafe { read::<HTTP_SERVICE_CONFIG_SETTING_KEY>(input, length) }?;
            ServiceQuery::Setting(setting(key)?)
        }
    })
}

/// # Safety
/// The string in `key` is null, or valid for reads up to its NUL or the limit.
unsafe fn url(key: &HTTP_SERVICE_CONFIG_URLACL_KEY) -> Result<UrlPrefix, RequestError> {
    let what = "the URL";
    // SAFETY: the caller's guarantee.
    let url = unsafe { text(key.pUrlPrefix, what, MAX_URL_LENGTH) }?;
    Ok(url.ok_or(RequestError::Null { what })?.parse()?)
}

/// The address of an `HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM`. Its port is ignored.
///
/// # Safety
/// As [`read_service_set`].
unsafe fn listen_address(
    information: *const c_void,
    length: u32,
) -> Result<ListenAddress, RequestError> {
    // SAFETY: the caller's guarantee.
    let param = unsafe { read::<HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM>(information, length) }?;
    let (address, room) = (
        param.pAddress.cast::<c_void>(),
        usize::from(param.AddrLength),
    );
    if address.is_null() {
        let what = "the address";
        return Err(RequestError::Null { what });
    }
    let needs = |bytes: usize| {
        let (what, found) = ("the length of the address", i64::from(param.AddrLength));
        (room >= bytes)
            .then_some(())
            .ok_or(RequestError::Number { what, found })
    };
    needs(size_of::<ADDRESS_FAMILY>())?;
    // SAFETY: the caller's guarantee; that many bytes are valid.
    let family = unsafe { address.cast::<ADDRESS_FAMILY>().read_unaligned() };
    let address = match family {
        AF_INET => {
            needs(size_of::<SOCKADDR_IN>())?;
            // SAFETY: as above.
            v4(unsafe { address.cast::<SOCKADDR_IN>().read_unaligned() })
        }
        family if is_ipv6(family) => {
            needs(size_of::<SOCKADDR_IN6>())?;
            // SAFETY: as above.
            v6(unsafe { address.cast::<SOCKADDR_IN6>().read_unaligned() })
        }
        found => return Err(RequestError::Family { found }),
    };
    Ok(match address {
        SocketAddr::V4(v4) => (*v4.ip()).into(),
        SocketAddr::V6(v6) => ListenAddress::v6(*v6.ip(), v6.scope_id()),
    })
}

fn timeout(found: HTTP_SERVICE_CONFIG_TIMEOUT_KEY) -> Result<TimeoutKey, RequestError> {
    let key = TimeoutKey::ALL
        .into_iter()
        .find(|key| key.number() == found);
    key.ok_or_else(|| no_key("the timeout", found))
}

fn cache(found: HTTP_SERVICE_CONFIG_CACHE_KEY) -> Result<CacheKey, RequestError> {
    let key = CacheKey::ALL.into_iter().find(|key| key.number() == found);
    key.ok_or_else(|| no_key("the cache parameter", found))
}

fn setting(found: HTTP_SERVICE_CONFIG_SETTING_KEY) -> Result<SettingKey, RequestError> {
    let key = SettingKey::ALL
        .into_iter()
        .find(|key| key.number() == found);
    key.ok_or_else(|| no_key("the setting", found))
}

fn no_key(what: &'static str, found: i32) -> RequestError {
    let found = found.into();
    RequestError::Number { what, found }
}

/// The layout of an answer in a caller's buffer.
#[derive(Debug)]
pub struct ServiceReply {
    /// All of it but pointers.
    bytes: Vec<u8>,
    /// The offsets of the URL and the security descriptor of a reservation.
    strings: Option<[usize; 2]>,
}

impl ServiceReply {
    /// Lays out the answer. A reservation is an `HTTP_SERVICE_CONFIG_URLACL_SET` followed by its
    /// strings, the listen list an `HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY` with room for one address
    /// or more, if the list is longer, and anything else its number.
    #[must_use]
    pub fn new(answer: &ServiceAnswer) -> Self {
        let mut strings = None;
        let bytes = match answer {
            ServiceAnswer::Reservation(reservation) => {
                let mut bytes = vec![0; size_of::<HTTP_SERVICE_CONFIG_URLACL_SET>()];
                let url = bytes.len();
                bytes.extend(wide(reservation.url.as_str()));
                strings = Some([url, bytes.len()]);
                bytes.extend(wide(&reservation.sddl.to_string()));
                bytes
            }
            ServiceAnswer::ListenList(addresses) => listen_list(addresses),
            ServiceAnswer::Timeout(seconds) => seconds.to_ne_bytes().to_vec(),
            ServiceAnswer::Number(number) => number.to_ne_bytes().to_vec(),
        };
        Self { bytes, strings }
    }

    /// The size of the answer in bytes: the value of `*pReturnLength`.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).expect("no list has 33 million addresses")
    }

    /// Writes it. Its pointers point into the same buffer, which need not be aligned.
    ///
    /// # Safety
    /// `output` is valid for writes of [`size`](Self::size) bytes.
    pub unsafe fn write(&self, output: *mut c_void) {
        let to = output.cast::<u8>();
        // SAFETY: the caller's guarantee; our bytes do not overlap it.
        unsafe { ptr::copy_nonoverlapping(self.bytes.as_ptr(), to, self.bytes.len()) };
        if let Some([url, sddl]) = self
            .strings
            .map(|at| at.map(|at| output.wrapping_byte_add(at)))
        {
            let set = HTTP_SERVICE_CONFIG_URLACL_SET {
                KeyDesc: HTTP_SERVICE_CONFIG_URLACL_KEY {
                    pUrlPrefix: url.cast(),
                },
                ParamDesc: HTTP_SERVICE_CONFIG_URLACL_PARAM {
                    pStringSecurityDescriptor: sddl.cast(),
                },
            };
            let output = output.cast::<HTTP_SERVICE_CONFIG_URLACL_SET>();
            // SAFETY: the caller's guarantee: the bytes begin with room for it.
            unsafe { output.write_unaligned(set) };
        }
    }
}

fn listen_list(addresses: &[ListenAddress]) -> Vec<u8> {
    let count = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut bytes = count.to_ne_bytes().to_vec();
    let first = offset_of!(HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY, AddrList);
    for (number, listened) in addresses.iter().enumerate() {
        bytes.resize(first + number * size_of::<SOCKADDR_STORAGE>(), 0);
        bytes.extend(address(match listened.ip() {
            IpAddr::V4(ip) => SocketAddr::from((ip, 0)),
            IpAddr::V6(ip) => std::net::SocketAddrV6::new(ip, 0, 0, listened.scope()).into(),
        }));
    }
    let length = first + addresses.len() * size_of::<SOCKADDR_STORAGE>();
    bytes.resize(
        length.max(size_of::<HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY>()),
        0,
    );
    bytes
}
