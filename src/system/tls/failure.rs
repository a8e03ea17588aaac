//! How a handshake fails that a client began, in words.

use std::io::{self, ErrorKind};

use rustls::{CertificateError, Error};
use thiserror::Error as ThisError;

/// Why a client could not speak TLS with a server. Each text says what to look at, and the caller names the server.
#[derive(Debug, ThisError)]
pub enum TlsFailure {
    /// Its certificate is not accepted.
    #[error("{}", words(.0))]
    Certificate(CertificateError),
    /// What came back is something else.
    #[error("what it answers is not TLS; use ws:// if it is meant to be plain")]
    NotTls,
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
            None if matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Self::Hangup
            }
            _ => Self::Other(error),
        }
    }
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
        Wrong::Other(cause) if cause.to_string().contains("CaUsedAsEndEntity") => {
            "its certificate is an authority's own; issue another one from it, make one with \
             `-addext basicConstraints=critical,CA:FALSE`, or accept any with --insecure"
                .to_owned()
        }
        _ => format!("its certificate is not accepted ({error}); accept any with --insecure"),
    }
}
