//! Sign-in at a third-party portal (oidc-provider), in each of the three ways.

use kaozheng::settings::{ClaimsFrom, ClientAuth, PortalSettings};
use kaozheng::store::Clock;

use crate::browser::{Browser, Screen};
use crate::portal_server::Portal;
use crate::server::Server;
use crate::sign_in::{self, BY_OUR_CODE, BY_THE_PORTALS_CODE};

mod faults;

/// Starts the site and the portal where it signs people in.
async fn site(clock: Clock, change: impl FnOnce(&mut PortalSettings)) -> (Server, Portal) {
    let portal = Portal::announce().await;
    let server = Server::start_with(clock, |settings| {
        portal.settle(settings);
        change(&mut settings.portal);
    })
    .await;
    portal.open(&server.base);
    (server, portal)
}

#[tokio::test]
async fn redirect_works_with_every_client_authentication_and_claim_source() {
    // The portal signs with another algorithm each time: RS256, ES256, PS256. The last one signs its
    // userinfo too.
    let table = [
        ("client_secret_basic", ClientAuth::Basic, ClaimsFrom::Userinfo),
        ("client_secret_post", ClientAuth::Post, ClaimsFrom::IdToken),
        ("none", ClientAuth::None, ClaimsFrom::IdToken),
        ("signed", ClientAuth::Basic, ClaimsFrom::Userinfo),
    ];
    for (client, auth, claims_from) in table {
        let (server, _portal) = site(Clock::system(), |portal| {
            portal.client_id = client.into();
            portal.client_auth = auth;
            portal.client_secret = portal.client_secret.take().filter(|_| auth != ClientAuth::None);
            portal.claims_from = claims_from;
        })
        .await;
        sign_in::by_redirect(&server.base, &Browser::phone().await).await;
    }
}

#[tokio::test]
async fn scan_of_our_code_signs_in() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_our_code(&server.base, &desktop).await;
    sign_in::scan_our_code(&desktop, &phone, "portal-scan").await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_OUR_CODE).await;
}

#[tokio::test]
async fn scan_of_the_portals_code_signs_in() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_the_portals_code(&server.base, &desktop).await;
    sign_in::scan_the_portals_code(&desktop, &phone, "portal-device").await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_THE_PORTALS_CODE).await;
}

#[tokio::test]
async fn scan_of_the_portals_code_works_without_scripts() {
    let (server, _portal) = site(Clock::system(), |portal| portal.claims_from = ClaimsFrom::IdToken).await;
    let desktop = Browser::without_javascript(Screen::Desktop).await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    sign_in::show_the_portals_code(&server.base, &desktop).await;
    sign_in::scan_the_portals_code(&desktop, &phone, "portal-device-plain").await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_THE_PORTALS_CODE).await;
}
