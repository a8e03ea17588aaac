//! For `--ca`: the certificates of authorities that a file names, and one of these itself where a server shows just that,
//! as whoever makes a certificate with `openssl req -x509` has an authority that vouches for itself.

use std::sync::Arc;

use rustls::{
    CertificateError, Error, OtherError, RootCertStore,
    client::{
        VerifierBuilderError, WebPkiServerVerifier,
        danger::{ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Accepts what the authorities of a file vouch for, and those themselves.
#[derive(Debug)]
pub(super) struct Named {
    authorities: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Named {
    /// Those of a file, and the same as roots.
    pub(super) fn new(
        certificates: Vec<CertificateDer<'static>>,
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        Ok(Self {
            authorities: authorities.build()?,
            certificates,
        })
    }

    /// Whether these vouch for the certificate that a server shows, or it is one of them.
    pub(super) fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(Error::InvalidCertificate(CertificateError::Other(ref other)))
                if is_authority(other) && self.certificates.contains(end_entity) =>
            {
                // That it is an authority is found after its dates were, and before its name (webpki's
                // `check_issuer_independent_properties`).
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }
}

/// Whether all that is wrong so far is that a server shows the certificate of an authority.
pub(super) fn is_authority(other: &OtherError) -> bool {
    let cause = other.0.downcast_ref::<webpki::Error>();
    cause == Some(&webpki::Error::CaUsedAsEndEntity)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Cursor, sync::Arc};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::{
        ServerConfig, ServerConnection,
        crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
        pki_types::PrivatePkcs8KeyDer,
        sign::{CertifiedKey, SingleCertAndKey},
    };

    use crate::system::tls::client::{Tls, Trust};

    /// A certificate for `localhost`, as `openssl req -x509` makes it, and its key.
    struct Own {
        certificate: rcgen::Certificate,
        key: KeyPair,
    }

    impl Own {
        fn new(until_year: i32) -> Self {
            let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.not_after = date_time_ymd(until_year, 1, 1);
            let key = KeyPair::generate().unwrap();
            Self {
                certificate: params.self_signed(&key).unwrap(),
                key,
            }
        }

        /// What a client that trusts `self` says of a server at that host which shows `shown`.
        fn judge(&self, shown: &Self, host: &str) -> Result<(), String> {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("ca.pem");
            fs::write(&path, self.certificate.pem()).unwrap();
            let tls = Tls::trusting(&Trust::Authorities(path)).unwrap();
            let mut client = tls.greet(host).unwrap();
            let key = PrivatePkcs8KeyDer::from(shown.key.serialize_der());
            let key = any_supported_type(&key.into()).unwrap();
            // Nobody looks here whether they belong together.
            let shown = CertifiedKey::new(vec![shown.certificate.der().clone()], key);
            let config = ServerConfig::builder_with_provider(default_provider().into())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
            let mut server = ServerConnection::new(config.into()).unwrap();
            while client.is_handshaking() {
                let (mut asked, mut answered) = (Vec::new(), Vec::new());
                while client.wants_write() {
                    client.write_tls(&mut asked).unwrap();
                }
                server.read_tls(&mut Cursor::new(asked)).unwrap();
                server.process_new_packets().unwrap();
                while server.wants_write() {
                    server.write_tls(&mut answered).unwrap();
                }
                client.read_tls(&mut Cursor::new(answered)).unwrap();
                client
                    .process_new_packets()
                    .map_err(|error| format!("{error:?}"))?;
            }
            Ok(())
        }
    }

    const FAR: i32 = 4000;

    #[test]
    fn an_authority_that_a_file_names_may_be_the_server_itself() {
        let own = Own::new(FAR);
        assert_eq!(own.judge(&own, "localhost"), Ok(()));
    }

    #[test]
    fn its_name_and_dates_are_checked_as_ever() {
        let own = Own::new(FAR);
        let told = own.judge(&own, "elsewhere").unwrap_err();
        assert!(told.contains("NotValidForName"), "{told}");
        let old = Own::new(2020);
        let told = old.judge(&old, "localhost").unwrap_err();
        assert!(told.contains("Expired"), "{told}");
    }

    #[test]
    fn whoever_shows_it_without_its_key_is_a_stranger() {
        let own = Own::new(FAR);
        let thief = Own {
            certificate: own.certificate.clone(),
            key: KeyPair::generate().unwrap(),
        };
        let told = own.judge(&thief, "localhost").unwrap_err();
        assert!(told.contains("BadSignature"), "{told}");
    }

    #[test]
    fn another_one_of_the_same_name_is_a_stranger() {
        let told = Own::new(FAR).judge(&Own::new(FAR), "localhost");
        assert!(told.is_err(), "{told:?}");
    }
}
