//! Organisations with an access key: made by an administrator, used for lists and by programs, seen by the holders.

use diesel::prelude::*;
use kaozheng::demo::data::ORGANISATION_KEY;
use kaozheng::store::Error;
use kaozheng::store::schema::{audit_entries, organisations};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::*;
use crate::filing::start_demo;

const API: &str = "/api/v1/verifications";
const ROOM: &str = "/staff/admin/organisations";
const OUYANG: &str = "810000199202143010";

/// Sends items as a program does. Returns status, `Retry-After` and body, which agrees with the served description.
async fn post(server: &Server, key: &str, body: &str) -> (u16, String, Value) {
    let program = server.visitor("office/1.0");
    let request = program.request(Method::POST, API).header("content-type", "application/json");
    let request = if key.is_empty() { request } else { request.bearer_auth(key) };
    let answer = program.send(request.body(body.to_owned())).await;
    let mime = answer.headers["content-type"].to_str().expect("text").to_owned();
    let wait = answer.headers.get("retry-after").map_or("", |value| value.to_str().expect("text")).to_owned();
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", answer.body));
    let description: Value =
        serde_json::from_str(&program.open("/api/v1/openapi.json").await.body).expect("a description");
    let schemas = &description["components"]["schemas"];
    let described = &description["paths"][API]["post"]["responses"][answer.status.to_string()];
    assert!(described.is_object(), "status {} is described", answer.status);
    let (expected, schema) = match answer.status {
        200 => ("application/json", "Answer"),
        _ => ("application/problem+json", "Problem"),
    };
    assert_eq!(mime, expected);
    conforms(&body, &schemas[schema], schemas);
    (answer.status, wait, body)
}

/// Whether a value has the shape that its schema describes.
fn conforms(value: &Value, schema: &Value, schemas: &Value) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return conforms(value, &schemas[name], schemas);
    }
    let is_type = match schema["type"].as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        other => panic!("{other}"),
    };
    assert!(is_type, "{value} is no {schema}");
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{value} is none of {allowed:?}");
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().expect("a name")).is_some(), "{name} is missing in {value}");
    }
    for (name, part) in value.as_object().into_iter().flatten() {
        let described = &schema["properties"][name];
        assert!(described.is_object(), "{name} is not described");
        conforms(part, described, schemas);
    }
    for part in value.as_array().into_iter().flatten() {
        conforms(part, &schema["items"], schemas);
    }
}

fn items(rows: &[[&str; 3]]) -> String {
    let item = |[name, document, number]: &[&str; 3]| json!({ "name": name, "document": document, "number": number });
    json!({ "items": rows.iter().map(item).collect::<Vec<_>>() }).to_string()
}

fn key_on(page: &Answer) -> String {
    page.between("data-copy=\"", "\"").to_owned()
}

async fn add(administrator: &Visitor, name: &str, quota: &str) -> Answer {
    let form = [
        ("name", name),
        ("contact", "李经理 13800138000"),
        ("quota", quota),
        ("expires", "2026-12-31"),
        ("agreed", "yes"),
    ];
    administrator.submit(&format!("{ROOM}/new"), &form).await
}

async fn stored(server: &Server) -> Vec<(String, String, Option<String>)> {
    let read = |tx: &mut kaozheng::store::Tx| {
        let rows = organisations::table.order(organisations::id);
        let columns = (organisations::name, organisations::contact, organisations::key_hash);
        Ok::<_, Error>(rows.select(columns).load(tx.conn)?)
    };
    server.parts.store.read(read).await.expect("rows")
}

#[tokio::test]
async fn program_of_an_organisation_gets_an_answer_for_each_item_in_order() {
    let server = start_demo().await;
    let rows = [
        ["张 小三", DOCUMENT, PRINT],
        ["陳大文", "H12345678", "SF07900004"],
        ["张小四", DOCUMENT, PRINT],
        [NAME, "440300199003072617", PRINT],
        ["欧阳嘉敏", "", &"1".repeat(61)],
        ["王无名", "E00000001", "1"],
    ];
    let (status, _, body) = post(&server, ORGANISATION_KEY, &items(&rows)).await;
    assert_eq!(status, 200, "{body}");
    let states: Vec<&str> = body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states, ["valid", "void", "not_found", "invalid", "invalid", "not_found"]);
    assert_eq!(body["items"][0]["certificate"]["exam"], "二级建造师");
    assert_eq!(body["items"][1]["voided_on"], "2026-01-31");
    assert_eq!(body["items"][2], body["items"][5], "whatever is wrong");
    assert_eq!(body["items"][3]["problems"], json!([{ "code": "wrong_document", "field": "document" }]));
    assert_eq!(body["items"][4]["problems"][1], json!({ "code": "too_long", "field": "number" }));
    assert_eq!(body["remaining"], 1996, "items that cannot be looked up do not count");
    assert_eq!(body["asked_at"], "2026-04-01T01:30:00+00:00");
    let annulled = [["欧阳嘉敏", OUYANG, "SF07000037"]];
    let (_, _, body) = post(&server, ORGANISATION_KEY, &items(&annulled)).await;
    assert_eq!(
        (&body["items"][0]["state"], &body["items"][0]["annulled_on"]),
        (&json!("annulled"), &json!("2026-03-02"))
    );
}

