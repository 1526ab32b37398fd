//! The promise and the exam areas that an administrator publishes.

use super::{LIST, NEW, Visitor, candidate, form, start_demo, with_files};

const PROMISE: &str = "/staff/admin/texts/promise/qualification";
const AREAS: &str = "/staff/admin/texts/areas/qualification";

async fn publish(administrator: &Visitor, path: &str, version: &str, body: &str) {
    let published =
        administrator.submit(path, &[("action", "publish"), ("version", version), ("body", body)]).await;
    published.assert_shows("已保存");
}

#[tokio::test]
async fn application_keeps_the_promise_that_was_agreed_to() {
    let server = start_demo().await;
    let administrator = server.signed_in("何静").await;
    let (visitor, sitting) = candidate(&server).await;
    let number = visitor.apply_for_number(&sitting).await;
    let agreed_to = |page: &str| page.contains("已承诺：我承诺所填信息和上传材料真实");
    assert!(agreed_to(&visitor.open(&format!("{LIST}/{number}")).await.body));
    let other = server.signed_in("欧阳嘉敏").await;
    let draft = other.upload_and_see(NEW, with_files(form(&sitting, "review", &[]))).await;
    assert_eq!(draft.status, 200, "{}", draft.body);

    publish(&administrator, PROMISE, "0", "我承诺本人符合报考条件。").await;

    let shown = other.open(NEW).await;
    assert!(shown.body.contains("我承诺本人符合报考条件。") && shown.body.contains("value=\"r1\""));
    assert!(!shown.body.contains("value=\"r1\" checked"), "the draft promised something else");
    let stale = other.upload(NEW, form(&sitting, "review", &[("promise", "yes")])).await;
    assert_eq!(stale.status, 422);
    assert!(stale.told().contains("请阅读并勾选承诺"), "{}", stale.body);
    let checked = other.upload_and_see(NEW, with_files(form(&sitting, "review", &[("promise", "r1")]))).await;
    assert!(checked.body.contains("已承诺：我承诺本人符合报考条件。"), "{}", checked.body);
    assert!(agreed_to(&visitor.open(&format!("{LIST}/{number}")).await.body), "the earlier one is as it was");
}

#[tokio::test]
async fn exam_areas_are_those_that_the_office_publishes() {
    let server = start_demo().await;
    let administrator = server.signed_in("何静").await;
    let (visitor, sitting) = candidate(&server).await;
    for (body, problem) in [("", "请填写考区"), ("新区\n新区", "第 2 行与前面的重复")] {
        let refused =
            administrator.submit(AREAS, &[("action", "publish"), ("version", "0"), ("body", body)]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.told().contains(problem), "{}", refused.body);
    }
    publish(&administrator, AREAS, "0", "滨江考区\n开发区考区").await;
    let former = visitor.upload(NEW, form(&sitting, "review", &[("area", "市直考区")])).await;
    assert!(former.status == 422 && former.told().contains("请选择考区"), "{}", former.body);
    assert!(former.body.contains("滨江考区") && !former.body.contains("东湖考区"));
    let checked =
        visitor.upload_and_see(NEW, with_files(form(&sitting, "review", &[("area", "滨江考区")]))).await;
    assert!(checked.status == 200 && checked.body.contains("滨江考区"), "{}", checked.body);
}
