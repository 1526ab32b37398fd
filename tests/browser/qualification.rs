//! 报考资格在线核查 (manual chapter 3): a candidate on a phone, staff on a desktop.

use crate::browser::{Browser, Screen};
use crate::figures::{figure, picture};
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{CANDIDATE, COLLEAGUE, REVIEWER, choose_and_update, mark, sign_in, start_demo, take_next};

/// With scripts, a choice updates the options that depend on it. Without scripts, each choice has a
/// button for it.
async fn choose_sitting_and_specialty(phone: &Browser) {
    phone.choose("一级建造师").await;
    if !phone.runs_scripts() {
        phone.press("更新可选项").await;
    }
    choose_and_update(phone, "专业", "建筑工程").await;
}

async fn fill_in(phone: &Browser) {
    choose_sitting_and_specialty(phone).await;
    phone.choose("建设工程经济").await;
    phone.choose("市直考区").await;
    phone.press("2/4").await;
    phone.press("3/4").await;
    if phone.runs_scripts() {
        phone.fill("手机号", "1380013").await;
        phone.fill("学位", "工学学士").await;
        phone.see("请填写 11 位手机号").await;
    }
    phone.fill("手机号", "138 0013 8000").await;
    phone.within("学历").choose("本科").await;
    phone.fill("毕业院校", "示范大学").await;
    phone.fill("所学专业", "土木工程").await;
    phone.fill("毕业时间", "2014-06-30").await;
    phone.fill("工作单位", "示范建设工程有限公司").await;
    phone.fill("从事专业工作年限", "6").await;
    phone.fill("参加工作时间", "2014-07-15").await;
}

async fn attach_all(phone: &Browser, pictures: &Pictures) {
    if phone.runs_scripts() {
        phone.attach("身份证件正面", &pictures.too_large()).await;
        phone.see("文件有 11.0 MB，超过 10 MB，请压缩后再上传").await;
    }
    phone.attach("身份证件正面", &pictures.id_card_front()).await;
    phone.attach("身份证件反面", &pictures.id_card_back()).await;
    phone.attach("学历证书", &pictures.diploma()).await;
    phone.attach("工作年限证明", &pictures.pdf()).await;
    phone.attach("证件照", &pictures.portrait()).await;
}

/// Figures 3.1 to 3.1.2, from the list to the confirmation. Returns the number (受理号).
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) -> String {
    phone.open(&format!("{}/services", server.base)).await;
    phone.press("报考资格在线核查").await;
    phone.see("还没有申请").await;
    figure(phone, "3.1").await;
    phone.press("申请报考资格在线核查").await;
    phone.see("报考信息").await;
    figure(phone, "3.1.1").await;
    fill_in(phone).await;
    phone.press("下一步：核对信息").await;
    phone.see("处需要更正").await;
    phone.see("请上传身份证件正面").await;
    phone.see("3/4学历与从业已完成").await;
    phone.press("3/4").await;
    assert_eq!(phone.value("毕业院校").await, "示范大学");
    picture(phone, "figure-3-1-1-errors").await;
    attach_all(phone, pictures).await;
    phone.choose("我承诺所填信息").await;
    phone.press("下一步：核对信息").await;
    phone.see("确认无误后提交").await;
    phone.see("示范建设工程有限公司").await;
    picture(phone, "figure-3-1-2-check").await;
    phone.press("提交申请").await;
    phone.see("提交成功").await;
    figure(phone, "3.1.2").await;
    let text = phone.text().await;
    let number = text.split_whitespace().find(|word| word.starts_with("ZG")).expect("a 受理号");
    number.to_owned()
}

/// A reviewer returns the application with one marked question and one marked material.
async fn return_with_marks(server: &Server, desk: &Browser, number: &str) {
    take_next(server, desk).await;
    desk.see(number).await;
    desk.screenshot("desk-review").await;
    mark(desk, "从事专业工作年限", "与社保记录相差 1 年，请核对").await;
    mark(desk, "学历证书", "照片反光，看不清证书编号").await;
    desk.press("退回并标注").await;
    desk.see("照片反光，看不清证书编号").await;
    desk.screenshot("desk-confirm").await;
    desk.press("确认退回").await;
    desk.see("已退回，标注 2 处").await;
}

/// Figures 3.2.1 and 3.2.2: marks are shown in place and the other answers are kept.
async fn resubmit(server: &Server, phone: &Browser, pictures: &Pictures) {
    phone.open(&server.base).await;
    phone.see("被退回").await;
    phone.screenshot("home-returned").await;
    phone.open(&format!("{}/services/qualification", server.base)).await;
    phone.see("2 处需要修改").await;
    phone.press("修改").await;
    phone.see("审核退回 · 2 处需要修改").await;
    phone.see("审核意见：照片反光，看不清证书编号").await;
    phone.see_no("与毕业证书一致").await;
    phone.press("其余内容").await;
    phone.see("与毕业证书一致").await;
    assert_eq!(phone.value("毕业院校").await, "示范大学");
    figure(phone, "3.2.1").await;
    phone.fill("从事专业工作年限", "5").await;
    phone.attach("更换：学历证书", &pictures.id_card_back()).await;
    phone.press("保存修改并重新提交").await;
    phone.see("提交成功").await;
    figure(phone, "3.2.2").await;
}

