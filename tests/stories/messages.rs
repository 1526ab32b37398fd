//! Messages to candidates: what they tell, who reads them, and what reminds.

mod delivery;
mod gateway;
mod imported;
mod texts;

use diesel::prelude::*;
use kaozheng::casework::messages::reminders;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::store::Error;
use kaozheng::store::schema::{candidates as c, messages as m, sms_outbox as q};

use crate::filing::{mailing, refund, start_demo, violation};
use crate::server::{Answer, PHONE, Server, Visitor};

const DAY: i64 = 24 * 60 * 60;
const MESSAGES: &str = "/me/messages";

/// Topics of the messages to 张小三, in the order in which they were written.
async fn topics(server: &Server) -> Vec<String> {
    let own = m::table.inner_join(c::table).filter(c::name.eq("张小三"));
    let rows = own.order((m::created_at, m::id)).select(m::topic);
    server.parts.store.read::<_, Error, _>(move |tx| Ok(rows.load(tx.conn)?)).await.expect("messages")
}

/// The addresses of the messages on a page, the newest first.
fn listed(page: &Answer) -> Vec<String> {
    let ids = page.body.split("href=\"/me/messages/").skip(1);
    ids.map(|rest| format!("{MESSAGES}/{}", rest.split('"').next().unwrap_or_default())).collect()
}

async fn newest(visitor: &Visitor) -> Answer {
    let list = visitor.open(MESSAGES).await;
    visitor.open(&listed(&list)[0]).await
}

#[tokio::test]
async fn candidate_is_told_of_a_return_and_reads_it_once() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.open(MESSAGES).await.assert_shows("还没有消息");
    let number = candidate.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "return", &[("mark:payment_proof", "看不清金额")]).await;
    assert_eq!(topics(&server).await, ["submitted", "returned"], "taking it is a step among staff");
    for page in ["/", "/me", MESSAGES] {
        candidate.open(page).await.assert_shows("2 条未读");
    }
    let list = candidate.open(MESSAGES).await;
    assert_eq!(list.body.matches(">未读</span>").count(), 2, "unread is a word: {}", list.body);
    let paths = listed(&list);
    list.assert_shows("考试退费 · 需要补正");

    let page = candidate.open(&paths[0]).await;
    page.assert_shows(&format!("您的考试退费申请{number}需要补正，请登录查看并修改，到2026-04-09为止"));
    page.assert_lacks("看不清金额");
    assert_eq!(
        page.between("class=\"button\" data-look=\"primary\" href=\"", "\""),
        format!("/services/refund/{number}")
    );
    candidate.open("/me").await.assert_shows("1 条未读");
    candidate.open(&paths[0]).await.assert_shows("需要补正");
    candidate.open("/me").await.assert_shows("1 条未读");
    candidate.submit(&format!("{MESSAGES}/read"), &[("confirm", "yes")]).await.assert_lacks("未读");
    candidate.open("/").await.assert_lacks("未读");

    let other = server.signed_in("陳大文").await;
    assert_eq!(other.step(&paths[0]).await.status, 404, "another candidate's");
    assert_eq!(other.step(&format!("{MESSAGES}/nothing")).await.status, 404);
    other.submit(&format!("{MESSAGES}/read"), &[]).await;
    other.open(MESSAGES).await.assert_shows("还没有消息");
    assert_eq!(server.visitor(PHONE).step(MESSAGES).await.location, "/login?next=%2Fme%2Fmessages");
}

