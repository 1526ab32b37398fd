//! The length of staff's sessions, and the sign-in before an export of personal data.

use crate::filing::start_demo;
use crate::login::sessions::sessions_are_noted;

const BACK: &str = "/staff/queue?status=todo&kind=refund";

fn again(next: &str) -> String {
    format!(
        "/login/again?{}",
        url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
    )
}

#[tokio::test]
async fn old_sign_in_is_repeated_and_leads_back_to_what_was_chosen() {
    let server = start_demo().await;
    let staff = server.signed_in("钱文清").await;
    assert_eq!(staff.step(&again(BACK)).await.location, BACK, "a recent sign-in is enough");

    server.advance(15 * 60);
    let asked = staff.step(&again(BACK)).await;
    assert!(asked.status == 200 && asked.body.contains("请再次登录"), "{}", asked.body);
    assert!(asked.body.contains(&BACK.replace('&', "&amp;")));
    let login = staff.submit_step("/login/again", &[("next", BACK)]).await;
    assert!(login.location.starts_with("/login?next=%2Fstaff%2Fqueue"), "{}", login.location);
    assert_eq!(staff.step("/staff/queue").await.status, 303, "the session has ended");

    let portal = staff.open(&login.location.replace("/login?", "/login/portal?")).await;
    let back = staff.choose_person(&portal, "钱文清").await;
    assert!(back.url.ends_with(BACK), "{}", back.url);
    assert_eq!(staff.step(&again(BACK)).await.location, BACK);
}

#[tokio::test]
async fn only_pages_of_this_site_follow_the_second_sign_in() {
    let server = start_demo().await;
    let staff = server.signed_in("钱文清").await;
    server.advance(15 * 60);
    let login = staff.submit_step("/login/again", &[("next", "https://evil.example/")]).await;
    assert_eq!(login.location, "/login?next=%2F");
}

#[tokio::test]
async fn sessions_of_staff_end_sooner_than_those_of_candidates() {
    let server = start_demo().await;
    let (staff, candidate) = (server.signed_in("周明远").await, server.signed_in("张小三").await);
    let mut hours = 0.0;
    while hours < 10.0 {
        server.advance(20 * 60);
        hours += 1.0 / 3.0;
        staff.step("/staff/queue").await;
        candidate.step("/me").await;
        sessions_are_noted(&server).await;
    }
    assert_eq!(staff.step("/staff/queue").await.status, 303);
    assert_eq!(candidate.step("/me").await.status, 200);
}
