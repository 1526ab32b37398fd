//! Steps shared by the browser tests: sign in, send a form, and what staff do with an application.

use kaozheng::store::Clock;

use crate::browser::Browser;
use crate::figures::{figure, picture};
use crate::server::Server;

pub const CANDIDATE: &str = "张小三";
pub const REVIEWER: &str = "审核员";
/// A second reviewer. The reviewer who decided an application may not decide the appeal against it.
pub const COLLEAGUE: &str = "阿力木";
pub const FINANCE: &str = "财务";
pub const DISPATCHER: &str = "邮寄员";

/// Starts a server with the demo's data. It uses the system clock, because browsers count by it.
pub async fn start_demo() -> Server {
    let server = Server::start_with(Clock::system(), |_| {}).await;
    server.load_demo().await;
    server
}

pub async fn sign_in(server: &Server, browser: &Browser, person: &str) {
    browser.open(&format!("{}/login/portal", server.base)).await;
    browser.press(person).await;
    browser.see("您好").await;
}

/// Signs the candidate in on a phone.
pub async fn candidate(server: &Server) -> Browser {
    let phone = Browser::phone().await;
    sign_in(server, &phone, CANDIDATE).await;
    phone
}

/// Signs a staff member in on a desktop.
pub async fn desk(server: &Server, person: &str) -> Browser {
    let desk = Browser::desktop().await;
    sign_in(server, &desk, person).await;
    desk
}

/// Today's date in China, in the format of a date control.
pub fn today(server: &Server) -> String {
    kaozheng::store::clock::china_date(server.parts.store.clock.now()).to_string()
}

/// Opens the list of a business from 业务办理.
pub async fn list(server: &Server, phone: &Browser, business: &str) {
    phone.open(&format!("{}/services", server.base)).await;
    phone.press(business).await;
    phone.see(business).await;
}

/// Chooses an option that other questions depend on. With scripts the form updates at once; without, a
/// button does it.
pub async fn choose_and_update(phone: &Browser, label: &str, choice: &str) {
    phone.within(label).choose(choice).await;
    if !phone.runs_scripts() {
        phone.within(label).press("更新可选项").await;
    }
}

/// Sends a filled-in form through 核对信息 to the confirmation. Returns the number (受理号).
pub async fn submit(phone: &Browser) -> String {
    phone.press("下一步：核对信息").await;
    phone.see("确认无误后提交").await;
    phone.press("提交申请").await;
    confirmed_number(phone).await
}

/// The number (受理号) on the confirmation page.
pub async fn confirmed_number(phone: &Browser) -> String {
    phone.see("提交成功").await;
    let text = phone.text().await;
    let (_, rest) = text.split_once("受理号 ").expect("a 受理号");
    rest.split(' ').next().expect("a 受理号").to_owned()
}

pub async fn take_next(server: &Server, desk: &Browser) {
    desk.open(&format!("{}/staff/queue", server.base)).await;
    desk.press("领取下一件").await;
    desk.see("放回").await;
}

pub async fn mark(desk: &Browser, label: &str, reason: &str) {
    desk.within(label).press("标注问题").await;
    desk.fill(&format!("标注：{label}"), reason).await;
}

/// Returns the next application of the queue with one mark.
pub async fn return_next(server: &Server, desk: &Browser, label: &str, reason: &str) {
    take_next(server, desk).await;
    mark(desk, label, reason).await;
    desk.press("退回并标注").await;
    desk.press("确认退回").await;
    desk.see("已退回，标注 1 处").await;
}

/// Approves the next application of the queue.
pub async fn approve_next(server: &Server, desk: &Browser) {
    take_next(server, desk).await;
    desk.press("通过").await;
    desk.press("确认通过").await;
    desk.see("已办理：通过").await;
}

/// Records that a task is done, after ticking its confirmation.
pub async fn record_task(desk: &Browser, label: &str) {
    desk.choose(&format!("已核对。“{label}”")).await;
    desk.press(label).await;
}

