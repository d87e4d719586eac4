//! The interface of an engine in the comparison.

use std::path::Path;

use certbind_core::{Binding, BindingKey};

/// An engine, and how its own documentation would have it used for bindings.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The package that it is, to look its version up by.
    pub(crate) package: &'static str,
    /// How it is used here.
    pub(crate) how: &'static str,
    /// Whether it is certbind's.
    pub(crate) ours: bool,
    /// Makes a store of these bindings, which are in order, in an empty folder: durably, at once.
    pub(crate) import: fn(&Path, &[Binding]) -> Opened,
    /// Opens the created store. An engine without persistence has none.
    pub(crate) open: Option<fn(&Path) -> Opened>,
}

pub(crate) type Opened = Box<dyn Engine>;

/// An engine that was opened.
pub(crate) trait Engine {
    /// The binding of a key. It sees every earlier commit, unless the engine is included to show
    /// the cost of a transaction.
    fn get(&self, key: &BindingKey) -> Option<Binding>;

    /// Reads every binding in order; how many there are.
    fn scan(&self) -> usize;

    /// A writer of bindings, one durable transaction each; each thread has its own. An engine
    /// without persistence, or without writes, has none.
    fn writer(&self) -> Option<Writer<'_>>;
}

pub(crate) type Writer<'a> = Box<dyn FnMut(&Binding) + Send + 'a>;
