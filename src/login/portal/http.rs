//! HTTP calls to the portal: at most 5 s and 64 KiB, no redirects, TLS by rustls.

use std::time::{Duration, Instant};

use oauth2::{HttpRequest, HttpResponse};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Certificate, ClientBuilder, RequestBuilder};
use serde_json::Value;
use url::Url;

use super::steps::call::Call;
use super::{deviations, refusal_log};
use crate::login::refusal::Refusal;
use crate::settings::Method;
use crate::telemetry::{CallLabels, METRICS};

/// How long one call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Largest body of an answer, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// An answer of userinfo (OpenID Connect Core 1.0 §5.3.2).
pub enum Userinfo {
    Plain(Value),
    /// A signed token.
    Signed(String),
}

#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    /// Name of the portal, in metrics.
    portal: String,
}

impl Http {
    /// `direct` ignores the proxy settings of the environment. `authorities` are trusted beside the usual ones.
    ///
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(portal: String, direct: bool, authorities: Vec<Certificate>) -> Result<Http, reqwest::Error> {
        let builder =
            reqwest::Client::builder().timeout(CALL_TIMEOUT).redirect(reqwest::redirect::Policy::none());
        let builder = authorities.into_iter().fold(builder, ClientBuilder::add_root_certificate);
        let builder = if direct { builder.no_proxy() } else { builder };
        Ok(Http { client: builder.build()?, portal })
    }

    /// One call of a portal that does not follow OAuth 2. `what` names it in logs.
    pub async fn step(&self, what: &str, call: &Call) -> Result<HttpResponse, Refusal> {
        let request = match call.method {
            Method::Get => self.client.get(call.url.clone()),
            Method::Post => self.client.post(call.url.clone()),
        };
        let request = call.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = match &call.body {
            Some((kind, content)) => request.header(CONTENT_TYPE, *kind).body(content.clone()),
            None => request,
        };
        let request = request.header(ACCEPT, "application/json").build().map_err(|error| {
            tracing::error!(endpoint = what, error = %error.without_url(), "a call of the portal cannot be made");
            Refusal::Broken
        })?;
        self.fetch(request, what).await
    }

    /// One call of the OAuth 2.0 library. `what` names the endpoint in logs.
    pub async fn call(self, what: &'static str, request: HttpRequest) -> Result<HttpResponse, Refusal> {
        let secrets = refusal_log::secrets(&request);
        let request = request.try_into().map_err(|_| Refusal::NotReached)?;
        let answer = self.fetch(request, what).await?;
        if refusal_log::is_refusal(&answer) && refusal_log::log_refusal(what, &answer, &secrets) {
            self.failed(what, Refusal::Refused);
        }
        Ok(deviations::normalize(answer))
    }

    /// The status with which an address answers.
    pub async fn probe(&self, url: &Url) -> Result<u16, Refusal> {
        let request = self.client.get(url.clone()).build().map_err(|_| Refusal::Broken)?;
        let answer = self.client.execute(request).await.map_err(|error| not_reached(error, "probe"))?;
        Ok(answer.status().as_u16())
    }

    /// Fetches JSON. `what` names the endpoint in logs.
    pub async fn json(&self, url: &Url, what: &'static str) -> Result<Value, Refusal> {
        let request = self.client.get(url.clone()).header(ACCEPT, "application/json");
        self.read_json(&self.get(request, what, &[]).await?, what)
    }

    pub async fn userinfo(&self, url: &Url, token: &str) -> Result<Userinfo, Refusal> {
        let request = self.client.get(url.clone()).bearer_auth(token);
        let request = request.header(ACCEPT, "application/json, application/jwt");
        let answer = self.get(request, "userinfo", &[token.to_owned()]).await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("application/jwt") {
            let token = String::from_utf8_lossy(answer.body());
            return Ok(Userinfo::Signed(token.trim().to_owned()));
        }
        self.read_json(&answer, "userinfo").map(Userinfo::Plain)
    }

    async fn get(
        &self,
        request: RequestBuilder,
        what: &'static str,
        secrets: &[String],
    ) -> Result<HttpResponse, Refusal> {
        let request = request.build().map_err(|_| Refusal::NotUnderstood)?;
        let answer = self.fetch(request, what).await?;
        if !answer.status().is_success() {
            refusal_log::log_refusal(what, &answer, secrets);
            self.failed(what, Refusal::Refused);
            return Err(Refusal::Refused);
        }
        Ok(answer)
    }

    /// Counts a failure of a step, which its caller has logged.
    pub fn failed(&self, what: &str, refusal: Refusal) {
        METRICS.portal_failed(&self.portal, what, refusal.code());
    }

    async fn fetch(&self, request: reqwest::Request, what: &str) -> Result<HttpResponse, Refusal> {
        let began = Instant::now();
        let fetched = self.exchange(request, what).await;
        let labels = CallLabels { profile: self.portal.clone(), step: what.to_owned() };
        METRICS.portal_calls.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
        fetched.inspect_err(|refusal| self.failed(what, *refusal))
    }

    async fn exchange(&self, request: reqwest::Request, what: &str) -> Result<HttpResponse, Refusal> {
        let not_reached = |error| not_reached(error, what);
        let mut answer = self.client.execute(request).await.map_err(not_reached)?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(not_reached)? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ANSWER {
                tracing::warn!(endpoint = what, "the portal's answer is too long");
                return Err(Refusal::NotUnderstood);
            }
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }

    fn read_json(&self, answer: &HttpResponse, what: &'static str) -> Result<Value, Refusal> {
        serde_json::from_slice(answer.body()).map_err(|_| {
            let status = answer.status().as_u16();
            tracing::warn!(endpoint = what, status, "the portal's answer is not JSON");
            self.failed(what, Refusal::NotUnderstood);
            Refusal::NotUnderstood
        })
    }
}

fn not_reached(error: reqwest::Error, what: &str) -> Refusal {
    let timeout = error.is_timeout();
    tracing::warn!(endpoint = what, timeout, error = %error.without_url(), "the portal was not reached");
    Refusal::NotReached
}
