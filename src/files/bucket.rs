//! A bucket of an S3 server, and the HTTP calls to it.
//!
//! `object_store` signs the calls and repeats those that may be repeated. This module sends them, so that the whole
//! program has one HTTP client, and bounds how long each may take.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::Response;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::settings::Bucket;

const CONNECT: Duration = Duration::from_secs(5);

/// How long a call waits for the head of its answer, which includes the sending of its body, and between two
/// parts of the answer.
const SILENCE: Duration = Duration::from_secs(20);

/// A call is not repeated after so long.
const REPEAT_UNTIL: Duration = Duration::from_secs(15);

const REPEATS: usize = 3;

/// # Errors
/// A variable has a wrong value, or no HTTPS client can be made on this machine.
pub(super) fn open(bucket: &Bucket) -> object_store::Result<Arc<dyn ObjectStore>> {
    let builder = variables(bucket)
        .into_iter()
        .fold(AmazonS3Builder::new(), |builder, (key, value)| builder.with_config(key, value));
    let repeats = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: REPEATS,
        retry_timeout: REPEAT_UNTIL,
    };
    let s3 = builder
        .with_bucket_name(&bucket.name)
        .with_retry(repeats)
        // Not every S3 server has it.
        .with_disable_bulk_delete(true)
        .with_http_connector(Connector)
        .build()?;
    Ok(match bucket.prefix.as_str() {
        "" => Arc::new(s3),
        prefix => Arc::new(PrefixStore::new(s3, prefix)),
    })
}

fn variables(bucket: &Bucket) -> Vec<(AmazonS3ConfigKey, String)> {
    let known = bucket.variables.iter().filter_map(|(name, value)| {
        let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse().ok()?;
        Some((key, value.clone()))
    });
    let mut known: Vec<_> = known.collect();
    if known.contains(&(AmazonS3ConfigKey::VirtualHostedStyleRequest, "true".to_owned())) {
        for (key, value) in &mut known {
            if matches!(key, AmazonS3ConfigKey::Endpoint | AmazonS3ConfigKey::S3Endpoint) {
                *value = of_bucket(value, &bucket.name);
            }
        }
    }
    known
}

/// An endpoint with the bucket in its host name. `object_store` expects it there, and other programs add it.
fn of_bucket(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) if !host.starts_with(&format!("{bucket}.")) => {
            format!("{scheme}://{bucket}.{host}")
        }
        _ => endpoint.to_owned(),
    }
}

#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let allows_http =
            options.get_config_value(&ClientConfigKey::AllowHttp).is_some_and(|value| value == "true");
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!allows_http);
        // An office's own S3 server may have a certificate of its own authority.
        let own = rustls_native_certs::load_native_certs().certs;
        let own = own.iter().filter_map(|certificate| reqwest::Certificate::from_der(certificate).ok());
        let client = own.fold(builder, reqwest::ClientBuilder::add_root_certificate).build();
        let failed = |error| object_store::Error::Generic { store: "S3", source: Box::new(error) };
        Ok(HttpClient::new(Calls(client.map_err(failed)?)))
    }
}

#[derive(Debug)]
struct Calls(reqwest::Client);

#[async_trait]
impl HttpService for Calls {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let url =
            head.uri.to_string().parse().map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        let mut call = reqwest::Request::new(head.method, url);
        *call.headers_mut() = head.headers;
        *call.body_mut() = Some(reqwest::Body::wrap(body));
        let answer = self.0.execute(call).await.map_err(failed)?;
        let (head, body) = Response::<reqwest::Body>::from(answer).into_parts();
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body.map_err(failed))))
    }
}

/// Every call of this program may be sent twice, so only answers that are no HTTP are not repeated.
fn failed(error: reqwest::Error) -> HttpError {
    let kind = match &error {
        error if error.is_timeout() => HttpErrorKind::Timeout,
        error if error.is_connect() => HttpErrorKind::Connect,
        error if error.is_decode() => HttpErrorKind::Decode,
        _ => HttpErrorKind::Interrupted,
    };
    HttpError::new(kind, error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_is_added_to_the_host_of_an_endpoint_if_asked_for() {
        let endpoint = |more: &[(&str, &str)]| {
            let set = [("AWS_ENDPOINT_URL", "https://obs.example"), ("AWS_UNKNOWN", "x")];
            let set = set.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let bucket = Bucket { name: "exam".into(), prefix: String::new(), variables: set.collect() };
            let found = variables(&bucket).into_iter().find(|(key, _)| *key == AmazonS3ConfigKey::Endpoint);
            found.map(|(_, value)| value)
        };
        assert_eq!(endpoint(&[]).as_deref(), Some("https://obs.example"));
        let hosted = ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "true");
        assert_eq!(endpoint(&[hosted]).as_deref(), Some("https://exam.obs.example"));
        assert_eq!(of_bucket("https://exam.obs.example", "exam"), "https://exam.obs.example");
    }
}
