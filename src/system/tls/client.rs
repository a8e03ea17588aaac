//! The client's side: whom to trust.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::{
    ClientConfig, ClientConnection, Error, RootCertStore,
    client::Resumption,
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
    pki_types::{
        CertificateDer, ServerName,
        pem::{self, PemObject},
    },
    version::{TLS12, TLS13},
};
use thiserror::Error as ThisError;

use super::{
    ALPN,
    failure::TlsFailure,
    named::Named,
    socket::TlsSocket,
    verifier::{Accepted, Verifier},
};

/// Bytes of a file with authorities, fewer than so many: all that a system knows are some hundred KB.
const AUTHORITIES_BYTES_MAX: u64 = 16 << 20;

/// Whose certificates are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those of the authorities that the system knows.
    #[default]
    System,
    /// Those of the authorities in a file in PEM.
    Authorities(PathBuf),
    /// Anyone's: nobody can listen in, but whoever is in between can answer.
    Anyone,
}

/// What a client needs to speak TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
}

/// Why nobody can be trusted. The user's to mend.
#[derive(Debug, ThisError)]
pub enum TrustError {
    /// A file that cannot be read, or holds something else.
    #[error("cannot trust whom {} names: {cause}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// A file that is longer than what it would be read for.
    #[error("{} has {} MiB or more; name a file with the authorities alone, in PEM", path.display(), AUTHORITIES_BYTES_MAX >> 20)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// A file without a certificate that means anything.
    #[error("{} holds no certificate; give one in PEM, which begins with -----BEGIN CERTIFICATE-----", path.display())]
    NoCertificate {
        /// Its path.
        path: PathBuf,
    },
    /// The system knows no authorities.
    #[error("this system names no certificate authorities{}; install ca-certificates, or name some in a file (--ca, --redis-ca)",
        cause.as_ref().map_or_else(String::new, |cause| format!(" ({cause})")))]
    NoSystem {
        /// What the system said, if anything.
        cause: Option<rustls_native_certs::Error>,
    },
    /// The library has nothing to speak.
    #[error("cannot speak TLS: {0}")]
    Library(#[from] Error),
}

impl Trust {
    /// What the flags `--insecure` and `--ca` say.
    pub fn new(is_insecure: bool, authorities: Option<PathBuf>) -> Self {
        match authorities {
            _ if is_insecure => Self::Anyone,
            Some(path) => Self::Authorities(path),
            None => Self::System,
        }
    }
}

impl Tls {
    /// Looks up who is trusted.
    ///
    /// # Errors
    /// Nobody is, or the file that says who cannot be used.
    pub fn trusting(trust: &Trust) -> Result<Self, TrustError> {
        let provider = Arc::new(default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])?;
        let accepted = match trust {
            Trust::System => None,
            Trust::Authorities(path) => {
                let named = named(path, Arc::clone(&provider))?;
                Some(Accepted::Named(named))
            }
            Trust::Anyone => Some(Accepted::Any),
        };
        let mut config = match accepted {
            None => builder.with_root_certificates(system_authorities()?),
            Some(accepted) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Verifier::new(accepted, &provider))),
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        // Each connection is that of somebody new, above all where handshakes are measured.
        config.resumption = Resumption::disabled();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// TLS with a host (a name, or an address without brackets) over a socket that is connected to it, or will be.
    ///
    /// # Errors
    /// No certificate can be for such a host, or the system has no randomness.
    pub fn connect(&self, host: &str, stream: TcpStream) -> Result<TlsSocket, TlsFailure> {
        Ok(TlsSocket::new(self.greet(host)?.into(), stream))
    }

    /// The client's side of TLS with a host, over whatever it is to be spoken.
    ///
    /// # Errors
    /// See [`connect`](Self::connect).
    pub fn greet(&self, host: &str) -> Result<ClientConnection, TlsFailure> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsFailure::Host)?;
        ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| TlsFailure::Other(io::Error::other(error)))
    }
}

/// The certificates of the authorities that the system knows.
///
/// # Errors
/// It knows none.
pub fn system_certificates() -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let mut found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(TrustError::NoSystem {
            cause: found.errors.pop(),
        });
    }
    Ok(found.certs)
}

fn system_authorities() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system_certificates()?);
    if roots.is_empty() {
        return Err(TrustError::NoSystem { cause: None });
    }
    Ok(roots)
}

fn named(path: &PathBuf, provider: Arc<CryptoProvider>) -> Result<Named, TrustError> {
    let of = |cause| TrustError::File {
        path: path.clone(),
        cause,
    };
    let file = File::open(path).map_err(|error| of(pem::Error::Io(error)))?;
    let mut file = file.take(AUTHORITIES_BYTES_MAX);
    let certificates = CertificateDer::pem_reader_iter(&mut file)
        .collect::<Result<Vec<_>, _>>()
        .map_err(of)?;
    if file.limit() == 0 {
        return Err(TrustError::TooLong { path: path.clone() });
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    if roots.is_empty() {
        return Err(TrustError::NoCertificate { path: path.clone() });
    }
    let named = Named::new(certificates, roots, provider);
    // That there are roots is all that it asks for.
    Ok(named.map_err(|error| Error::General(error.to_string()))?)
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;
    use rustls::{
        HandshakeKind, NamedGroup, ServerConfig, ServerConnection, pki_types::PrivatePkcs8KeyDer,
    };

    use super::*;

    #[test]
    fn of_a_file_of_authorities_no_more_is_read_than_any_of_them_needs() {
        let refused = |path: &str| Tls::trusting(&Trust::Authorities(path.into())).unwrap_err();
        let told = refused("/dev/zero").to_string();
        assert!(told.starts_with("/dev/zero has 16 MiB or more"), "{told}");
        assert!(matches!(
            refused("/dev/null"),
            TrustError::NoCertificate { .. }
        ));
    }

    #[test]
    fn a_server_that_prefers_the_hybrid_group_need_not_ask_again() {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let mut server = ServerConnection::new(Arc::new(config)).unwrap();
        let tls = Tls::trusting(&Trust::Anyone).unwrap();
        let offered = tls.config.crypto_provider().kx_groups.iter();
        assert_eq!(
            offered.map(|group| group.name()).collect::<Vec<_>>(),
            [
                NamedGroup::X25519MLKEM768,
                NamedGroup::X25519,
                NamedGroup::secp256r1,
                NamedGroup::secp384r1
            ]
        );
        let name = "localhost".try_into().unwrap();
        let mut client = ClientConnection::new(tls.config, name).unwrap();
        while client.is_handshaking() {
            let (mut asked, mut answered) = (Vec::new(), Vec::new());
            while client.wants_write() {
                client.write_tls(&mut asked).unwrap();
            }
            server.read_tls(&mut &asked[..]).unwrap();
            server.process_new_packets().unwrap();
            while server.wants_write() {
                server.write_tls(&mut answered).unwrap();
            }
            client.read_tls(&mut &answered[..]).unwrap();
            client.process_new_packets().unwrap();
        }
        assert_eq!(client.handshake_kind(), Some(HandshakeKind::Full));
        let group = client.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, NamedGroup::X25519MLKEM768);
    }
}
