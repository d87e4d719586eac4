//! The store of certificate bindings that Windows keeps in HTTP.sys.

pub mod abi;
mod api;
mod library;

pub use api::HttpApi;
pub use library::LibraryApi;
