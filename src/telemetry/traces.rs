//! Traces of requests for an OpenTelemetry collector (OTLP over HTTP), one span each.
//!
//! A span is made when its request has been answered, of the fields below and nothing else. It has no parent: a
//! `traceparent` of a client is not believed.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::runtime::Handle;
use url::Url;

use super::{Answered, METRICS, Metrics};

/// How long a collector may take for a batch.
const TIMEOUT: Duration = Duration::from_secs(10);

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Sends spans to a collector until it is ended. A collector that does not answer costs the program nothing but the
/// spans: they wait in a queue of 2,048 and are dropped beyond.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to send spans to the collector at `base`, which is without the path `/v1/traces`.
    ///
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn begin(base: &Url) -> Result<Traces, HttpError> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).build()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector { http, runtime: Handle::current() })
            .with_endpoint(format!("{}/v1/traces", base.as_str().trim_end_matches('/')))
            .with_timeout(TIMEOUT)
            .build()?;
        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over this name.
        let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
        let resource = Resource::builder();
        let resource = if named { resource } else { resource.with_service_name("kaozheng") };
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        // A process begins once.
        let _ = TRACER.set(provider.tracer("kaozheng"));
        Ok(Traces(provider))
    }

    /// Sends the spans that wait.
    pub async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Makes the span of a request, if traces are on.
pub(super) fn send(answered: &Answered<'_>) {
    let Some(tracer) = TRACER.get() else { return };
    let end = answered.at;
    let began = end.checked_sub(answered.took).unwrap_or(end);
    let mut attributes = vec![
        KeyValue::new("http.request.method", super::method(answered.method)),
        KeyValue::new("http.route", answered.route.to_string()),
        KeyValue::new("http.response.status_code", i64::from(answered.status)),
        KeyValue::new("kaozheng.database.seconds", answered.database.as_secs_f64()),
    ];
    attributes.extend(answered.id.clone().map(|id| KeyValue::new("kaozheng.request.id", id)));
    let mut span = tracer
        .span_builder(format!("{} {}", super::method(answered.method), answered.route))
        .with_kind(SpanKind::Server)
        .with_start_time(began)
        .with_attributes(attributes)
        .start(tracer);
    if answered.status >= 500 {
        span.set_status(Status::error(""));
    }
    span.end_with_timestamp(end);
}

/// The HTTP client of the program. Spans are sent by a thread without a runtime.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), request.try_into()?);
        let sent = self.runtime.spawn(async move { http.execute(request).await }).await;
        let is_taken = matches!(&sent, Ok(Ok(answer)) if answer.status().is_success());
        Metrics::count(&METRICS.trace_batches, "outcome", if is_taken { "sent" } else { "failed" });
        let answer = sent??;
        // What a collector answers besides its status is not read.
        Ok(Response::builder().status(answer.status()).body(Bytes::new())?)
    }
}
