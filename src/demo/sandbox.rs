//! The sandbox portals: the protocols of real portals over HTTP, with invented people.
//!
//! | module | portal |
//! | --- | --- |
//! | [`standard`] | OAuth 2.0 and OpenID Connect; the demo signs in here |
//! | [`guangdong`], with [`guangdong::app`] | 广东, citizens, in the browser and in the app |
//! | [`guangdong_staff`] | 广东, civil servants |
//! | [`zhejiang_simple`] | 浙江, the older interface, signed by MD5 |
//! | [`zhejiang`] | 浙江, the present interface, behind a gateway with HMAC-SHA256 |
//!
//! They share [`portal`] (what a portal is, tickets and tokens), [`chooser`] (the page where one chooses a person) and
//! [`people`] (the accounts). Each knows the site by one client id and secret, and returns browsers to no other site.
//! Tickets and tokens are in memory. A person whom a portal remembers is in a cookie of this portal.
//!
//! The provincial portals are modelled on what is publicly known. Their modules say what is made up.

pub mod chooser;
mod fields;
pub mod guangdong;
pub mod guangdong_staff;
pub mod people;
pub mod portal;
mod secrets;
pub mod standard;
pub mod zhejiang;
pub mod zhejiang_simple;

use url::Url;

use self::portal::{CLIENT_ID, CLIENT_SECRET};
use crate::paths::sandbox::standard as paths;
use crate::settings::{ClaimNames, ClaimRules, ClaimsFrom, ClientAuth, Conditions, PortalSettings, Ways};

/// The settings for the standard portal. Browsers reach it at `public`, this program at `own`.
pub fn settings(public: &Url, own: &Url) -> PortalSettings {
    let at = |base: &Url, path: &str| {
        let mut url = base.clone();
        url.set_path(path);
        url
    };
    let words = |words: [&str; 2]| words.map(str::to_owned).to_vec();
    PortalSettings {
        ways: Ways { portal: true, scan: true, device: true },
        issuer: Some(at(public, paths::PORTAL).into()),
        authorize_url: Some(at(public, paths::AUTHORIZE)),
        token_url: Some(at(own, paths::TOKEN)),
        userinfo_url: Some(at(own, paths::USERINFO)),
        jwks_url: None,
        device_url: Some(at(own, paths::DEVICE_AUTHORIZATION)),
        client_id: CLIENT_ID.into(),
        client_secret: Some(CLIENT_SECRET.into()),
        client_auth: ClientAuth::Basic,
        scopes: words(["openid", "profile"]),
        authorize_params: Vec::new(),
        claims_from: ClaimsFrom::Userinfo,
        claims: ClaimNames::default(),
        rules: ClaimRules {
            required: Conditions::default(),
            person: Conditions::parse("/user_type=person").unwrap_or_default(),
            verified: Conditions::parse("/level=L2|L3"),
        },
        id_types: Vec::new(),
    }
}
