//! 证书查询 over HTTP, and the links by which a holder shows a certificate.

mod api;
mod attacks;
mod batch;
mod english;
mod limits;
mod links;
mod response_size;

use reqwest::{Method, header};

use crate::filing::start_demo;
use crate::server::{Answer, PHONE, Server, Visitor};

/// Lookup page of 二级建造师, of which 张小三 has certificates in the demo.
const EXAM: &str = "/lookup/02";
const NAME: &str = "张小三";
const DOCUMENT: &str = "440300199003072616";
/// Numbers in the demo's data as loaded on 2026-04-01.
const MANAGEMENT: &str = "20241044030002000000";
const PRINT: &str = "SF02000000";

/// Text of the answer to any wrong input.
const NOTHING: &str = "没有查到符合的证书";

/// Looks a certificate up from a client address.
async fn ask_from(visitor: &Visitor, network: &str, path: &str, typed: [&str; 3]) -> Answer {
    let [name, document, number] = typed;
    let form = [("name", name), ("document", document), ("number", number)];
    let request = visitor.request(Method::POST, path).header("x-forwarded-for", network).form(&form);
    visitor.send(request).await
}

async fn ask(visitor: &Visitor, path: &str, typed: [&str; 3]) -> Answer {
    ask_from(visitor, "10.0.0.1", path, typed).await
}

/// The page without what was typed and without what differs between any two answers.
fn without_values(body: &str) -> String {
    body.split("value=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest)).collect()
}

#[tokio::test]
async fn exams_are_listed_by_group_and_found_by_name() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let list = visitor.open("/lookup").await;
    for part in ["证书查询", "专业技术人员职业资格", "专业技术资格", "二级建造师", "最近批准"]
    {
        assert!(list.body.contains(part), "{part}");
    }
    assert!(!list.body.contains("监理工程师"), "no certificate of it exists");
    let place = |name: &str| list.body.find(name).unwrap_or_else(|| panic!("{name}"));
    assert!(place("二级建造师") < place("执业药师"), "the newest certificates come first");
    let found = visitor.open("/lookup?q=%E8%8D%AF%E5%B8%88").await;
    assert!(found.body.contains("执业药师") && !found.body.contains("二级建造师"));
    let none = visitor.open("/lookup?q=%E6%B2%A1%E6%9C%89").await;
    assert!(none.body.contains("没有找到这个考试") && none.body.contains("全部考试"));
    assert!(visitor.open("/").await.body.contains("href=\"/lookup\""));
    assert!(visitor.open("/services").await.body.contains("href=\"/lookup\""));
}

#[tokio::test]
async fn exam_form_has_three_questions() {
    let server = start_demo().await;
    let form = server.visitor(PHONE).open(EXAM).await;
    for part in ["二级建造师", ">姓名<", ">身份证件号码<", ">证书管理号或证书印制号<", ">查询<"]
    {
        assert!(form.body.contains(part), "{part}");
    }
    assert!(form.body.contains("<form id=\"form\" method=\"post\""));
    assert_eq!(server.visitor(PHONE).open("/lookup/no-such-exam").await.status, 404);
}

#[tokio::test]
async fn missing_answers_are_asked_for_and_the_others_kept() {
    let server = start_demo().await;
    let answer = ask(&server.visitor(PHONE), EXAM, [NAME, "　", "\u{200b}"]).await;
    assert_eq!(answer.status, 422);
    for part in ["href=\"#f-document\"", "href=\"#f-number\"", "value=\"张小三\"", "请填写身份证件号码"]
    {
        assert!(answer.body.contains(part), "{part}");
    }
    assert!(!answer.body.contains("href=\"#f-name\""));
}

