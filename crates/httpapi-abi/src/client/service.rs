//! Requests about service configuration other than bindings, and the answers to them.

use std::mem::{offset_of, size_of};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::ptr;

use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_CACHE_SET, HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM,
    HTTP_SERVICE_CONFIG_IP_LISTEN_QUERY as ListenQuery, HTTP_SERVICE_CONFIG_SETTING_SET,
    HTTP_SERVICE_CONFIG_TIMEOUT_SET, HTTP_SERVICE_CONFIG_URLACL_KEY,
    HTTP_SERVICE_CONFIG_URLACL_PARAM, HTTP_SERVICE_CONFIG_URLACL_QUERY,
    HTTP_SERVICE_CONFIG_URLACL_SET as UrlSet, HeaderWaitTimeout, HttpServiceConfigQueryExact,
    HttpServiceConfigQueryNext, IdleConnectionTimeout,
};
use windows_sys::Win32::Networking::WinSock::{SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_STORAGE};

use super::buffer::{Buffer, MalformedReply, malformed};
use super::request::{Request, wide, with_address};
use crate::service::{
    ListenAddress, MAX_URL_LENGTH, SecurityDescriptor, ServiceAnswer, ServiceKey, ServiceKind,
    ServiceQuery, ServiceRecord, UrlReservation,
};
use crate::service_id;

/// Calls `call` with the request to set `record`.
pub fn with_service_set<R>(record: &ServiceRecord, call: impl FnOnce(Request) -> R) -> R {
    let id = service_id(record.key().kind());
    match record {
        ServiceRecord::Listen(address) => with_listen(*address, call),
        ServiceRecord::Reservation(reservation) => {
            let mut url = wide(reservation.url.as_str());
            let mut sddl = wide(&reservation.sddl.to_string());
            let set = UrlSet {
                KeyDesc: HTTP_SERVICE_CONFIG_URLACL_KEY {
                    pUrlPrefix: url.as_mut_ptr(),
                },
                ParamDesc: HTTP_SERVICE_CONFIG_URLACL_PARAM {
                    pStringSecurityDescriptor: sddl.as_mut_ptr(),
                },
            };
            call(Request::with_id(id, &set))
        }
        ServiceRecord::Timeout(key, seconds) => {
            let set = HTTP_SERVICE_CONFIG_TIMEOUT_SET {
                KeyDesc: key.number(),
                ParamDesc: *seconds,
            };
            call(Request::with_id(id, &set))
        }
        ServiceRecord::Cache(key, bytes) => {
            let set = HTTP_SERVICE_CONFIG_CACHE_SET {
                KeyDesc: key.number(),
                ParamDesc: *bytes,
            };
            call(Request::with_id(id, &set))
        }
        ServiceRecord::Setting(key, value) => {
            let set = HTTP_SERVICE_CONFIG_SETTING_SET {
                KeyDesc: key.number(),
                ParamDesc: *value,
            };
            call(Request::with_id(id, &set))
        }
    }
}

/// Calls `call` with the request to delete the record under `key`. The structure is that of a set,
/// with zeros after its key.
pub fn with_service_delete<R>(key: &ServiceKey, call: impl FnOnce(Request) -> R) -> R {
    let id = service_id(key.kind());
    match key {
        ServiceKey::Listen(address) => with_listen(*address, call),
        ServiceKey::Reservation(url) => {
            let mut url = wide(url.as_str());
            let set = UrlSet {
                KeyDesc: HTTP_SERVICE_CONFIG_URLACL_KEY {
                    pUrlPrefix: url.as_mut_ptr(),
                },
                ..UrlSet::default()
            };
            call(Request::with_id(id, &set))
        }
        ServiceKey::Timeout(key) => {
            let set = HTTP_SERVICE_CONFIG_TIMEOUT_SET {
                KeyDesc: key.number(),
                ParamDesc: 0,
            };
            call(Request::with_id(id, &set))
        }
        ServiceKey::Cache(key) => {
            let set = HTTP_SERVICE_CONFIG_CACHE_SET {
                KeyDesc: key.number(),
                ParamDesc: 0,
            };
            call(Request::with_id(id, &set))
        }
        ServiceKey::Setting(key) => {
            let set = HTTP_SERVICE_CONFIG_SETTING_SET {
                KeyDesc: key.number(),
                ParamDesc: 0,
            };
            call(Request::with_id(id, &set))
        }
    }
}

