//! Goal: TLS is used where it is offered, only with a certificate that is the database's own, and
//! its absence is refused when required. Method: a TLS terminator before real PostgreSQL, with
//! authorities made for the test.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use services::database::{Database, DatabaseError, Target};
use services::settings::{Endpoint, Tls};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::server::{Scratch, aws, migrated};

/// An authority, and the file a client knows it by.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("it signs itself");
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(issuer.pem().as_bytes()).expect("it can be written");
        Self { issuer, file }
    }

    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new([host.to_owned()]).expect("the name is valid");
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority signs");
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring offers them")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .expect("key and certificate belong together");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Offers TLS as PostgreSQL does and passes what is inside on to `scratch`'s server.
async fn terminator(acceptor: TlsAcceptor, scratch: &Scratch) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let behind = format!("{}:{}", scratch.endpoint.host, scratch.endpoint.port);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8];
            stream.read_exact(&mut request).await.expect("a request for TLS");
            assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
            stream.write_all(b"S").await.expect("it listens");
            // A client that does not trust us ends here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut server = TcpStream::connect(&behind).await.expect("PostgreSQL listens");
            tokio::spawn(async move { copy_bidirectional(&mut stream, &mut server).await });
        }
    });
    address
}

async fn connect(
    scratch: &Scratch,
    address: SocketAddr,
    tls: Tls,
    trusted: &Authority,
) -> Result<(), DatabaseError> {
    let endpoint = Endpoint { host: "localhost".to_owned(), port: address.port() };
    let ca_file = Some(trusted.file.path().to_owned());
    let target = Target { endpoint, tls, ca_file, ..scratch.target() };
    let database = Database::new(aws().await, target)?;
    let connection = database.connect().await?;
    connection.query_one("SELECT epoch FROM fence", &[]).await?;
    Ok(())
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_for_the_host_is_accepted() {
    let (scratch, authority) = (migrated().await, Authority::new());
    let address = terminator(authority.acceptor("localhost"), &scratch).await;
    for tls in [Tls::Require, Tls::Prefer] {
        connect(&scratch, address, tls, &authority).await.expect("the certificate is good");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_even_when_tls_is_only_preferred() {
    let (scratch, authority) = (migrated().await, Authority::new());
    let address = terminator(Authority::new().acceptor("localhost"), &scratch).await;
    for tls in [Tls::Require, Tls::Prefer] {
        let error = connect(&scratch, address, tls, &authority).await.expect_err("the authority is unknown");
        assert!(matches!(error, DatabaseError::Connect { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let (scratch, authority) = (migrated().await, Authority::new());
    let address = terminator(authority.acceptor("elsewhere.example"), &scratch).await;
    for tls in [Tls::Require, Tls::Prefer] {
        let error = connect(&scratch, address, tls, &authority).await.expect_err("the name is another");
        assert!(matches!(error, DatabaseError::Connect { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_refused_when_tls_is_required() {
    let scratch = migrated().await;
    let database = Database::new(aws().await, Target { tls: Tls::Require, ..scratch.target() });
    let database = database.expect("the target is valid");
    let Err(error) = database.connect().await else { panic!("it has no TLS") };
    assert!(matches!(error, DatabaseError::Connect { .. }), "{error:?}");
}
