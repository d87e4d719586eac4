//! The ClientHello of a connection, read from its bytes before a TLS library sees them.
//!
//! TLS libraries normalize server names: rustls lower-cases them, ignores IP addresses, and ends the
//! handshake for names such as `a-.example`. HTTP.sys gets the name as the client sends it.

use std::ops::Range;

use rustls::pki_types::ServerName;

/// The first message of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientHello {
    /// The handshake message with its header, without the headers of records.
    pub(crate) message: Vec<u8>,
    /// The place of the server name in the message.
    name: Option<Range<usize>>,
}

/// The state of the bytes that have arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// More bytes are needed.
    Incomplete,
    Complete(ClientHello),
}

/// The bytes are not a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotTls {
    #[error("the client does not speak TLS")]
    Protocol,
    #[error("the client's first message is longer than {MAX_MESSAGE} bytes")]
    TooLong,
    #[error("the client's first message is malformed")]
    Malformed,
}

/// The maximum length of the message; rustls has the same.
const MAX_MESSAGE: usize = 0xffff;
/// The maximum number of bytes of an unfinished message: its own, and the headers of its records.
pub(crate) const MAX_HELLO: usize = 2 * MAX_MESSAGE;
/// The maximum number of records of the message: a byte per record is an attack.
const MAX_RECORDS: usize = 256;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;
const MAX_RECORD: usize = 16384;

impl ClientHello {
    /// The requested server name, byte for byte.
    pub(crate) fn server_name(&self) -> Option<&[u8]> {
        self.name.as_ref().map(|name| &self.message[name.clone()])
    }

    /// Whether a TLS library sees the name as it was sent, apart from its case, or there is none. rustls
    /// ignores addresses, and a dot at the end.
    pub(crate) fn has_plain_name(&self) -> bool {
        self.server_name().is_none_or(|name| {
            !name.ends_with(b".")
                && matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_)))
        })
    }

    /// The same message with another name of the same length.
    ///
    /// # Panics
    /// If the message has no name, or one of another length.
    pub(crate) fn with_name(&self, name: &[u8]) -> Vec<u8> {
        let place = self.name.clone().expect("a message with a name");
        let mut message = self.message.clone();
        message[place].copy_from_slice(name);
        message
    }

    /// Reads the records that have arrived.
    pub(crate) fn read(bytes: &[u8]) -> Result<Parsed, NotTls> {
        let mut message = Vec::new();
        let mut rest = Reader(bytes);
        for _ in 0..MAX_RECORDS {
            match rest.0 {
                [] => return Ok(Parsed::Incomplete),
                [HANDSHAKE, 3, ..] | [HANDSHAKE] => {}
                _ => return Err(NotTls::Protocol),
            }
            let Some((header, fragment)) = rest.record() else {
                // The header of the record announces its length before its content arrives.
                return match rest.0.get(3..5) {
                    Some(length) if be16(length) > MAX_RECORD => Err(NotTls::Malformed),
                    _ => Ok(Parsed::Incomplete),
                };
            };
            if fragment.is_empty() || header != HANDSHAKE {
                return Err(NotTls::Malformed);
            }
            message.extend_from_slice(fragment);
            if message[0] != CLIENT_HELLO {
                return Err(NotTls::Malformed);
            }
            let Some(length) = message.get(1..4) else {
                continue;
            };
            let length = 4 + (usize::from(length[0]) << 16) + be16(&length[1..]);
            if length > MAX_MESSAGE {
                return Err(NotTls::TooLong);
            }
            if message.len() >= length {
                if message.len() > length {
                    return Err(NotTls::Malformed);
                }
                let name = name_of(&message).map_err(|Malformed| NotTls::Malformed)?;
                return Ok(Parsed::Complete(Self { message, name }));
            }
        }
        Err(NotTls::Malformed)
    }
}

/// A handshake message in records.
pub(crate) fn in_records(message: &[u8]) -> Vec<u8> {
    let records = message.chunks(MAX_RECORD).flat_map(|fragment| {
        let length = u16::try_from(fragment.len()).unwrap_or(u16::MAX);
        let header = [&[HANDSHAKE, 3, 1][..], &length.to_be_bytes()].concat();
        [header, fragment.to_vec()].concat()
    });
    records.collect()
}

