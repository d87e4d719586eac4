//! The verbs of `netsh http`.

/// A verb. The order is that of the help, with the newest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Delete,
    Show,
    Update,
}

impl Verb {
    pub(super) const ALL: [Self; 4] = [Self::Add, Self::Delete, Self::Show, Self::Update];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Delete => "delete",
            Self::Show => "show",
            Self::Update => "update",
        }
    }
}
