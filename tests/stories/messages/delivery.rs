//! Messages as SMS: sent at least once, and what cannot be sent is seen and sent again.

use chrono::TimeDelta;
use diesel::prelude::*;
use kaozheng::casework::messages::outbox;
use kaozheng::casework::messages::topic::Topic;
use kaozheng::casework::messages::{self, News};
use kaozheng::people::candidate::Candidate;
use kaozheng::sms::{Tried, deliver_due};
use kaozheng::store::schema::{messages as m, sms_outbox as q};
use kaozheng::store::{Timestamp, Tx};
use poem::http::StatusCode;

use super::gateway::{Fault, StandIn};
use crate::admin::Office;
use crate::desk::authority::Authority;

/// What the outbox says of its messages: state, tries and failure.
async fn outbox_rows(authority: &Authority) -> Vec<(String, i32, String)> {
    let rows = q::table.order(q::message_id).select((q::state, q::tries, q::failure));
    authority.write(move |tx| Ok(rows.load(tx.conn)?)).await.expect("rows")
}

/// Tells a candidate so many times.
async fn tell(authority: &Authority, candidate: &Candidate, topic: Topic, count: usize) {
    let id = candidate.id.clone();
    let news = News { topic, business: None, subject: String::new(), facts: Vec::new(), once: None };
    let told = authority.write(move |tx| {
        for _ in 0..count {
            messages::tell(tx, &id, &news)?;
        }
        Ok(())
    });
    told.await.expect("messages");
}

async fn deliver(authority: &Authority, gateway: &StandIn) -> Tried {
    deliver_due(&authority.store, &gateway.client()).await.expect("a database")
}

#[tokio::test]
async fn message_is_sent_signed_and_once() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    assert_eq!(deliver(&authority, &gateway).await, Tried { sent: 1, failed: 0 });
    assert_eq!(deliver(&authority, &gateway).await, Tried::default(), "nothing is left");
    let [call] = &gateway.calls()[..] else { panic!("one call") };
    assert!(call.is_signed(), "{call:?}");
    assert!(call.head.starts_with("POST /sms HTTP/1.1"), "{}", call.head);
    let id = call.header("webhook-id");
    assert_eq!((&call.header("idempotency-key"), call.body["id"].as_str()), (&id, Some(&*id)));
    assert_eq!(call.header("webhook-timestamp"), "1795395600");
    assert_eq!(call.body["event"], "submitted");
    assert_eq!(call.body["phone"], "13800138000");
    assert_eq!(
        call.body["text"],
        format!("您的报考资格在线核查申请已提交，受理号{number}。办理进度请登录查看。")
    );
    assert_eq!(call.body["template"], "submitted/office/0");
    assert_eq!(call.body["facts"]["受理号"], *number);
    assert_eq!(call.body["created"], "2026-11-23T01:00:00+00:00");
    for personal in ["E0000001", "张小三"] {
        assert!(!call.body.to_string().contains(personal), "{personal} in {call:?}");
    }
    let texted = m::table.select(m::texted_at.is_not_null());
    let texted: Vec<bool> = authority.write(move |tx| Ok(texted.load(tx.conn)?)).await.expect("a row");
    assert_eq!(texted, [true]);
}

#[tokio::test]
async fn every_passing_failure_is_tried_again_with_the_same_id() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 1).await;
    let faults = [
        (Fault::Head("500 Broken"), "500"),
        (Fault::Head("302 Found\r\nlocation: /elsewhere"), "302"),
        (Fault::Head("408 Late"), "408"),
        (Fault::Head("425 Early"), "425"),
        (Fault::Cut, "connection"),
        (Fault::Garbage, "connection"),
    ];
    for (at, (fault, code)) in faults.into_iter().enumerate() {
        gateway.fail(&[fault]);
        assert_eq!(deliver(&authority, &gateway).await, Tried { sent: 0, failed: 1 }, "{code}");
        let tries = i32::try_from(at).expect("few") + 1;
        assert_eq!(outbox_rows(&authority).await, [("waiting".to_owned(), tries, code.to_owned())]);
        assert_eq!(deliver(&authority, &gateway).await, Tried::default(), "it waits");
        authority.clock.advance(TimeDelta::seconds(30 * 2_i64.pow(at.try_into().expect("few")) * 12 / 10));
    }
    gateway.fail(&[Fault::Head("429 Busy\r\nretry-after: 3600")]);
    assert_eq!(deliver(&authority, &gateway).await.failed, 1);
    authority.clock.advance(TimeDelta::seconds(3599));
    assert_eq!(deliver(&authority, &gateway).await, Tried::default(), "the gateway said when");
    authority.clock.advance(TimeDelta::seconds(1));
    gateway.fail(&[Fault::Endless]);
    assert_eq!(deliver(&authority, &gateway).await.sent, 1, "the rest of the answer does not matter");
    let ids = gateway.ids();
    assert!(ids.len() == 8 && ids.iter().all(|id| *id == ids[0]), "a redirect is not followed: {ids:?}");
}

