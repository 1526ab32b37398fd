//! Login through a proxy that sends each request to the next process.

use std::time::{Duration, Instant};

use kaozheng::login::code::Codes;
use kaozheng::store::{Clock, Vault, ids};

use crate::browser::Browser;
use crate::cluster::Cluster;
use crate::server::{Answer, DESKTOP, PHONE, Visitor};
use crate::sign_in::{self, BY_OUR_CODE, BY_THE_PORTALS_CODE, POLLED};

/// A change made by another process is noticed within a second. The rest is time for the page to
/// render.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test]
async fn every_way_to_sign_in_works_across_processes() {
    let cluster = Cluster::start().await;
    sign_in::by_redirect(&cluster.base, &Browser::phone().await).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_our_code(&cluster.base, &desktop).await;
    sign_in::scan_our_code(&desktop, &phone, "processes-scan").await;
    desktop.see_within(SOON, sign_in::NOTICE).await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_OUR_CODE).await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_the_portals_code(&cluster.base, &desktop).await;
    sign_in::scan_the_portals_code(&desktop, &phone, "processes-device").await;
    desktop.see_within(POLLED, BY_THE_PORTALS_CODE).await;
}

#[tokio::test]
async fn screen_survives_the_death_of_its_process() {
    let mut cluster = Cluster::start().await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_our_code(&cluster.base, &desktop).await;
    cluster.kill_process_with_open_request().await;
    sign_in::scan_our_code(&desktop, &phone, "processes-killed").await;
    desktop.see_within(SOON, sign_in::NOTICE).await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_OUR_CODE).await;
}

#[tokio::test]
async fn screen_with_the_portals_code_survives_the_death_of_its_process() {
    let mut cluster = Cluster::start().await;
    let (desktop, phone) = (Browser::desktop().await, Browser::phone().await);
    sign_in::show_the_portals_code(&cluster.base, &desktop).await;
    cluster.kill_process_with_open_request().await;
    sign_in::scan_the_portals_code(&desktop, &phone, "processes-device-killed").await;
    sign_in::agree(&desktop).await;
    desktop.see(BY_THE_PORTALS_CODE).await;
}

fn handshake(page: &Answer) -> String {
    page.between("hx-get=\"/login/wait/", "?").to_owned()
}

/// Polls a process for the login screen of `desktop`.
async fn wait(desktop: &Visitor, base: &str, page: &Answer, seen: &str) -> Answer {
    desktop.fetch(&format!("{base}/login/wait/{}?seen={seen}", handshake(page))).await
}

/// The phone's requests go to another process than the screen's.
#[tokio::test]
async fn approval_on_another_process_arrives_within_a_second() {
    let cluster = Cluster::start().await;
    let [a, b, c] = ["a", "b", "c"].map(|name| cluster.base_of(name));
    let phone = Visitor::new(&cluster.base, PHONE);
    let portal = phone.open("/login/portal").await;
    phone.submit(&portal.url, &[("person", "zhang")]).await;
    for _ in 0..5 {
        let desktop = Visitor::new(b, DESKTOP);
        let page = desktop.open("/login?next=/services").await;
        let id = handshake(&page);
        let code = code_on(&page);
        let (seen, scanned) = answered_within_a_second(
            wait(&desktop, b, &page, "waiting-0"),
            phone.step(&format!("{c}/s/{code}")),
        )
        .await;
        assert!(scanned.location.ends_with(&format!("/s/{id}/confirm")), "{}", scanned.body);
        let number = seen.between("class=\"code\">", "<").to_owned();
        let path = format!("{a}/s/{id}/number");
        let form = [("number", number.as_str())];
        let approve = phone.submit_step(&path, &form);
        let (redeemed, _) = answered_within_a_second(wait(&desktop, b, &page, "scanned"), approve).await;
        assert_eq!(redeemed.headers["hx-redirect"], "/services");
        assert!(desktop.open(&format!("{c}/")).await.body.contains("您好，张*三"));
    }
}

/// Returns both answers. Asserts that the waiting one arrives within a second of the other.
async fn answered_within_a_second(
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

/// The text of the QR code on a page.
fn code_on(page: &Answer) -> String {
    let (id, codes) = (handshake(page), Codes::new(&Vault::from_key(&[7; 32])));
    codes.make(&id, ids::made_at(&id).expect("a time"), Clock::system().now())
}

/// One process polls the portal for a code. When it dies, another one takes over.
#[tokio::test]
async fn another_process_takes_over_polling_the_portal() {
    let mut cluster = Cluster::start().await;
    let desktop = Visitor::new(cluster.base_of("a"), DESKTOP);
    let page = desktop.open("/login/device?next=/services").await;
    let began = Instant::now();
    for name in ["b", "c"] {
        wait(&desktop, cluster.base_of(name), &page, "").await;
    }
    wait_for_polls(&cluster, 1).await;
    cluster.kill("a");
    wait_for_polls(&cluster, 3).await;
    let most = 1 + began.elapsed().as_secs() / 5;
    assert!(
        cluster.portal.calls("/token") as u64 <= most,
        "{} in {most} intervals",
        cluster.portal.calls("/token")
    );
}

/// Waits until the portal has been polled `times` times.
async fn wait_for_polls(cluster: &Cluster, times: usize) {
    let deadline = Instant::now() + Duration::from_secs(40);
    while cluster.portal.calls("/token") < times {
        assert!(Instant::now() < deadline, "asked {} times", cluster.portal.calls("/token"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
