//! The store of certificate bindings that Windows keeps in HTTP.sys.

pub mod abi;
mod api;
mod calls;
mod enumerate;
mod journal;
mod journal_format;
mod library;
mod store;
mod undo;

pub use api::HttpApi;
pub use library::LibraryApi;
pub use store::{HttpSysStore, Options};
pub use undo::{LeftAlone, Recovery};