/// The clock of the runtime jumps to the end of the call.
#[tokio::test]
async fn gateway_that_never_answers_is_given_up() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 1).await;
    let client = gateway.client();
    let letters = authority.write(|tx| Ok(outbox::lease(tx, 1)?)).await.expect("a letter");
    gateway.fail(&[Fault::Silence]);
    tokio::time::pause();
    let refused = client.send(&letters[0], authority.clock.now()).await.expect_err("no answer");
    assert_eq!(refused.failure, outbox::Failure::Timeout);
}

#[tokio::test]
async fn process_that_dies_after_sending_leads_to_a_second_call_with_the_same_id() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 1).await;
    let letters = authority.write(|tx| Ok(outbox::lease(tx, 10)?)).await.expect("a letter");
    gateway.client().send(&letters[0], authority.clock.now()).await.expect("taken");
    // It dies here, before it notes that.
    assert_eq!(deliver(&authority, &gateway).await, Tried::default(), "the message is leased");
    authority.clock.advance(TimeDelta::minutes(2));
    assert_eq!(deliver(&authority, &gateway).await.sent, 1);
    let ids = gateway.ids();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));

    // A process that was only slow changes nothing any more.
    let late = letters[0].clone();
    let note = move |tx: &mut Tx| Ok(outbox::failed(tx, &late, outbox::Failure::Timeout, None)?);
    authority.write(note).await.expect("an update");
    assert_eq!(outbox_rows(&authority).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_send_the_same_message() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 50).await;
    let (one, other) = (gateway.client(), gateway.client());
    let (one, other) =
        tokio::join!(deliver_due(&authority.store, &one), deliver_due(&authority.store, &other));
    assert_eq!(one.expect("a worker").sent + other.expect("a worker").sent, 50);
    let mut ids = gateway.ids();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), gateway.calls().len()), (50, 50));
}

#[tokio::test]
async fn gateway_that_is_down_is_not_asked_again_and_again() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 40).await;
    gateway.fail(&[Fault::Head("503 Down"); 40]);
    assert_eq!(deliver(&authority, &gateway).await, Tried { sent: 0, failed: 16 });
    assert_eq!(gateway.calls().len(), 16, "the other messages wait for the next look");
}

#[tokio::test]
async fn what_is_not_wanted_any_more_is_not_sent() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    let id = candidate.id.clone();
    authority.write(move |tx| Ok(messages::choose_sms(tx, &id, false)?)).await.expect("a choice");
    tell(&authority, &candidate, Topic::Submitted, 1).await;
    tell(&authority, &candidate, Topic::Returned, 1).await;
    assert_eq!(deliver(&authority, &gateway).await.sent, 1);
    assert_eq!(gateway.calls()[0].body["event"], "returned", "it is obligatory");

    // A reminder whose reason has gone since the night.
    let (id, once) = (candidate.id.clone(), Some("remind_mend gone 3".to_owned()));
    let news = News {
        topic: Topic::RemindMend,
        business: None,
        subject: "gone".to_owned(),
        facts: Vec::new(),
        once,
    };
    authority.write(move |tx| Ok(messages::tell(tx, &id, &news)?)).await.expect("a reminder");
    assert_eq!(deliver(&authority, &gateway).await, Tried::default());

    // 21:30 in China: it waits for the morning.
    authority.clock.advance(TimeDelta::minutes(12 * 60 + 30));
    tell(&authority, &candidate, Topic::Returned, 1).await;
    assert_eq!(deliver(&authority, &gateway).await, Tried::default());
    authority.clock.advance(TimeDelta::minutes(10 * 60 + 30));
    assert_eq!(deliver(&authority, &gateway).await.sent, 1);

    let id = candidate.id.clone();
    authority
        .write(move |tx| Ok(kaozheng::people::candidate::clear_profile(tx, &id)?))
        .await
        .expect("no phone");
    tell(&authority, &candidate, Topic::Returned, 1).await;
    assert_eq!(deliver(&authority, &gateway).await, Tried::default());
    assert_eq!(outbox_rows(&authority).await, [], "nothing waits");
    let kept = m::table.count();
    let kept: i64 = authority.write(move |tx| Ok(kept.get_result(tx.conn)?)).await.expect("a count");
    assert_eq!(kept, 5, "all are on the site");
}

