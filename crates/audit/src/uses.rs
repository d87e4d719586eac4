//! Where each certificate is bound.

use certbind_core::CertHash;

use crate::host_binding::HostBinding;

/// The bindings that name a certificate, by its hash; those of one certificate in the order of the hosts.
pub(crate) struct Uses<'a> {
    hashes: Vec<CertHash>,
    bindings: Vec<HostBinding<'a>>,
}

impl<'a> Uses<'a> {
    pub(crate) fn of(bindings: impl Iterator<Item = HostBinding<'a>>) -> Self {
        let named = |bound: HostBinding<'a>| Some((*bound.binding.record().hash()?, bound));
        let mut uses: Vec<_> = bindings.filter_map(named).collect();
        uses.sort_by_key(|(hash, _)| *hash);
        let (hashes, bindings) = uses.into_iter().unzip();
        Self { hashes, bindings }
    }

    /// Each certificate and its bindings, in the order of the hashes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&CertHash, &[HostBinding<'a>])> {
        let mut rest = self.bindings.as_slice();
        self.hashes.chunk_by(|a, b| a == b).map(move |same| {
            let (bindings, others) = rest.split_at(same.len());
            rest = others;
            (&same[0], bindings)
        })
    }

    /// The bindings of a certificate; none if it is not bound.
    pub(crate) fn get(&self, hash: &CertHash) -> &[HostBinding<'a>] {
        let start = self.hashes.partition_point(|other| other < hash);
        let length = self.hashes[start..].partition_point(|other| other == hash);
        &self.bindings[start..start + length]
    }
}
