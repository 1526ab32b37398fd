//! What a reviewer types survives a link, a reload and 下一件, and is theirs alone.

use diesel::prelude::*;
use kaozheng::store::schema::working_marks;
use poem::http::StatusCode;

use super::Outcome;
use super::authority::Authority;
use super::pages::text;

impl Authority {
    async fn copies(&self) -> Vec<String> {
        let all = working_marks::table.select(working_marks::content);
        self.write(move |tx| Ok(all.load(tx.conn)?)).await.expect("the copies")
    }
}

const TYPED: &[(&str, &str)] =
    &[("version", "2"), ("template", ""), ("mark:years", "请核对年限"), ("note", "还差一份证明")];

#[tokio::test]
async fn typed_marks_are_shown_again_until_the_decision() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.take_next(&reviewer).await;
    let desk = authority.browser_of(&reviewer).await;
    let case = format!("/staff/applications/{number}");
    let saved = desk.post_by_script(&format!("{case}/marks"), TYPED).await;
    saved.assert_status_is_ok();
    assert!(text(saved).await.contains("批注已保存"));
    assert!(authority.copies().await.iter().all(|sealed| !sealed.contains("年限")), "it is sealed");

    let page = text(desk.get(&case).await).await;
    assert!(page.contains("value=\"请核对年限\"") && page.contains(">还差一份证明</textarea>"), "{page}");
    assert!(page.contains("批注已保存") && page.contains("保存批注"), "{page}");

    // Somebody who frees the case takes nothing away from what was typed.
    desk.post(&format!("{case}/put-back"), TYPED).await.assert_status(StatusCode::SEE_OTHER);
    let colleague = authority.reviewer("赵审核", "S0000002").await;
    authority.take_next(&colleague).await;
    let other = authority.browser_of(&colleague).await;
    assert!(!text(other.get(&case).await).await.contains("请核对年限"), "it is personal");
    let version = authority.application(&number).await.version.to_string();
    other.post(&format!("{case}/put-back"), &[("version", &version)]).await;
    authority.take_next(&reviewer).await;
    assert!(text(desk.get(&case).await).await.contains("value=\"请核对年限\""));
    let returned = [("action", "return"), ("mark:years", "请核对年限")];
    assert!(matches!(authority.decide(&reviewer, &number, &returned).await, Outcome::Done));
    assert_eq!(authority.copies().await.len(), 0, "a decision ends every copy");
    let late = desk.post_by_script(&format!("{case}/marks"), TYPED).await;
    late.assert_status(StatusCode::CONFLICT);
    assert!(text(late).await.contains("批注没有保存"));
    assert_eq!(authority.copies().await.len(), 0);
}

#[tokio::test]
async fn next_keeps_what_was_typed_and_an_emptied_form_keeps_nothing() {
    let authority = Authority::open().await;
    let reviewer = authority.reviewer("王审核", "S0000001").await;
    let number = authority.apply(&authority.candidate("张小三", "E0000001").await).await;
    authority.pass_hours(1);
    let second = authority.apply(&authority.candidate("李四", "E0000002").await).await;
    authority.take_next(&reviewer).await;
    let desk = authority.browser_of(&reviewer).await;
    let case = format!("/staff/applications/{number}");
    let next = [TYPED, &[("then", "next")]].concat();
    let went = desk.post(&format!("{case}/marks"), &next).await;
    went.assert_header("location", format!("/staff/applications/{second}"));
    assert!(text(desk.get(&case).await).await.contains("value=\"请核对年限\""));

    // 返回修改 of the confirmation saves too.
    let unsure = [&TYPED[..2], &[("action", "approve"), ("confirmed", "no"), ("note", "材料齐全")]].concat();
    desk.post(&format!("{case}/decide"), &unsure).await.assert_status_is_ok();
    let page = text(desk.get(&case).await).await;
    assert!(page.contains(">材料齐全</textarea>") && !page.contains("请核对年限"), "{page}");

    desk.post(&format!("{case}/marks"), &TYPED[..2]).await.assert_header("location", &case);
    assert_eq!(authority.copies().await.len(), 0);
    desk.post(&format!("{case}/put-back"), &[("version", "2")]).await;
    assert_eq!(authority.copies().await.len(), 0, "a form without marks changes no copy");
}
