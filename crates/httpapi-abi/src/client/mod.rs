//! The client side: builds requests, and reads the records that queries return.
//!
//! A request borrows the memory that its pointers point to, and is passed to a closure that makes
//! the call. A record is read from the bytes of the buffer without dereferencing a pointer: each is
//! converted to a place in the buffer first, so that any malformed answer is an error.

mod buffer;
mod property;
mod property_request;
mod property_value;
mod record;
mod request;
mod service;

pub use buffer::MalformedReply;
pub use property::read_property;
pub use property_request::{
    PropertyQuery, with_delete_property, with_query_property, with_set_property,
};
pub use record::read_record;
pub use request::{Query, Request, with_delete, with_query, with_set};
pub use service::{read_service_answer, with_service_delete, with_service_query, with_service_set};
