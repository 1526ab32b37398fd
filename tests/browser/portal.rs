//! Logging in at a portal that is not ours, in every way it offers.

use kaozheng::settings::{ClaimsFrom, ClientAuth, PortalSettings};
use kaozheng::store::Clock;

use crate::browser::{Browser, Screen};
use crate::portal_server::Portal;
use crate::server::Server;
use crate::ways::{self, BY_OUR_CODE, BY_THE_PORTALS_CODE, POLLED};

mod faults;

/// Our site, and the portal where it signs people in.
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
async fn way_1_by_redirect_whatever_the_client_authentication_and_the_source_of_claims() {
    // The portal signs for each in another way: RS256, ES256, PS256; for the last its userinfo too.
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
        ways::by_redirect(&server.base, &Browser::phone().await).await;
    }
}

#[tokio::test]
async fn way_2_by_our_code() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_our_code(&server.base, &desktop).await;
    ways::scan_our_code(&desktop, &phone, "portal-scan").await;
    desktop.see(BY_OUR_CODE).await;
}

#[tokio::test]
async fn way_3_by_the_portals_code() {
    let (server, _portal) = site(Clock::system(), |_| {}).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_the_portals_code(&server.base, &desktop).await;
    ways::scan_the_portals_code(&desktop, &phone, "portal-device").await;
    desktop.see_within(POLLED, BY_THE_PORTALS_CODE).await;
}

#[tokio::test]
async fn way_3_without_javascript() {
    let (server, _portal) = site(Clock::system(), |portal| portal.claims_from = ClaimsFrom::IdToken).await;
    let desktop = Browser::without_javascript(Screen::Desktop).await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    ways::show_the_portals_code(&server.base, &desktop).await;
    ways::scan_the_portals_code(&desktop, &phone, "portal-device-plain").await;
    desktop.see_within(POLLED, BY_THE_PORTALS_CODE).await;
}
