//! Compressed files and archives.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "for tests, which may panic"
)]

use std::io::{Cursor, Write};

/// The names and contents of files.
pub type Files<'a> = [(&'a str, &'a [u8])];

/// A gzip file of one member.
pub fn gz(content: &[u8]) -> Vec<u8> {
    let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    file.write_all(content).unwrap();
    file.finish().unwrap()
}

/// An xz file of one stream.
pub fn xz(content: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut file = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    file.write_all(content).unwrap();
    file.finish().unwrap()
}

pub fn tar(files: &Files<'_>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

/// A zip archive of deflated entries.
pub fn zip(files: &Files<'_>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}
