//! The end that answers: reads the requests of C programs, and writes records into their buffers.
//!
//! Everything that can be checked is checked: null pointers, lengths, address families, hash
//! lengths, unterminated strings. Nothing needs to be aligned. The functions here are `unsafe`
//! because one condition cannot be checked: that a pointer points to memory of the caller.

mod answer;
mod property_answer;
mod property_request;
mod property_value;
mod request;
mod request_error;
mod service;

pub use answer::Answer;
pub use property_answer::PropertyAnswer;
pub use property_request::{read_delete_property, read_query_property, read_set_property};
pub use request::{Query, foreign_family_of_query, read_delete, read_query, read_set};
pub use request_error::RequestError;
pub use service::{ServiceReply, read_service_delete, read_service_query, read_service_set};
