//! Files that other programs and libraries write in the test, with every algorithm that they offer.

#![allow(clippy::unwrap_used, reason = "tests may unwrap")]

mod bouncycastle;
mod chain;
mod crypt32;
mod dotnet;
mod gnutls;
mod jdk;
mod node_forge;
mod nss;
mod openssl;
