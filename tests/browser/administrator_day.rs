//! An administrator's day: a rule, a second pair of eyes, a colleague, an import and an announcement.

use kaozheng::business::ALL;
use kaozheng::casework::rules::{self, Rule};
use kaozheng::store::Tx;

use crate::figures::picture;
use crate::filing::receipt;
use crate::steps;

const ADMINISTRATOR: &str = "管理员";

#[tokio::test]
async fn administrator_changes_what_the_office_works_by() {
    let server = steps::start_demo().await;
    let desk = steps::desk(&server, ADMINISTRATOR).await;
    let admin = format!("{}/staff/admin", server.base);

    desk.open(&admin).await;
    desk.press("办理规则").await;
    desk.press("报考资格在线核查").await;
    desk.fill("需要复核的比例（%）", "100").await;
    desk.press("保存").await;
    desk.see("已保存").await;
    picture(&desk, "admin-rules").await;

    desk.open(&format!("{admin}/roster/new")).await;
    desk.fill("姓名", "新同事").await;
    desk.fill("证件号码", "110").await;
    desk.choose("审核员").await;
    desk.press("增加").await;
    desk.see("需要更正").await;
    assert_eq!(desk.value("姓名").await, "新同事", "what was typed is kept");

    desk.open(&format!("{admin}/announcements/new")).await;
    desk.fill("标题", "办公时间调整").await;
    desk.fill("正文", "请留意：\n- 周三上午不办公").await;
    desk.press("发布").await;
    desk.see("办公时间调整").await;
    let visitor = steps::candidate(&server).await;
    visitor.see("办公时间调整").await;
}

#[tokio::test]
async fn published_phone_is_in_the_footer_at_once() {
    let server = steps::start_demo().await;
    let desk = steps::desk(&server, ADMINISTRATOR).await;
    desk.open(&format!("{}/staff/admin/texts", server.base)).await;
    desk.press("联系方式").await;
    desk.fill("联系方式", "咨询电话：0755-7654321").await;
    desk.press("预览").await;
    desk.see("还没有发布").await;
    desk.press("发布").await;
    desk.see("第 1 版").await;
    desk.see("0755-7654321").await;
}

#[tokio::test]
async fn file_is_imported_while_the_page_follows() {
    let server = steps::start_demo().await;
    let desk = steps::desk(&server, ADMINISTRATOR).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("考试.csv");
    let text =
        "考试代码,考试名称,考试类别,级别,专业,科目,费用\ngjs,高级经济师,专业技术,高级,工商管理,实务,61\n";
    std::fs::write(&file, text).expect("a file");

    desk.open(&format!("{}/staff/admin/imports", server.base)).await;
    desk.choose("考试、科目和考试年月").await;
    desk.attach("文件", &file).await;
    desk.press("上传并检查").await;
    desk.see("检查完毕，还没有写入").await;
    picture(&desk, "admin-import").await;
    desk.press("导入").await;
    desk.see("上传的文件已删除").await;
}

#[tokio::test]
async fn decision_waits_for_a_second_pair_of_eyes() {
    let server = steps::start_demo().await;
    let every = |tx: &mut Tx| rules::set(tx, Rule::ConfirmedShare, ALL.find("receipt"), 100);
    server.parts.store.write(every).await.expect("a rule");
    let candidate = server.signed_in(steps::CANDIDATE).await;
    candidate.agree_to_notice("/services/receipt/notice").await;
    let number = candidate.file_for_number(&receipt()).await;

    let reviewer = steps::desk(&server, steps::REVIEWER).await;
    steps::take_next(&server, &reviewer).await;
    reviewer.press("通过").await;
    reviewer.see("另一位同事确认后才生效").await;
    reviewer.press("确认通过").await;
    reviewer.see("已提出，待同事复核").await;

    let desk = steps::desk(&server, ADMINISTRATOR).await;
    desk.open(&format!("{}/staff/queue?status=to_confirm", server.base)).await;
    desk.see("待复核").await;
    desk.open(&format!("{}/staff/applications/{number}", server.base)).await;
    desk.see("待复核的办理意见").await;
    picture(&desk, "desk-second-pair").await;
    desk.press("同意并生效").await;
    desk.see("已办理").await;
    reviewer.open(&format!("{}/staff/applications/{number}", server.base)).await;
    reviewer.see("复核").await;
}
