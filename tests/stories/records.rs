//! The records of the authority that an application is about: on 核对信息, on its page and at the desk.

use diesel::prelude::*;
use kaozheng::business::ALL;
use kaozheng::casework::answers::Answers;
use kaozheng::casework::business::Context;
use kaozheng::people::candidate::Candidate;
use kaozheng::store::schema::candidates;
use kaozheng::store::{CandidateId, Error, Tx};

use crate::filing::{Filing, integrity, mailing, receipt, refund, reissue, start_demo, violation};
use crate::server::Answer;

/// Filing, title of the record, and labels with the words of their values.
type Case = (Filing, &'static str, &'static [(&'static str, &'static str)]);

fn cases() -> Vec<Case> {
    vec![
        (
            violation(),
            "申诉的违纪记录",
            &[
                ("考试", "一级建造师"),
                ("时间", "2025-10-08 10:10"),
                ("地点", "示范市第一中学考点 012 考场"),
                ("事实", "开考后在座位上查看手机"),
                ("依据", "第七条第三项"),
                ("拟处理决定", "当次该科目考试成绩无效"),
                ("告知日期", "2026-03-31"),
            ],
        ),
        (
            refund(),
            "退费的报名",
            &[
                ("考试", "一级建造师"),
                ("科目", "建设工程经济 ¥61.00、"),
                ("实缴金额", "¥"),
                ("级别专业", "一级 · 建筑工程"),
            ],
        ),
        (
            receipt(),
            "开票的报名",
            &[("考试", "一级建造师"), ("科目", "建设工程经济 ¥61.00、"), ("实缴金额", "¥")],
        ),
        (
            reissue(),
            "补发的证书",
            &[("考试", "二级建造师"), ("证书印制号", "SF02000000"), ("发证机关", "示范市考试院")],
        ),
        (
            integrity(),
            "说明的失信记录",
            &[("类别", "提供虚假材料"), ("事由", "工作年限证明与事实不符"), ("期限", " 至 ")],
        ),
    ]
}

/// The facts of the panel with a title, without tags.
fn record(page: &Answer, title: &str) -> String {
    let panel = page.between(&format!("<h2>{title}</h2>"), "</section>");
    let texts = panel.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    texts.collect()
}

fn assert_record(page: &Answer, (_, title, facts): &Case) {
    let shown = record(page, title);
    for (label, words) in *facts {
        let Some((_, value)) = shown.split_once(label) else { panic!("no {label} in {shown}") };
        assert!(value.contains(words), "{label} is not {words} in {shown}");
    }
}

#[tokio::test]
async fn record_is_shown_to_the_candidate_and_at_the_desk() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let reviewer = server.signed_in("周明远").await;
    for case in cases() {
        let filing = &case.0;
        let list = format!("/services/{}", filing.business);
        let sent = candidate.send_form(&format!("{list}/new"), filing, "review").await;
        assert_record(&candidate.open(&sent.location).await, &case);
        let number = candidate.file_for_number(filing).await;
        assert_record(&candidate.open(&format!("{list}/{number}")).await, &case);
        assert_record(&reviewer.open(&format!("/staff/applications/{number}")).await, &case);
    }
}

#[tokio::test]
async fn posting_shows_its_certificate() {
    const MAILING: &str = "/certificates/certificate-00/mailing";
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice(&format!("{MAILING}/notice")).await;
    let sent = candidate.send_form(&format!("{MAILING}/edit"), &mailing(), "submit").await;
    let number = candidate.open(&sent.location).await.number();
    let dispatcher = server.signed_in("邮小川").await;
    for page in
        [candidate.open(MAILING).await, dispatcher.open(&format!("/staff/applications/{number}")).await]
    {
        assert!(record(&page, "邮寄的证书").contains("SF02000000"), "{}", page.url);
    }
}

/// Keys of the records of 张小三's applications, as another candidate would send them.
#[tokio::test]
async fn records_of_another_person_are_not_found() {
    let server = start_demo().await;
    let (owner, stranger) = ("张小三", "陳大文");
    for name in [owner, stranger] {
        server.signed_in(name).await;
    }
    for (filing, ..) in cases() {
        let find = move |tx: &mut Tx, name: &str| {
            let id: CandidateId =
                candidates::table.filter(candidates::name.eq(name)).select(candidates::id).first(tx.conn)?;
            let candidate = Candidate::load(tx, &id)?.expect("a candidate");
            let mut answers = Answers::default();
            for (question, value) in &filing.answers {
                answers.fields.entry((*question).to_owned()).or_default().push(value.clone());
            }
            let context = Context {
                candidate: &candidate,
                submitted: None,
                parent: None,
                origin: "",
                answers: &answers,
            };
            let business = ALL.find(filing.business).expect("a business");
            Ok::<_, Error>((business.cited)(tx, &context)?.len())
        };
        let both = move |tx: &mut Tx| Ok::<_, Error>((find(tx, owner)?, find(tx, stranger)?));
        assert_eq!(server.parts.store.read(both).await.expect("records"), (1, 0));
    }
}

#[tokio::test]
async fn refunded_subjects_are_marked_on_the_registration() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let number = candidate.file_for_number(&refund()).await;
    server.signed_in("周明远").await.decide_application(&number, "approve:0", &[]).await;
    let shown = record(&candidate.open(&format!("/services/refund/{number}")).await, "退费的报名");
    assert!(shown.contains("建设工程经济 ¥61.00（已批准退费）、"), "{shown}");
    assert_eq!(shown.matches("已批准退费").count(), 1, "{shown}");
}