fn be16(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

struct Malformed;

/// The place of the first host name in the server_name extension. An empty name is not a name.
fn name_of(message: &[u8]) -> Result<Option<Range<usize>>, Malformed> {
    let mut hello = Reader(&message[4..]);
    hello.take(2 + 32)?;
    hello.vector8()?;
    hello.vector16()?;
    hello.vector8()?;
    if hello.0.is_empty() {
        return Ok(None);
    }
    let mut extensions = Reader(hello.vector16()?);
    while !extensions.0.is_empty() {
        let kind = be16(extensions.take(2)?);
        let content = extensions.vector16()?;
        if kind != usize::from(SERVER_NAME) {
            continue;
        }
        let mut names = Reader(Reader(content).vector16()?);
        while !names.0.is_empty() {
            let kind = names.take(1)?[0];
            let name = names.vector16()?;
            if kind == HOST_NAME {
                let start = name.as_ptr() as usize - message.as_ptr() as usize;
                return Ok((!name.is_empty()).then(|| start..start + name.len()));
            }
        }
        return Ok(None);
    }
    Ok(None)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn vector8(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::from(self.take(1)?[0]);
        self.take(length)
    }

    fn vector16(&mut self) -> Result<&'a [u8], Malformed> {
        let length = be16(self.take(2)?);
        self.take(length)
    }

    /// A complete record: its type and its content.
    fn record(&mut self) -> Option<(u8, &'a [u8])> {
        let kind = *self.0.first()?;
        let length = be16(self.0.get(3..5)?);
        let (record, rest) = self.0.split_at_checked(5 + length)?;
        if length > MAX_RECORD {
            return None;
        }
        self.0 = rest;
        Some((kind, &record[5..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes after their length.
    fn vector(bytes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(bytes.len()).unwrap();
        [&length.to_be_bytes(), bytes].concat()
    }

    /// A ClientHello with a server_name extension of this content.
    fn hello(server_name: Option<&[u8]>) -> Vec<u8> {
        let mut extensions = [&[0, 10][..], &vector(&[0, 2, 0, 29])].concat();
        if let Some(content) = server_name {
            extensions.extend([&[0, 0][..], &vector(content)].concat());
        }
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(vector(&[0x13, 1]));
        body.extend([1, 0]);
        body.extend(vector(&extensions));
        let length = u32::try_from(body.len()).unwrap();
        [&[1][..], &length.to_be_bytes()[1..], &body].concat()
    }

    fn named(name: &[u8]) -> Vec<u8> {
        hello(Some(&vector(&[&[0][..], &vector(name)].concat())))
    }

    fn complete(bytes: &[u8]) -> ClientHello {
        match ClientHello::read(bytes) {
            Ok(Parsed::Complete(hello)) => hello,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_keep_their_bytes() {
        for name in [
            &b"WWW.Contoso.com."[..],
            b"a-.example",
            b"10.0.0.5",
            b"[::1]",
            b"*.x",
            b"\xff",
        ] {
            let hello = complete(&in_records(&named(name)));
            assert_eq!(hello.server_name(), Some(name));
            let other = vec![b'x'; name.len()];
            let renamed = complete(&in_records(&hello.with_name(&other)));
            assert_eq!(renamed.server_name(), Some(&*other));
        }
        assert_eq!(complete(&in_records(&hello(None))).server_name(), None);
        assert_eq!(complete(&in_records(&named(b""))).server_name(), None);
    }

    #[test]
    fn fragments_are_joined_at_every_place() {
        let message = named(b"www.contoso.com");
        for at in 1..message.len() {
            let bytes = [in_records(&message[..at]), in_records(&message[at..])].concat();
            assert_eq!(complete(&bytes).message, message);
            for end in 0..bytes.len() {
                assert_eq!(ClientHello::read(&bytes[..end]), Ok(Parsed::Incomplete));
            }
        }
    }

    #[test]
    fn other_bytes_are_refused_early() {
        for bytes in [&b"GET / HTTP/1.1\r\n"[..], &[0x80, 46, 1, 0, 2], &[22, 2]] {
            assert_eq!(ClientHello::read(bytes), Err(NotTls::Protocol));
        }
        let huge = [22, 3, 1, 0, 4, 1, 255, 255, 255];
        assert_eq!(ClientHello::read(&huge), Err(NotTls::TooLong));
        assert_eq!(
            ClientHello::read(&[22, 3, 1, 255, 255]),
            Err(NotTls::Malformed)
        );
        let bytes = in_records(&[1, 0, 255, 0]).repeat(MAX_RECORDS + 1);
        assert_eq!(ClientHello::read(&bytes), Err(NotTls::Malformed));
    }

    /// No cut and no changed byte of a message makes the parser panic or read past a vector.
    #[test]
    fn damaged_messages_are_refused_or_read() {
        let message = named(b"www.contoso.com");
        for at in 0..message.len() {
            for value in [0, 1, 127, 255] {
                let mut damaged = message.clone();
                damaged[at] = value;
                if let Ok(Parsed::Complete(hello)) = ClientHello::read(&in_records(&damaged)) {
                    assert!(
                        hello
                            .server_name()
                            .is_none_or(|name| name.len() <= message.len())
                    );
                }
            }
        }
    }
}
