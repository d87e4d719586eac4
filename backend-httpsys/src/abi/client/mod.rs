//! The end that asks: builds requests, and reads the records that come back.
