//! Where metrics are served and traces are sent.

use std::net::SocketAddr;

use clap::Args;
use url::Url;

use super::Check;

/// Unchecked settings of the monitoring. Each is optional.
#[derive(Args, Clone, Debug, Default)]
pub struct RawMonitoring {
    /// Address and port of `/metrics` for Prometheus, e.g. `127.0.0.1:9464`; nobody signs in there, so it must be one
    /// that only the monitoring reaches
    #[arg(long, env = "KAOZHENG_METRICS_LISTEN")]
    pub metrics_listen: Option<String>,
    /// Address of an OpenTelemetry collector that gets a trace of every request (OTLP over HTTP), e.g.
    /// `http://127.0.0.1:4318`
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Monitoring {
    pub metrics_listen: Option<SocketAddr>,
    /// Without `/v1/traces`.
    pub otlp_endpoint: Option<Url>,
}

pub(super) fn check(check: &mut Check, raw: &RawMonitoring) -> Monitoring {
    let wanted = "an address such as 127.0.0.1:9464";
    let metrics_listen = check.optional("KAOZHENG_METRICS_LISTEN", &raw.metrics_listen, wanted);
    let wanted = "an address such as http://127.0.0.1:4318";
    let otlp_endpoint = check
        .optional("OTEL_EXPORTER_OTLP_ENDPOINT", &raw.otlp_endpoint, wanted)
        .filter(|url: &Url| is_http(check, url));
    Monitoring { metrics_listen, otlp_endpoint }
}

fn is_http(check: &mut Check, url: &Url) -> bool {
    let is_http = matches!(url.scheme(), "http" | "https");
    if !is_http {
        check.problem("OTEL_EXPORTER_OTLP_ENDPOINT is wrong: it must begin with http:// or https://");
    }
    is_http
}
