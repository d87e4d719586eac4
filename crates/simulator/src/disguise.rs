//! Bytes of a record that no binding has: what a real Windows might put into a buffer.

#![expect(
    unsafe_code,
    reason = "changes what was written into a C program's buffer"
)]

use std::ffi::c_void;
use std::mem::offset_of;

use certbind_core::Kind;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY as CcsKey, HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet,
    HTTP_SERVICE_CONFIG_SSL_PARAM as Param, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey, HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet,
};

use crate::simulator::Simulator;

const AF_INET6: u16 = 23;

impl Simulator {
    /// Changes a record that was written, as the options say.
    ///
    /// # Safety
    /// `output` has a record of this kind.
    pub(crate) unsafe fn disguise(&self, kind: Kind, is_odd: bool, output: *mut c_void) {
        let windows = self.windows();
        let odd = if is_odd { windows.odd_record } else { "none" };
        let write = |offset: usize, bytes: &[u8]| {
            // SAFETY: the offset is one of the record's structure.
            let at = unsafe { output.cast::<u8>().add(offset) };
            // SAFETY: so many bytes are there.
            unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        };
        let write_behind = |offset: usize, skip: usize, bytes: &[u8]| {
            // SAFETY: the offset is one of the record's structure.
            let pointer = unsafe { output.cast::<u8>().add(offset) }.cast::<*mut u8>();
            // SAFETY: a pointer is there, aligned or not.
            let at = unsafe { pointer.read_unaligned() };
            // SAFETY: it leads to a value of this record that is longer.
            let at = unsafe { at.add(skip) };
            // SAFETY: as above.
            unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        };
        let address = match kind {
            Kind::IpPort => None,
            Kind::Sni | Kind::ScopedCcs => {
                Some(offset_of!(SniSet, KeyDesc) + offset_of!(SniKey, IpPort))
            }
            Kind::Ccs => Some(offset_of!(CcsSet, KeyDesc) + offset_of!(CcsKey, LocalAddress)),
        };
        if let Some(address) = address {
            match windows.host_address {
                "::" => write(address, &AF_INET6.to_ne_bytes()),
                "192.0.2.1" => write(address + 4, &[192, 0, 2, 1]),
                _ => {}
            }
        }
        let host = offset_of!(SniSet, KeyDesc) + offset_of!(SniKey, Host);
        match (odd, kind) {
            ("hash-32", Kind::IpPort) => {
                let hash = offset_of!(SslSet, ParamDesc) + offset_of!(Param, SslHashLength);
                write(hash, &32_u32.to_ne_bytes());
            }
            ("hash-none", Kind::IpPort) => {
                let hash = offset_of!(SslSet, ParamDesc) + offset_of!(Param, SslHashLength);
                write(hash, &0_u32.to_ne_bytes());
            }
            ("port-0", Kind::IpPort) => {
                write_behind(offset_of!(SslSet, KeyDesc), 2, &[0, 0]);
            }
            ("host-empty", Kind::Sni) => write_behind(host, 0, &[0, 0]),
            ("host-space", Kind::Sni) => write_behind(host, 0, &[b' ', 0]),
            ("ccs-ipv6", Kind::Ccs) => {
                write(offset_of!(CcsSet, KeyDesc), &AF_INET6.to_ne_bytes());
                write(offset_of!(CcsSet, KeyDesc) + 8, &[0xFE, 0x80]);
            }
            _ => {}
        }
    }
}
