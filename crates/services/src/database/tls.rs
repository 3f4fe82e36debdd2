//! TLS to the database: always with a verified chain and host name.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::DatabaseError;

/// Amazon RDS's roots; `certificates/README.md` says which and from where.
const AMAZON_RDS_ROOTS: &[u8] = include_bytes!("../../certificates/amazon-rds-roots.pem");

/// Trusts the authorities in `ca_file`, or Amazon RDS's own.
pub(super) fn connector(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, DatabaseError> {
    let roots = match ca_file {
        Some(path) => std::fs::read(path).map_err(Into::into).and_then(|pem| roots(&pem)),
        None => roots(AMAZON_RDS_ROOTS),
    };
    let roots = roots.map_err(|source| DatabaseError::Authorities {
        from: ca_file.map_or_else(|| "the built-in bundle".to_owned(), |path| path.display().to_string()),
        source,
    })?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring offers every protocol version that rustls enables")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, Box<dyn std::error::Error + Send + Sync>> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        store.add(certificate?)?;
    }
    if store.is_empty() { Err("there is no certificate in it".into()) } else { Ok(store) }
}

#[cfg(test)]
mod tests {
    //! Goal: the built-in roots are all usable, and a bad file is named. Method: load them.

    use std::io::Write;

    use super::*;

    #[test]
    fn every_built_in_root_is_usable() {
        assert_eq!(roots(AMAZON_RDS_ROOTS).expect("the bundle parses").len(), 9);
    }

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(b"not a certificate").expect("it can be written");
        let Err(error) = connector(Some(file.path())) else { panic!("it was taken for a bundle") };
        assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
    }

    #[test]
    fn a_missing_file_is_refused_by_name() {
        let Err(error) = connector(Some(Path::new("/nowhere/ca.pem"))) else { panic!("it was read") };
        assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
    }
}