/// Calls `call` with the request to query. One of the listen list has a null pointer.
pub fn with_service_query<R>(query: &ServiceQuery, call: impl FnOnce(Request) -> R) -> R {
    let id = service_id(query.kind());
    match query {
        ServiceQuery::ListenList => call(Request {
            id,
            pointer: ptr::null(),
            length: 0,
        }),
        ServiceQuery::Reservation(url) => {
            let mut url = wide(url.as_str());
            let query = HTTP_SERVICE_CONFIG_URLACL_QUERY {
                QueryDesc: HttpServiceConfigQueryExact,
                KeyDesc: HTTP_SERVICE_CONFIG_URLACL_KEY {
                    pUrlPrefix: url.as_mut_ptr(),
                },
                dwToken: 0,
            };
            call(Request::with_id(id, &query))
        }
        ServiceQuery::NextReservation(token) => {
            let query = HTTP_SERVICE_CONFIG_URLACL_QUERY {
                QueryDesc: HttpServiceConfigQueryNext,
                dwToken: *token,
                ..HTTP_SERVICE_CONFIG_URLACL_QUERY::default()
            };
            call(Request::with_id(id, &query))
        }
        ServiceQuery::Timeout(key) => call(Request::with_id(id, &key.number())),
        ServiceQuery::Cache(key) => call(Request::with_id(id, &key.number())),
        ServiceQuery::Setting(key) => call(Request::with_id(id, &key.number())),
    }
}

/// Reads the answer that a query about `kind` has written to `buffer`. It has to be the buffer of
/// the call itself, at the same address, as for [`read_record`](super::read_record).
///
/// The buffer may contain any bytes; it has to be zeroed before the call.
///
/// # Errors
/// [`MalformedReply`] for a pointer out of the buffer, for a list that extends beyond it, and for
/// values that no record can have.
pub fn read_service_answer(
    kind: ServiceKind,
    buffer: &[u8],
) -> Result<ServiceAnswer, MalformedReply> {
    let head = size_of::<UrlSet>();
    let buffer = Buffer { head, buffer };
    Ok(match kind {
        ServiceKind::ListenList => ServiceAnswer::ListenList(listen_list(&buffer)?),
        ServiceKind::UrlReservation => {
            let string = |offset, what, limit| {
                let text = buffer.text(offset, what, limit)?;
                text.ok_or_else(|| malformed(format_args!("{what} is null")))
            };
            let (url, sddl) = (offset_of!(UrlSet, KeyDesc), offset_of!(UrlSet, ParamDesc));
            let url = string(url, "the URL", MAX_URL_LENGTH)?;
            let what = "the security descriptor";
            let sddl = string(sddl, what, SecurityDescriptor::MAX_LENGTH)?;
            ServiceAnswer::Reservation(UrlReservation {
                url: url.parse().map_err(malformed)?,
                sddl: sddl.parse().map_err(malformed)?,
            })
        }
        ServiceKind::Timeout => ServiceAnswer::Timeout(timeout(&buffer)?),
        ServiceKind::Cache | ServiceKind::Setting => ServiceAnswer::Number(buffer.u32(0)?),
    })
}

/// The seconds of a timeout, or a whole structure of key and seconds: Microsoft's page of the function
/// has the one, that of the structure the other. No timeout is 0, so that the two differ in a
/// buffer that was zeroed before the call.
fn timeout(buffer: &Buffer<'_>) -> Result<u16, MalformedReply> {
    let (first, second) = (buffer.u16(0)?, buffer.u16(2)?);
    let seconds = buffer.u16(offset_of!(HTTP_SERVICE_CONFIG_TIMEOUT_SET, ParamDesc))?;
    let is_key =
        |number: u16| [IdleConnectionTimeout, HeaderWaitTimeout].contains(&i32::from(number));
    match (second, seconds) {
        (0, 0) => Ok(first),
        (0, seconds) if is_key(first) => Ok(seconds),
        _ => Err(malformed(
            "it is neither the seconds of a timeout nor its structure",
        )),
    }
}

fn listen_list(buffer: &Buffer<'_>) -> Result<Vec<ListenAddress>, MalformedReply> {
    let count = buffer.u32(offset_of!(ListenQuery, AddrCount))?;
    let mut addresses = Vec::new();
    let mut at = offset_of!(ListenQuery, AddrList);
    // Ends at the buffer's end, for any count.
    for _ in 0..count {
        addresses.push(match buffer.address(at)? {
            SocketAddr::V4(v4) => (*v4.ip()).into(),
            SocketAddr::V6(v6) => ListenAddress::v6(*v6.ip(), v6.scope_id()),
        });
        at += size_of::<SOCKADDR_STORAGE>();
    }
    Ok(addresses)
}

fn with_listen<R>(address: ListenAddress, call: impl FnOnce(Request) -> R) -> R {
    let (address, length) = match address.ip() {
        IpAddr::V4(ip) => (SocketAddr::from((ip, 0)), size_of::<SOCKADDR_IN>()),
        IpAddr::V6(ip) => (
            SocketAddrV6::new(ip, 0, 0, address.scope()).into(),
            size_of::<SOCKADDR_IN6>(),
        ),
    };
    with_address(address, |pointer| {
        let param = HTTP_SERVICE_CONFIG_IP_LISTEN_PARAM {
            AddrLength: u16::try_from(length).expect("no address has 30 bytes"),
            pAddress: pointer,
        };
        call(Request::with_id(
            service_id(ServiceKind::ListenList),
            &param,
        ))
    })
}