#[tokio::test]
async fn result_shows_the_public_fields() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for number in [MANAGEMENT, PRINT, " sf０２ 000000"] {
        let answer = ask(&visitor, EXAM, ["张 小三", "4403 0019 9003 0726 16", number]).await;
        assert_eq!(answer.status, 200);
        for part in
            ["查询结果", "有效", "张*三", "440***********2616", "二级建造师", "二级", "建筑工程", MANAGEMENT]
        {
            assert!(answer.body.contains(part), "{part} of {number}");
        }
        for part in [PRINT, "2025-01-06", "示范市考试院", "查询编号", "2026-04-01 09:30:00"] {
            assert!(answer.body.contains(part), "{part} of {number}");
        }
        let id = answer.headers["x-request-id"].to_str().expect("text");
        assert!(answer.body.contains(id), "the query number is the one in the log");
        for secret in [NAME, DOCUMENT] {
            assert!(!answer.body.contains(secret), "{secret}");
        }
    }
}

#[tokio::test]
async fn several_certificates_of_one_exam_list_the_requested_one_first() {
    let server = start_demo().await;
    let asked = ask(&server.visitor(PHONE), EXAM, [NAME, DOCUMENT, "SF02000010"]).await;
    assert_eq!(asked.body.matches("class=\"seal\"").count(), 2);
    let place = |word: &str| asked.body.find(word).unwrap_or_else(|| panic!("{word}"));
    assert!(place("市政公用工程") < place("建筑工程"));
}

#[tokio::test]
async fn void_print_number_shows_only_its_date() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let void = ask(&visitor, "/lookup/07", ["陳大文", "H12345678", "SF07900004"]).await;
    assert!(void.status == 200 && void.body.contains("已作废") && void.body.contains("2026-01-31"));
    for part in ["药学", "陳*文", "SF07000004", "有效"] {
        assert!(!void.body.contains(part), "{part}");
    }
    let valid = ask(&visitor, "/lookup/07", ["陳大文", "H12345678", "SF07000004"]).await;
    assert!(valid.body.contains("有效") && valid.body.contains("H1*****78"));
}

#[tokio::test]
async fn every_wrong_input_gets_the_same_answer() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let wrongs = [
        ["张小四", DOCUMENT, MANAGEMENT],
        [NAME, "440300199003072617", MANAGEMENT],
        [NAME, DOCUMENT, "20241044030002000001"],
        ["王无名", "110105194912310021", "1"],
        ["陳大文", "H12345678", "SF07000004"],
    ];
    let mut answers = Vec::new();
    for wrong in wrongs {
        let answer = ask(&visitor, EXAM, wrong).await;
        assert!(answer.status == 200 && answer.body.contains(NOTHING), "{wrong:?}");
        for value in wrong {
            assert!(answer.body.contains(&format!("value=\"{value}\"")), "{value} is kept");
        }
        answers.push(without_values(&answer.body));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn lookup_uses_no_session_and_sets_no_cookie() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    for path in ["/lookup", EXAM, "/en/lookup", "/v/none"] {
        assert!(!visitor.step(path).await.headers.contains_key(header::SET_COOKIE), "{path}");
    }
    for typed in [[NAME, DOCUMENT, PRINT], [NAME, DOCUMENT, "1"], ["", "", ""]] {
        let answer = ask(&visitor, EXAM, typed).await;
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{typed:?}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert!(answer.url.ends_with(EXAM) && answer.location.is_empty(), "nothing goes into an address");
    }
    let large = visitor.submit("/senior", &[("next", EXAM)]).await;
    assert!(large.url.ends_with(EXAM) && large.body.contains("data-senior"));
    assert!(ask(&visitor, EXAM, [NAME, DOCUMENT, PRINT]).await.body.contains("data-senior"));
}

#[tokio::test]
async fn cross_site_lookup_is_refused() {
    let server = start_demo().await;
    let visitor = server.visitor(PHONE);
    let request = visitor.request(Method::POST, EXAM).header("sec-fetch-site", "cross-site");
    assert_eq!(visitor.send(request.form(&[("name", NAME)])).await.status, 403);
}
