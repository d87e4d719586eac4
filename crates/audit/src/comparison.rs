//! The bindings of a host next to those of the baseline.

use std::borrow::Cow;

use certbind_core::Binding;
use certbind_formats::netsh::Layout;

use crate::fleet::Host;
use crate::host_binding::HostBinding;
use crate::host_export::Baseline;

/// A binding that the baseline has as well.
pub(crate) struct Comparison<'a> {
    pub(crate) bound: HostBinding<'a>,
    was: &'a Binding,
    /// The layouts of the two listings, which show only some of the options.
    then: Option<&'a Layout>,
    now: Option<&'a Layout>,
}

impl<'a> Host<'a> {
    /// The bindings that the baseline has as well, and that are not the same.
    pub(crate) fn changed(&self) -> impl Iterator<Item = Comparison<'a>> {
        let before = self.before().unwrap_or_default();
        let then = match &self.export.baseline {
            Baseline::Bindings { layout, .. } => layout.as_deref(),
            Baseline::NotRequested | Baseline::Missing(_) => None,
        };
        let now = self.export.reading.export.layout.as_ref();
        let pairs = self.bindings.iter().filter_map(move |bound| {
            let was = *before.get(bound.binding.key())?;
            Some(Comparison {
                bound: *bound,
                was,
                then,
                now,
            })
        });
        let changed = pairs.filter(|pair| pair.was != pair.bound.binding);
        changed.collect::<Vec<_>>().into_iter()
    }
}

impl<'a> Comparison<'a> {
    /// Whether the binding has another certificate.
    pub(crate) fn is_renewed(&self) -> bool {
        self.was.record().hash() != self.bound.binding.record().hash()
    }

    /// The binding then and now, with the options that both exports show.
    pub(crate) fn as_both_show(&self) -> (Cow<'a, Binding>, Cow<'a, Binding>) {
        let shown = |binding: &'a Binding, other: Option<&Layout>| match other {
            Some(layout) => Cow::Owned(layout.as_shown(binding)),
            None => Cow::Borrowed(binding),
        };
        (
            shown(self.was, self.now),
            shown(self.bound.binding, self.then),
        )
    }

    /// The options that the binding had, and that the present export does not show.
    pub(crate) fn hidden(&self) -> Vec<String> {
        self.now
            .map(|layout| layout.hidden(self.was))
            .unwrap_or_default()
    }
}
