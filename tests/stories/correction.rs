//! 信息修改 over HTTP: an approval updates every record, and both documents sign in.

use diesel::prelude::*;
use kaozheng::people::candidate::{self, Identity};
use kaozheng::people::document::{Document, DocumentType};
use kaozheng::store::CandidateId;
use kaozheng::store::schema::{candidates, certificates, registrations};

use crate::filing::{correction, refund, start_demo};
use crate::server::{Server, Visitor};

const NOTICE: &str = "/services/correction/notice";
const NEW: &str = "440300199003074611";

async fn approved_correction(server: &Server, candidate: &Visitor) -> String {
    candidate.agree_to_notice(NOTICE).await;
    let number = candidate.file_for_number(&correction()).await;
    server
        .signed_in("周明远")
        .await
        .decide_application(&number, "approve:0", &[])
        .await
        .assert_shows("已办理：通过");
    number
}

/// The candidate's id for an identity from the portal.
async fn candidate_id_for(server: &Server, name: &'static str, number: &'static str) -> CandidateId {
    let signed_in = server.parts.store.write::<_, kaozheng::store::Error, _>(move |tx| {
        let document = Document::parse(DocumentType::Resident, number, tx.today()).expect("a document");
        let identity = Identity { name: name.to_owned(), document, phone: None };
        candidate::enrol(tx, &identity)
    });
    signed_in.await.expect("a sign-in")
}

#[tokio::test]
async fn invalid_answers_are_shown_in_place() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    assert_eq!(candidate.step("/services/correction/new").await.location, NOTICE);
    candidate.agree_to_notice(NOTICE).await;
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("what", "")], "请选择要修改的信息"),
        (&[("what", "姓名"), ("new_name", "张小三")], "与现登记的姓名相同"),
        (&[("what", "证件号码"), ("new_number", "440300199003074612")], "身份证号有误，请逐位核对"),
        (&[("what", "证件类型"), ("new_type", "护照")], "请填写护照号码"),
        (&[("what", "手机号"), ("new_phone", "123")], "请填写 11 位手机号"),
        (&[("what", "证件照")], "请上传新证件照"),
        (&[("reason", "改")], "修改原因请至少写 5 个字"),
    ];
    for (changes, expected) in table {
        let sent = candidate.file_application(&correction().with(changes)).await;
        assert_eq!(sent.status, 422, "{changes:?}");
        sent.assert_shows(expected);
    }
    let mut both = correction();
    both.answers.push(("scope", "仅本次考试".to_owned()));
    candidate.file_application(&both).await.assert_shows("选择“仅本次考试”时，不能同时选择其他范围");
}

#[tokio::test]
async fn approved_change_reaches_every_record_in_scope() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    let refund = candidate.file_for_number(&refund()).await;
    let number = approved_correction(&server, &candidate).await;
    let detail = candidate.open(&format!("/services/correction/{number}")).await;
    for expected in ["张*三", "440***********2616", "440***********4611"] {
        detail.assert_shows(expected);
    }
    detail.assert_lacks(NEW);
    candidate.open(&format!("/services/refund/{refund}")).await.assert_shows("440***********4611");
    candidate.open("/certificates").await.assert_shows("二级建造师");
    let certificate = candidate.open("/certificates/certificate-00").await;
    certificate.assert_shows("张晓三");
    certificate.assert_shows("440***********4611");
    let names = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
        let coming = registrations::table.find("registration-03").select(registrations::holder_name);
        let past = registrations::table.find("registration-01").select(registrations::holder_name);
        let one: String = coming.first(tx.conn)?;
        let other: String = past.first(tx.conn)?;
        let paper: String =
            certificates::table.find("certificate-02").select(certificates::holder_name).first(tx.conn)?;
        Ok((one, other, paper))
    });
    let expected = ("张晓三".to_owned(), "张小三".to_owned(), "张晓三".to_owned());
    assert_eq!(names.await.expect("names"), expected, "what is over stays as it was");
}

#[tokio::test]
async fn both_documents_sign_in_to_the_same_history() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    approved_correction(&server, &candidate).await;
    let old = candidate_id_for(&server, "张小三", "440300199003072616").await;
    let new = candidate_id_for(&server, "张晓三", NEW).await;
    assert_eq!(old, new);
    let read = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
        Ok(candidates::table.filter(candidates::name.eq("张晓三")).count().get_result::<i64>(tx.conn)?)
    });
    assert_eq!(read.await.expect("a count"), 1, "what the portal told before does not undo the correction");
    let again = server.signed_in("张小三").await;
    again.open("/certificates").await.assert_shows("二级建造师");
    again.open("/").await.assert_shows("您好，张*三");
}

#[tokio::test]
async fn document_of_another_candidate_is_refused() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate_id_for(&server, "别人", NEW).await;
    candidate.agree_to_notice(NOTICE).await;
    let number = candidate.file_for_number(&correction()).await;
    let refused = server.signed_in("周明远").await.decide_application(&number, "approve:0", &[]).await;
    assert_eq!(refused.status, 409);
    refused.assert_shows("新的证件号码已有人使用");
    candidate.open(&format!("/services/correction/{number}")).await.assert_shows("审核中");
}

/// A renewed permit is the same document: nothing moves, and every page shows the newest number.
#[tokio::test]
async fn renewed_permit_is_corrected_without_another_document() {
    let server = start_demo().await;
    let candidate = server.signed_in("陳大文").await;
    candidate.agree_to_notice(NOTICE).await;
    let renewal =
        [("what", "证件号码"), ("new_name", ""), ("new_number", "h 1234567801"), ("scope", "已发证书")];
    let number = candidate.file_for_number(&correction().with(&renewal)).await;
    let reviewer = server.signed_in("周明远").await;
    reviewer.decide_application(&number, "approve:0", &[]).await.assert_shows("已办理：通过");
    candidate.open("/me").await.assert_shows("H12****7801");
    let form = [("name", "陳大文"), ("document", "H1234567805"), ("number", "SF07000004")];
    candidate.submit("/lookup/07", &form).await.assert_shows("H12****7801");
    let former = server.parts.store.read::<_, kaozheng::store::Error, _>(|tx| {
        use kaozheng::store::schema::former_documents;
        Ok(former_documents::table.count().get_result::<i64>(tx.conn)?)
    });
    assert_eq!(former.await.expect("a count"), 0);
}

/// Almost any number is a valid one of 其他证件, so a mistyped one would pass.
#[tokio::test]
async fn form_offers_only_types_whose_numbers_are_checked() {
    let server = start_demo().await;
    let candidate = server.signed_in("张小三").await;
    candidate.agree_to_notice(NOTICE).await;
    let other = [("what", "证件类型"), ("new_name", ""), ("new_number", ""), ("new_type", "其他证件")];
    let refused = candidate.file_application(&correction().with(&other)).await;
    assert_eq!(refused.status, 422);
    refused.assert_lacks("value=\"其他证件\"");
    let own = server.signed_in("石卫国").await;
    own.open("/me").await.assert_shows("其他证件");
}
