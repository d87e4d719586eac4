//! The Ansible collection, built, installed and run by the ansible-core of PyPI, over a store in a file and
//! over the simulated HTTP.sys.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod ansible;
#[path = "../common/mod.rs"]
mod common;
mod options;
mod page;
mod passwords;
mod refusals;
mod stores;

const HASH: &str = "5226dc6c54559761cd471b86eb51c096252c90f2";
const NEXT: &str = "8d90a17d2851f802b0a5619bf695b03544b8f5cb";
