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

use self::guangdong::app;
use self::portal::{CLIENT_ID, CLIENT_SECRET};
use crate::paths::sandbox as paths;
use crate::settings::PortalSettings;

/// The profiles that the sandbox plays, beside the standard one.
pub const PROVINCIAL: &[&str] = &["guangdong", "guangdong-staff", "zhejiang", "zhejiang-simple"];

/// The settings for the standard portal. Browsers reach it at `public`, this program at `own`.
pub fn settings(public: &Url, own: &Url) -> PortalSettings {
    load("sandbox", public, own).expect("the profile of the sandbox is complete")
}

/// The settings for the sandbox portal that plays a profile.
///
/// # Errors
/// All problems, one line each.
pub fn load(profile: &str, public: &Url, own: &Url) -> Result<PortalSettings, Vec<String>> {
    let at = |base: &Url, path: &str| {
        let mut url = base.clone();
        url.set_path(path);
        String::from(url)
    };
    let portal = |portal: &str| at(own, portal);
    let client = [("client_id", CLIENT_ID.to_owned()), ("client_secret", CLIENT_SECRET.to_owned())];
    let more = match profile {
        "guangdong" => vec![
            ("base", portal(paths::guangdong::PORTAL)),
            ("level_url", at(public, paths::guangdong::VERIFICATION)),
            ("tif_paasid", app::PAASID.to_owned()),
            ("tif_secret", app::TIF_TOKEN.to_owned()),
        ],
        "guangdong-staff" => vec![("base", portal(paths::guangdong_staff::PORTAL))],
        "zhejiang" => vec![
            ("base", portal(paths::zhejiang::PORTAL)),
            ("token_url", portal(paths::zhejiang::TOKEN)),
            ("userinfo_url", portal(paths::zhejiang::USER)),
            ("gateway_key", CLIENT_ID.to_owned()),
        ],
        "zhejiang-simple" => vec![("base", portal(paths::zhejiang_simple::PORTAL))],
        _ => vec![
            ("base", portal("")),
            ("issuer", at(public, paths::standard::PORTAL)),
            ("level_url", at(public, paths::guangdong::VERIFICATION)),
        ],
    };
    let overrides = client.into_iter().chain(more).map(|(key, value)| (key.to_owned(), value));
    PortalSettings::load(profile, &overrides.collect())
}