#[tokio::test]
async fn dead_letters_are_shown_to_administrators_who_send_them_again() {
    let (office, gateway) = (Office::open().await, StandIn::open().await);
    let authority = &office.authority;
    let candidate = authority.candidate("张小三", "E0000001").await;
    let number = authority.apply(&candidate).await;
    tell(authority, &candidate, Topic::DeletionRefused, 1).await;
    gateway.fail(&[Fault::Head("422 No"), Fault::Head("404 Nowhere")]);
    assert_eq!(deliver(authority, &gateway).await.failed, 2);
    assert!(outbox_rows(authority).await.iter().all(|(state, tries, _)| state == "dead" && *tries == 1));

    let page = office.read("/staff/admin/sms").await;
    for shown in ["张*三", "138****8000", &*number, "HTTP 422", "HTTP 404", "没有设置短信网关", "全部重发"]
    {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("13800138000") && !page.contains("张小三"), "{page}");
    let letter =
        page.split("action=\"/staff/admin/sms/").nth(1).expect("a letter").split('"').next().expect("an id");
    let letter = format!("/staff/admin/sms/{letter}");
    office.save(&letter, &[("confirm", "yes")]).await;
    let again = office.refused(&letter, &[("confirm", "yes")], StatusCode::CONFLICT).await;
    assert!(again.contains("另一位管理员"), "{again}");
    office.save("/staff/admin/sms", &[("confirm", "yes")]).await;
    assert_eq!(deliver(authority, &gateway).await.sent, 2);
    let page = office.read("/staff/admin/sms").await;
    assert!(!page.contains("重发") && page.contains("0 条"), "{page}");
    let audited = office.audited().await;
    assert_eq!(audited.iter().filter(|action| *action == "sms_again").count(), 2, "{audited:?}");
    assert_eq!(audited.iter().filter(|action| *action == "sms").count(), 2, "one for each message");
    let about = {
        use kaozheng::store::schema::audit_entries::dsl as a;
        a::audit_entries.filter(a::action.eq("sms")).select(a::candidate_id.is_not_null())
    };
    let about: Vec<bool> = authority.write(move |tx| Ok(about.load(tx.conn)?)).await.expect("entries");
    assert_eq!(about, [true, true], "the candidate sees both");
}

#[tokio::test]
async fn message_dies_after_many_tries_or_when_it_is_stale() {
    let (authority, gateway) = (Authority::open().await, StandIn::open().await);
    let candidate = authority.candidate("张小三", "E0000001").await;
    tell(&authority, &candidate, Topic::DeletionRefused, 1).await;
    gateway.fail(&[Fault::Head("500 Broken"); 16]);
    let begun = authority.clock.now();
    while gateway.calls().len() < 16 {
        deliver(&authority, &gateway).await;
        authority.clock.advance(TimeDelta::minutes(20));
        assert!(authority.clock.now() - begun < TimeDelta::days(3), "the nights leave enough time");
    }
    assert_eq!(outbox_rows(&authority).await, [("dead".to_owned(), 16, "500".to_owned())]);

    let morning: Timestamp = "2026-11-28T01:00:00".parse().expect("a time");
    authority.clock.advance(morning - authority.clock.now());
    // One that cannot be opened does not stop the others, and one of a newer program is left to it.
    tell(&authority, &candidate, Topic::DeletionRefused, 3).await;
    let spoil = authority.write(|tx| {
        let waiting = q::table.filter(q::state.eq("waiting")).order(q::message_id).select(q::message_id);
        let ids: Vec<String> = waiting.load(tx.conn)?;
        diesel::update(m::table.find(&ids[0])).set(m::body.eq("v1:spoiled")).execute(tx.conn)?;
        diesel::update(m::table.find(&ids[1])).set(m::topic.eq("of_tomorrow")).execute(tx.conn)?;
        Ok(())
    });
    spoil.await.expect("other rows");
    assert_eq!(deliver(&authority, &gateway).await, Tried { sent: 1, failed: 0 });
    let [_, unreadable, unknown] = &outbox_rows(&authority).await[..] else { panic!("three rows") };
    assert_eq!((&*unreadable.0, &*unreadable.2, &*unknown.0), ("dead", "unreadable", "waiting"));
    authority.write(|tx| Ok(diesel::delete(q::table).execute(tx.conn)?)).await.expect("no rows");

    tell(&authority, &candidate, Topic::DeletionRefused, 1).await;
    authority.pass_hours(24 * 3 + 1);
    assert_eq!(deliver(&authority, &gateway).await, Tried::default());
    assert_eq!(outbox_rows(&authority).await, [("dead".to_owned(), 0, "stale".to_owned())]);
    assert_eq!(gateway.calls().len(), 17);
}

#[tokio::test]
async fn choice_of_sms_is_the_candidates_own() {
    use kaozheng::settings::Settings;
    use kaozheng::store::Clock;
    let gateway = StandIn::open().await;
    let settings = gateway.settings();
    let clock = Clock::manual("2026-04-01T01:30:00".parse().expect("a time"));
    let set = move |changed: &mut Settings| changed.sms = Some(settings);
    let server = crate::server::Server::start_with(clock, set).await;
    server.load_demo().await;
    let candidate = server.signed_in("张小三").await;
    let page = candidate.open("/me/messages").await;
    page.assert_shows("其他消息也发短信给我");
    assert!(page.between("name=\"all\"", ">").contains("checked"), "{}", page.body);
    let page = candidate.submit("/me/messages/sms", &[("confirm", "yes")]).await;
    assert!(!page.between("name=\"all\"", ">").contains("checked"), "{}", page.body);
    let others = server.signed_in("陳大文").await.open("/me/messages").await;
    assert!(others.between("name=\"all\"", ">").contains("checked"), "another candidate's");
    let page = candidate.submit("/me/messages/sms", &[("confirm", "yes"), ("all", "yes")]).await;
    assert!(page.between("name=\"all\"", ">").contains("checked"), "{}", page.body);
}
