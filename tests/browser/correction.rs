//! 信息修改 (manual chapter 10): notice, form, edit, detail, and the effect of an approval on every record.

use crate::browser::Browser;
use crate::figures::{figure, picture};
use crate::pictures::Pictures;
use crate::server::Server;
use crate::steps::{self, REVIEWER};

/// 图10.1–10.1.3
async fn apply(server: &Server, phone: &Browser, pictures: &Pictures) {
    steps::list(server, phone, "信息修改").await;
    phone.see("还没有申请").await;
    figure(phone, "10.1").await;
    phone.press("申请信息修改").await;
    phone.see("信息修改须知").await;
    figure(phone, "10.1.1").await;
    phone.press("我已阅读并同意").await;
    phone.see("要修改的信息").await;
    figure(phone, "10.1.2").await;
    phone.choose("姓名").await;
    phone.see("现登记姓名 张*三").await;
    phone.choose("证件号码").await;
    phone.see("现登记证件号码 440***********2616").await;
    phone.choose("手机号").await;
    phone.see("现登记手机号 138****8000").await;
    phone.fill("新手机号", "139 0013 9009").await;
    phone.fill("新姓名", "张晓三").await;
    phone.fill("新证件号码", "440300199003074612").await;
    phone.fill("修改原因", "公安机关已办理变更登记").await;
    phone.choose("今后考试").await;
    phone.choose("已发证书").await;
    phone.attach("身份证件正面", &pictures.id_card_front()).await;
    phone.attach("身份证件反面", &pictures.id_card_back()).await;
    phone.attach("户口簿或公安机关证明", &pictures.pdf()).await;
    phone.press("下一步：核对信息").await;
    phone.see("身份证号有误，请逐位核对").await;
    picture(phone, "correction-errors").await;
    phone.fill("新证件号码", "440300199003074611").await;
    steps::submit(phone).await;
    figure(phone, "10.1.3").await;
}

/// 图10.2.1–10.2.2
async fn edit(server: &Server, phone: &Browser) {
    steps::list(server, phone, "信息修改").await;
    phone.press("修改").await;
    phone.see("现登记姓名").await;
    figure(phone, "10.2.1").await;
    phone.fill("修改原因", "公安机关已办理姓名和号码变更登记").await;
    phone.press("保存修改").await;
    steps::confirmed_number(phone).await;
    figure(phone, "10.2.2").await;
}

/// 图10.3.1–10.3.2
async fn look(server: &Server, phone: &Browser) {
    steps::list(server, phone, "信息修改").await;
    figure(phone, "10.3.1").await;
    phone.press("详情").await;
    phone.see("440***********4611").await;
    phone.see_no("440300199003074611").await;
    figure(phone, "10.3.2").await;
}

#[tokio::test]
async fn approved_correction_reaches_every_record() {
    let server = steps::start_demo().await;
    let (phone, desk) = (steps::candidate(&server).await, steps::desk(&server, REVIEWER).await);
    apply(&server, &phone, &Pictures::new()).await;
    edit(&server, &phone).await;
    look(&server, &phone).await;
    steps::approve_next(&server, &desk).await;
    phone.open(&format!("{}/certificates/certificate-00", server.base)).await;
    phone.see("张晓三").await;
    phone.see("440***********4611").await;
    // The portal still sends the old document number, and it opens the same account.
    let again = steps::candidate(&server).await;
    again.open(&format!("{}/services/correction", server.base)).await;
    again.see("审核通过").await;
    again.open(&format!("{}/me", server.base)).await;
    again.see("440***********4611").await;
    again.see("139****9009").await;
    again.open(&format!("{}/services/violation", server.base)).await;
    again.see("开考后在座位上查看手机").await;
}

#[tokio::test]
async fn two_quick_choices_are_both_kept() {
    let server = steps::start_demo().await;
    let phone = steps::candidate(&server).await;
    phone.open(&format!("{}/services/correction/notice", server.base)).await;
    phone.press("我已阅读并同意").await;
    phone.see("要修改的信息").await;
    phone
        .run("for (const what of ['姓名', '证件号码']) document.querySelector(`[value=${what}]`).click()")
        .await;
    phone.see("现登记姓名 张*三").await;
    phone.see("现登记证件号码 440***********2616").await;
}
