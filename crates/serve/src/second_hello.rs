//! The second ClientHello, which a client sends if the server has asked for another key exchange
//! (HelloRetryRequest). It has the name again that rustls refuses.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::client_hello::{ClientHello, MAX_HELLO, Parsed, in_records};
use crate::transcript::Substitution;

/// The bytes of a client after its first ClientHello, with a substitute for the second one.
pub(crate) struct SecondHello<R> {
    inner: R,
    state: State,
}

enum State {
    /// The bytes that have arrived may be the start of a ClientHello.
    Waiting(Vec<u8>, Arc<Substitution>),
    /// These bytes are next, from this index.
    Giving(Vec<u8>, usize),
    /// No ClientHello can follow.
    Through,
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

impl<R> SecondHello<R> {
    /// Without a substitution all bytes are left as they are.
    pub(crate) fn new(inner: R, substitution: Option<Arc<Substitution>>) -> Self {
        let waiting = |substitution| State::Waiting(Vec::new(), substitution);
        Self {
            inner,
            state: substitution.map_or(State::Through, waiting),
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for SecondHello<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.state {
                State::Through => return Pin::new(&mut this.inner).poll_read(context, into),
                State::Giving(bytes, at) => {
                    let length = into.remaining().min(bytes.len() - *at);
                    into.put_slice(&bytes[*at..*at + length]);
                    *at += length;
                    if *at == bytes.len() {
                        this.state = State::Through;
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Waiting(bytes, substitution) => {
                    let mut part = [0; 2048];
                    let mut part = ReadBuf::new(&mut part);
                    ready!(Pin::new(&mut this.inner).poll_read(context, &mut part))?;
                    bytes.extend_from_slice(part.filled());
                    let is_end = part.filled().is_empty();
                    match given(bytes, substitution) {
                        None if !is_end && bytes.len() <= MAX_HELLO => {}
                        None => this.state = State::Giving(std::mem::take(bytes), 0),
                        Some(given) => this.state = State::Giving(given, 0),
                    }
                    // An end without bytes is the end.
                    if matches!(&this.state, State::Giving(bytes, _) if bytes.is_empty()) {
                        this.state = State::Through;
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

/// The bytes for rustls; `None` if more are needed.
fn given(bytes: &[u8], substitution: &Substitution) -> Option<Vec<u8>> {
    let mut rest = bytes;
    // Clients send such a record before the second message.
    while let [CHANGE_CIPHER_SPEC, _, _, 0, 1, _, after @ ..] = rest {
        rest = after;
    }
    let before = &bytes[..bytes.len() - rest.len()];
    match rest {
        [] => return None,
        [CHANGE_CIPHER_SPEC, ..] if rest.len() < 6 => return None,
        [HANDSHAKE, ..] if rest.len() < 6 => return None,
        [HANDSHAKE, _, _, _, _, CLIENT_HELLO, ..] => {}
        _ => return Some(bytes.to_vec()),
    }
    match ClientHello::read(rest) {
        Ok(Parsed::Incomplete) => None,
        Ok(Parsed::Complete(hello)) => Some(match substitution.add(&hello) {
            Some(given) => [before, &in_records(&given)].concat(),
            None => bytes.to_vec(),
        }),
        // rustls refuses it.
        Err(_) => Some(bytes.to_vec()),
    }
}