#[tokio::test]
async fn request_that_cannot_be_answered_says_why() {
    let server = start_demo().await;
    let good = items(&[[NAME, DOCUMENT, PRINT]]);
    let many = items(&vec![["甲", "E00000001", "1"]; 501]);
    let large = items(&[[&"字".repeat(200_000), "1", "1"]]);
    for (key, body, expected) in [
        ("", good.as_str(), 401),
        ("kzk_wrong", &good, 401),
        (ORGANISATION_KEY, "{", 400),
        (ORGANISATION_KEY, "{\"items\":[{\"name\":\"x\"}]}", 400),
        (ORGANISATION_KEY, "{\"items\":[]}", 422),
        (ORGANISATION_KEY, &many, 422),
        (ORGANISATION_KEY, &large, 413),
    ] {
        let (status, _, problem) = post(&server, key, body).await;
        assert_eq!((status, &problem["status"]), (expected, &json!(expected)), "{problem}");
    }
    let program = server.visitor("office/1.0");
    let plain = program.request(Method::POST, API).bearer_auth(ORGANISATION_KEY).body(good.clone());
    assert_eq!(program.send(plain).await.status, 415);
    for _ in 0..130 {
        post(&server, "kzk_guess", &good).await;
    }
    let (status, wait, _) = post(&server, "kzk_guess", &good).await;
    assert_eq!((status, &*wait), (429, "60"), "keys cannot be guessed");
    assert_eq!(post(&server, ORGANISATION_KEY, &good).await.0, 200, "others in the network are not stopped");
}

