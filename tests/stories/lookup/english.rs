//! The lookup in English.

use diesel::prelude::*;
use kaozheng::store::Error;
use kaozheng::store::schema::english_names;

use super::*;

#[tokio::test]
async fn lookup_is_available_in_english() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let list = visitor.open("/en/lookup").await;
    assert!(list.body.contains("<html lang=\"en\"") && list.body.contains("href=\"/en/lookup/02\""));
    assert!(list.body.contains("href=\"/lookup\"") && list.body.contains(">中文<"));
    assert!(visitor.open(EXAM).await.body.contains("href=\"/en/lookup/02\""));
    let path = format!("/en{EXAM}");
    for (typed, words) in [
        ([NAME, DOCUMENT, PRINT], "VALID"),
        ([NAME, DOCUMENT, "1"], "No matching certificate"),
        (["", DOCUMENT, ""], "Something is missing"),
    ] {
        let answer = ask(&visitor, &path, typed).await;
        assert!(answer.body.contains(words), "{words}");
        let chinese = ["查询", "姓名", "请", "您", "返回"];
        assert!(chinese.iter().all(|word| !answer.body.contains(word)), "{}", answer.body);
    }
    let void = ask(&visitor, "/en/lookup/07", ["陳大文", "H12345678", "SF07900004"]).await;
    assert!(void.body.contains("VOID") && void.body.contains("2026-01-31"));
    assert!(visitor.open("/en/lookup/none").await.body.contains("Page not found"));
}

#[tokio::test]
async fn english_names_stand_beside_the_chinese_ones() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let constructor = "Constructor (Class 2) <span lang=\"zh-CN\">二级建造师</span>";
    let list = visitor.open("/en/lookup").await;
    let category = "Professional qualifications <span lang=\"zh-CN\">专业技术人员职业资格</span>";
    assert!(list.body.contains(constructor) && list.body.contains(category), "{}", list.body);
    let form = visitor.open("/en/lookup/02").await;
    assert!(form.body.contains(&format!(">{constructor}</h1>")), "{}", form.body);
    assert!(form.body.contains("<title>Certificate lookup Constructor (Class 2) - Kaozheng</title>"));

    let found = ask(&visitor, "/en/lookup/02", [NAME, DOCUMENT, PRINT]).await;
    for shown in [
        constructor,
        "<dd>Class 2 <span lang=\"zh-CN\">二级</span></dd>",
        "<dd>Building Engineering <span lang=\"zh-CN\">建筑工程</span></dd>",
        "data-answer=\"VALID Constructor (Class 2)\"",
        "<title>Result Constructor (Class 2) - Kaozheng</title>",
    ] {
        assert!(found.body.contains(shown), "{shown} in\n{}", found.body);
    }
    let void = ask(&visitor, "/en/lookup/07", ["陳大文", "H12345678", "SF07900004"]).await;
    assert!(void.body.contains("Licensed Pharmacist <span lang=\"zh-CN\">执业药师</span></h2>"));

    let chinese = ask(&visitor, EXAM, [NAME, DOCUMENT, PRINT]).await;
    assert!(!chinese.body.contains("Constructor") && !visitor.open("/lookup").await.body.contains("Pharmac"));
}

#[tokio::test]
async fn english_list_is_searched_in_both_languages() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for typed in ["pharmacist", "Licensed%20Ph", "%E8%8D%AF%E5%B8%88"] {
        let found = visitor.open(&format!("/en/lookup?q={typed}")).await;
        assert!(found.body.contains("执业药师") && !found.body.contains("二级建造师"), "{typed}");
    }
    assert!(visitor.open("/en/lookup?q=surgeon").await.body.contains("No such examination"));
}

#[tokio::test]
async fn name_without_an_english_one_is_shown_in_chinese() {
    let server = start_demo().await;
    let forget = |tx: &mut kaozheng::store::Tx| {
        let pharmacist = english_names::table.filter(english_names::exam_id.ne("exam-07"));
        diesel::delete(pharmacist).execute(tx.conn)?;
        Ok::<_, Error>(())
    };
    server.parts.store.write(forget).await.expect("a change");
    let visitor = server.visitor(PHONE);
    let list = visitor.open("/en/lookup").await;
    assert!(list.body.contains("<span><span lang=\"zh-CN\">二级建造师</span></span>"), "{}", list.body);
    assert!(list.body.contains("Licensed Pharmacist"), "another exam of the category has its name");
    let found = ask(&visitor, "/en/lookup/02", [NAME, DOCUMENT, PRINT]).await;
    for shown in [
        "<h2><span lang=\"zh-CN\">二级建造师</span></h2>",
        "<dd><span lang=\"zh-CN\">二级</span></dd>",
        "data-answer=\"VALID\"",
        "<title>Result 二级建造师 - Kaozheng</title>",
    ] {
        assert!(found.body.contains(shown), "{shown} in\n{}", found.body);
    }
}
