//! The device grant at the portal (RFC 8628): a code for a screen, and asking what came of it.

use std::time::Duration;

use chrono::NaiveDateTime;
use oauth2::http::StatusCode;
use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType as Said, HttpRequest,
    HttpResponse, RequestTokenError, StandardDeviceAuthorizationResponse,
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::oneshot;
use url::Url;

use super::http::Http;
use super::{Portal, Tokens, refused};
use crate::login::refusal::Refusal;
use crate::people::identity::Arrival;
use crate::settings::is_safe;

/// Longest time between two polls while the portal cannot be reached.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Said by a portal, or by a proxy of its, that will answer another time.
const BUSY: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// `access_denied`, as one large portal calls it.
const DECLINED: &str = "authorization_declined";

/// A code for a screen.
#[derive(Clone)]
pub struct DeviceCode {
    /// What we ask with; a secret.
    pub device_code: String,
    /// What people compare, or type.
    pub user_code: String,
    /// Where the phone goes, with the code in it if the portal can do that.
    pub address: String,
    /// How long it may be used.
    pub lives: Duration,
    /// At least so long between two polls.
    pub interval: Duration,
}

/// What a poll came to.
#[derive(Clone)]
pub enum Poll {
    /// Nobody has decided yet, or the portal was not reached; ask again after so long.
    Pending(Duration),
    /// This person has signed in.
    Done(Box<Arrival>),
    /// Somebody said no.
    Denied,
    /// The code is too old.
    Expired,
    /// The answer signs nobody in.
    Failed(Refusal),
}

impl Portal {
    /// Asks for a code (RFC 8628 §3.1).
    pub async fn device_code(&self) -> Result<DeviceCode, Refusal> {
        let endpoints = self.endpoints().await?;
        let url = endpoints.device.clone().ok_or(Refusal::NotUnderstood)?;
        let client = self.client(None, endpoints)?;
        let client = client.set_device_authorization_url(DeviceAuthorizationUrl::from_url(url));
        let request = client.exchange_device_code().add_scopes(self.scopes());
        let answer: Result<StandardDeviceAuthorizationResponse, _> =
            request.request_async(&|request| self.http.clone().call("device authorization", request)).await;
        let answer = answer.map_err(refused)?;
        let whole = answer.verification_uri_complete().map(|uri| uri.secret().as_str());
        let address = Url::parse(whole.unwrap_or(answer.verification_uri().as_str()));
        // It becomes a link on our page.
        let Some(address) = address.ok().filter(is_safe) else {
            tracing::warn!("the portal's device code leads nowhere safe");
            return Err(Refusal::NotUnderstood);
        };
        Ok(DeviceCode {
            device_code: answer.device_code().secret().clone(),
            user_code: answer.user_code().secret().clone(),
            address: address.into(),
            lives: answer.expires_in(),
            interval: answer.interval(),
        })
    }

    /// Asks once what came of a code (RFC 8628 §3.4).
    pub async fn poll(&self, device_code: &str, interval: Duration, now: NaiveDateTime) -> Poll {
        match self.try_poll(device_code, interval, now).await {
            Ok(poll) => poll,
            Err(refusal) => {
                tracing::warn!(%refusal, "a device grant came to nothing");
                Poll::Failed(refusal)
            }
        }
    }

    async fn try_poll(
        &self,
        device_code: &str,
        interval: Duration,
        now: NaiveDateTime,
    ) -> Result<Poll, Refusal> {
        let endpoints = self.endpoints().await?;
        let client = self.client(None, endpoints.clone())?;
        let known = known(device_code, interval)?;
        // The library would go on asking. It sleeps between two polls, so the first sleep is
        // the answer "not yet", and its length is what the portal allows.
        let (sleeps, slept) = oneshot::channel();
        let sleeps = Mutex::new(Some(sleeps));
        let sleep = |next: Duration| {
            let sender = sleeps.lock().take();
            // Nobody listens once the answer is there.
            let _ = sender.map(|sender| sender.send(next));
            std::future::pending()
        };
        let call = |request| call_patiently(self.http.clone(), request);
        let request = client.exchange_device_access_token(&known).set_max_backoff_interval(MAX_BACKOFF);
        let answer = tokio::select! {
            next = slept => return Ok(Poll::Pending(next.unwrap_or(interval))),
            answer = request.request_async(&call, sleep, None) => answer,
        };
        match answer {
            Ok(tokens) => self.person(&tokens, now).await,
            Err(error) => verdict(error),
        }
    }

    async fn person(&self, tokens: &Tokens, now: NaiveDateTime) -> Result<Poll, Refusal> {
        let arrival = self.arrival(tokens, &self.endpoints().await?, None, now).await?;
        Ok(Poll::Done(Box::new(arrival)))
    }
}

/// A portal that is busy for now is treated as one that was not reached.
async fn call_patiently(http: Http, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let answer = http.call("token", request).await?;
    if BUSY.contains(&answer.status()) { Err(Refusal::NotReached) } else { Ok(answer) }
}

/// The answer to the first request, as far as a poll needs it.
fn known(device_code: &str, interval: Duration) -> Result<StandardDeviceAuthorizationResponse, Refusal> {
    let known = json!({
        "device_code": device_code,
        "user_code": "",
        "verification_uri": "https://portal.invalid",
        "expires_in": 60,
        "interval": interval.as_secs(),
    });
    serde_json::from_value(known).map_err(|error| {
        tracing::error!(%error, "a device code");
        Refusal::Broken
    })
}

fn verdict(error: RequestTokenError<Refusal, DeviceCodeErrorResponse>) -> Result<Poll, Refusal> {
    let said = match &error {
        RequestTokenError::ServerResponse(answer) => Some(answer.error()),
        _ => None,
    };
    match said {
        Some(Said::AccessDenied) => Ok(Poll::Denied),
        Some(other) if other.as_ref() == DECLINED => Ok(Poll::Denied),
        Some(Said::ExpiredToken) => Ok(Poll::Expired),
        _ => Err(refused(error)),
    }
}
