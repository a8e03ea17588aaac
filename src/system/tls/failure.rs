//! How TLS fails that a client began, in the handshake and after it, in words.

use std::io::{self, ErrorKind};

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};
use thiserror::Error as ThisError;

use super::named::is_authority;

/// Why a client could not speak TLS with a server. Each text says what to look at, and the caller names the server.
#[derive(Debug, ThisError)]
pub enum TlsFailure {
    /// Its certificate is not accepted.
    #[error("{}", words(.0))]
    Certificate(CertificateError),
    /// What came back is something else.
    #[error("what it answers is not TLS; use ws:// or http:// if it is meant to be plain")]
    NotTls,
    /// There is no version that both speak.
    #[error("it speaks neither TLS 1.3 nor TLS 1.2; have it allow one of them ({0})")]
    Version(Error),
    /// There is nothing else that both speak.
    #[error(
        "it has no key exchange, cipher or signature in common with this client; have it allow one of the groups \
         X25519MLKEM768, X25519, P-256 and P-384, and AES-GCM or ChaCha20-Poly1305 ({0})"
    )]
    NothingInCommon(Error),
    /// The connection ended in the handshake.
    #[error(
        "it ended the connection in the handshake; check that this port speaks TLS, and its log"
    )]
    Hangup,
    /// No certificate can be for such a host.
    #[error("its host is no name that a certificate can be for; check it")]
    Host,
    /// Something else: a broken connection, or a server that refuses.
    #[error("{0}; its log should say more")]
    Other(io::Error),
}

impl From<io::Error> for TlsFailure {
    /// Why a handshake ended in this error.
    fn from(error: io::Error) -> Self {
        let kind = error.kind();
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        match cause {
            Some(Error::InvalidCertificate(cause)) => Self::Certificate(cause.clone()),
            Some(Error::InvalidMessage(_)) => Self::NotTls,
            Some(cause) if is_about_versions(cause) => Self::Version(cause.clone()),
            Some(cause) if is_about_algorithms(cause) => Self::NothingInCommon(cause.clone()),
            None if matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Self::Hangup
            }
            _ => Self::Other(error),
        }
    }
}

/// What a peer did that TLS cannot go on after. Each text goes on behind the name of the peer, whose log should say more.
#[derive(Debug, ThisError)]
pub enum TlsFault {
    /// It was altered on the way, or is not of this connection.
    #[error("sent a TLS record that cannot be decrypted")]
    Undecryptable,
    /// What came is something else.
    #[error("sent what is no TLS record ({0:?})")]
    NotTls(InvalidMessage),
    /// It says that it cannot go on itself (RFC 8446, section 6.2).
    #[error("ended TLS with the alert {0:?}")]
    Alert(AlertDescription),
    /// A great many bytes came without any of those that they are to carry.
    #[error("sent a great deal of TLS with nothing in it")]
    Empty,
    /// Something else that it must not.
    #[error("broke TLS ({0})")]
    Other(Error),
}

impl TlsFault {
    /// What an error of reading says of the peer, if that is to blame.
    pub fn of(error: &io::Error) -> Option<Self> {
        let is_the_peers = error.kind() == ErrorKind::InvalidData;
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
        is_the_peers.then(|| match cause {
            None => Self::Empty,
            Some(Error::DecryptError) => Self::Undecryptable,
            Some(Error::InvalidMessage(what)) => Self::NotTls(*what),
            Some(Error::AlertReceived(alert)) => Self::Alert(*alert),
            Some(other) => Self::Other(other.clone()),
        })
    }
}

/// Whether both would speak TLS, if there were a version that they share.
fn is_about_versions(error: &Error) -> bool {
    use PeerIncompatible as Cannot;
    matches!(
        error,
        Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                Cannot::ServerDoesNotSupportTls12Or13
                    | Cannot::ServerTlsVersionIsDisabledByOurConfig
            )
    )
}

/// The same of what keys, ciphers and signatures are made with.
fn is_about_algorithms(error: &Error) -> bool {
    use PeerMisbehaved as Wrong;
    matches!(
        error,
        Error::AlertReceived(
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity
        ) | Error::PeerIncompatible(_)
            | Error::PeerMisbehaved(
                Wrong::IllegalHelloRetryRequestWithUnofferedNamedGroup
                    | Wrong::SelectedUnofferedKxGroup
            )
    )
}

fn words(error: &CertificateError) -> String {
    use CertificateError as Wrong;
    match error {
        // One who calls itself like an authority that is trusted signs otherwise.
        Wrong::UnknownIssuer | Wrong::BadSignature => {
            "its certificate was issued by nobody who is trusted here; name who issued it with \
            --ca FILE, or accept any with --insecure"
                .to_owned()
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => format!(
            "its certificate is for another host ({error}); connect by a name that it has, or accept any with --insecure"
        ),
        Wrong::Expired
        | Wrong::ExpiredContext { .. }
        | Wrong::NotValidYet
        | Wrong::NotValidYetContext { .. } => format!(
            "its certificate is not for this time ({error}); have it renewed, check the clock, or accept any with \
             --insecure"
        ),
        // What openssl makes of `req -x509` unless told otherwise.
        Wrong::Other(cause) if is_authority(cause) => {
            "its certificate is an authority's own; name it with --ca, issue another one from it, make one with \
             `-addext basicConstraints=critical,CA:FALSE`, or accept any with --insecure"
                .to_owned()
        }
        _ => format!("its certificate is not accepted ({error}); accept any with --insecure"),
    }
}
