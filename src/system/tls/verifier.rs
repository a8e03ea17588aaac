//! What is checked of a server where the library's own check of certificates will not do.

use rustls::{
    DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::named::Named;

/// Checks that a server has the key of its certificate, and the certificate as it is told.
#[derive(Debug)]
pub(super) struct Verifier {
    accepted: Accepted,
    signatures: WebPkiSupportedAlgorithms,
}

/// Which certificates are accepted.
#[derive(Debug)]
pub(super) enum Accepted {
    /// Those that a file names, or vouches for.
    Named(Named),
    /// All, for those who ask for it.
    Any,
}

impl Verifier {
    pub(super) fn new(accepted: Accepted, provider: &CryptoProvider) -> Self {
        Self {
            accepted,
            signatures: provider.signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.accepted {
            Accepted::Named(named) => {
                named.verify(end_entity, intermediates, server_name, ocsp_response, now)
            }
            Accepted::Any => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.signatures)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.signatures)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signatures.supported_schemes()
    }
}
