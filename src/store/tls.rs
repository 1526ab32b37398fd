//! TLS to PostgreSQL: `sslmode` and `sslrootcert`.
//!
//! The parameters have libpq's meaning, with these differences: `allow` tries TLS first, as `prefer` does;
//! connections within this machine use no TLS unless `sslmode` is set; certificates need a subject alternative
//! name. Unsupported parameters (client certificates, revocation lists, channel binding and others that begin
//! with `ssl`) are refused at start.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::address::{Address, Host};

/// In the order of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TlsMode {
    Disable,
    /// TLS if the server offers it.
    Prefer,
    /// TLS with any certificate.
    Require,
    /// TLS with a certificate that a trusted authority has signed.
    VerifyCa,
    /// Also, the certificate names the host.
    VerifyFull,
}

impl FromStr for TlsMode {
    type Err = String;

    fn from_str(word: &str) -> Result<TlsMode, String> {
        match word {
            "disable" => Ok(TlsMode::Disable),
            "allow" | "prefer" => Ok(TlsMode::Prefer),
            "require" => Ok(TlsMode::Require),
            "verify-ca" => Ok(TlsMode::VerifyCa),
            "verify-full" => Ok(TlsMode::VerifyFull),
            other => {
                Err(format!("sslmode is {other:?}; use disable, prefer, require, verify-ca or verify-full"))
            }
        }
    }
}

pub(super) struct Tls {
    pub(super) mode: TlsMode,
    pub(super) config: Arc<ClientConfig>,
}

impl Tls {
    /// Removes the parameters about TLS from `address`. `variable` reads the environment, which has the
    /// defaults, as in libpq. `None` without TLS.
    pub(super) fn take(
        address: &mut Address,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Tls>, String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mode = address.take("sslmode").or_else(|| set("PGSSLMODE"));
        let root = address.take("sslrootcert").or_else(|| set("PGSSLROOTCERT"));
        let mode = match (mode, root.as_deref()) {
            (Some(word), _) => word.parse()?,
            (None, Some("system")) => TlsMode::VerifyFull,
            (None, _) if address.hosts.iter().all(Host::is_local) => TlsMode::Disable,
            (None, _) => TlsMode::Prefer,
        };
        if mode == TlsMode::Disable {
            return Ok(None);
        }
        if let Some(name) = address.names().find(|name| name.starts_with("ssl")) {
            return Err(format!("{name} is not supported"));
        }
        if address.get("hostaddr").is_some() {
            return Err("hostaddr and TLS together are not supported".to_owned());
        }
        let home = variable("HOME").map(|home| Path::new(&home).join(".postgresql/root.crt"));
        Tls::new(mode, root.as_deref(), home).map(Some)
    }

    fn new(mode: TlsMode, root: Option<&str>, home: Option<PathBuf>) -> Result<Tls, String> {
        let provider = Arc::new(ring::default_provider());
        let roots = match (root, home) {
            (Some("system"), _) if mode < TlsMode::VerifyFull => {
                return Err("sslrootcert=system needs sslmode=verify-full".to_owned());
            }
            (Some("system"), _) => Some(system_roots()?),
            (Some(file), _) => Some(roots_of_file(Path::new(file))?),
            // As in libpq, the default file is used if it exists, and makes `require` mean `verify-ca`.
            (None, Some(file)) if mode >= TlsMode::VerifyCa || file.exists() => Some(roots_of_file(&file)?),
            (None, _) if mode >= TlsMode::VerifyCa => {
                return Err("sslrootcert is not set; name a file, or `system`".to_owned());
            }
            (None, _) => None,
        };
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let config = match (mode, roots) {
            (TlsMode::VerifyFull, Some(roots)) => config.with_root_certificates(roots).with_no_client_auth(),
            (mode, roots) => {
                let roots = roots.filter(|_| mode >= TlsMode::Require);
                let anybody = Arc::new(AnyName { roots, provider });
                config.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
            }
        };
        Ok(Tls { mode, config: Arc::new(config) })
    }
}

fn roots_of_file(path: &Path) -> Result<RootCertStore, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("sslrootcert {}: {error}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
        let certificate = certificate.map_err(|error| wrong(&error))?;
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    if roots.is_empty() { Err(wrong(&"it holds no certificate")) } else { Ok(roots) }
}

fn system_roots() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system may have certificates that rustls does not accept.
    roots.add_parsable_certificates(found.certs);
    match found.errors.first() {
        _ if !roots.is_empty() => Ok(roots),
        Some(error) => Err(format!("sslrootcert=system: {error}")),
        None => Err("sslrootcert=system: this system has no certificates".to_owned()),
    }
}

/// Accepts a certificate of any name: signed by one of `roots`, or by anybody without roots.
#[derive(Debug)]
struct AnyName {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str, environment: &[(&str, &str)]) -> Result<Option<TlsMode>, String> {
        let mut address = Address::parse(url)?;
        let variable = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Ok(Tls::take(&mut address, variable)?.map(|tls| tls.mode))
    }

    #[test]
    fn remote_servers_default_to_prefer() {
        assert_eq!(mode("postgres://db/exam", &[]), Ok(Some(TlsMode::Prefer)));
        assert_eq!(mode("postgres://db/exam?sslmode=disable", &[]), Ok(None));
        assert_eq!(mode("postgres://db/exam", &[("PGSSLMODE", "require")]), Ok(Some(TlsMode::Require)));
        assert_eq!(mode("postgres://127.0.0.1,localhost/exam", &[]), Ok(None));
        assert_eq!(mode("postgres://127.0.0.1,db/exam", &[]), Ok(Some(TlsMode::Prefer)));
        assert_eq!(mode("postgres://127.0.0.1/exam?sslmode=require", &[]), Ok(Some(TlsMode::Require)));
    }

    #[test]
    fn unsupported_or_incomplete_parameters_are_refused() {
        for (url, word) in [
            ("postgres://db/exam?sslmode=verify-fully", "verify-fully"),
            ("postgres://db/exam?sslmode=verify-full", "sslrootcert is not set"),
            ("postgres://db/exam?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "/nowhere/ca.pem"),
            ("postgres://db/exam?sslmode=verify-full&sslrootcert=/dev/null", "no certificate"),
            ("postgres://db/exam?sslmode=require&sslrootcert=system", "verify-full"),
            ("postgres://db/exam?sslmode=require&sslcrl=/crl.pem", "sslcrl"),
            ("postgres://db/exam?sslcert=/me.pem", "sslcert"),
            ("postgres://db/exam?sslmode=require&hostaddr=192.0.2.1", "hostaddr"),
        ] {
            let error = mode(url, &[]).expect_err(url);
            assert!(error.contains(word), "{url}: {error}");
        }
        let home = [("HOME", "/nowhere")];
        let error = mode("postgres://db/exam?sslmode=verify-ca", &home).expect_err("no root.crt");
        assert!(error.contains("/nowhere/.postgresql/root.crt"), "{error}");
    }
}
