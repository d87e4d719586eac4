//! The end that asks: builds requests, and reads the records that queries give back.
//!
//! A request borrows all that its pointers lead to, and is lent to a closure that makes the call.
//! A record is read out of the bytes of the buffer without following a single pointer: each is
//! turned into a place in the buffer first, so that no answer, however wrong, is worse than an
//! error.

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
