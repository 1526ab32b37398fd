//! 票据申领 (manual chapter 7): notice, form, edit, and the receipt itself.

use crate::browser::Browser;
use crate::figures::{figure, picture};
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{self, FINANCE, REVIEWER};

/// Figures 7.1 to 7.1.3.
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) -> String {
    steps::list(server, phone, "票据申领").await;
    phone.see("还没有申请").await;
    figure(phone, "7.1").await;
    phone.press("申请票据").await;
    phone.see("票据申领须知").await;
    phone.see("抬头开具后不能更改").await;
    figure(phone, "7.1.1").await;
    phone.press("我已阅读并同意").await;
    phone.see("缴费项目").await;
    figure(phone, "7.1.2").await;
    phone.within("考试").choose("一级建造师").await;
    phone.choose("一级 · 建筑工程 ¥244.00").await;
    phone.see("票据金额 ¥244.00").await;
    assert_eq!(phone.value("抬头").await, "张小三");
    phone.choose("手机短信").await;
    phone.attach("缴费凭证", &pictures.pdf()).await;
    phone.see("学籍证明.pdf").await;
    let number = steps::submit(phone).await;
    figure(phone, "7.1.3").await;
    number
}

/// Figures 7.2.1 and 7.2.2.
async fn edit(server: &Server, phone: &Browser) {
    steps::list(server, phone, "票据申领").await;
    phone.press("修改").await;
    phone.see("修改票据申领").await;
    figure(phone, "7.2.1").await;
    phone.choose("单位").await;
    phone.fill("抬头", "示范建设工程有限公司").await;
    phone.fill("统一社会信用代码", "91440300708461136A").await;
    phone.press("保存修改").await;
    phone.see("统一社会信用代码有误，请逐位核对").await;
    picture(phone, "receipt-errors").await;
    phone.fill("统一社会信用代码", "91440300708461136t").await;
    phone.press("保存修改").await;
    steps::confirmed_number(phone).await;
    figure(phone, "7.2.2").await;
}

#[tokio::test]
async fn receipt_is_applied_for_edited_and_downloaded() {
    let server = steps::start_demo().await;
    let (phone, pictures) = (steps::candidate(&server).await, Pictures::new());
    let (reviewer, finance) = (steps::desk(&server, REVIEWER).await, steps::desk(&server, FINANCE).await);
    let number = apply(&server, &phone, &pictures).await;
    edit(&server, &phone).await;
    steps::approve_next(&server, &reviewer).await;
    steps::open_task(&server, &finance, &number).await;
    finance.fill("票据代码", "44030126").await;
    finance.fill("票据号码", "0001234567").await;
    finance.fill("校验码", "A1B2C3").await;
    finance.fill("开票日期", &steps::today(&server)).await;
    finance.press("登记已开具").await;
    finance.see("请上传电子票据").await;
    finance.attach("电子票据", &pictures.pdf()).await;
    steps::record_task(&finance, "登记已开具").await;
    finance.see("已办理：已开具").await;
    phone.open(&format!("{}/services/receipt/{number}", server.base)).await;
    phone.see("0001234567").await;
    phone.see("91440300708461136T").await;
    phone.see("下载电子票据").await;
    let fetched = "return fetch(document.querySelector('a.button[href*=files]').href).then(got => got.headers.get('content-type'))";
    assert_eq!(phone.run(fetched).await, "application/pdf");
    picture(&phone, "receipt-done").await;
}
