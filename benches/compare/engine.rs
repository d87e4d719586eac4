//! What an engine has to do to be compared.

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
    /// Opens what was made. An engine that keeps nothing has none.
    pub(crate) open: Option<fn(&Path) -> Opened>,
}

pub(crate) type Opened = Box<dyn Engine>;

/// An engine that was opened.
pub(crate) trait Engine {
    /// The binding of a key, by itself: it sees what was committed when it is called, unless the
    /// engine is there to show what a transaction costs.
    fn get(&self, key: &BindingKey) -> Option<Binding>;

    /// Reads every binding in order; how many there are.
    fn scan(&self) -> usize;

    /// What puts bindings, one durable transaction each; a thread has one of its own. An engine
    /// that keeps nothing, or only reads, has none.
    fn writer(&self) -> Option<Writer<'_>>;
}

pub(crate) type Writer<'a> = Box<dyn FnMut(&Binding) + Send + 'a>;