#[tokio::test]
async fn every_step_that_a_candidate_sees_is_told_with_its_change() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let number = candidate.file_for_number(&violation()).await;
    reviewer.decide_application(&number, "reject", &[("note", "经核查，证据充分。")]).await;
    newest(&candidate).await.assert_shows("已有处理决定，请登录阅读处理决定书并签收");
    candidate.submit(&format!("/services/violation/{number}/decision"), &[("read", "yes")]).await;

    let sitting = candidate.sitting_of("一级建造师").await;
    let number = candidate.apply_for_number(&sitting).await;
    reviewer.decide_application(&number, "reject", &[("note", "年限不足。")]).await;
    newest(&candidate).await.assert_shows("可以申诉一次，到2026-05-06为止");

    candidate.agree_to_notice("/certificates/certificate-00/mailing/notice").await;
    candidate.send_form("/certificates/certificate-00/mailing/edit", &mailing(), "submit").await;
    let posting = candidate.open(MESSAGES).await;
    posting.assert_shows("证书邮寄 · 申请已提交");
    let number = newest(&candidate).await.between("受理号", "。").to_owned();
    let dispatcher = server.signed_in("邮小川").await;
    dispatcher.submit(&format!("/staff/applications/{number}/take"), &[]).await;
    let posted =
        [("posted_by", "EMS 到付"), ("tracking_number", "EA123456789CN"), ("posted_on", "2026-04-01")];
    dispatcher.carry_out_task(&number, "approve", &posted, &[]).await;
    newest(&candidate).await.assert_shows("EMS 到付 EA123456789CN 2026-04-01");

    let administrator = server.signed_in("何静").await;
    let annul = [("action", "annul"), ("decision", "9号"), ("on", "2026-03-31"), ("checked", "yes")];
    administrator.submit("/staff/certificates/certificate-00", &annul).await;
    assert_eq!(
        topics(&server).await,
        [
            "submitted",
            "decision_ready",
            "decision_served",
            "submitted",
            "rejected_appealable",
            "submitted",
            "posted",
            "certificate_annulled"
        ]
    );
    let stored = server.parts.store.read::<_, Error, _>(|tx| {
        let waiting: i64 = q::table.count().get_result(tx.conn)?;
        Ok((waiting, m::table.select(m::body).load::<String>(tx.conn)?))
    });
    let (waiting, bodies) = stored.await.expect("rows");
    assert_eq!(waiting, 8, "each waits for the gateway");
    assert!(bodies.iter().all(|body| body.starts_with("v1:")), "bodies are sealed: {bodies:?}");
}

#[tokio::test]
async fn step_that_is_refused_tells_nothing() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    let reviewer = server.signed_in("周明远").await;
    let case = format!("/staff/applications/{number}");
    reviewer.submit(&format!("{case}/take"), &[]).await;
    let late = [("version", "1"), ("action", "approve:0"), ("confirmed", "yes")];
    assert_eq!(reviewer.submit(&format!("{case}/decide"), &late).await.status, 409);
    assert_eq!(topics(&server).await, ["submitted"]);
}

#[tokio::test]
async fn long_list_is_paged_and_old_messages_are_removed() {
    let server = start_demo().await;
    server.load_applications().await;
    let busy = server.parts.store.read::<_, Error, _>(|tx| {
        let most = m::table.inner_join(c::table).group_by(c::name);
        let counts: Vec<(String, i64)> = most.select((c::name, diesel::dsl::count_star())).load(tx.conn)?;
        Ok(counts.into_iter().max_by_key(|(_, count)| *count).expect("a candidate"))
    });
    let (name, count) = busy.await.expect("messages");
    assert!(count > 20, "{name} has {count}");
    let visitor = server.signed_in(&name).await;
    let first = visitor.open(MESSAGES).await;
    assert_eq!(listed(&first).len(), 20);
    let next = first.between("href=\"/me/messages?after=", "\"").to_owned();
    let second = visitor.open(&format!("{MESSAGES}?after={next}")).await;
    assert!(!listed(&second).is_empty() && !listed(&first).contains(&listed(&second)[0]));
    let told = first.told();
    let times = told.split("muted small\">").skip(1).map(|rest| rest.split('<').next().unwrap_or_default());
    let times: Vec<&str> = times.collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    assert_eq!(listed(&visitor.open(&format!("{MESSAGES}?after=nonsense")).await).len(), 20);

    server.advance(366 * DAY);
    kaozheng::casework::sweep::run(&server.parts.store, &server.parts.files).await.expect("a sweep");
    assert_eq!(topics(&server).await, [""; 0]);
}

