//! Attempts at a portal that does not follow OAuth 2, as its profile describes it.

use oauth2::PkceCodeChallenge;
use serde_json::Value;
use url::Url;

use super::steps::call::Moment;
use super::{AttemptSecrets, Journey, Portal, Returned, code_of, identity, steps};
use crate::login::refusal::Refusal;
use crate::people::identity::Arrival;
use crate::settings::{Dialect, Values};
use crate::store::clock;

impl Portal {
    /// Makes the calls of the profile, with the code of a return.
    pub(super) async fn claims_by_steps(
        &self,
        dialect: &Dialect,
        host: Option<&str>,
        attempt: AttemptSecrets,
        returned: &Returned,
        moment: &Moment,
    ) -> Result<Value, Refusal> {
        let code = dialect_code(dialect, returned)?;
        let mut values = self.attempt_values(dialect, &attempt, host);
        values.insert("code".to_owned(), code);
        values.insert("verifier".to_owned(), attempt.verifier);
        steps::run(&dialect.steps, &self.http, values, moment).await
    }

    /// Exchanges the one-off token with which the government app opened a page.
    ///
    /// # Errors
    /// [`Refusal::Outdated`] if the portal has no such way in, or the query has no token.
    pub async fn enter_from_app(&self, query: &Returned, moment: &Moment) -> Result<Arrival, Refusal> {
        let in_app = self.settings.dialect.as_ref().and_then(|dialect| dialect.in_app.as_ref());
        let in_app = in_app.ok_or(Refusal::Outdated)?;
        let token = query.get(&in_app.token).ok_or(Refusal::Outdated)?;
        let mut values = self.settings.values.clone();
        values.insert("token".to_owned(), token.to_owned());
        let claims = steps::run(&in_app.steps, &self.http, values, moment).await?;
        identity::read(&claims, &self.settings, clock::china_date(moment.now))
    }

    /// The `state` in a return.
    pub fn state_in<'a>(&self, returned: &'a Returned) -> Option<&'a str> {
        match &self.settings.dialect {
            Some(dialect) => returned.get(dialect.returns.state.as_deref()?),
            None => returned.get("state"),
        }
    }

    /// Whether a return has an authorization code.
    pub fn has_code(&self, returned: &Returned) -> bool {
        let dialect = self.settings.dialect.as_ref();
        returned.get(dialect.map_or("code", |dialect| &dialect.returns.code)).is_some()
    }

    /// Whether a return may come without `state`. Its attempt is then found by a cookie.
    pub fn state_may_be_missing(&self) -> bool {
        self.settings.dialect.as_ref().is_some_and(|dialect| dialect.returns.state_may_be_missing)
    }

    /// The address at the portal, with the parameters of the profile.
    pub(super) fn address_of(
        &self,
        dialect: &Dialect,
        attempt: &AttemptSecrets,
        challenge: &PkceCodeChallenge,
        journey: Journey<'_>,
    ) -> Result<Url, Refusal> {
        let portal = &self.settings;
        let computer = portal.computer_url.as_ref().filter(|_| !journey.is_phone);
        let url = computer.or(portal.authorize_url.as_ref()).cloned().ok_or(Refusal::Broken)?;
        let mut url = self.as_browsers_see(url, &self.site.base_for(journey.host));
        let mut values = self.attempt_values(dialect, attempt, journey.host);
        values.insert("challenge".to_owned(), challenge.as_str().to_owned());
        let params = dialect.authorize.iter().map(|(name, value)| (name.clone(), value.fill(&values)));
        let fresh = portal.fresh_params.iter().filter(|_| journey.is_fresh).cloned();
        url.query_pairs_mut().extend_pairs(params.chain(fresh));
        Ok(url)
    }

    /// The placeholders of an attempt.
    pub(super) fn attempt_values(
        &self,
        dialect: &Dialect,
        attempt: &AttemptSecrets,
        host: Option<&str>,
    ) -> Values {
        let mut values = self.settings.values.clone();
        values.insert("site".to_owned(), self.site.base_for(host));
        values.insert("state".to_owned(), attempt.state.clone());
        values.insert("nonce".to_owned(), attempt.nonce.clone());
        let redirect = dialect.redirect.fill(&values);
        values.insert("redirect_uri".to_owned(), redirect);
        values
    }
}

fn dialect_code(dialect: &Dialect, returned: &Returned) -> Result<String, Refusal> {
    let declined: Vec<&str> = dialect.returns.declined.iter().map(String::as_str).collect();
    code_of(returned, &dialect.returns.code, &dialect.returns.error, &declined)
}
