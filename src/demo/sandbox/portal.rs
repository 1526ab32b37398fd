//! What the portals have in common: who has an account, where a sign-in returns, and what it leads to.

use chrono::Duration;
use poem::Request;
use poem::http::header;
use url::Url;

use super::fields::Fields;
use super::people::{self, Account};
use super::secrets::Secrets;
use crate::paths;
use crate::settings::Settings;
use crate::store::{Store, Timestamp, codes};

/// The site's name at every portal.
pub const CLIENT_ID: &str = "kaozheng-demo";
pub const CLIENT_SECRET: &str = "not-a-secret";

/// Lifetime of tokens.
const TOKEN_LIFETIME: Duration = Duration::seconds(60);

codes! {
    /// A fault of a sign-in. The visitor chooses it on the page of people.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fault {
        None = "none", "无";
        /// The ticket has expired when the site redeems it.
        Expired = "expired", "票据已过期";
        /// The browser returns without what the site gave along: `state`, or else the query of the address.
        Dropped = "dropped", "返回时丢失 state 等参数";
        /// The portal's clock is off, so that it refuses the time of the site's signature.
        Clock = "clock", "平台时钟不准，拒绝签名时间";
        /// The portal answers an error instead of a token.
        Refused = "refused", "平台返回错误";
    }
}

/// One portal.
pub struct Portal {
    /// On its pages.
    pub name: &'static str,
    /// The portal's addresses are below this one. Browsers return its cookie there.
    pub path: &'static str,
    /// Distinguishes its cookie from those of other portals.
    pub cookie: &'static str,
    /// Its codes for types of documents, by their Chinese names. A person with another document has no account.
    pub documents: &'static [(&'static str, &'static str)],
    /// Whether the portal has this account. Some portals have no companies, or no unverified accounts.
    pub admits: fn(&Account) -> bool,
    /// Reads an authorization request. The error is for the person in front of the browser.
    pub read: fn(&Fields, &OwnSite) -> Result<AuthorizationRequest, &'static str>,
    /// The parameter that brings the ticket to the site.
    pub ticket: &'static str,
    /// Every ticket begins with this.
    pub ticket_prefix: &'static str,
    pub ticket_lifetime: Duration,
    /// The parameter that tells the site that nobody signed in, and its value.
    pub declined: Option<(&'static str, &'static str)>,
    pub faults: &'static [Fault],
    /// `None` if one cannot sign out there.
    pub sign_out: Option<SignOut>,
}

/// The parameters of a request to sign out.
pub struct SignOut {
    /// The page to return to.
    pub target: &'static str,
    /// The client, which a request with a target must name; empty if there is no such parameter.
    pub client: &'static str,
    /// Returned as it came; empty if there is no such parameter.
    pub state: &'static str,
}

impl Portal {
    pub fn accounts(&self) -> impl Iterator<Item = Account> {
        people::accounts().filter(|account| (self.admits)(account) && self.code(account).is_some())
    }

    pub fn account(&self, id: &str) -> Option<Account> {
        self.accounts().find(|account| account.id == id)
    }

    /// The portal's code for the type of an account's document.
    pub fn code(&self, account: &Account) -> Option<&'static str> {
        let known = self.documents.iter().find(|(document, _)| *document == account.document);
        known.map(|(_, code)| *code)
    }
}

/// A valid request for a sign-in.
pub struct AuthorizationRequest {
    /// Where the browser returns.
    pub address: Url,
    /// Returned as it came, under this name.
    pub state: Option<(&'static str, String)>,
    /// Returned with every answer (RFC 9207); empty if the portal has no such name.
    pub issuer: String,
    /// Asks for a person even if the portal remembers one.
    pub asks_again: bool,
    /// Of PKCE; empty if the portal has none.
    pub challenge: String,
}

impl AuthorizationRequest {
    /// A request with nothing but an address and a parameter to return, if it was sent.
    pub fn plain(address: Url, state: &'static str, fields: &Fields) -> AuthorizationRequest {
        let sent = fields.one(state);
        AuthorizationRequest {
            address,
            state: (!sent.is_empty()).then(|| (state, sent.to_owned())),
            issuer: String::new(),
            asks_again: false,
            challenge: String::new(),
        }
    }

