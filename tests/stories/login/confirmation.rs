//! The confirmation page on the phone, and the pause after repeated denials.

use kaozheng::store::{Clock, Ids, Store, Vault};

use super::{LoginScreen, scanned, wrong};
use crate::server::{Answer, Server, Visitor};

#[tokio::test]
async fn page_names_the_account_and_asks_for_the_number() {
    let server = Server::start().await;
    let (screen, _, page) = scanned(&server).await;
    let number = screen.number().await;
    for message in [
        "登录账号",
        "张*三",
        "居民身份证 440",
        "与本机相同的网络",
        "inputmode=\"numeric\"",
        "maxlength=\"2\"",
    ] {
        assert!(page.body.contains(message), "{message} is not in\n{}", page.body);
    }
    assert!(!page.body.contains("198.51") && !page.body.contains("张小三"), "{}", page.body);
    assert!(!page.body.contains(&format!("value=\"{number}\"")), "nothing on the phone shows the number");
}

#[tokio::test]
async fn malformed_number_is_corrected_and_denies_nothing() {
    let server = Server::start().await;
    let (screen, phone, _) = scanned(&server).await;
    for (typed, message) in
        [("", "请输入屏幕显示的两位数字"), ("4x", "请输入两位数字"), ("5", "请输入两位数字")]
    {
        let answer = phone.submit_step(&screen.path("number"), &[("number", typed)]).await;
        assert!(answer.status == 422 && answer.body.contains(message), "{typed}: {}", answer.body);
        assert!(
            answer.body.contains(&format!("value=\"{typed}\"")),
            "what was typed is kept: {}",
            answer.body
        );
    }
    let reloaded = phone.step(&screen.path("number")).await;
    assert!(reloaded.status == 200 && reloaded.body.contains("您正在登录另一台设备"), "{}", reloaded.body);
    // Full-width digits, as a Chinese keyboard types them.
    let wide: String =
        screen.number().await.chars().map(|c| char::from_u32(c as u32 + 0xfee0).expect("wide")).collect();
    let done = phone.submit(&screen.path("number"), &[("number", &format!("\u{3000}{wide} "))]).await;
    assert!(done.body.contains("已确认登录"), "{}", done.body);
    assert_eq!(screen.reload().await.location, "/services");
}

/// Denies the login of another screen on `phone`, by 不是我 or by a wrong number.
async fn denied(server: &Server, phone: &Visitor, decline: bool) -> Answer {
    let screen = LoginScreen::open(server, "/login").await;
    phone.open(&screen.code(server)).await;
    let wrong = wrong(&screen.number().await);
    match decline {
        true => phone.submit(&screen.path("decline"), &[]).await,
        false => phone.submit(&screen.path("number"), &[("number", wrong)]).await,
    }
}

#[tokio::test]
async fn repeated_denials_pause_the_account() {
    let server = Server::start().await;
    // Scanned before the pause and confirmed during it.
    let (early, phone, _) = scanned(&server).await;
    for decline in [false, true] {
        let message = denied(&server, &phone, decline).await;
        assert!(
            message.body.contains("已拒绝这次登录") && !message.body.contains("已暂停"),
            "{}",
            message.body
        );
    }
    server.advance(60);
    let message = denied(&server, &phone, false).await;
    assert!(
        message.body.contains("扫码登录已暂停") && message.body.contains("09:41:00 之后再扫码"),
        "{}",
        message.body
    );
    let number = early.number().await;
    let answer = phone.submit(&early.path("number"), &[("number", &number)]).await;
    assert!(answer.status == 429 && answer.body.contains("09:41:00 之后再扫码"), "{}", answer.body);
    assert!(!early.browser.is_signed_in().await && !early.reload().await.location.starts_with('/'));
    let screen = LoginScreen::open(&server, "/login?next=/services").await;
    let scan = phone.step(&screen.code(&server)).await;
    assert!(scan.status == 429 && scan.body.contains("09:41:00 之后再扫码"), "{}", scan.body);
    assert!(phone.is_signed_in().await, "everything else goes on");
    server.advance(600);
    let screen = LoginScreen::open(&server, "/login?next=/services").await;
    phone.open(&screen.code(&server)).await;
    phone.submit(&screen.path("number"), &[("number", &screen.number().await)]).await;
    assert_eq!(screen.reload().await.location, "/services");
}

/// A process that was not notified refuses too.
#[tokio::test]
async fn pause_holds_on_every_process() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    for _ in 0..3 {
        denied(&server, &phone, true).await;
    }
    let settings = (*server.parts.settings).clone();
    let (vault, clock) = (Vault::from_key(&[7; 32]), Clock::manual(super::now(&server)));
    let store = Store::open(&settings.database_url, vault, clock, Ids::random()).await.expect("a store");
    let parts = kaozheng::site::Parts::new(settings, store, server.parts.files.clone()).expect("parts");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let other = format!("http://{}", listener.local_addr().expect("an address"));
    let serving = tokio::spawn(async move {
        kaozheng::site::serve(listener, &parts, std::future::pending(), std::time::Duration::ZERO).await;
    });
    let screen = LoginScreen::open(&server, "/login").await;
    let scan = phone.step(&format!("{other}{}", screen.code(&server))).await;
    assert!(scan.status == 429 && scan.body.contains("扫码登录已暂停"), "{}", scan.body);
    serving.abort();
}

/// Denials of several accounts in one network count together. The account of the last one is paused.
#[tokio::test]
async fn denials_from_one_network_pause_the_account_that_continues() {
    let server = Server::start().await;
    let phones = [server.signed_in("张小三").await, server.signed_in("陳大文").await];
    for phone in &phones {
        denied(&server, phone, true).await;
    }
    let third = server.signed_in("林美玲").await;
    assert!(denied(&server, &third, true).await.body.contains("扫码登录已暂停"));
    let screen = LoginScreen::open(&server, "/login").await;
    assert_eq!(
        phones[0].step(&screen.code(&server)).await.location,
        screen.confirm(),
        "other accounts are not paused"
    );
    let old = server.signed_in("SCHMIDT ANNA").await;
    server.advance(601);
    assert!(!denied(&server, &old, true).await.body.contains("已暂停"), "old denials do not count");
}

/// Simultaneous guesses count one by one.
#[tokio::test]
async fn simultaneous_guesses_do_not_bypass_the_pause() {
    let server = Server::start().await;
    let phone = server.signed_in("张小三").await;
    let mut desks = Vec::new();
    for _ in 0..8 {
        let screen = LoginScreen::open(&server, "/login").await;
        phone.step(&screen.code(&server)).await;
        let guess = wrong(&screen.number().await);
        desks.push((screen, guess));
    }
    let guesses = desks.iter().map(async |(screen, guess)| {
        phone.submit_step(&screen.path("number"), &[("number", guess)]).await.status
    });
    futures_util::future::join_all(guesses).await;
    let mut denied = 0;
    for (screen, _) in &desks {
        denied += usize::from(screen.reload().await.body.contains("登录被拒绝"));
    }
    assert_eq!(denied, 3, "the others were not counted, because nothing was decided any more");
}
