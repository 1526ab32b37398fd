//! Portals of provinces, which follow no standard, by their built-in profiles. The sandbox plays each of them.

use diesel::prelude::*;
use kaozheng::demo::sandbox;
use kaozheng::store::schema::{candidates::dsl as c, sessions::dsl as s};
use kaozheng::store::{Clock, Error, Timestamp, Tx};
use reqwest::Method;
use url::Url;

use crate::server::{Answer, DESKTOP, PHONE, Server, Visitor};

const CITIZENS: [&str; 3] = ["guangdong", "zhejiang", "zhejiang-simple"];

/// A site that signs candidates in at one portal and staff, if `staff` names one, at another.
async fn site(profile: &'static str, staff: Option<&'static str>) -> Server {
    let start: Timestamp = "2026-04-01T01:30:00".parse().expect("a time");
    Server::start_with(Clock::manual(start), |settings| {
        let base = settings.public_url.clone();
        settings.portal = sandbox::load(profile, &base, &base).expect("a profile");
        settings.staff_portal = staff.map(|staff| sandbox::load(staff, &base, &base).expect("a profile"));
    })
    .await
}

/// Goes to the portal by `path` and chooses a person. `chosen` are other fields of the form. Returns the redirect to
/// the site.
async fn choose(visitor: &Visitor, path: &str, name: &str, chosen: &[(&str, &str)]) -> Answer {
    let page = visitor.open(path).await;
    let mut form = page.hidden_fields();
    form.push(("person".into(), page.button_value(name)));
    form.extend(chosen.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let action = page.between("<form method=\"post\" action=\"/sandbox", "\"");
    let answer = visitor.send(visitor.request(Method::POST, &format!("/sandbox{action}")).form(&form)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer
}

async fn sign_in(visitor: &Visitor, name: &str, chosen: &[(&str, &str)]) -> Answer {
    let back = choose(visitor, "/login/portal?next=/progress", name, chosen).await;
    visitor.step(&back.location).await
}

/// Presses a button of the page that asks whose account it is.
async fn confirm(visitor: &Visitor, page: &Answer, own: &str) -> Answer {
    assert!(page.status == 200 && page.body.contains("确认登录"), "{}: {}", page.status, page.body);
    let mut form = page.hidden_fields();
    form.retain(|(name, _)| name == "attempt");
    form.push(("own".into(), own.into()));
    visitor.send(visitor.request(Method::POST, "/login/callback").form(&form)).await
}

async fn count(server: &Server, query: fn(&mut Tx) -> Result<i64, Error>) -> i64 {
    server.parts.store.read(query).await.expect("a count")
}

async fn candidates(server: &Server) -> i64 {
    count(server, |tx| Ok(c::candidates.count().get_result(tx.conn)?)).await
}

async fn sessions(server: &Server) -> i64 {
    count(server, |tx| Ok(s::sessions.count().get_result(tx.conn)?)).await
}

#[tokio::test]
async fn every_portal_signs_in_on_phones_and_computers() {
    for profile in CITIZENS {
        let server = site(profile, None).await;
        for agent in [PHONE, DESKTOP] {
            let visitor = server.visitor(agent);
            let answer = sign_in(&visitor, "张小三", &[]).await;
            assert_eq!(
                (answer.status, answer.location.as_str()),
                (303, "/progress"),
                "{profile}: {}",
                answer.body
            );
            assert!(visitor.open("/").await.body.contains("您好，张*三"), "{profile}");
        }
        assert_eq!(candidates(&server).await, 1, "{profile}: one account is one candidate");
        let other = server.visitor(PHONE);
        assert_eq!(sign_in(&other, "陳大文", &[]).await.location, "/progress", "{profile}");
        assert_eq!(candidates(&server).await, 2, "{profile}");
    }
}

/// The phone that scans our code signs in at the portal too.
#[tokio::test]
async fn screen_is_signed_in_by_a_phone_at_every_portal() {
    for profile in CITIZENS {
        let server = site(profile, None).await;
        let screen = super::LoginScreen::open(&server, "/login?next=/services").await;
        let phone = server.visitor(PHONE);
        let confirmation = phone.step(&screen.code(&server)).await;
        let portal = phone.step(&confirmation.location).await;
        let back = choose(&phone, &portal.location, "张小三", &[]).await;
        let number = phone.step(&back.location).await;
        assert_eq!(number.location, confirmation.location, "{profile}: {}", number.body);
        phone.submit(&screen.path("number"), &[("number", &screen.number().await)]).await;
        assert_eq!(screen.reload().await.location, "/services", "{profile}");
        assert!(screen.browser.is_signed_in().await, "{profile}");
    }
}

#[tokio::test]
async fn accounts_that_are_nobodys_word_are_refused() {
    for (profile, person, words) in [
        ("guangdong", "未实名", "请先完成实名认证"),
        ("guangdong", "示范建设公司", "企业账号不能登录"),
        ("zhejiang-simple", "未实名", "请先完成实名认证"),
        ("zhejiang", "示范建设公司", "企业账号不能登录"),
    ] {
        let server = site(profile, None).await;
        let visitor = server.visitor(PHONE);
        let answer = sign_in(&visitor, person, &[]).await;
        assert!(answer.status == 403 && answer.body.contains(words), "{profile} {person}: {}", answer.body);
        assert_eq!((candidates(&server).await, sessions(&server).await), (0, 0), "{profile} {person}");
    }
    let server = site("guangdong", None).await;
    let answer = sign_in(&server.visitor(PHONE), "未实名", &[]).await;
    assert!(answer.body.contains("L2（实名认证）"), "the level: {}", answer.body);
    let place = "/sandbox/guangdong/pscp/sso/static/manage/realname";
    assert!(answer.body.contains(place), "where it is raised: {}", answer.body);
}

#[tokio::test]
async fn faults_of_a_portal_sign_nobody_in_and_offer_another_try() {
    for (profile, faults) in [
        ("guangdong", ["expired", "refused"].as_slice()),
        ("zhejiang", &["expired", "refused", "clock", "dropped"]),
        ("zhejiang-simple", &["expired", "refused", "clock"]),
    ] {
        let server = site(profile, None).await;
        for fault in faults {
            let visitor = server.visitor(PHONE);
            let answer = sign_in(&visitor, "张小三", &[("fault", fault)]).await;
            assert!(
                [403, 502].contains(&answer.status),
                "{profile} {fault}: {} {}",
                answer.status,
                answer.body
            );
            assert!(answer.body.contains("重新登录"), "{profile} {fault}: {}", answer.body);
            assert!(!visitor.is_signed_in().await, "{profile} {fault}");
            assert_eq!(sign_in(&visitor, "张小三", &[]).await.location, "/progress", "{profile} {fault}");
        }
    }
}

/// The portal did not send `state` back: the person says whose account it is.
#[tokio::test]
async fn return_without_state_asks_whose_account_it_is() {
    let server = site("guangdong", None).await;
    let visitor = server.visitor(PHONE);
    let page = sign_in(&visitor, "张小三", &[("fault", "dropped")]).await;
    assert!(page.body.contains("张*三") && !page.body.contains("440300199003072616"), "{}", page.body);
    assert_eq!(
        (sessions(&server).await, candidates(&server).await),
        (0, 0),
        "not before the person has confirmed"
    );
    let answer = confirm(&visitor, &page, "yes").await;
    assert_eq!((answer.status, answer.location.as_str()), (303, "/progress"), "{}", answer.body);
    assert!(visitor.is_signed_in().await);
    assert_eq!(confirm(&visitor, &page, "yes").await.location, "/progress", "twice is once");
    assert_eq!(confirm(&visitor, &page, "no").await.location, "/progress", "and stays so");
    assert_eq!(sessions(&server).await, 1);
    let stranger = server.visitor(PHONE);
    assert_eq!(confirm(&stranger, &page, "yes").await.status, 403, "another browser confirms nothing");
}

/// Login CSRF: an attacker's code, with or without `state`, in a browser that has begun an attempt of its own.
#[tokio::test]
async fn code_of_an_attacker_signs_nobody_in_unseen() {
    for profile in CITIZENS {
        let server = site(profile, None).await;
        let attacker = server.visitor(PHONE);
        let back = choose(&attacker, "/login/portal", "陳大文", &[]).await;
        let ticket = Url::parse(&server.base).unwrap().join(&back.location).unwrap();
        let (name, code) = ticket
            .query_pairs()
            .find(|(name, _)| ["code", "ticket", "ticketId"].contains(&name.as_ref()))
            .expect("a ticket");
        let victim = server.visitor(PHONE);
        victim.open("/login/portal").await;
        assert_eq!(victim.step(&back.location).await.status, 403, "{profile}: another browser's attempt");
        let answer = victim.step(&format!("/login/callback?{name}={code}")).await;
        if answer.status == 200 {
            // The victim sees whose account it is.
            assert!(answer.body.contains("陳*文"), "{profile}: {}", answer.body);
            let refused = confirm(&victim, &answer, "no").await;
            assert!(refused.status == 403, "{profile}: {}", refused.body);
            assert_eq!(confirm(&victim, &answer, "yes").await.status, 403, "{profile}: no is final");
        } else {
            assert_eq!(answer.status, 403, "{profile}: {}", answer.body);
        }
        assert!(!victim.is_signed_in().await && sessions(&server).await == 0, "{profile}");
    }
}

/// A link of the portal or the government app led straight to the portal, which returns with a code that answers no
/// attempt. Nobody is signed in by it; an attempt of our own begins, and the portal knows the person already.
#[tokio::test]
async fn arrival_that_the_site_did_not_begin_begins_an_attempt() {
    for profile in CITIZENS {
        let server = site(profile, None).await;
        for query in
            ["code=foreign&ticket=foreign&ticketId=foreign", "code=a&ticket=a&ticketId=a&state=s&sp=s"]
        {
            let fresh = server.visitor(PHONE);
            let answer = fresh.step(&format!("/login/callback?{query}")).await;
            assert_eq!(answer.status, 303, "{profile}: {}", answer.body);
            assert!(answer.location.starts_with("/sandbox/"), "{profile}: {}", answer.location);
            // A second one gets a page: a portal that always returns so would send the browser in circles.
            let again = fresh.step(&format!("/login/callback?{query}")).await;
            assert!([403, 502].contains(&again.status), "{profile}: {}", again.body);
        }
        assert_eq!(sessions(&server).await, 0, "{profile}");
    }
    let server = site("guangdong", None).await;
    let visitor = server.visitor(PHONE);
    let link = "/sandbox/guangdong/pscp/sso/connect/page/oauth2/authorize?service=initService&response_type=code\
                &client_id=kaozheng-demo&scope=all&redirect_uri=";
    let link = format!("{link}{}/login/callback", server.base);
    let back = choose(&visitor, &link, "张小三", &[("keep", "yes")]).await;
    assert!(!back.location.contains("state="), "{}", back.location);
    let home = visitor.open(&back.location).await;
    assert!(home.body.contains("您好，张*三"), "nobody was asked again: {}", home.body);
    assert_eq!(sessions(&server).await, 1);
}

#[tokio::test]
async fn government_app_opens_a_page_with_a_token() {
    let server = site("guangdong", None).await;
    let visitor = server.visitor(PHONE);
    let page = visitor.open("/sandbox/guangdong/app").await;
    let mut form = page.hidden_fields();
    form.push(("person".into(), page.button_value("张小三")));
    let entry = visitor.send(visitor.request(Method::POST, "/sandbox/guangdong/app").form(&form)).await;
    assert!(entry.location.starts_with("/login/app?tif_token=tif"), "{} {}", entry.location, entry.body);
    let confirmation = visitor.step(&entry.location).await;
    assert!(confirmation.location.starts_with("/login/callback/"), "{}", confirmation.body);
    let page = visitor.step(&confirmation.location).await;
    assert_eq!(sessions(&server).await, 0, "a link with a token of somebody else must not sign in");
    assert_eq!(confirm(&visitor, &page, "yes").await.location, "/");
    assert!(visitor.open("/").await.body.contains("您好，张*三"));
    let again = server.visitor(PHONE).step(&entry.location).await;
    assert!(again.status == 502 && again.body.contains("重新登录"), "the token works once: {}", again.body);
    let without = server.visitor(PHONE).step("/login/app").await;
    assert_eq!(without.status, 403, "{}", without.body);
    let elsewhere = site("zhejiang", None).await;
    assert_eq!(elsewhere.visitor(PHONE).step("/login/app?tif_token=x").await.status, 403);
}

/// Follows the page after sign-out to the portal and back, as a browser does.
async fn leave(visitor: &Visitor, form: &[(&str, &str)]) -> Answer {
    let answer = visitor.submit_step("/logout", form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = visitor.step(&answer.location).await;
    assert_eq!(page.status, 200, "{}", page.body);
    match page.body.split_once("http-equiv=\"refresh\" content=\"0; url=") {
        Some((_, rest)) => {
            let url = rest.split('"').next().unwrap_or_default().replace("&amp;", "&");
            visitor.open(&url).await
        }
        None => page,
    }
}

/// The next person at a shared computer presses 登录.
async fn is_asked_for_a_person(visitor: &Visitor) -> bool {
    visitor.open("/login/portal").await.body.contains("保持登录")
}

#[tokio::test]
async fn sign_out_on_a_computer_ends_the_session_at_the_portal() {
    for profile in ["sandbox", "guangdong", "zhejiang"] {
        let server = site(profile, None).await;
        let computer = server.visitor(DESKTOP);
        sign_in(&computer, "张小三", &[("keep", "yes")]).await;
        assert!(computer.is_signed_in().await, "{profile}");
        let other = server.visitor(DESKTOP);
        sign_in(&other, "张小三", &[("keep", "yes")]).await;
        assert!(
            !is_asked_for_a_person(&other).await,
            "{profile}: the portal remembers whoever does not sign out"
        );
        leave(&computer, &[]).await;
        assert!(!computer.is_signed_in().await, "{profile}");
        assert!(is_asked_for_a_person(&computer).await, "{profile}: the next person is asked who they are");
    }
}

/// A phone is its owner's: the portal's session goes on unless they choose otherwise. The portal is asked for a fresh
/// sign-in where it can be, and the page says that it may still be signed in.
#[tokio::test]
async fn sign_out_on_a_phone_leaves_the_portal_unless_chosen() {
    let server = site("guangdong", None).await;
    let phone = server.visitor(PHONE);
    sign_in(&phone, "张小三", &[("keep", "yes")]).await;
    assert!(phone.open("/me").await.body.contains("同时退出政务服务平台"));
    let page = leave(&phone, &[("asked", "yes")]).await;
    assert!(page.body.contains("政务服务平台可能仍处于登录状态"), "{}", page.body);
    assert!(!is_asked_for_a_person(&phone).await);
    sign_in_again(&phone).await;
    leave(&phone, &[("asked", "yes"), ("portal", "yes")]).await;
    assert!(is_asked_for_a_person(&phone).await);

    let server = site("sandbox", None).await;
    let phone = server.visitor(PHONE);
    sign_in(&phone, "张小三", &[("keep", "yes")]).await;
    leave(&phone, &[("asked", "yes")]).await;
    assert!(is_asked_for_a_person(&phone).await, "prompt=login");

    let server = site("zhejiang-simple", None).await;
    let computer = server.visitor(DESKTOP);
    sign_in(&computer, "张小三", &[("keep", "yes")]).await;
    let page = leave(&computer, &[]).await;
    assert!(page.body.contains("政务服务平台可能仍处于登录状态"), "no such address: {}", page.body);
}

/// The portal remembers the person and returns at once.
async fn sign_in_again(visitor: &Visitor) {
    visitor.open("/login/portal").await;
    assert!(visitor.is_signed_in().await);
}

#[tokio::test]
async fn candidates_and_staff_have_doors_of_their_own() {
    let server = site("guangdong", Some("guangdong-staff")).await;
    server.load_demo().await;
    let staff = server.visitor(DESKTOP);
    let closed = staff.step("/staff").await;
    let page = staff.open(&closed.location).await;
    assert!(page.body.contains("工作人员登录") && !page.body.contains("二维码"), "{}", page.body);
    let door = page.between("data-look=\"primary\" href=\"", "\"").replace("&amp;", "&");
    let back = choose(&staff, &door, "周明远", &[]).await;
    assert!(staff.step(&back.location).await.location.starts_with("/staff"), "{}", back.location);
    assert_eq!(staff.open("/staff/queue").await.status, 200);

    // The same person by the candidates' door is a candidate.
    let candidate = server.visitor(PHONE);
    assert_eq!(sign_in(&candidate, "周明远", &[]).await.location, "/progress");
    assert_eq!(candidate.step("/staff/queue").await.status, 403);
    assert!(!candidate.open("/").await.body.contains("另一个政务服务平台账号"), "both accounts are expected");
    assert_eq!(staff.open("/staff/queue").await.status, 200, "the desk stays open");

    for (next, portal) in [
        ("/staff", "/sandbox/guangdong-staff/"),
        ("/staff/queue", "/sandbox/guangdong-staff/"),
        ("/staff?tab=1", "/sandbox/guangdong-staff/"),
        ("/staffing", "/sandbox/guangdong/"),
        ("/services", "/sandbox/guangdong/"),
    ] {
        let page = server.visitor(DESKTOP).open(&format!("/login/portal?next={next}")).await;
        assert!(page.url.contains(portal), "{next}: {}", page.url);
    }

    // Somebody who is not on the roster does not enter by the staff's door.
    let other = server.visitor(DESKTOP);
    let back = choose(&other, "/login/portal?next=/staff", "张小三", &[]).await;
    let refused = other.step(&back.location).await;
    assert!(refused.status == 403 && refused.body.contains("不在工作人员名册上"), "{}", refused.body);
    assert!(!other.is_signed_in().await);
    let ended = leave(&staff, &[]).await;
    assert!(!ended.url.contains("/sandbox/guangdong/"), "{}", ended.url);
    assert!(!staff.is_signed_in().await);
}