    /// The address to return to with one parameter, and with `state` unless it is dropped.
    pub fn answer(self, name: &str, value: &str, fault: Fault) -> Url {
        let mut address = self.address;
        let dropped = fault == Fault::Dropped;
        if dropped && self.state.is_none() {
            address.set_query(None);
        }
        address.query_pairs_mut().append_pair(name, value);
        if let Some((name, value)) = self.state.filter(|_| !dropped) {
            address.query_pairs_mut().append_pair(name, &value);
        }
        if !self.issuer.is_empty() {
            address.query_pairs_mut().append_pair("iss", &self.issuer);
        }
        address
    }
}

/// The site that uses the portals, at the address that this browser uses for it.
pub struct OwnSite {
    base: Url,
    /// The issuer of the standard portal.
    pub issuer: String,
}

impl OwnSite {
    pub fn of(req: &Request, settings: &Settings) -> OwnSite {
        let base = settings.base_for(req.header(header::HOST));
        OwnSite {
            base: Url::parse(&base).unwrap_or_else(|_| settings.public_url.clone()),
            issuer: settings.absolute(paths::sandbox::standard::PORTAL),
        }
    }

    /// The absolute address of one of the site's paths.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// `address` if it is on this site.
    pub fn page(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        (plain && url.origin() == self.base.origin()).then_some(url)
    }

    /// `address` if it is registered for sign-ins: the callback, or below it, with any query.
    pub fn callback(&self, address: &str) -> Result<Url, &'static str> {
        let registered = |url: &Url| {
            let below = url.path().strip_prefix(paths::LOGIN_CALLBACK);
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        };
        self.page(address).filter(registered).ok_or("登录后返回的地址没有在演示平台登记")
    }
}

/// Checks the client of an authorization request.
pub fn check_client(id: &str) -> Result<(), &'static str> {
    if id == CLIENT_ID { Ok(()) } else { Err("演示平台不认识申请登录的应用") }
}

/// A person's consent that the site learns who they are.
#[derive(Clone)]
pub struct Grant {
    pub portal: &'static Portal,
    pub account: Account,
    pub fault: Fault,
    /// Where the browser returned; empty if it did not.
    pub address: String,
    /// Of PKCE; empty if the portal has none.
    pub challenge: String,
}

impl Grant {
    /// Whether the browser returned to this address.
    pub fn returned_to(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|address| address.as_str() == self.address)
    }
}

/// The tickets and tokens that the portals have issued.
#[derive(Default)]
pub struct Grants {
    tickets: Secrets<Grant>,
    tokens: Secrets<Grant>,
}

impl Grants {
    /// A ticket that works once. An expired one is issued on request.
    pub fn ticket(&self, store: &Store, grant: Grant) -> String {
        let expired = grant.fault == Fault::Expired;
        let lifetime = if expired { Duration::zero() } else { grant.portal.ticket_lifetime };
        let prefix = grant.portal.ticket_prefix;
        format!("{prefix}{}", self.tickets.issue(&store.ids, store.clock.now(), grant, lifetime))
    }

    /// The grant of a ticket of this portal. A ticket is used up, whatever comes of it.
    pub fn redeem(&self, portal: &Portal, ticket: &str, now: Timestamp) -> Option<Grant> {
        let secret = ticket.strip_prefix(portal.ticket_prefix)?;
        self.tickets.take(secret, now).filter(|grant| grant.portal.path == portal.path)
    }

    pub fn token(&self, store: &Store, grant: Grant) -> String {
        self.tokens.issue(&store.ids, store.clock.now(), grant, TOKEN_LIFETIME)
    }

    /// The account of a token of this portal.
    pub fn bearer(&self, portal: &Portal, token: &str, now: Timestamp) -> Option<Account> {
        let grant = self.tokens.find(token, now).filter(|grant| grant.portal.path == portal.path)?;
        Some(grant.account)
    }
}

/// Seconds for which a token works.
pub fn token_seconds() -> i64 {
    TOKEN_LIFETIME.num_seconds()
}
