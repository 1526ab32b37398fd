//! Signing in through a proxy that sends each request elsewhere.

use std::time::{Duration, Instant};

use kaozheng::login::code::Codes;
use kaozheng::store::{Clock, Vault, ids};

use crate::browser::Browser;
use crate::server::{Answer, DESKTOP, PHONE, Visitor};
use crate::sites::Sites;
use crate::ways::{self, BY_OUR_CODE, BY_THE_PORTALS_CODE, POLLED};

/// A change on another process is seen within a second; a page needs a moment to show it.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn every_way_works() {
    let sites = Sites::start().await;
    ways::by_redirect(&sites.base, &Browser::phone().await).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_our_code(&sites.base, &desktop).await;
    ways::scan_our_code(&desktop, &phone, "processes-scan").await;
    desktop.see_within(SOON, BY_OUR_CODE).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_the_portals_code(&sites.base, &desktop).await;
    ways::scan_the_portals_code(&desktop, &phone, "processes-device").await;
    desktop.see_within(POLLED, BY_THE_PORTALS_CODE).await;
}

#[tokio::test]
async fn the_process_where_a_screen_waits_dies() {
    let mut sites = Sites::start().await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_our_code(&sites.base, &desktop).await;
    sites.kill_the_one_that_holds_a_request().await;
    ways::scan_our_code(&desktop, &phone, "processes-killed").await;
    desktop.see_within(SOON, BY_OUR_CODE).await;
}

#[tokio::test]
async fn the_process_where_a_screen_waits_for_the_portals_code_dies() {
    let mut sites = Sites::start().await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    ways::show_the_portals_code(&sites.base, &desktop).await;
    sites.kill_the_one_that_holds_a_request().await;
    ways::scan_the_portals_code(&desktop, &phone, "processes-device-killed").await;
    desktop.see_within(POLLED, BY_THE_PORTALS_CODE).await;
}

fn handshake(page: &Answer) -> String {
    page.between("hx-get=\"/login/wait/", "?").to_owned()
}

/// What the screen of `desktop` gets that waits at a process.
async fn wait(desktop: &Visitor, base: &str, page: &Answer, seen: &str) -> Answer {
    desktop.fetch(&format!("{base}/login/wait/{}?seen={seen}", handshake(page))).await
}

/// Each step of the phone at another process than the screen, which hears of it within a second.
#[tokio::test]
async fn an_approval_elsewhere_is_heard_within_a_second() {
    let sites = Sites::start().await;
    let [a, b, c] = ["a", "b", "c"].map(|name| sites.base_of(name));
    let phone = Visitor::new(&sites.base, PHONE);
    let portal = phone.open("/login/portal").await;
    phone.submit(&portal.url, &[("person", "zhang")]).await;
    for _ in 0..5 {
        let desktop = Visitor::new(b, DESKTOP);
        let page = desktop.open("/login?next=/services").await;
        let id = handshake(&page);
        let code = code_on(&page);
        let (seen, scanned) =
            heard(wait(&desktop, b, &page, "waiting-0"), phone.step(&format!("{c}/s/{code}"))).await;
        assert!(scanned.location.ends_with(&format!("/s/{id}/confirm")), "{}", scanned.body);
        let number = seen.between("class=\"code\">", "<").to_owned();
        let path = format!("{a}/s/{id}/number");
        let form = [("number", number.as_str())];
        let approve = phone.submit_step(&path, &form);
        let (redeemed, _) = heard(wait(&desktop, b, &page, "scanned"), approve).await;
        assert_eq!(redeemed.headers["hx-redirect"], "/services");
        assert!(desktop.open(&format!("{c}/")).await.body.contains("您好，张*三"));
    }
}

/// Both answers; the waiting one must come within a second after the other.
async fn heard(
    waiting: impl Future<Output = Answer>,
    change: impl Future<Output = Answer>,
) -> (Answer, Answer) {
    let timed = async |answer: Answer| (answer, Instant::now());
    let waiting = async { timed(waiting.await).await };
    let change = async { timed(change.await).await };
    let ((seen, at), (changed, since)) = tokio::join!(waiting, change);
    let took = at.saturating_duration_since(since);
    assert!(took <= Duration::from_secs(1), "it took {took:?}");
    (seen, changed)
}

/// The text inside the picture of a page.
fn code_on(page: &Answer) -> String {
    let (id, codes) = (handshake(page), Codes::new(&Vault::from_key(&[7; 32])));
    codes.make(&id, ids::made_at(&id).expect("a time"), Clock::system().now())
}

/// One process asks the portal for a code, and when it dies another does.
#[tokio::test]
async fn another_process_takes_over_asking_the_portal() {
    let mut sites = Sites::start().await;
    let desktop = Visitor::new(sites.base_of("a"), DESKTOP);
    let page = desktop.open("/login/device?next=/services").await;
    let began = Instant::now();
    for name in ["b", "c"] {
        wait(&desktop, sites.base_of(name), &page, "").await;
    }
    asked(&sites, 1).await;
    sites.kill("a");
    asked(&sites, 3).await;
    let most = 1 + began.elapsed().as_secs() / 5;
    assert!(
        sites.portal.calls("/token") as u64 <= most,
        "{} in {most} intervals",
        sites.portal.calls("/token")
    );
}

/// Waits until the portal has been asked so often.
async fn asked(sites: &Sites, times: usize) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while sites.portal.calls("/token") < times {
        assert!(Instant::now() < deadline, "asked {} times", sites.portal.calls("/token"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
