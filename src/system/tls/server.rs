//! The server's side: its certificate, read from files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::{
    Error, ServerConfig, ServerConnection,
    crypto::aws_lc_rs::{Ticketer, default_provider},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::ProducesTickets,
    version::{TLS12, TLS13},
};
use thiserror::Error as ThisError;

use super::{ALPN, socket::TlsSocket};
use crate::vocabulary::config::TlsFiles;

/// The certificate that is shown, and the tickets by which those who come again need not be shown it.
pub struct Tls {
    files: TlsFiles,
    config: Arc<ServerConfig>,
    ticketer: Arc<dyn ProducesTickets>,
}

/// Why there is no TLS. The operator's to mend.
#[derive(Debug, ThisError)]
pub enum TlsError {
    /// A file that cannot be read, or holds something else.
    #[error("cannot use {} ({flag}): {cause}", path.display())]
    File {
        /// The flag that names it.
        flag: &'static str,
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// Two files that do not go together, or no certificate.
    #[error(
        "cannot serve TLS with {} (--tls-cert) and {} (--tls-key): {cause}",
        files.cert.display(),
        files.key.display()
    )]
    Pair {
        /// The files.
        files: TlsFiles,
        /// What is wrong with them.
        cause: Error,
    },
}

impl Tls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// The files cannot be read, or do not go together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let pair = |cause| TlsError::Pair {
            files: files.clone(),
            cause,
        };
        let ticketer = Ticketer::new().map_err(pair)?;
        Ok(Self {
            config: Arc::new(config(&files, Arc::clone(&ticketer))?),
            ticketer,
            files,
        })
    }

    /// Reads the files again, for those who come from now on. Those who have a ticket may come back with it.
    ///
    /// # Errors
    /// Those of [`load`](Self::load); then everything stays as it was.
    pub fn reload(&mut self) -> Result<(), TlsError> {
        self.config = Arc::new(config(&self.files, Arc::clone(&self.ticketer))?);
        Ok(())
    }

    /// TLS over a socket that was just accepted, to be begun.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn accept(&self, stream: TcpStream) -> Result<TlsSocket, Error> {
        let connection = ServerConnection::new(Arc::clone(&self.config))?;
        Ok(TlsSocket::new(connection.into(), stream).once_begun())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = &self.files;
        f.debug_struct("Tls")
            .field("files", files)
            .finish_non_exhaustive()
    }
}

fn config(files: &TlsFiles, ticketer: Arc<dyn ProducesTickets>) -> Result<ServerConfig, TlsError> {
    let unusable = |flag, path: &PathBuf| {
        let path = path.clone();
        move |cause| TlsError::File { flag, path, cause }
    };
    let pair = |cause| TlsError::Pair {
        files: files.clone(),
        cause,
    };
    let certificates = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unusable("--tls-cert", &files.cert))?;
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(unusable("--tls-key", &files.key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(pair)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.ticketer = ticketer;
    Ok(config)
}
