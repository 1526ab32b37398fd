//! A gateway whose certificate comes from an authority of its own.

use std::sync::Arc;

use kaozheng::settings::{PortalSettings, Settings};
use kaozheng::store::Clock;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::dialects::portal::start;
use crate::server::{PHONE, Server};

const PROFILE: &str = r#"
authorize_url = "{base}/login"
verified = "all"
[authorize_params]
state = "{state}"
[returns]
state = "state"
[[steps]]
name = "person"
url = "{base}/person"
query = { code = "{code}" }
"#;

const PERSON: &str = r#"{"sub":"1","name":"张小三","id_type":"resident","id_number":"11010519491231002X"}"#;

/// A gateway on this machine, and the file with its authority's certificate.
struct Gateway {
    base: String,
    folder: TempDir,
}

impl Gateway {
    async fn start() -> Gateway {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &authority).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("authority.pem"), authority.pem()).expect("a file");
        std::fs::write(folder.path().join("portal.toml"), PROFILE).expect("a file");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .expect("a configuration");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("https://{}", listener.local_addr().expect("an address"));
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config))));
        Gateway { base, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path").to_owned()
    }

    /// The settings of a site that trusts the authorities in a file.
    fn settings(&self, ca_file: Option<String>) -> PortalSettings {
        let client = [("base", self.base.clone()), ("client_id", "a".into()), ("client_secret", "b".into())];
        let values = client.into_iter().chain(ca_file.map(|file| ("ca_file", file)));
        let values = values.map(|(name, value)| (name.to_owned(), value)).collect();
        PortalSettings::load(&self.path("portal.toml"), &values).expect("a profile")
    }
}

/// Answers every request with the person.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that does not trust the certificate ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await;
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{PERSON}",
                PERSON.len()
            );
            let written = stream.write_all(answer.as_bytes()).await;
            assert!(read.is_ok() && written.is_ok());
            // The client may be gone.
            let _ = stream.shutdown().await;
        });
    }
}

#[tokio::test]
async fn gateway_is_trusted_by_its_authority() {
    let gateway = Gateway::start().await;
    for (ca_file, expected) in [(Some(gateway.path("authority.pem")), "/me"), (None, "")] {
        let is_trusted = ca_file.is_some();
        let change = |settings: &mut Settings| {
            settings.portal = gateway.settings(ca_file);
            settings.demo = false;
        };
        let server = Server::start_with(Clock::manual(start()), change).await;
        let visitor = server.visitor(PHONE);
        let away = visitor.step("/login/portal?next=/me").await;
        let url = Url::parse(&away.location).expect("an address");
        let state = url.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        let answer = visitor.step(&format!("/login/callback?code=c&state={state}")).await;
        assert_eq!(answer.location, expected, "{}", answer.body);
        assert!(is_trusted || answer.body.contains("政务服务平台暂时没有回应"), "{}", answer.body);
    }
}

/// The program does not start with a file that it cannot use.
#[tokio::test]
async fn file_of_authorities_must_be_readable() {
    use kaozheng::login::portal::Portal;
    let gateway = Gateway::start().await;
    let address = Server::start().await.parts.settings.address();
    for (file, said) in [("missing.pem", "cannot be read"), ("portal.toml", "has no certificate")] {
        let made = Portal::new(address.clone(), gateway.settings(Some(gateway.path(file))));
        let error = made.err().unwrap_or_else(|| panic!("{file} is taken")).to_string();
        assert!(error.contains(said), "{file}: {error}");
    }
}
