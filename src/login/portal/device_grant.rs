//! The device grant at the portal (RFC 8628): requests a code for a screen and polls for its result.

use crate::store::{Timestamp, clock};
use std::time::Duration;

use oauth2::http::StatusCode;
use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType, HttpRequest, HttpResponse,
    RequestTokenError, StandardDeviceAuthorizationResponse,
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::oneshot;
use url::Url;

use super::http::Http;
use super::{Portal, Tokens, identity, refused};
use crate::login::refusal::Refusal;
use crate::people::identity::Arrival;
use crate::settings::is_safe;

/// Longest interval between two polls while the portal cannot be reached.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Statuses of a portal, or a proxy before it, that is overloaded for the moment.
const BUSY: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// The code by which one large portal means `access_denied`.
const DECLINED: &str = "authorization_declined";

#[derive(Clone)]
pub struct DeviceCode {
    /// Sent with each poll; a secret.
    pub device_code: String,
    /// The code that people compare or type.
    pub user_code: String,
    /// Where the phone goes. Contains the user code if the portal supports that.
    pub address: String,
    pub lifetime: Duration,
    /// Shortest time between two polls.
    pub interval: Duration,
}

#[derive(Clone)]
pub enum PollOutcome {
    /// Nobody has decided yet, or the portal was not reached. The next poll is due after this interval.
    Pending(Duration),
    /// A person has signed in.
    Done(Box<Arrival>),
    /// The login was declined at the portal.
    Denied,
    Expired,
    /// The answer signs nobody in.
    Failed(Refusal),
}

impl Portal {
    /// Requests a code (RFC 8628 §3.1).
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
        // It becomes a link on the screen's page.
        let Some(address) = address.ok().filter(is_safe) else {
            tracing::warn!("the portal's device code leads nowhere safe");
            return Err(Refusal::NotUnderstood);
        };
        Ok(DeviceCode {
            device_code: answer.device_code().secret().clone(),
            user_code: answer.user_code().secret().clone(),
            address: address.into(),
            lifetime: answer.expires_in(),
            interval: answer.interval(),
        })
    }

    /// Polls once (RFC 8628 §3.4).
    pub async fn poll(&self, device_code: &str, interval: Duration, now: Timestamp) -> PollOutcome {
        match self.try_poll(device_code, interval, now).await {
            Ok(poll) => poll,
            Err(refusal) => {
                tracing::warn!(%refusal, "a device grant came to nothing");
                PollOutcome::Failed(refusal)
            }
        }
    }

    async fn try_poll(
        &self,
        device_code: &str,
        interval: Duration,
        now: Timestamp,
    ) -> Result<PollOutcome, Refusal> {
        let endpoints = self.endpoints().await?;
        let client = self.client(None, endpoints.clone())?;
        let device = device_response(device_code, interval)?;
        // The library polls until the end. It sleeps between two polls, so its first sleep means "not yet",
        // and the length of the sleep is the interval that the portal asks for.
        let (sleeps, slept) = oneshot::channel();
        let sleeps = Mutex::new(Some(sleeps));
        let sleep = |next: Duration| {
            let sender = sleeps.lock().take();
            // The receiver is gone if the answer came first.
            let _ = sender.map(|sender| sender.send(next));
            std::future::pending()
        };
        let call = |request| call_patiently(self.http.clone(), request);
        let request = client.exchange_device_access_token(&device).set_max_backoff_interval(MAX_BACKOFF);
        let answer = tokio::select! {
            next = slept => return Ok(PollOutcome::Pending(next.unwrap_or(interval))),
            answer = request.request_async(&call, sleep, None) => answer,
        };
        match answer {
            Ok(tokens) => self.person(&tokens, now).await,
            Err(error) => verdict(error),
        }
    }

    async fn person(&self, tokens: &Tokens, now: Timestamp) -> Result<PollOutcome, Refusal> {
        let claims = self.claims_of(tokens, &self.endpoints().await?, None, now).await?;
        let arrival = identity::read(&claims, &self.settings, clock::china_date(now))?;
        Ok(PollOutcome::Done(Box::new(arrival)))
    }
}

/// Treats a busy portal like one that was not reached.
async fn call_patiently(http: Http, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let answer = http.call("token", request).await?;
    if BUSY.contains(&answer.status()) { Err(Refusal::NotReached) } else { Ok(answer) }
}

/// Rebuilds the response to the first request, as far as a poll needs it.
fn device_response(
    device_code: &str,
    interval: Duration,
) -> Result<StandardDeviceAuthorizationResponse, Refusal> {
    let response = json!({
        "device_code": device_code,
        "user_code": "",
        "verification_uri": "https://portal.invalid",
        "expires_in": 60,
        "interval": interval.as_secs(),
    });
    serde_json::from_value(response).map_err(|error| {
        tracing::error!(%error, "a device code");
        Refusal::Broken
    })
}

fn verdict(error: RequestTokenError<Refusal, DeviceCodeErrorResponse>) -> Result<PollOutcome, Refusal> {
    let code = match &error {
        RequestTokenError::ServerResponse(answer) => Some(answer.error()),
        _ => None,
    };
    match code {
        Some(DeviceCodeErrorResponseType::AccessDenied) => Ok(PollOutcome::Denied),
        Some(other) if other.as_ref() == DECLINED => Ok(PollOutcome::Denied),
        Some(DeviceCodeErrorResponseType::ExpiredToken) => Ok(PollOutcome::Expired),
        _ => Err(refused(error)),
    }
}
