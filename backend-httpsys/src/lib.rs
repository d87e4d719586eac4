//! The store of certificate bindings that Windows keeps in HTTP.sys.

pub mod abi;
mod api;

pub use api::HttpApi;