#[tokio::test]
async fn key_is_shown_once_and_ends_by_renewal_revocation_and_expiry() {
    let server = start_demo().await;
    let administrator = server.signed_in("何静").await;
    let blank = administrator
        .submit(&format!("{ROOM}/new"), &[("name", " "), ("quota", "0"), ("expires", "2020-01-01")])
        .await;
    for problem in ["f-name", "f-contact", "f-quota", "f-expires", "f-agreed"] {
        assert!(blank.status == 422 && blank.body.contains(&format!("href=\"#{problem}\"")), "{problem}");
    }
    let made = add(&administrator, "示范建筑公司", "3").await;
    let key = key_on(&made);
    assert!(key.starts_with("kzk_") && made.body.contains("密钥只显示这一次"));
    let stored_now = stored(&server).await;
    let (_, contact, hash) = stored_now.iter().find(|row| row.0 == "示范建筑公司").expect("a row");
    assert!(!contact.contains("李经理") && hash.as_ref().is_some_and(|hash| !key.contains(hash.as_str())));
    let twice = add(&administrator, "示范建筑公司", "3").await;
    assert!(twice.status == 409 && twice.body.contains("已有同名的单位") && twice.body.contains("李经理"));
    let list = administrator.open(ROOM).await;
    let path = list.body.split("<li>").find(|row| row.contains("示范建筑公司")).expect("a row");
    let path =
        path.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link").to_owned();
    for page in [path.clone(), format!("{path}/key")] {
        let page = administrator.open(&page).await;
        assert!(page.status == 200 && !page.body.contains(&key) && page.body.contains(&key[..8]));
    }
    let asked = [[NAME, DOCUMENT, PRINT], [NAME, DOCUMENT, "1"]];
    let (status, _, body) = post(&server, &key, &items(&asked)).await;
    assert_eq!((status, &body["remaining"]), (200, &json!(1)));
    let (status, wait, _) = post(&server, &key, &items(&asked)).await;
    assert_eq!((status, &*wait), (429, "52201"), "until midnight in China");
    let (_, _, body) = post(&server, &key, &items(&asked[..1])).await;
    assert_eq!(body["remaining"], 0, "what was refused has not been counted");
    assert!(administrator.open(&path).await.body.contains("3 行"));

    let version =
        async || administrator.open(&path).await.between("name=\"version\" value=\"", "\"").to_owned();
    let renewed = administrator.submit(&format!("{path}/key"), &[("version", &version().await)]).await;
    let next = key_on(&renewed);
    assert_eq!(post(&server, &key, &items(&asked)).await.0, 401, "the old key");
    server.advance(24 * 3600);
    let administrator = server.signed_in("何静").await;
    assert_eq!(post(&server, &next, &items(&asked)).await.0, 200, "another day, another quota");
    let version = administrator.open(&path).await.between("name=\"version\" value=\"", "\"").to_owned();
    let shorter = [
        ("name", "示范建筑公司"),
        ("contact", "李经理"),
        ("quota", "5"),
        ("expires", "2026-04-02"),
        ("version", version.as_str()),
    ];
    let stale = [&shorter[..4], &[("version", "0")]].concat();
    assert_eq!(administrator.submit(&path, &stale).await.status, 409, "somebody else has changed it");
    assert!(administrator.submit(&path, &shorter).await.body.contains("已保存"));
    assert_eq!(post(&server, &next, &items(&asked[..1])).await.0, 200, "on the last day");
    let version = administrator.open(&path).await.between("name=\"version\" value=\"", "\"").to_owned();
    assert!(administrator.open(&format!("{path}/revoke")).await.body.contains("停用 示范建筑公司 的密钥"));
    administrator.submit(&format!("{path}/revoke"), &[("version", &version)]).await;
    assert_eq!(post(&server, &next, &items(&asked[..1])).await.0, 401, "revoked");
    assert!(administrator.open(ROOM).await.body.contains("已停用"));
    assert_eq!(post(&server, ORGANISATION_KEY, &items(&asked[..1])).await.0, 200);
    server.advance(366 * 24 * 3600);
    assert_eq!(post(&server, ORGANISATION_KEY, &items(&asked[..1])).await.0, 401, "expired");

    let read = |tx: &mut kaozheng::store::Tx| {
        let rows = audit_entries::table.filter(audit_entries::action.like("organisation%"));
        Ok::<Vec<String>, Error>(rows.order(audit_entries::id).select(audit_entries::action).load(tx.conn)?)
    };
    let audited = server.parts.store.read(read).await.expect("the audit");
    assert_eq!(
        audited,
        [
            "organisation_add",
            "organisation",
            "organisation_key",
            "organisation",
            "organisation_change",
            "organisation_revoke"
        ]
    );
}

#[tokio::test]
async fn holder_sees_who_asked_and_when() {
    let server = start_demo().await;
    let (candidate, employer) = (server.signed_in("张小三").await, server.visitor(PHONE));
    let page = "/certificates/certificate-10/inquiries";
    assert!(candidate.open("/certificates/certificate-10").await.body.contains(&format!("href=\"{page}\"")));
    assert!(candidate.open(page).await.body.contains("还没有人查询过"));
    let certificate = [[NAME, DOCUMENT, "SF02000010"]];
    for _ in 0..2 {
        post(&server, ORGANISATION_KEY, &items(&certificate)).await;
        server.advance(60);
    }
    let links = "/certificates/certificate-10/links";
    let made = candidate.submit(links, &[("days", "7")]).await;
    let link = format!("/v/{}", made.between("href=\"/v/", "\""));
    employer.step(&link).await;
    server.parts.lookup.exchange(&server.parts.store).await.expect("an exchange");
    server.advance(1200);
    // With a key there is neither a proof of work nor a wait.
    let file = format!("姓名,证件号码,管理号\n{}\n", certificate[0].join(","));
    let part = Part::bytes(file.into_bytes()).file_name("名单.csv");
    let form = Form::new().text("key", ORGANISATION_KEY).part("file", part);
    let sent = employer.send(employer.request(Method::POST, "/lookup/batch").multipart(form)).await;
    server.parts.lookup.look_up_lists(&server.parts.store).await;
    let result = employer.open(&sent.location).await;
    assert!(result.body.contains("示范人力资源有限公司") && result.body.contains("市政公用工程"));
    let seen = candidate.open(page).await;
    for part in
        ["示范人力资源有限公司", "单位查询", "09:52", "当天共 3 次，最早", "09:30", "核验链接", "09:32"]
    {
        assert!(seen.body.contains(part), "{part} in {}", seen.body);
    }
    assert_eq!(seen.body.matches("<li data-state").count(), 2, "one entry a day for each");
    let other = server.signed_in("陳大文").await;
    assert_eq!(other.open(page).await.status, 404);
    assert!(candidate.open("/certificates/certificate-00/inquiries").await.body.contains("2026-03-31"));
}
