//! A certificate authority of the moment, and clients that trust it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::{CryptoProvider, aws_lc_rs::default_provider},
};
use socket2::Socket;
use tempfile::TempDir;

use super::Server;

/// A TLS stream over a socket.
pub(crate) type TlsStream = StreamOwned<ClientConnection, Socket>;

/// An authority, and a folder for what it issues.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Where a file of this name is, or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `NAME.pem` and `NAME.key`: a certificate for a host, and its key.
    pub(crate) fn issue(&self, name: &str, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// A server that shows what was issued under this name.
    pub(crate) fn serve(&self, name: &str, flags: &[&str]) -> Server {
        let (cert, key) = (
            self.path(&format!("{name}.pem")),
            self.path(&format!("{name}.key")),
        );
        let files = ["--tls-cert", text(&cert), "--tls-key", text(&key)];
        Server::start(&[&files, flags].concat())
    }

    /// How clients that trust this authority speak TLS.
    pub(crate) fn clients(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        self.clients_with(default_provider(), versions)
    }

    /// The same by other means than usual.
    pub(crate) fn clients_with(
        &self,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

/// TLS over a socket, for a host.
pub(crate) fn secured(config: &Arc<ClientConfig>, host: &'static str, socket: Socket) -> TlsStream {
    let connection = ClientConnection::new(Arc::clone(config), host.try_into().unwrap());
    StreamOwned::new(connection.unwrap(), socket)
}

/// A path as a flag.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
