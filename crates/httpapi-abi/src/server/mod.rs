//! The end that answers: reads the requests of C programs, and writes records into their buffers.
//!
//! Nothing is taken on trust that can be checked: null pointers, lengths, address families, hash
//! lengths, strings without an end. Nothing needs to be aligned. What cannot be checked, that a
//! pointer leads to memory of the caller's, is what the functions here are `unsafe` for.

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
