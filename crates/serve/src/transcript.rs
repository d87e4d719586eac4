//! Handshakes for server names that rustls refuses.
//!
//! rustls ends the handshake for a name that is not a DNS name (`a-.example`, `127.1`, `*.x`), before
//! it calls a resolver. So it receives the ClientHello with another name of the same length. The
//! client has hashed its own message, however, and both ends must hash the same bytes: the hash
//! functions of [`provider`] replace the message by the client's while a [`Substitution`] is in
//! scope.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use crate::client_hello::ClientHello;

/// The messages of a client with a name, and those that rustls is given.
#[derive(Debug)]
pub(crate) struct Substitution {
    name: Vec<u8>,
    first: Message,
    /// The message that follows a HelloRetryRequest.
    second: OnceLock<Message>,
}

/// A client's message, and the one that rustls is given.
#[derive(Debug)]
struct Message {
    sent: Vec<u8>,
    given: Vec<u8>,
}

tokio::task_local! {
    static CURRENT: Arc<Substitution>;
}

impl Substitution {
    /// The substitution for a message with a name that rustls refuses.
    pub(crate) fn of(hello: &ClientHello) -> Option<Arc<Self>> {
        let name = hello.server_name()?;
        if ServerName::try_from(name).is_ok() {
            return None;
        }
        Some(Arc::new(Self {
            name: name.to_vec(),
            first: Message::of(hello, name),
            second: OnceLock::new(),
        }))
    }

    /// The first message for rustls.
    pub(crate) fn given(&self) -> &[u8] {
        &self.first.given
    }

    /// The substitute for the second message, if it is the second one and has the same name.
    pub(crate) fn add(&self, hello: &ClientHello) -> Option<Vec<u8>> {
        let name = hello.server_name().filter(|name| *name == self.name)?;
        let message = Message::of(hello, name);
        let given = message.given.clone();
        self.second.set(message).is_ok().then_some(given)
    }

    /// A future whose hashes are the client's.
    pub(crate) async fn scope<F: Future>(self: Arc<Self>, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    fn apply(&self, hashed: &[u8]) -> Option<Vec<u8>> {
        let second = self.second.get().and_then(|it| it.apply(hashed));
        second.or_else(|| self.first.apply(hashed))
    }
}

impl Message {
    fn of(hello: &ClientHello, name: &[u8]) -> Self {
        Self {
            sent: hello.message.clone(),
            given: hello.with_name(&stand_in(name.len())),
        }
    }

    /// The bytes that the client has hashed. The message may be followed by others, and truncated:
    /// the binder of a pre-shared key hashes its beginning.
    fn apply(&self, hashed: &[u8]) -> Option<Vec<u8>> {
        // A shorter one cannot contain the client's random number, which makes it unique.
        const LEAST: usize = 4 + 2 + 32;
        let length = hashed.len().min(self.given.len());
        (length >= LEAST && hashed[..length] == self.given[..length])
            .then(|| [&self.sent[..length], &hashed[length..]].concat())
    }
}

/// The bytes that the client has hashed, for bytes that rustls hashes.
pub(crate) fn as_sent(hashed: &[u8]) -> Option<Vec<u8>> {
    CURRENT.try_with(|it| it.apply(hashed)).ok().flatten()
}

/// A DNS name of this length, of letters in labels.
fn stand_in(length: usize) -> Vec<u8> {
    let label_end = |at: usize| at % 50 == 49 && at + 1 < length;
    (0..length)
        .map(|at| if label_end(at) { b'.' } else { b'x' })
        .collect()
}

/// ring's cryptography with hashes that obey the substitution in scope.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        let mut provider = ring::default_provider();
        for suite in &mut provider.cipher_suites {
            *suite = with_transcript(*suite);
        }
        Arc::new(provider)
    });
    Arc::clone(provider)
}

/// Leaks a suite, once per process: rustls has suites in static memory.
fn with_transcript(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    let common = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: Box::leak(Box::new(TranscriptHash(common.hash_provider))),
        confidentiality_limit: common.confidentiality_limit,
    };
    match suite {
        SupportedCipherSuite::Tls12(suite) => {
            SupportedCipherSuite::Tls12(Box::leak(Box::new(Tls12CipherSuite {
                common: common(&suite.common),
                prf_provider: suite.prf_provider,
                kx: suite.kx,
                sign: suite.sign,
                aead_alg: suite.aead_alg,
            })))
        }
        SupportedCipherSuite::Tls13(suite) => {
            SupportedCipherSuite::Tls13(Box::leak(Box::new(Tls13CipherSuite {
                common: common(&suite.common),
                hkdf_provider: suite.hkdf_provider,
                aead_alg: suite.aead_alg,
                quic: suite.quic,
            })))
        }
    }
}

struct TranscriptHash(&'static dyn Hash);

struct TranscriptContext(Box<dyn Context>);

impl Hash for TranscriptHash {
    fn start(&self) -> Box<dyn Context> {
        Box::new(TranscriptContext(self.0.start()))
    }

    fn hash(&self, data: &[u8]) -> Output {
        self.0.hash(data)
    }

    fn output_len(&self) -> usize {
        self.0.output_len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }
}

impl Context for TranscriptContext {
    fn fork_finish(&self) -> Output {
        self.0.fork_finish()
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self(self.0.fork()))
    }

    fn finish(self: Box<Self>) -> Output {
        self.0.finish()
    }

    fn update(&mut self, data: &[u8]) {
        match as_sent(data) {
            Some(sent) => self.0.update(&sent),
            None => self.0.update(data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_dns_names_of_every_length() {
        for length in 1..=255 {
            let name = stand_in(length);
            assert_eq!(name.len(), length);
            let parsed = ServerName::try_from(name.as_slice());
            assert_eq!(parsed.is_ok(), length <= 253, "{length}");
        }
    }

    #[test]
    fn whole_and_partial_messages_are_replaced() {
        let message = Message {
            sent: vec![1; 60],
            given: vec![2; 60],
        };
        let longer = [vec![2; 60], vec![3; 4]].concat();
        let replaced = [vec![1; 60], vec![3; 4]].concat();
        assert_eq!(message.apply(&longer), Some(replaced));
        assert_eq!(message.apply(&[2; 50]), Some(vec![1; 50]));
        assert_eq!(message.apply(&[2; 10]), None);
        assert_eq!(message.apply(&[3; 60]), None);
    }
}
