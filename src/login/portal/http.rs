//! Calls to the portal: 5 s, no redirects, little is read, TLS by rustls.

use std::time::Duration;

use oauth2::{HttpRequest, HttpResponse};
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;
use url::Url;

use super::{NOT_REACHED, NOT_UNDERSTOOD, REFUSED, dialect};
use crate::web::Failure;

/// The portal answers within this, or is treated as down.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// How userinfo may answer (OpenID Connect Core 1.0 §5.3.2).
pub enum Userinfo {
    /// JSON.
    Plain(Value),
    /// A token that the portal has signed.
    Signed(String),
}

/// Speaks HTTP with the portal.
#[derive(Clone)]
pub struct Http(reqwest::Client);

impl Http {
    /// `direct` goes around a proxy of the environment.
    ///
    /// # Errors
    /// When no HTTPS client can be made on this machine.
    pub fn new(direct: bool) -> Result<Http, reqwest::Error> {
        let builder =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let builder = if direct { builder.no_proxy() } else { builder };
        Ok(Http(builder.build()?))
    }

    /// One call made by the OAuth 2.0 library.
    pub async fn call(self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let request = request.try_into().map_err(|_| NOT_REACHED)?;
        self.fetch(request).await.map(dialect::by_the_book)
    }

    /// The JSON at an address. `what` names it in logs.
    pub async fn json(&self, url: &Url, what: &'static str) -> Result<Value, Failure> {
        let request = self.0.get(url.clone()).header(ACCEPT, "application/json");
        read_json(&self.get(request, what).await?, what)
    }

    /// What userinfo says to the bearer of `token`.
    pub async fn userinfo(&self, url: &Url, token: &str) -> Result<Userinfo, Failure> {
        let request = self.0.get(url.clone()).bearer_auth(token);
        let answer =
            self.get(request.header(ACCEPT, "application/json, application/jwt"), "userinfo").await?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.to_ascii_lowercase().starts_with("application/jwt") {
            let token = String::from_utf8_lossy(answer.body());
            return Ok(Userinfo::Signed(token.trim().to_owned()));
        }
        read_json(&answer, "userinfo").map(Userinfo::Plain)
    }

    async fn get(&self, request: RequestBuilder, what: &'static str) -> Result<HttpResponse, Failure> {
        let answer = self.fetch(request.build().map_err(|_| NOT_UNDERSTOOD)?).await?;
        if !answer.status().is_success() {
            tracing::warn!(what, status = answer.status().as_u16(), "the portal refused");
            return Err(REFUSED);
        }
        Ok(answer)
    }

    async fn fetch(&self, request: reqwest::Request) -> Result<HttpResponse, Failure> {
        let mut answer = self.0.execute(request).await.map_err(not_reached)?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(not_reached)? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_ANSWER {
                tracing::warn!("the portal's answer is too long");
                return Err(NOT_UNDERSTOOD);
            }
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

fn read_json(answer: &HttpResponse, what: &'static str) -> Result<Value, Failure> {
    serde_json::from_slice(answer.body()).map_err(|_| {
        tracing::warn!(what, "the portal's answer is not JSON");
        NOT_UNDERSTOOD
    })
}

fn not_reached(error: reqwest::Error) -> Failure {
    tracing::warn!(timeout = error.is_timeout(), error = %error.without_url(), "the portal was not reached");
    NOT_REACHED
}
