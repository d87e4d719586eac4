//! netsh
