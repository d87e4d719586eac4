//! Bytes of a record that no binding has, which a real Windows might return.

#![expect(
    unsafe_code,
    reason = "changes what was written into a C program's buffer"
)]

use std::ffi::c_void;
use std::mem::offset_of;

use certbind_core::Kind;
use windows_sys::Win32::Networking::HttpServer::{
    HTTP_SERVICE_CONFIG_SSL_CCS_KEY as CcsKey, HTTP_SERVICE_CONFIG_SSL_CCS_SET as CcsSet,
    HTTP_SERVICE_CONFIG_SSL_CCS_SET_EX as CcsSetEx, HTTP_SERVICE_CONFIG_SSL_PARAM as Param,
    HTTP_SERVICE_CONFIG_SSL_PARAM_EX as ParamEx, HTTP_SERVICE_CONFIG_SSL_SET as SslSet,
    HTTP_SERVICE_CONFIG_SSL_SET_EX as SslSetEx, HTTP_SERVICE_CONFIG_SSL_SNI_KEY as SniKey,
    HTTP_SERVICE_CONFIG_SSL_SNI_SET as SniSet, HTTP_SERVICE_CONFIG_SSL_SNI_SET_EX as SniSetEx,
};

use crate::simulator::Simulator;

const AF_INET6: u16 = 23;

/// How many bytes follow an answer, if any do.
const PADDING: u32 = 16;

impl Simulator {
    /// Changes a written record according to the options.
    ///
    /// # Safety
    /// `output` has a record of this kind, of `size` bytes, and room for the padding after it.
    pub(crate) unsafe fn disguise(&self, kind: Kind, is_odd: bool, output: *mut c_void, size: u32) {
        let windows = self.windows();
        // SAFETY: the caller's promise.
        unsafe { self.pad(output, size) };
        let odd = if is_odd { windows.odd_record } else { "none" };
        let write = |offset: usize, bytes: &[u8]| {
            // SAFETY: the offset is one of the record's structure.
            let at = unsafe { output.cast::<u8>().add(offset) };
            // SAFETY: that many bytes are valid.
            unsafe { at.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        };
        let write_behind = |offset: usize, skip: usize, bytes: &[u8]| {
            // SAFETY: the offset is one of the record's structure.
            let pointer = unsafe { output.cast::<u8>().add(offset) }.cast::<*mut u8>();
            // SAFETY: the bytes of a pointer are valid, aligned or not.
            let at = unsafe { pointer.read_unaligned() };
            // SAFETY: it points to a value of this record that is longer.
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
        let param = match kind {
            Kind::IpPort => offset_of!(SslSet, ParamDesc),
            Kind::Sni | Kind::ScopedCcs => offset_of!(SniSet, ParamDesc),
            Kind::Ccs => offset_of!(CcsSet, ParamDesc),
        };
        if windows.store_name == "null-to-empty" && kind.names_certificate() {
            let name = param + offset_of!(Param, pSslCertStoreName);
            // SAFETY: the offset is one of the record's structure.
            let name = unsafe { output.cast::<u8>().add(name) }.cast::<*mut c_void>();
            // SAFETY: the bytes of a pointer are valid, aligned or not.
            if unsafe { name.read_unaligned() }.is_null() {
                // The padding begins with an empty text.
                let empty = output.wrapping_byte_add(size as usize);
                // SAFETY: as above.
                unsafe { name.write_unaligned(empty) };
            }
        }
        if windows.ipv6 == "flow-label" && kind == Kind::IpPort {
            let offset = offset_of!(SslSet, KeyDesc);
            // SAFETY: the offset is one of the record's structure.
            let pointer = unsafe { output.cast::<u8>().add(offset) }.cast::<*mut u8>();
            // SAFETY: the bytes of a pointer are valid, aligned or not.
            let at = unsafe { pointer.read_unaligned() };
            // SAFETY: it points to an address, which begins with its family.
            if unsafe { at.cast::<u16>().read_unaligned() } == AF_INET6 {
                write_behind(offset, 4, &0x12345_u32.to_ne_bytes());
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
            ("hash-zeros", Kind::IpPort) => {
                let hash = offset_of!(SslSet, ParamDesc) + offset_of!(Param, pSslHash);
                write_behind(hash, 0, &[0; 20]);
            }
            ("host-space", Kind::Sni) => write_behind(host, 0, &[b' ', 0]),
            ("ccs-ipv6", Kind::Ccs) => {
                write(offset_of!(CcsSet, KeyDesc), &AF_INET6.to_ne_bytes());
                write(offset_of!(CcsSet, KeyDesc) + 8, &[0xFE, 0x80]);
            }
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { self.make_relative(output, size) };
    }

    /// Changes a written property according to the options.
    ///
    /// # Safety
    /// `output` has a property of this kind, of `size` bytes, and room for the padding after it.
    pub(crate) unsafe fn disguise_property(
        &self,
        kind: Kind,
        key: &str,
        output: *mut c_void,
        size: u32,
    ) {
        // SAFETY: the caller's promise.
        unsafe { self.pad(output, size) };
        let param = match kind {
            Kind::IpPort => offset_of!(SslSetEx, ParamDesc),
            Kind::Sni | Kind::ScopedCcs => offset_of!(SniSetEx, ParamDesc),
            Kind::Ccs => offset_of!(CcsSetEx, ParamDesc),
        };
        match key {
            // SAFETY: the key is before the parameter.
            "zeros" => unsafe { output.cast::<u8>().write_bytes(0, param) },
            "left-out" => {
                let from = output.wrapping_byte_add(param).cast::<u8>();
                // SAFETY: the parameter is of this size, and there is as much space before it.
                unsafe { output.cast::<u8>().copy_from(from, size_of::<ParamEx>()) };
            }
            _ => {}
        }
        // SAFETY: the caller's promise.
        unsafe { self.make_relative(output, size) };
    }

    /// How many bytes follow an answer.
    pub(crate) fn padding(&self) -> u32 {
        let windows = self.windows();
        match windows.text_end == "junk" || windows.store_name == "null-to-empty" {
            true => PADDING,
            false => 0,
        }
    }

    /// # Safety
    /// `output` has room for the padding after `size` bytes.
    unsafe fn pad(&self, output: *mut c_void, size: u32) {
        let padding = self.padding() as usize;
        let byte = if self.windows().text_end == "junk" {
            0x5A
        } else {
            0
        };
        let at = output.wrapping_byte_add(size as usize).cast::<u8>();
        // SAFETY: the caller's promise.
        unsafe { at.write_bytes(byte, padding) };
        if padding > 0 {
            // SAFETY: the padding has two bytes at least.
            unsafe { at.write_bytes(0, 2) };
        }
    }

    /// Turns the pointers in an answer into distances from its start.
    ///
    /// # Safety
    /// `output` has an answer of `size` bytes.
    unsafe fn make_relative(&self, output: *mut c_void, size: u32) {
        if self.windows().pointers != "relative" {
            return;
        }
        let size = size as usize;
        let start = output.addr();
        for offset in (0..size / size_of::<usize>()).map(|word| word * size_of::<usize>()) {
            let place = output.wrapping_byte_add(offset).cast::<usize>();
            // SAFETY: the word is within the answer.
            let word = unsafe { place.read_unaligned() };
            if (start..start + size).contains(&word) {
                // SAFETY: as above.
                unsafe { place.write_unaligned(word - start) };
            }
        }
    }
}