async fn reject(server: &Server, desk: &Browser) {
    take_next(server, desk).await;
    desk.see("6 年 → 5 年").await;
    desk.screenshot("desk-second-round").await;
    desk.fill("补充意见", "从事专业工作年限不满足报考条件").await;
    desk.press("不通过").await;
    desk.press("返回修改").await;
    assert_eq!(desk.value("补充意见").await, "从事专业工作年限不满足报考条件");
    desk.press("不通过").await;
    desk.press("确认不通过").await;
    desk.see("已办理：不通过").await;
}

/// Figures 3.3.1 to 3.4.2.
async fn appeal(server: &Server, phone: &Browser, pictures: &Pictures) {
    phone.open(&format!("{}/services/qualification", server.base)).await;
    phone.see("审核不通过").await;
    phone.press("申诉").await;
    phone.see("申诉理由").await;
    figure(phone, "3.3.1").await;
    phone.fill("申诉理由", "太短").await;
    phone.press("提交申诉").await;
    phone.see("申诉理由请至少写 10 个字").await;
    phone.fill("申诉理由", "社保记录缺少 2019 年在外地缴纳的部分，现补充证明。").await;
    phone.attach("证明材料", &pictures.pdf()).await;
    if phone.runs_scripts() {
        phone.see("学籍证明.pdf").await;
    }
    phone.press("提交申诉").await;
    phone.see("提交成功").await;
    figure(phone, "3.3.2").await;
    phone.open(&format!("{}/services/qualification", server.base)).await;
    figure(phone, "3.4.1").await;
    phone.press("申诉详情").await;
    phone.see("从事专业工作年限不满足报考条件").await;
    phone.see("社保记录缺少 2019 年在外地缴纳的部分").await;
    figure(phone, "3.4.2").await;
}

async fn uphold(server: &Server, desk: &Browser) {
    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.press("领取下一件").await;
    desk.see("目前没有可以领取的申请").await;
    sign_in(server, desk, COLLEAGUE).await;
    take_next(server, desk).await;
    desk.see("社保记录缺少 2019 年在外地缴纳的部分").await;
    desk.screenshot("desk-appeal").await;
    desk.press("申诉通过").await;
    desk.press("确认申诉通过").await;
    desk.see("已办理：通过").await;
}

async fn all_figures(server: &Server, phone: &Browser, desk: &Browser) {
    let pictures = Pictures::new();
    sign_in(server, phone, CANDIDATE).await;
    sign_in(server, desk, REVIEWER).await;
    let number = apply(server, phone, &pictures).await;
    return_with_marks(server, desk, &number).await;
    resubmit(server, phone, &pictures).await;
    reject(server, desk).await;
    appeal(server, phone, &pictures).await;
    uphold(server, desk).await;
    phone.open(&format!("{}/services/qualification/{number}", server.base)).await;
    phone.see("审核通过").await;
    phone.see("申诉通过，改为审核通过").await;
    phone.screenshot("detail-upheld").await;
    phone.open(&format!("{}/progress", server.base)).await;
    phone.see(&number).await;
}

#[tokio::test]
async fn application_is_returned_rejected_and_appealed() {
    let server = start_demo().await;
    let (phone, desk) = (Browser::phone().await, Browser::desktop().await);
    all_figures(&server, &phone, &desk).await;
}

#[tokio::test]
async fn form_stays_on_screen_when_the_session_ends() {
    let server = Server::start().await;
    server.load_demo().await;
    let phone = Browser::phone().await;
    sign_in(&server, &phone, CANDIDATE).await;
    phone.open(&format!("{}/services/qualification/new", server.base)).await;
    phone.press("3/4").await;
    phone.fill("毕业院校", "示范大学").await;
    server.advance(31 * 60);
    phone.press("下一步：核对信息").await;
    phone.see("登录已超时").await;
    phone.see("在新窗口登录").await;
    assert_eq!(phone.value("毕业院校").await, "示范大学");
    let again = Browser::phone().await;
    sign_in(&server, &again, CANDIDATE).await;
    phone.take_cookie_of(&again, "kaozheng").await;
    phone.press("下一步：核对信息").await;
    phone.see("处需要更正").await;
    phone.see_no("登录已超时").await;
    assert_eq!(phone.value("毕业院校").await, "示范大学");
}

#[tokio::test]
async fn qualification_works_without_scripts() {
    let server = start_demo().await;
    let phone = Browser::without_javascript(Screen::Phone).await;
    let desk = Browser::without_javascript(Screen::Desktop).await;
    all_figures(&server, &phone, &desk).await;
}