/// Sends reminders. Returns those to 张小三.
async fn remind(server: &Server) -> Vec<String> {
    let before = topics(server).await.len();
    reminders::run(&server.parts.store).await.expect("reminders");
    topics(server).await.split_off(before)
}

#[tokio::test]
async fn each_period_is_reminded_of_once_and_only_while_it_runs() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let number = candidate.file_for_number(&refund()).await;
    reviewer.decide_application(&number, "return", &[("mark:payment_proof", "看不清金额")]).await;
    let sitting = candidate.sitting_of("一级建造师").await;
    let rejected = candidate.apply_for_number(&sitting).await;
    reviewer.decide_application(&rejected, "reject", &[("note", "年限不足。")]).await;
    candidate.agree_to_notice("/certificates/certificate-00/mailing/notice").await;
    candidate.send_form("/certificates/certificate-00/mailing/edit", &mailing(), "draft").await;
    // The correction ends on 2026-04-09, the plea on 04-08, the appeal on 05-06, and the draft on 05-01.
    assert_eq!(remind(&server).await, ["violation_noticed"]);
    let mut reminded = Vec::new();
    for day in 2..=40 {
        server.advance(DAY);
        reminded.extend(remind(&server).await.into_iter().map(|topic| (day, topic)));
        assert_eq!(remind(&server).await, [""; 0], "each once");
    }
    let expected = [(6, "remind_plead"), (7, "remind_mend"), (28, "remind_draft"), (31, "remind_appeal")];
    let expected: Vec<_> = expected.into_iter().map(|(day, topic)| (day, topic.to_owned())).collect();
    assert_eq!(reminded, expected);
    let candidate = server.signed_in("张小三").await;
    let list = candidate.open(MESSAGES).await;
    let links = ["/services/qualification", "/certificates/certificate-00/mailing/notice"];
    for (path, link) in listed(&list).iter().zip(links) {
        let page = candidate.open(path).await;
        assert!(page.body.contains(&format!("href=\"{link}")), "{}", page.body);
    }
}

#[tokio::test]
async fn reason_that_is_gone_and_rule_of_zero_days_remind_of_nothing() {
    let server = start_demo().await;
    let (candidate, reviewer) = (server.signed_in("张小三").await, server.signed_in("周明远").await);
    let number = candidate.file_for_number(&refund()).await;
    reviewer.decide_application(&number, "return", &[("mark:payment_proof", "看不清金额")]).await;
    candidate.file_for_number(&violation()).await;
    server.advance(6 * DAY);
    let candidate = server.signed_in("张小三").await;
    candidate.submit(&format!("/services/refund/{number}/withdraw"), &[("confirm", "yes")]).await;
    assert_eq!(remind(&server).await, [""; 0], "it was withdrawn, and the plea was made");

    let server = start_demo().await;
    let off = |tx: &mut kaozheng::store::Tx| rules::set(tx, Rule::RemindPlead, None, 0);
    server.parts.store.write(off).await.expect("a rule");
    server.signed_in("张小三").await;
    assert_eq!(remind(&server).await, ["violation_noticed"], "which is no reminder");
    server.advance(6 * DAY);
    assert_eq!(remind(&server).await, [""; 0]);
}

#[tokio::test]
async fn own_data_has_the_messages_and_a_deletion_removes_them() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    candidate.submit(&format!("/services/refund/{number}/withdraw"), &[("confirm", "yes")]).await;
    candidate.open("/me/data").await.assert_shows("2 条");
    candidate.submit("/me/data/deletion", &[("reason", "不再报考"), ("understood", "yes")]).await;
    let office = server.signed_in("何静").await;
    let list = office.open("/staff/admin/deletions").await;
    let request = format!("/staff/admin/deletions/{}", list.between("href=\"/staff/admin/deletions/", "\""));
    office.submit(&request, &[("decision", "approve")]).await.assert_shows("已同意");
    assert_eq!(topics(&server).await, ["deletion_approved"], "the others are gone");
}