/// Opens an approved application from finance's queue, which starts with the tasks.
pub async fn open_task(server: &Server, finance: &Browser, number: &str) {
    finance.open(&format!("{}/staff/queue", server.base)).await;
    finance.see("待办结").await;
    finance.see_no("领取下一件").await;
    finance.press("张*三").await;
    finance.see(number).await;
}

/// Posting a certificate, original (manual 4.1–4.3) or reissued (6.3–6.5). Figures are listed in the
/// order of the screens.
pub struct Posting {
    /// Path of the list where posting begins.
    pub list: &'static str,
    /// Figures of the list, the notice and the form.
    pub apply: [&'static str; 3],
    /// Figures of the list, the posting, the notice and the form.
    pub edit: [&'static str; 4],
    /// Figures of the list and the dialog.
    pub cancel: [&'static str; 2],
}

impl Posting {
    pub async fn apply_edit_and_cancel(&self, server: &Server, phone: &Browser) {
        self.apply_for_posting(server, phone).await;
        self.edit_posting(server, phone).await;
        self.cancel_posting(server, phone).await;
    }

    async fn open_list(&self, server: &Server, phone: &Browser, action: &str) {
        phone.open(&format!("{}{}", server.base, self.list)).await;
        phone.see(action).await;
    }

    pub async fn apply_for_posting(&self, server: &Server, phone: &Browser) {
        self.open_list(server, phone, "申请邮寄").await;
        figure(phone, self.apply[0]).await;
        phone.press("申请邮寄").await;
        phone.see("证书邮寄须知").await;
        phone.see("运费由收件人到付").await;
        figure(phone, self.apply[1]).await;
        phone.press("我已阅读并同意").await;
        phone.see("收件地址").await;
        fill_in_address(phone).await;
        figure(phone, self.apply[2]).await;
        phone.press("保存").await;
        phone.see("提交成功").await;
    }

    async fn edit_posting(&self, server: &Server, phone: &Browser) {
        self.open_list(server, phone, "查看邮寄信息").await;
        figure(phone, self.edit[0]).await;
        phone.press("查看邮寄信息").await;
        phone.see("待邮寄").await;
        phone.see("东湖路****").await;
        figure(phone, self.edit[1]).await;
        phone.press("修改").await;
        phone.see("证书邮寄须知").await;
        figure(phone, self.edit[2]).await;
        phone.press("我已阅读并同意").await;
        phone.see("收件地址").await;
        assert_eq!(phone.value("详细地址").await, "东湖路 8 号 1 栋 302 房");
        phone.fill("详细地址", "西山大道 99 号 5 楼").await;
        figure(phone, self.edit[3]).await;
        phone.press("保存修改").await;
        phone.see("提交成功").await;
        phone.press("查看进度").await;
        phone.see("西山大****").await;
    }

    async fn cancel_posting(&self, server: &Server, phone: &Browser) {
        self.open_list(server, phone, "查看邮寄信息").await;
        figure(phone, self.cancel[0]).await;
        phone.press("查看邮寄信息").await;
        phone.press("撤销邮寄").await;
        phone.see("要撤销邮寄吗").await;
        figure(phone, self.cancel[1]).await;
        phone.press("确定").await;
        phone.see("已撤销").await;
        self.open_list(server, phone, "申请邮寄").await;
    }
}

/// Choosing a place loads the places below it; without scripts a button does it.
async fn fill_in_address(phone: &Browser) {
    for (label, place) in [("省级", "广东省"), ("市级", "深圳市"), ("区县", "南山区")] {
        choose_and_update(phone, label, place).await;
    }
    phone.fill("详细地址", "8 号").await;
    phone.choose("EMS 到付").await;
    phone.press("保存").await;
    phone.see("请填写 5 到 120 个字的详细地址").await;
    picture(phone, "mailing-errors").await;
    phone.fill("详细地址", "东湖路 8 号 1 栋 302 房").await;
}
