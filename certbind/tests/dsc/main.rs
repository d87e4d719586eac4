//! The resource for Microsoft DSC v3: the program is started as DSC starts it.

#![allow(clippy::unwrap_used)]

#[cfg(target_os = "linux")]
#[path = "../common/mod.rs"]
mod common;
mod document;
mod engine;
mod errors;
#[cfg(target_os = "linux")]
mod httpsys;
mod manifest;
mod operations;
mod published;
mod secrets;
